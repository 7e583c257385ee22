// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Contribution, ContributionStatus, Task} from "../interfaces/IexecTypes.sol";
import {toContribution, workerOf} from "./Ballots.sol";
import {Terms, termsOf} from "./DealRecord.sol";
import {isWrittenOver, outcomeOf, soloOf} from "./Outcomes.sol";
import {poco} from "./PocoStorage.sol";
import {hashResult, sealResult} from "./Results.sol";
import {TaskHead, TaskRecord} from "./TaskRecord.sol";

/// @dev The task as clients see it; all zero when there is none. A boost task has a status only.
function taskOf(bytes32 taskid) view returns (Task memory task) {
    TaskRecord storage self = poco().tasks[taskid];
    TaskHead head = self.head;
    task.status = head.status();
    if (head.deal() == 0) return task;
    Terms memory terms = termsOf(head.deal());
    task.dealid = terms.dealid;
    task.idx = head.index();
    task.timeref = terms.timeref;
    task.contributionDeadline = terms.contributionDeadline();
    task.revealDeadline = head.revealBefore();
    task.finalDeadline = terms.finalDeadline();
    (task.results, task.resultsCallback) = outcomeOf(self);
    if (head.isSolo()) _showLoneWorker(task, head, taskid);
    else _showVotes(task, self, head, taskid);
}

/// @dev The contribution as clients see it; all zero when there is none.
function contributionOf(bytes32 taskid, address worker) view returns (Contribution memory contribution) {
    TaskRecord storage self = poco().tasks[taskid];
    uint256 ballot = self.ballots[worker];
    if (ballot != 0) {
        contribution = toContribution(self, taskid, worker, ballot);
        if (contribution.status == ContributionStatus.PROVED && isWrittenOver(self.head)) {
            contribution.resultSeal = sealResult(worker, taskid, self.groups[self.head.group()].result);
        }
        return contribution;
    }
    if (!self.head.isSolo()) return contribution;
    (address lone, address enclave, bytes32 digest) = soloOf(self.head);
    if (lone != worker) return contribution;
    contribution.status = ContributionStatus.PROVED;
    contribution.resultHash = hashResult(taskid, digest);
    contribution.resultSeal = sealResult(worker, taskid, digest);
    contribution.enclaveChallenge = enclave;
}

function _showLoneWorker(Task memory task, TaskHead head, bytes32 taskid) view {
    (address worker,, bytes32 digest) = soloOf(head);
    task.consensusValue = hashResult(taskid, digest);
    task.resultDigest = digest;
    task.revealCounter = 1;
    task.winnerCounter = 1;
    task.contributors = new address[](1);
    task.contributors[0] = worker;
}

function _showVotes(Task memory task, TaskRecord storage self, TaskHead head, bytes32 taskid) view {
    task.revealCounter = head.proofs();
    task.winnerCounter = head.winners();
    task.contributors = new address[](head.contributors());
    for (uint256 i = 0; i < task.contributors.length; ++i) {
        task.contributors[i] = workerOf(self.entries[i]);
    }
    if (head.winners() == 0) return;
    bytes32 consensus = self.groups[head.group()].result;
    if (head.proved() == 0) {
        task.consensusValue = consensus;
    } else {
        task.consensusValue = hashResult(taskid, consensus);
        task.resultDigest = consensus;
    }
}
