// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecPoco2} from "../interfaces/IexecPoco2.sol";
import {TaskStatus} from "../interfaces/IexecTypes.sol";
import {groupOf, isSealed, workerOf} from "./Ballots.sol";
import {poco} from "./PocoStorage.sol";
import {hashResult, sealResult} from "./Results.sol";
import {Group, TaskHead, TaskRecord} from "./TaskRecord.sol";

/// @title Reveals by whoever has the digest: seals say who of the winners knew it when they voted.
library Reveals {
    /// @dev Most tasks of one call.
    uint256 internal constant MOST_TASKS = 256;

    /// @dev Proves all winners of a task whose seals the digest opens.
    /// @return count of those who were not proved before; zero where the task has no such consensus, or time is over
    function proveAll(bytes32 taskid, bytes32 digest) internal returns (uint256 count) {
        TaskRecord storage task = poco().tasks[taskid];
        TaskHead head = task.head;
        if (head.status() != TaskStatus.REVEALING || block.timestamp >= head.revealBefore()) return 0;
        Group storage consensus = task.groups[head.group()];
        bool isFirst = head.proved() == 0;
        if (consensus.result != (isFirst ? hashResult(taskid, digest) : digest)) return 0;
        uint256 contributors = head.contributors();
        for (uint256 i = 0; i < contributors; ++i) {
            address worker = workerOf(task.entries[i]);
            uint256 ballot = task.ballots[worker];
            if ((head.proved() >> i) & 1 == 1 || groupOf(ballot) != head.group()) continue;
            if (!isSealed(task, ballot, sealResult(worker, taskid, digest))) continue;
            head = head.withReveal(i);
            ++count;
            emit IexecPoco2.TaskReveal(taskid, worker, digest);
        }
        if (count == 0) return 0;
        if (isFirst) consensus.result = digest;
        task.head = head;
    }
}
