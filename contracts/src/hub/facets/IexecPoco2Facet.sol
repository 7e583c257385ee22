// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecPoco2} from "../../interfaces/IexecPoco2.sol";
import {TaskStatus} from "../../interfaces/IexecTypes.sol";
import {dismiss} from "../Ballots.sol";
import {Terms, termsOf} from "../DealRecord.sol";
import {Escrow} from "../Escrow.sol";
import {poco} from "../PocoStorage.sol";
import {TaskHead, TaskRecord} from "../TaskRecord.sol";
import {Tasks} from "../Tasks.sol";

/// @title Life of a task. Broken preconditions revert without data: clients match that.
contract IexecPoco2Facet is IexecPoco2 {
    /// @inheritdoc IexecPoco2
    function initialize(bytes32 _dealid, uint256 idx) external override returns (bytes32) {
        return Tasks.open(_dealid, idx);
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
        (Terms memory terms,) = Tasks.requireOpen(_taskid);
        require(poco().tasks[_taskid].ballots[msg.sender] == 0);
        Tasks.requireAuthorization(terms, _taskid, _enclaveChallenge, _authorizationSign);
        Tasks.requireEnclave(_enclaveChallenge, _resultHash, _resultSeal, _enclaveSign);
        Tasks.contribute(terms, _taskid, msg.sender, _resultHash, _resultSeal, _enclaveChallenge);
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
        Tasks.completeAlone(
            _taskid, _resultDigest, _results, _resultsCallback, _enclaveChallenge, _enclaveSign, _authorizationSign
        );
    }

    /// @inheritdoc IexecPoco2
    function reveal(bytes32 _taskid, bytes32 _resultDigest) external override {
        Tasks.reveal(_taskid, msg.sender, _resultDigest);
    }

    /// @inheritdoc IexecPoco2
    function reopen(bytes32 _taskid) external override {
        (, TaskHead head) = _revealingTask(_taskid);
        require(head.revealBefore() <= block.timestamp && head.proved() == 0);
        TaskRecord storage task = poco().tasks[_taskid];
        task.head = head.reopened(dismiss(task, head));
        emit TaskReopen(_taskid);
    }

    /// @inheritdoc IexecPoco2
    function finalize(bytes32 _taskid, bytes calldata _results, bytes calldata _resultsCallback) external override {
        (Terms memory terms, TaskHead head) = _revealingTask(_taskid);
        require(Tasks.allRevealed(head));
        uint256 rest = Tasks.complete(terms, head, _taskid, _results, _resultsCallback);
        Escrow.reward(terms.deal.workerpool.owner, rest, _taskid);
        emit TaskFinalize(_taskid, _results);
        Tasks.callBackRequester(terms.deal.callback, _taskid, _resultsCallback);
    }

    /// @inheritdoc IexecPoco2
    function claim(bytes32 _taskid) external override {
        Terms memory terms;
        _claim(_taskid, terms, 0);
    }

    /// @inheritdoc IexecPoco2
    function initializeArray(bytes32[] calldata _dealid, uint256[] calldata _idx) external override returns (bool) {
        require(_dealid.length == _idx.length);
        for (uint256 i = 0; i < _dealid.length; ++i) {
            Tasks.open(_dealid[i], _idx[i]);
        }
        return true;
    }

    /// @inheritdoc IexecPoco2
    function claimArray(bytes32[] calldata _taskid) external override returns (bool) {
        Terms memory terms;
        uint256 deal = 0;
        for (uint256 i = 0; i < _taskid.length; ++i) {
            (terms, deal) = _claim(_taskid[i], terms, deal);
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
        Terms memory terms;
        uint256 deal = 0;
        for (uint256 i = 0; i < _dealid.length; ++i) {
            (terms, deal) = _claim(Tasks.open(_dealid[i], _idx[i]), terms, deal);
        }
        return true;
    }

    /// @param terms of the task claimed before: tasks of one deal mostly come together
    function _claim(bytes32 taskid, Terms memory terms, uint256 deal) private returns (Terms memory, uint256) {
        TaskHead head = poco().tasks[taskid].head;
        TaskStatus status = head.status();
        require(status == TaskStatus.ACTIVE || status == TaskStatus.REVEALING);
        if (head.deal() != deal) (terms, deal) = (termsOf(head.deal()), head.deal());
        require(terms.finalDeadline() <= block.timestamp);
        Tasks.claim(terms, head, taskid);
        return (terms, deal);
    }

    /// @dev Task whose scheduler, the caller, may end or reopen the reveals now.
    function _revealingTask(bytes32 taskid) private view returns (Terms memory terms, TaskHead head) {
        head = poco().tasks[taskid].head;
        require(head.status() == TaskStatus.REVEALING);
        terms = termsOf(head.deal());
        require(msg.sender == terms.deal.workerpool.owner && block.timestamp < terms.finalDeadline());
    }
}
