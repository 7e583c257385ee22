// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecPoco2} from "../interfaces/IexecPoco2.sol";
import {TaskStatus} from "../interfaces/IexecTypes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Counted, cast, groupOf, isSealed, positionOf, workerOf} from "./Ballots.sol";
import {Blobs} from "./Blobs.sol";
import {DealHead, Terms, termsOf, workerpoolOf} from "./DealRecord.sol";
import {Escrow} from "./Escrow.sol";
import {SOLO_HEADER, keepVoted, soloEntry} from "./Outcomes.sol";
import {poco} from "./PocoStorage.sol";
import {
    callBack,
    callbackMessage,
    enclaveMessage,
    fitsCallback,
    gasToGive,
    hashResult,
    isAuthorized,
    sealResult
} from "./Results.sol";
import {Settlement} from "./Settlement.sol";
import {isSignedBy} from "./Signatures.sol";
import {votingWeight} from "./Tally.sol";
import {Group, MOST_CONTRIBUTORS, TaskHead, TaskRecord, newTask} from "./TaskRecord.sol";

/// @title Steps of a task's life. A facet decides who may take them; what a step needs of the task is checked here, and
/// refused without data.
library Tasks {
    function idOf(bytes32 dealid, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(dealid, index));
    }

    /// @dev Opens a task of a deal.
    function open(bytes32 dealid, uint256 index) internal returns (bytes32 taskid) {
        DealHead deal = poco().deals[dealid];
        uint256 first = deal.firstIndex();
        require(index >= first && index - first < deal.size() && !deal.isLight());
        taskid = idOf(dealid, index);
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
        Escrow.lock(worker, terms.deal.workerStake);
        if (enclave != address(0)) task.enclaves[worker] = enclave;
        uint256 weight = votingWeight(poco().scores[worker]);
        Counted memory counted =
            cast(task, head, worker, resultHash, resultSeal, weight, Math.log2(weight), terms.deal.trust);
        head = counted.head;
        if (counted.won) head = head.withConsensus(counted.group, counted.voters, terms.revealDeadline());
        task.head = head;
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

    /// @dev All that the caller does for a task of trust 1 alone: contributes, reveals, finalizes, calls back.
    function completeAlone(
        bytes32 taskid,
        bytes32 digest,
        bytes calldata results,
        bytes calldata callbackData,
        address enclave,
        bytes calldata enclaveSign,
        bytes calldata authorization
    ) internal {
        (Terms memory terms, TaskHead head) = requireOpen(taskid);
        require(head.contributors() == 0 && terms.deal.trust == 1);
        require(fitsCallback(terms.deal.callback, digest, callbackData));
        requireAuthorization(terms, taskid, enclave, authorization);
        bytes32 resultHash = hashResult(taskid, digest);
        if (enclave != address(0)) {
            requireEnclave(enclave, resultHash, sealResult(msg.sender, taskid, digest), enclaveSign);
        }

        TaskRecord storage task = poco().tasks[taskid];
        bytes memory entry = soloEntry(task, digest, results, callbackData);
        uint256 blob = Blobs.create(abi.encodePacked(msg.sender, enclave, entry));
        task.head = head.withSoloResult(blob, SOLO_HEADER, terms.revealDeadline());
        Settlement.succeed(terms, taskid);
        Settlement.paySoleWorker(terms, msg.sender, taskid);
        announceSolo(taskid, msg.sender, resultHash, digest, results);
        callBackRequester(terms.deal.callback, taskid, callbackData);
    }

    /// @dev Says that a worker completed a task alone.
    function announceSolo(
        bytes32 taskid,
        address worker,
        bytes32 resultHash,
        bytes32 digest,
        bytes calldata results
    ) internal {
        emit IexecPoco2.TaskContribute(taskid, worker, resultHash);
        emit IexecPoco2.TaskConsensus(taskid, resultHash);
        emit IexecPoco2.TaskReveal(taskid, worker, digest);
        emit IexecPoco2.TaskFinalize(taskid, results);
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

    /// @dev Task that takes contributions now.
    function requireOpen(bytes32 taskid) internal view returns (Terms memory terms, TaskHead head) {
        head = poco().tasks[taskid].head;
        require(head.status() == TaskStatus.ACTIVE);
        terms = termsOf(head.deal());
        require(block.timestamp < terms.contributionDeadline());
    }

    /// @dev The scheduler, or for enclaves the broker if there is one, lets the caller contribute.
    function requireAuthorization(Terms memory terms, bytes32 taskid, address enclave, bytes calldata authorization)
        internal
        view
    {
        require(enclave != address(0) || !terms.needsEnclave());
        require(isAuthorized(msg.sender, taskid, enclave, terms.deal.workerpool.owner, authorization));
    }

    /// @dev The enclave vouches for the result.
    function requireEnclave(address enclave, bytes32 resultHash, bytes32 resultSeal, bytes calldata signature)
        internal
        view
    {
        require(enclave == address(0) || isSignedBy(enclaveMessage(resultHash, resultSeal), enclave, signature));
    }

    /// @dev Whether nobody is left to wait for: all winners revealed, or some did and the time is over.
    function allRevealed(TaskHead head) internal view returns (bool) {
        uint256 revealed = head.proofs();
        return revealed == head.winners() || (revealed > 0 && head.revealBefore() <= block.timestamp);
    }

    /// @dev Calls the requester's contract, last, with its whole allowance of gas or not at all.
    function callBackRequester(address callback, bytes32 taskid, bytes calldata data) internal {
        if (callback == address(0)) return;
        uint256 allowance = poco().callbackgas;
        bytes memory message = callbackMessage(taskid, data);
        assert(gasleft() >= gasToGive(allowance));
        callBack(callback, allowance, message);
    }
}
