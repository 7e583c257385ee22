// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC173} from "../../interfaces/IERC173.sol";
import {IWorkerpool} from "../../interfaces/IWorkerpool.sol";
import {IexecPoco1} from "../../interfaces/IexecPoco1.sol";
import {AppOrder, DatasetOrder, Deal, RequestOrder, Resource, WorkerpoolOrder} from "../../interfaces/IexecTypes.sol";
import {DATASET_TAG_MASK, WORKERPOOL_STAKE_RATIO} from "../Constants.sol";
import {dealOf, recordDeal} from "../DealRecord.sol";
import {Escrow} from "../Escrow.sol";
import {Match, Matching} from "../Matching.sol";
import {hashDatasetOrder, typedHash} from "../Orders.sol";
import {PocoStorage, poco} from "../PocoStorage.sol";
import {admits} from "../Restrictions.sol";
import {isAgreedBy, isPresignedBy, isSignedBy} from "../Signatures.sol";

/// @title Matching of orders into deals.
contract IexecPoco1Facet is IexecPoco1 {
    /// @inheritdoc IexecPoco1
    function verifySignature(address _identity, bytes32 _hash, bytes calldata _signature)
        external
        view
        override
        returns (bool)
    {
        return isSignedBy(_hash, _identity, _signature);
    }

    /// @inheritdoc IexecPoco1
    function verifyPresignature(address _identity, bytes32 _hash) external view override returns (bool) {
        return isPresignedBy(_hash, _identity);
    }

    /// @inheritdoc IexecPoco1
    function verifyPresignatureOrSignature(address _identity, bytes32 _hash, bytes calldata _signature)
        external
        view
        override
        returns (bool)
    {
        return isAgreedBy(_hash, _identity, _signature);
    }

    /// @inheritdoc IexecPoco1
    function matchOrders(
        AppOrder calldata _apporder,
        DatasetOrder calldata _datasetorder,
        WorkerpoolOrder calldata _workerpoolorder,
        RequestOrder calldata _requestorder
    ) external override returns (bytes32) {
        return _match(_apporder, _datasetorder, _workerpoolorder, _requestorder, _requestorder.requester);
    }

    /// @inheritdoc IexecPoco1
    function sponsorMatchOrders(
        AppOrder calldata _apporder,
        DatasetOrder calldata _datasetorder,
        WorkerpoolOrder calldata _workerpoolorder,
        RequestOrder calldata _requestorder
    ) external override returns (bytes32 dealid) {
        dealid = _match(_apporder, _datasetorder, _workerpoolorder, _requestorder, msg.sender);
        emit DealSponsored(dealid, msg.sender);
    }

    /// @inheritdoc IexecPoco1
    function assertDatasetDealCompatibility(DatasetOrder calldata datasetOrder, bytes32 dealId)
        external
        view
        override
    {
        bytes32 hash = typedHash(hashDatasetOrder(datasetOrder));
        _require(poco().consumed[hash] < datasetOrder.volume, "Dataset order is revoked or fully consumed");
        address owner = IERC173(datasetOrder.dataset).owner();
        _require(isAgreedBy(hash, owner, datasetOrder.sign), "Invalid dataset order signature");
        Deal memory deal = dealOf(dealId);
        _require(deal.requester != address(0), "Deal not found");
        _require(deal.dataset.pointer == address(0), "Deal already has a dataset");
        _require(admits(datasetOrder.apprestrict, deal.app.pointer), "App restriction not satisfied");
        _require(
            admits(datasetOrder.workerpoolrestrict, deal.workerpool.pointer), "Workerpool restriction not satisfied"
        );
        _require(admits(datasetOrder.requesterrestrict, deal.requester), "Requester restriction not satisfied");
        _require(datasetOrder.tag & DATASET_TAG_MASK & ~deal.tag == 0, "Tag compatibility not satisfied");
    }

    function _require(bool condition, string memory reason) private pure {
        if (!condition) revert IncompatibleDatasetOrder(reason);
    }

    function _match(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request,
        address payer
    ) private returns (bytes32 dealid) {
        Match memory found = Matching.check(app, dataset, workerpool, request);
        Deal memory deal = _draft(found, request);
        deal.sponsor = payer;
        deal.app = Resource(app.app, found.appOwner, app.appprice);
        if (dataset.dataset != address(0)) {
            deal.dataset = Resource(dataset.dataset, found.datasetOwner, dataset.datasetprice);
        }
        deal.workerpool = Resource(workerpool.workerpool, found.workerpoolOwner, workerpool.workerpoolprice);
        _lockStakes(deal);
        _applyPolicies(deal);
        dealid = keccak256(abi.encodePacked(found.requestHash, deal.botFirst));
        recordDeal(dealid, deal, poco().categories[deal.category].workClockTimeRef);
        _consume(found);
        emit SchedulerNotice(workerpool.workerpool, dealid);
        emit OrdersMatched(
            dealid, found.appHash, found.datasetHash, found.workerpoolHash, found.requestHash, found.volume
        );
    }

    /// @dev What the request alone says about the deal.
    function _draft(Match memory found, RequestOrder calldata request) private view returns (Deal memory deal) {
        deal.trust = request.trust == 0 ? 1 : request.trust;
        deal.category = request.category;
        deal.tag = found.tag;
        deal.requester = request.requester;
        deal.beneficiary = request.beneficiary;
        deal.callback = request.callback;
        deal.params = request.params;
        deal.startTime = block.timestamp;
        deal.botFirst = poco().consumed[found.requestHash];
        deal.botSize = found.volume;
    }

    function _lockStakes(Deal memory deal) private {
        Escrow.lock(deal.sponsor, (deal.app.price + deal.dataset.price + deal.workerpool.price) * deal.botSize);
        Escrow.lock(deal.workerpool.owner, deal.workerpool.price * WORKERPOOL_STAKE_RATIO / 100 * deal.botSize);
    }

    /// @dev The workerpool's policies count as they are now.
    function _applyPolicies(Deal memory deal) private view {
        IWorkerpool workerpool = IWorkerpool(deal.workerpool.pointer);
        deal.workerStake = deal.workerpool.price * workerpool.m_workerStakeRatioPolicy() / 100;
        deal.schedulerRewardRatio = workerpool.m_schedulerRewardRatioPolicy();
    }

    function _consume(Match memory found) private {
        PocoStorage storage s = poco();
        s.consumed[found.appHash] += found.volume;
        if (found.datasetHash != 0) s.consumed[found.datasetHash] += found.volume;
        s.consumed[found.workerpoolHash] += found.volume;
        s.consumed[found.requestHash] += found.volume;
    }
}
