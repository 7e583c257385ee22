// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecPoco2} from "../../interfaces/IexecPoco2.sol";
import {ContributionStatus, TaskStatus} from "../../interfaces/IexecTypes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ContributionRecord} from "../ContributionRecord.sol";
import {DealRecord} from "../DealRecord.sol";
import {Escrow} from "../Escrow.sol";
import {poco} from "../PocoStorage.sol";
import {Settlement} from "../Settlement.sol";
import {callBack, enclaveMessage, hashResult, isAuthorized, sealResult} from "../Results.sol";
import {isSignedBy} from "../Signatures.sol";
import {Tally, votingWeight} from "../Tally.sol";
import {TaskRecord} from "../TaskRecord.sol";

/// @title Life of a task. Broken preconditions revert without data: clients match that.
contract IexecPoco2Facet is IexecPoco2 {
    /// @inheritdoc IexecPoco2
    function initialize(bytes32 _dealid, uint256 idx) external override returns (bytes32) {
        return _initialize(_dealid, idx);
    }

    /// @inheritdoc IexecPoco2
    function contribute(
        bytes32 _taskid,
        bytes32 _resultHash,
        bytes32 _resultSeal,
        address _enclaveChallenge,
        bytes calldata _enclaveSign,
        bytes calldata _authorizationSign
    ) external override {
        TaskRecord storage task = _openTask(_taskid);
        ContributionRecord storage vote = poco().contributions[_taskid][msg.sender];
        require(vote.status == ContributionStatus.UNSET);
        DealRecord storage deal = poco().deals[task.dealid];
        _requireAuthorization(deal, _taskid, _enclaveChallenge, _authorizationSign);
        _requireEnclave(_enclaveChallenge, _resultHash, _resultSeal, _enclaveSign);

        vote.status = ContributionStatus.CONTRIBUTED;
        vote.enclaveChallenge = _enclaveChallenge;
        vote.resultHash = _resultHash;
        vote.resultSeal = _resultSeal;
        task.contributors.push(msg.sender);
        Escrow.lock(msg.sender, deal.workerStake);
        emit TaskContribute(_taskid, msg.sender, _resultHash);
        _count(_taskid, task, vote, deal.trust);
    }

    /// @inheritdoc IexecPoco2
    function contributeAndFinalize(
        bytes32 _taskid,
        bytes32 _resultDigest,
        bytes calldata _results,
        bytes calldata _resultsCallback,
        address _enclaveChallenge,
        bytes calldata _enclaveSign,
        bytes calldata _authorizationSign
    ) external override {
        DealRecord storage deal = _soloDeal(_taskid, _resultDigest, _resultsCallback);
        _requireAuthorization(deal, _taskid, _enclaveChallenge, _authorizationSign);
        bytes32 resultHash = _proveAlone(_taskid, _resultDigest, _enclaveChallenge, _enclaveSign);
        poco().tasks[_taskid].complete(_results, _resultsCallback);
        Settlement.succeed(deal, _taskid);
        Settlement.paySoleWorker(deal, msg.sender, _taskid);
        emit TaskContribute(_taskid, msg.sender, resultHash);
        emit TaskConsensus(_taskid, resultHash);
        emit TaskReveal(_taskid, msg.sender, _resultDigest);
        emit TaskFinalize(_taskid, _results);
        _callBack(deal.callback, _taskid, _resultsCallback);
    }

    /// @inheritdoc IexecPoco2
    function reveal(bytes32 _taskid, bytes32 _resultDigest) external override {
        TaskRecord storage task = poco().tasks[_taskid];
        require(task.status == TaskStatus.REVEALING && block.timestamp < task.revealDeadline);
        ContributionRecord storage vote = poco().contributions[_taskid][msg.sender];
        require(vote.status == ContributionStatus.CONTRIBUTED);
        bytes32 resultHash = vote.resultHash;
        require(resultHash == task.consensusValue && resultHash == hashResult(_taskid, _resultDigest));
        require(vote.resultSeal == sealResult(msg.sender, _taskid, _resultDigest));

        vote.status = ContributionStatus.PROVED;
        task.revealCounter += 1;
        task.resultDigest = _resultDigest;
        emit TaskReveal(_taskid, msg.sender, _resultDigest);
    }

    /// @inheritdoc IexecPoco2
    function reopen(bytes32 _taskid) external override {
        TaskRecord storage task = _revealingTask(_taskid);
        require(task.revealDeadline <= block.timestamp && task.revealCounter == 0);
        bytes32 lost = task.consensusValue;
        uint256 count = task.contributors.length;
        for (uint256 i = 0; i < count; ++i) {
            ContributionRecord storage vote = poco().contributions[_taskid][task.contributors[i]];
            if (vote.resultHash == lost) vote.status = ContributionStatus.REJECTED;
        }
        poco().tallies[_taskid].dismiss(lost);
        task.reopen();
        emit TaskReopen(_taskid);
    }

    /// @inheritdoc IexecPoco2
    function finalize(bytes32 _taskid, bytes calldata _results, bytes calldata _resultsCallback) external override {
        TaskRecord storage task = _revealingTask(_taskid);
        require(task.allRevealed());
        DealRecord storage deal = poco().deals[task.dealid];
        _requireCallbackData(deal.callback, task.resultDigest, _resultsCallback);

        task.complete(_results, _resultsCallback);
        Settlement.succeed(deal, _taskid);
        Settlement.payWorkers(deal, task, _taskid);
        emit TaskFinalize(_taskid, _results);
        _callBack(deal.callback, _taskid, _resultsCallback);
    }

    /// @inheritdoc IexecPoco2
    function claim(bytes32 _taskid) external override {
        _claim(_taskid);
    }

    /// @inheritdoc IexecPoco2
    function initializeArray(bytes32[] calldata _dealid, uint256[] calldata _idx) external override returns (bool) {
        require(_dealid.length == _idx.length);
        for (uint256 i = 0; i < _dealid.length; ++i) {
            _initialize(_dealid[i], _idx[i]);
        }
        return true;
    }

    /// @inheritdoc IexecPoco2
    function claimArray(bytes32[] calldata _taskid) external override returns (bool) {
        for (uint256 i = 0; i < _taskid.length; ++i) {
            _claim(_taskid[i]);
        }
        return true;
    }

    /// @inheritdoc IexecPoco2
    function initializeAndClaimArray(bytes32[] calldata _dealid, uint256[] calldata _idx)
        external
        override
        returns (bool)
    {
        require(_dealid.length == _idx.length);
        for (uint256 i = 0; i < _dealid.length; ++i) {
            _claim(_initialize(_dealid[i], _idx[i]));
        }
        return true;
    }

    function _initialize(bytes32 dealid, uint256 idx) private returns (bytes32 taskid) {
        DealRecord storage deal = poco().deals[dealid];
        uint256 first = deal.botFirst;
        require(idx >= first && idx - first < deal.botSize);
        taskid = keccak256(abi.encodePacked(dealid, idx));
        TaskRecord storage task = poco().tasks[taskid];
        require(task.status == TaskStatus.UNSET);

        task.open(dealid, idx, deal.startTime, poco().categories[deal.category].workClockTimeRef);
        poco().tallies[taskid].open();
        emit TaskInitialize(taskid, deal.workerpool.pointer);
    }

    function _claim(bytes32 taskid) private {
        TaskRecord storage task = poco().tasks[taskid];
        TaskStatus status = task.status;
        require(status == TaskStatus.ACTIVE || status == TaskStatus.REVEALING);
        require(task.finalDeadline <= block.timestamp);
        DealRecord storage deal = poco().deals[task.dealid];

        task.status = TaskStatus.FAILED;
        Settlement.fail(deal, taskid);
        uint256 count = task.contributors.length;
        for (uint256 i = 0; i < count; ++i) {
            Escrow.unlock(task.contributors[i], deal.workerStake);
        }
        emit TaskClaimed(taskid);
    }

    /// @dev Adds a vote to the tally; the consensus may follow.
    function _count(bytes32 taskid, TaskRecord storage task, ContributionRecord storage vote, uint256 trust) private {
        uint256 weight = votingWeight(poco().scores[msg.sender]);
        vote.weight = uint8(Math.log2(weight)); // below 256: a logarithm of 256 bits
        bytes32 resultHash = vote.resultHash;
        if (!poco().tallies[taskid].vote(resultHash, weight, trust)) return;
        task.reachConsensus(resultHash, _supporters(taskid, task, resultHash));
        emit TaskConsensus(taskid, resultHash);
    }

    /// @dev Workers who may reveal a result hash. Those rejected in an earlier round may not.
    function _supporters(bytes32 taskid, TaskRecord storage task, bytes32 resultHash)
        private
        view
        returns (uint256 supporters)
    {
        uint256 count = task.contributors.length;
        for (uint256 i = 0; i < count; ++i) {
            ContributionRecord storage vote = poco().contributions[taskid][task.contributors[i]];
            if (vote.resultHash == resultHash && vote.status == ContributionStatus.CONTRIBUTED) ++supporters;
        }
    }

    /// @dev Task that takes contributions now.
    function _openTask(bytes32 taskid) private view returns (TaskRecord storage task) {
        task = poco().tasks[taskid];
        require(task.status == TaskStatus.ACTIVE && block.timestamp < task.contributionDeadline);
    }

    /// @dev Task whose scheduler, the caller, may end or reopen the reveals now.
    function _revealingTask(bytes32 taskid) private view returns (TaskRecord storage task) {
        task = poco().tasks[taskid];
        require(msg.sender == poco().deals[task.dealid].workerpool.owner);
        require(task.status == TaskStatus.REVEALING && block.timestamp < task.finalDeadline);
    }

    /// @dev Deal of a task that one worker may complete alone now.
    function _soloDeal(bytes32 taskid, bytes32 digest, bytes calldata callbackData)
        private
        view
        returns (DealRecord storage deal)
    {
        TaskRecord storage task = _openTask(taskid);
        require(task.contributors.length == 0);
        deal = poco().deals[task.dealid];
        require(deal.trust == 1);
        _requireCallbackData(deal.callback, digest, callbackData);
    }

    /// @dev Records the caller as only contributor, proved, and the consensus on its result.
    function _proveAlone(bytes32 taskid, bytes32 digest, address enclave, bytes calldata enclaveSign)
        private
        returns (bytes32 resultHash)
    {
        resultHash = hashResult(taskid, digest);
        bytes32 resultSeal = sealResult(msg.sender, taskid, digest);
        _requireEnclave(enclave, resultHash, resultSeal, enclaveSign);

        ContributionRecord storage vote = poco().contributions[taskid][msg.sender];
        vote.status = ContributionStatus.PROVED;
        vote.enclaveChallenge = enclave;
        vote.resultHash = resultHash;
        vote.resultSeal = resultSeal;
        TaskRecord storage task = poco().tasks[taskid];
        task.reachConsensus(resultHash, 1);
        task.revealCounter = 1;
        task.resultDigest = digest;
        task.contributors.push(msg.sender);
    }

    /// @dev The scheduler, or for enclaves the broker if there is one, lets the caller contribute.
    function _requireAuthorization(
        DealRecord storage deal,
        bytes32 taskid,
        address enclave,
        bytes calldata authorization
    ) private view {
        require(enclave != address(0) || !deal.needsEnclave());
        require(isAuthorized(msg.sender, taskid, enclave, deal.workerpool.owner, authorization));
    }

    /// @dev The enclave vouches for the result.
    function _requireEnclave(address enclave, bytes32 resultHash, bytes32 resultSeal, bytes calldata signature)
        private
        view
    {
        require(enclave == address(0) || isSignedBy(enclaveMessage(resultHash, resultSeal), enclave, signature));
    }

    /// @dev Callback data must be what the workers agreed on; without callback there may be none.
    function _requireCallbackData(address callback, bytes32 digest, bytes calldata data) private pure {
        require((callback == address(0) && data.length == 0) || keccak256(data) == digest);
    }

    /// @dev Calls the requester's contract, last. That it really got its gas is proven by a 63rd of it being left to us.
    function _callBack(address callback, bytes32 taskid, bytes calldata data) private {
        if (callback == address(0)) return;
        uint256 allowance = poco().callbackgas;
        callBack(callback, allowance, taskid, data);
        assert(gasleft() > allowance / 63);
    }
}
