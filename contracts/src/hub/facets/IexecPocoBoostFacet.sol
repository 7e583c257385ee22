// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IWorkerpool} from "../../interfaces/IWorkerpool.sol";
import {IexecPoco1} from "../../interfaces/IexecPoco1.sol";
import {IexecPoco2} from "../../interfaces/IexecPoco2.sol";
import {IexecPocoBoost} from "../../interfaces/IexecPocoBoost.sol";
import {
    AppOrder,
    DatasetOrder,
    DealBoost,
    RequestOrder,
    TaskStatus,
    WorkerpoolOrder
} from "../../interfaces/IexecTypes.sol";
import {BoostMatch, BoostMatching} from "../BoostMatching.sol";
import {CONTRIBUTION_DEADLINE_RATIO, TAG_TEE, WORKERPOOL_STAKE_RATIO} from "../Constants.sol";
import {Escrow} from "../Escrow.sol";
import {Kitty} from "../Kitty.sol";
import {poco} from "../PocoStorage.sol";
import {callBack, callbackMessage, gasToGive, isAuthorized, sealResult} from "../Results.sol";
import {ended} from "../TaskRecord.sol";
import {isSignedBy, personal} from "../Signatures.sol";

/// @title Deals whose tasks take one transaction each. Of a task only the status is kept.
contract IexecPocoBoostFacet is IexecPocoBoost {
    /// @inheritdoc IexecPocoBoost
    function matchOrdersBoost(
        AppOrder calldata appOrder,
        DatasetOrder calldata datasetOrder,
        WorkerpoolOrder calldata workerpoolOrder,
        RequestOrder calldata requestOrder
    ) external override returns (bytes32) {
        return _match(appOrder, datasetOrder, workerpoolOrder, requestOrder, requestOrder.requester);
    }

    /// @inheritdoc IexecPocoBoost
    function sponsorMatchOrdersBoost(
        AppOrder calldata appOrder,
        DatasetOrder calldata datasetOrder,
        WorkerpoolOrder calldata workerpoolOrder,
        RequestOrder calldata requestOrder
    ) external override returns (bytes32 dealId) {
        dealId = _match(appOrder, datasetOrder, workerpoolOrder, requestOrder, msg.sender);
        emit DealSponsoredBoost(dealId, msg.sender);
    }

    /// @inheritdoc IexecPocoBoost
    function pushResultBoost(
        bytes32 dealId,
        uint256 index,
        bytes calldata results,
        bytes calldata resultsCallback,
        bytes calldata authorizationSign,
        address enclaveChallenge,
        bytes calldata enclaveSign
    ) external override {
        DealBoost memory deal = poco().boostDeals[dealId].toDeal();
        bytes32 taskid = _unsetTask(deal, dealId, index);
        require(block.timestamp < deal.deadline, "PocoBoost: Deadline reached");
        _requireAuthorization(deal, taskid, enclaveChallenge, authorizationSign);
        bool called = deal.callback != address(0);
        if (enclaveChallenge != address(0)) {
            bytes32 message = personal(sealResult(msg.sender, taskid, keccak256(called ? resultsCallback : results)));
            require(isSignedBy(message, enclaveChallenge, enclaveSign), "PocoBoost: Invalid enclave signature");
        }
        require(!called || resultsCallback.length > 0, "PocoBoost: Callback requires data");

        poco().tasks[taskid].head = ended(TaskStatus.COMPLETED);
        _settle(deal, taskid);
        emit ResultPushedBoost(dealId, index, results);
        if (called) _callBack(deal.callback, taskid, resultsCallback);
    }

    /// @inheritdoc IexecPocoBoost
    function claimBoost(bytes32 dealId, uint256 index) external override {
        DealBoost memory deal = poco().boostDeals[dealId].toDeal();
        bytes32 taskid = _unsetTask(deal, dealId, index);
        require(deal.deadline <= block.timestamp, "PocoBoost: Deadline not reached");

        poco().tasks[taskid].head = ended(TaskStatus.FAILED);
        Escrow.unlock(deal.sponsor, _price(deal));
        Kitty.feed(deal.workerpoolOwner, _stake(deal), taskid);
        emit IexecPoco2.TaskClaimed(taskid);
    }

    function _match(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request,
        address payer
    ) private returns (bytes32 dealId) {
        BoostMatch memory found = BoostMatching.check(app, dataset, workerpool, request);
        DealBoost memory deal = _draft(found, request);
        deal.sponsor = payer;
        deal.appPrice = uint96(_fitting(96, app.appprice));
        if (dataset.dataset != address(0)) deal.datasetPrice = uint96(_fitting(96, dataset.datasetprice));
        deal.workerpoolPrice = uint96(_fitting(96, workerpool.workerpoolprice));
        dealId = keccak256(abi.encodePacked(found.requestHash, found.botFirst));
        poco().boostDeals[dealId].record(deal, _workerPercent(workerpool.workerpool));
        BoostMatching.consume(found);
        Escrow.lock(payer, _price(deal) * found.volume);
        Escrow.lock(deal.workerpoolOwner, _stake(deal) * found.volume);
        _announce(dealId, found, workerpool.workerpool, request);
    }

    /// @dev What the deal says, without prices and payer.
    function _draft(BoostMatch memory found, RequestOrder calldata request)
        private
        view
        returns (DealBoost memory deal)
    {
        uint256 timeref = poco().categories[request.category].workClockTimeRef;
        deal.appOwner = found.appOwner;
        deal.datasetOwner = found.datasetOwner;
        deal.workerpoolOwner = found.workerpoolOwner;
        deal.requester = request.requester;
        deal.callback = request.callback;
        deal.deadline = uint40(_fitting(40, block.timestamp + CONTRIBUTION_DEADLINE_RATIO * timeref));
        deal.botFirst = uint16(_fitting(16, found.botFirst));
        deal.botSize = uint16(_fitting(16, found.volume));
        deal.shortTag = bytes3(found.tag << 232);
    }

    /// @dev The value, refused when it has more bits. The interface's own error, so that it is in the ABI once.
    function _fitting(uint8 bits, uint256 value) private pure returns (uint256) {
        if (value >> bits != 0) revert SafeCastOverflowedUintDowncast(bits, value);
        return value;
    }

    /// @dev The workerpool's policy counts as it is now; one above 100 is refused.
    function _workerPercent(address workerpool) private view returns (uint8) {
        return uint8(100 - IWorkerpool(workerpool).m_schedulerRewardRatioPolicy());
    }

    function _announce(bytes32 dealId, BoostMatch memory found, address workerpool, RequestOrder calldata request)
        private
    {
        emit SchedulerNoticeBoost(
            workerpool,
            dealId,
            request.app,
            request.dataset,
            request.category,
            found.tag,
            request.params,
            request.beneficiary
        );
        emit IexecPoco1.OrdersMatched(
            dealId, found.appHash, found.datasetHash, found.workerpoolHash, found.requestHash, found.volume
        );
    }

    /// @dev Name of a task of the deal that is neither completed nor failed.
    function _unsetTask(DealBoost memory deal, bytes32 dealId, uint256 index) private view returns (bytes32 taskid) {
        require(index < deal.botSize, "PocoBoost: Unknown task");
        taskid = keccak256(abi.encodePacked(dealId, index));
        require(poco().tasks[taskid].head.status() == TaskStatus.UNSET, "PocoBoost: Task status not unset");
    }

    /// @dev The scheduler, or for enclaves the broker if there is one, lets the caller work on the task.
    function _requireAuthorization(
        DealBoost memory deal,
        bytes32 taskid,
        address enclave,
        bytes calldata authorization
    ) private view {
        bool needsEnclave = deal.shortTag & bytes3(TAG_TEE << 232) != 0;
        require(!needsEnclave || enclave != address(0), "PocoBoost: Tag requires enclave challenge");
        require(
            isAuthorized(msg.sender, taskid, enclave, deal.workerpoolOwner, authorization),
            "PocoBoost: Invalid contribution authorization signature"
        );
    }

    /// @dev Spends the payer's money and frees the scheduler's. The kitty's part comes with the scheduler's own.
    function _settle(DealBoost memory deal, bytes32 taskid) private {
        Escrow.seize(deal.sponsor, _price(deal), taskid);
        Escrow.reward(msg.sender, deal.workerReward, taskid);
        if (deal.appPrice > 0) Escrow.reward(deal.appOwner, deal.appPrice, taskid);
        if (deal.datasetPrice > 0) Escrow.reward(deal.datasetOwner, deal.datasetPrice, taskid);
        address scheduler = deal.workerpoolOwner;
        Escrow.unlock(scheduler, _stake(deal));
        uint256 part = Kitty.draw(taskid);
        Escrow.reward(scheduler, deal.workerpoolPrice - deal.workerReward + part, taskid);
    }

    /// @dev Calls the requester's contract, last, with its whole allowance of gas or not at all.
    function _callBack(address callback, bytes32 taskid, bytes calldata data) private {
        uint256 allowance = poco().callbackgas;
        bytes memory message = callbackMessage(taskid, data);
        require(gasleft() >= gasToGive(allowance), "PocoBoost: Not enough gas after callback");
        callBack(callback, allowance, message);
    }

    /// @dev What the payer locks per task, nRLC.
    function _price(DealBoost memory deal) private pure returns (uint256) {
        return uint256(deal.appPrice) + deal.datasetPrice + deal.workerpoolPrice;
    }

    /// @dev What the scheduler locks per task, nRLC. Rounded down per task.
    function _stake(DealBoost memory deal) private pure returns (uint256) {
        return uint256(deal.workerpoolPrice) * WORKERPOOL_STAKE_RATIO / 100;
    }
}
