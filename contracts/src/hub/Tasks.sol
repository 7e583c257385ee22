// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecPoco2} from "../interfaces/IexecPoco2.sol";
import {TaskStatus} from "../interfaces/IexecTypes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Counted, cast, groupOf, isSealed, positionOf, workerOf} from "./Ballots.sol";
import {DealHead, Terms, workerpoolOf} from "./DealRecord.sol";
import {Escrow} from "./Escrow.sol";
import {keepVoted} from "./Outcomes.sol";
import {poco} from "./PocoStorage.sol";
import {callBack, hashResult, sealResult} from "./Results.sol";
import {Settlement} from "./Settlement.sol";
import {votingWeight} from "./Tally.sol";
import {Group, MOST_CONTRIBUTORS, TaskHead, TaskRecord, newTask} from "./TaskRecord.sol";

/// @title Steps of a task's life. A facet decides who may take them; what a step needs of the task is checked here, and
/// refused without data.
library Tasks {
    /// @dev Opens a task of a deal.
    function open(bytes32 dealid, uint256 index) internal returns (bytes32 taskid) {
        DealHead deal = poco().deals[dealid];
        uint256 first = deal.firstIndex();
        require(index >= first && index - first < deal.size() && !deal.isLight());
        taskid = keccak256(abi.encodePacked(dealid, index));
        TaskRecord storage task = poco().tasks[taskid];
        require(task.head.status() == TaskStatus.UNSET);
        task.head = newTask(deal.blob(), index);
        emit IexecPoco2.TaskInitialize(taskid, workerpoolOf(deal.blob()));
    }

    /// @dev Records a worker's vote on an active task; the consensus may follow. The worker has not voted yet.
    function contribute(
        Terms memory terms,
        bytes32 taskid,
        address worker,
        bytes32 resultHash,
        bytes32 resultSeal,
        address enclave
    ) internal {
        TaskRecord storage task = poco().tasks[taskid];
        TaskHead head = task.head;
        require(head.contributors() < MOST_CONTRIBUTORS);
        if (enclave != address(0)) task.enclaves[worker] = enclave;
        uint256 weight = votingWeight(poco().scores[worker]);
        Counted memory counted =
            cast(task, head, worker, resultHash, resultSeal, weight, Math.log2(weight), terms.deal.trust);
        head = counted.head;
        if (counted.won) head = head.withConsensus(counted.group, counted.voters, terms.revealDeadline());
        task.head = head;
        Escrow.lock(worker, terms.deal.workerStake);
        emit IexecPoco2.TaskContribute(taskid, worker, resultHash);
        if (counted.won) emit IexecPoco2.TaskConsensus(taskid, resultHash);
    }

    /// @dev Proves a worker's vote for the consensus.
    function reveal(bytes32 taskid, address worker, bytes32 digest) internal {
        TaskRecord storage task = poco().tasks[taskid];
        TaskHead head = task.head;
        require(head.status() == TaskStatus.REVEALING && block.timestamp < head.revealBefore());
        uint256 ballot = task.ballots[worker];
        uint256 position = positionOf(ballot);
        require(ballot != 0 && groupOf(ballot) == head.group() && (head.proved() >> position) & 1 == 0);
        require(isSealed(task, ballot, sealResult(worker, taskid, digest)));
        Group storage consensus = task.groups[head.group()];
        if (head.proved() == 0) {
            require(consensus.result == hashResult(taskid, digest));
            consensus.result = digest;
        } else {
            require(consensus.result == digest);
        }
        task.head = head.withReveal(position);
        emit IexecPoco2.TaskReveal(taskid, worker, digest);
    }

    /// @dev Publishes a revealed result and pays the deal's and the workers' sides.
    /// @return rest nRLC left for the scheduler, to be rewarded by the caller
    function complete(
        Terms memory terms,
        TaskHead head,
        bytes32 taskid,
        bytes calldata results,
        bytes calldata callbackData
    ) internal returns (uint256 rest) {
        TaskRecord storage task = poco().tasks[taskid];
        if (terms.deal.callback != address(0) || callbackData.length > 0) {
            require(keccak256(callbackData) == task.groups[head.group()].result);
        }
        task.head = keepVoted(task, head, results, callbackData);
        Settlement.succeed(terms, taskid);
        rest = Settlement.payWorkers(terms, task, head, taskid);
    }

    /// @dev Fails a task after its final deadline: everybody gets back what they locked, but the scheduler.
    function claim(Terms memory terms, TaskHead head, bytes32 taskid) internal {
        TaskRecord storage task = poco().tasks[taskid];
        task.head = head.withStatus(TaskStatus.FAILED);
        Settlement.fail(terms, taskid);
        uint256 count = head.contributors();
        uint256 stake = terms.deal.workerStake;
        if (count > 0) Escrow.release(stake * count);
        for (uint256 i = 0; i < count; ++i) {
            Escrow.giveBack(workerOf(task.entries[i]), stake);
        }
        emit IexecPoco2.TaskClaimed(taskid);
    }

    /// @dev Whether nobody is left to wait for: all winners revealed, or some did and the time is over.
    function allRevealed(TaskHead head) internal view returns (bool) {
        uint256 revealed = head.proofs();
        return revealed == head.winners() || (revealed > 0 && head.revealBefore() <= block.timestamp);
    }

    /// @dev Callback data must be what the workers agreed on; without callback there may be none.
    function requireCallbackData(address callback, bytes32 digest, bytes calldata data) internal pure {
        require((callback == address(0) && data.length == 0) || keccak256(data) == digest);
    }

    /// @dev Calls the requester's contract, last. That it really got its gas is proven by a 63rd of it being left to us.
    function callBackRequester(address callback, bytes32 taskid, bytes calldata data) internal {
        if (callback == address(0)) return;
        uint256 allowance = poco().callbackgas;
        callBack(callback, allowance, taskid, data);
        assert(gasleft() > allowance / 63);
    }
}
