// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecBags} from "../interfaces/IexecBags.sol";
import {IexecRangeErrors} from "../interfaces/IexecRangeErrors.sol";
import {TaskStatus} from "../interfaces/IexecTypes.sol";
import {positionOf} from "./Ballots.sol";
import {Terms, termsOf} from "./DealRecord.sol";
import {soloOf} from "./Outcomes.sol";
import {poco} from "./PocoStorage.sol";
import {fitsCallback} from "./Results.sol";
import {TaskHead, TaskRecord} from "./TaskRecord.sol";

/// @title Who may end a task that its scheduler leaves lying, from when on, and for what. Times are Unix seconds.
library LateFinalization {
    /// @dev Refuses whom it is too early for, and what is not the caller's to say.
    /// @return terms of the task's deal
    /// @return head of the task
    /// @return isPaid whether the caller gets the bounty
    function admit(bytes32 taskid, bytes calldata results, bytes calldata callbackData)
        internal
        view
        returns (Terms memory terms, TaskHead head, bool isPaid)
    {
        TaskRecord storage task = poco().tasks[taskid];
        head = task.head;
        if (head.status() != TaskStatus.REVEALING || head.proved() == 0) revert IexecBags.TaskNotRevealed(taskid);
        terms = termsOf(head.deal());
        uint256 end = terms.finalDeadline();
        if (block.timestamp >= end) revert IexecRangeErrors.TooLate(end);
        uint256 half = terms.timeref / 2;
        bool isScheduler = msg.sender == terms.deal.workerpool.owner;
        bool hasPart = isScheduler || msg.sender == terms.deal.requester || isProved(task, head, msg.sender);
        uint256 from = hasPart ? head.revealBefore() + half : end - half;
        if (block.timestamp < from) revert IexecBags.TooEarly(msg.sender, from);
        if (!hasPart && results.length > 0) revert IexecBags.ResultsNotYours(msg.sender);
        bytes32 digest = task.groups[head.group()].result;
        if (!fitsCallback(terms.deal.callback, digest, callbackData)) {
            revert IexecBags.CallbackMismatch(taskid, digest);
        }
        isPaid = !isScheduler && block.timestamp >= end - half;
    }

    /// @dev Whether a worker has proved the result of a task.
    function isProved(TaskRecord storage task, TaskHead head, address worker) internal view returns (bool) {
        if (head.isSolo()) {
            (address lone,,) = soloOf(head);
            return lone == worker;
        }
        uint256 ballot = task.ballots[worker];
        return ballot != 0 && (head.proved() >> positionOf(ballot)) & 1 == 1;
    }
}
