// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LightProof, LightStatus, RangePermit} from "../../interfaces/IexecBagTypes.sol";
import {IexecLight} from "../../interfaces/IexecLight.sol";
import {hashLightRange, hashRangeAuthorization, lightRangeId} from "../BagHashes.sol";
import {DealHead, Terms, termsOf} from "../DealRecord.sol";
import {LightSettlement} from "../LightSettlement.sol";
import {LightTasks, light} from "../LightStorage.sol";
import {typedHash} from "../Orders.sol";
import {poco} from "../PocoStorage.sol";
import {treeDepth, treeLeaf, treeRoot} from "../RangeTree.sol";
import {callBack, callbackMessage, gasToGive, hashResult} from "../Results.sol";
import {isSignedBy} from "../Signatures.sol";

/// @title Deals that are settled in ranges.
contract IexecLightFacet is IexecLight {
    /// @dev Tasks in one call. `MAX_LIGHT_RANGE` of `protocol::range_tree`.
    uint256 private constant MOST_TASKS = 65_536;
    uint256 private constant MOST_RESULT_BYTES = 4_096;
    /// @inheritdoc IexecLight
    function settleLight(
        bytes32 dealid,
        uint256 first,
        uint256 count,
        bytes32 root,
        bytes calldata results,
        address enclaveChallenge,
        bytes calldata enclaveSign,
        RangePermit calldata permit
    ) external override {
        DealHead deal = _rangeOf(dealid, first, count);
        Terms memory terms = termsOf(deal.blob());
        uint256 deadline = terms.contributionDeadline();
        if (block.timestamp >= deadline) revert TooLate(deadline);
        if (results.length > MOST_RESULT_BYTES) revert ResultsTooLong(results.length, MOST_RESULT_BYTES);
        if (enclaveChallenge == address(0) && terms.needsEnclave()) revert EnclaveRequired(dealid);
        _requirePermit(terms, first, count, enclaveChallenge, permit);
        bytes32 range = hashLightRange(msg.sender, dealid, first, count, root);
        if (enclaveChallenge != address(0) && !isSignedBy(typedHash(range), enclaveChallenge, enclaveSign)) {
            revert BadEnclaveSignature(enclaveChallenge);
        }

        uint256 from = first - deal.firstIndex();
        uint256 clash = LightTasks.settle(dealid, from, from + count);
        if (clash != 0) revert LightNotOpen(dealid, deal.firstIndex() + clash - 1);
        light().ranges[dealid][first] = range;
        LightSettlement.succeed(terms, msg.sender, count, lightRangeId(dealid, first, count));
        emit LightSettled(dealid, msg.sender, first, count, root, results);
    }

    /// @inheritdoc IexecLight
    function claimLight(bytes32 dealid, uint256 first, uint256 count) external override returns (uint256 refunded) {
        DealHead deal = _rangeOf(dealid, first, count);
        Terms memory terms = termsOf(deal.blob());
        uint256 deadline = terms.finalDeadline();
        if (block.timestamp < deadline) revert NotExpired(deadline);
        uint256 from = first - deal.firstIndex();
        refunded = LightTasks.refund(dealid, from, from + count);
        if (refunded == 0) revert NothingToClaim(dealid, first, count);
        LightSettlement.fail(terms, refunded, lightRangeId(dealid, first, count));
        emit LightClaimed(dealid, first, count, refunded);
    }

    /// @inheritdoc IexecLight
    function deliverLight(bytes32 dealid, uint256 idx, bytes calldata data, LightProof calldata proof)
        external
        override
    {
        DealHead deal = _lightDeal(dealid);
        address callback = termsOf(deal.blob()).deal.callback;
        if (callback == address(0)) revert NoCallback(dealid);
        bytes32 taskid = _taskId(dealid, idx);
        if (!_isProved(dealid, idx, hashResult(taskid, keccak256(data)), proof)) revert NotProved(dealid, idx);
        // What is proved is settled, so the index is one of the deal.
        if (!LightTasks.deliver(dealid, idx - deal.firstIndex())) revert AlreadyDelivered(dealid, idx);
        emit LightDelivered(dealid, idx, taskid);
        uint256 allowance = poco().callbackgas;
        bytes memory message = callbackMessage(taskid, data);
        uint256 left = gasleft();
        if (left < gasToGive(allowance)) revert CallbackGas(left, gasToGive(allowance));
        callBack(callback, allowance, message);
    }

    /// @inheritdoc IexecLight
    function proveLight(bytes32 dealid, uint256 idx, bytes32 resultDigest, LightProof calldata proof)
        external
        view
        override
        returns (bool)
    {
        return _isProved(dealid, idx, hashResult(_taskId(dealid, idx), resultDigest), proof);
    }

    /// @inheritdoc IexecLight
    function viewLightStatus(bytes32 dealid, uint256 idx) external view override returns (LightStatus) {
        uint256 first = poco().deals[dealid].firstIndex();
        return idx < first ? LightStatus.OPEN : LightTasks.statusOf(dealid, idx - first);
    }

    /// @inheritdoc IexecLight
    function viewLightRange(bytes32 dealid, uint256 first) external view override returns (bytes32) {
        return light().ranges[dealid][first];
    }

    function _lightDeal(bytes32 dealid) private view returns (DealHead deal) {
        deal = poco().deals[dealid];
        if (!deal.isLight()) revert NotLight(dealid);
    }

    /// @dev The light deal that has all tasks of the range.
    function _rangeOf(bytes32 dealid, uint256 first, uint256 count) private view returns (DealHead deal) {
        deal = _lightDeal(dealid);
        if (count == 0 || count > MOST_TASKS) revert BadCount(count, MOST_TASKS);
        (uint256 botFirst, uint256 botSize) = (deal.firstIndex(), deal.size());
        if (!_covers(botFirst, botSize, first, count)) revert OutsideDeal(first, count, botFirst, botSize);
    }

    /// @dev The scheduler, or for enclaves the broker if there is one, lets the caller settle the range.
    function _requirePermit(
        Terms memory terms,
        uint256 first,
        uint256 count,
        address enclave,
        RangePermit calldata permit
    ) private view {
        address authorizer = terms.deal.workerpool.owner;
        if (enclave != address(0)) {
            address broker = poco().teebroker;
            if (broker != address(0)) authorizer = broker;
        }
        if (msg.sender == authorizer) return;
        if (!_covers(permit.first, permit.count, first, count)) {
            revert OutsidePermit(first, count, permit.first, permit.count);
        }
        bytes32 authorization =
            hashRangeAuthorization(msg.sender, terms.dealid, permit.first, permit.count, enclave);
        if (!isSignedBy(typedHash(authorization), authorizer, permit.sign)) {
            revert NotAuthorized(msg.sender, authorizer);
        }
    }

    /// @dev Whether the range [first, first + count) lies in another; all four are any numbers.
    function _covers(uint256 outerFirst, uint256 outerCount, uint256 first, uint256 count)
        private
        pure
        returns (bool)
    {
        return first >= outerFirst && count <= outerCount && first - outerFirst <= outerCount - count;
    }

    /// @dev Whether a settled range has this result. Only light deals have ranges, and none has more than MOST_TASKS.
    function _isProved(bytes32 dealid, uint256 idx, bytes32 resultHash, LightProof calldata proof)
        private
        view
        returns (bool)
    {
        (uint256 first, uint256 count) = (proof.first, proof.count);
        if (idx < first || idx - first >= count || proof.siblings.length != treeDepth(count)) return false;
        bytes32 root = treeRoot(treeLeaf(resultHash), idx - first, proof.siblings);
        return light().ranges[dealid][first] == hashLightRange(proof.worker, dealid, first, count, root);
    }

    function _taskId(bytes32 dealid, uint256 idx) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(dealid, idx));
    }
}
