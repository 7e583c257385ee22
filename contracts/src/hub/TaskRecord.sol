// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Task, TaskStatus} from "../interfaces/IexecTypes.sol";
import {CONTRIBUTION_DEADLINE_RATIO, FINAL_DEADLINE_RATIO, REVEAL_DEADLINE_RATIO} from "./Constants.sol";

/// @dev A task as stored; clients see `Task`. Packing may change, only this file knows it. Times are Unix seconds.
struct TaskRecord {
    TaskStatus status;
    uint48 timeref; // seconds
    uint48 contributionDeadline;
    uint48 revealDeadline;
    uint48 finalDeadline;
    uint24 revealCounter;
    uint24 winnerCounter;
    bytes32 dealid;
    uint256 idx;
    bytes32 consensusValue;
    address[] contributors; // who may be many: every loop over them is paid by gas
    bytes32 resultDigest;
    bytes results;
    bytes resultsCallback;
}

using {open, reachConsensus, reopen, complete, allRevealed, toTask} for TaskRecord global;

/// @dev Starts the life of a task. Absurd time references (above 2^44 s) are refused here.
function open(TaskRecord storage self, bytes32 dealid, uint256 idx, uint256 startTime, uint256 timeref) {
    self.status = TaskStatus.ACTIVE;
    self.dealid = dealid;
    self.idx = idx;
    self.timeref = SafeCast.toUint48(timeref);
    self.contributionDeadline = SafeCast.toUint48(startTime + CONTRIBUTION_DEADLINE_RATIO * timeref);
    self.finalDeadline = SafeCast.toUint48(startTime + FINAL_DEADLINE_RATIO * timeref);
}

/// @dev A result hash won with `winners` votes; they reveal from now on.
function reachConsensus(TaskRecord storage self, bytes32 resultHash, uint256 winners) {
    self.status = TaskStatus.REVEALING;
    self.consensusValue = resultHash;
    self.revealDeadline = SafeCast.toUint48(block.timestamp + REVEAL_DEADLINE_RATIO * self.timeref);
    self.revealCounter = 0;
    self.winnerCounter = SafeCast.toUint24(winners);
}

/// @dev Forgets the consensus; deadlines and contributors stay.
function reopen(TaskRecord storage self) {
    self.status = TaskStatus.ACTIVE;
    self.consensusValue = 0;
    self.revealDeadline = 0;
    self.winnerCounter = 0;
}

/// @dev Publishes the result.
function complete(TaskRecord storage self, bytes calldata results, bytes calldata resultsCallback) {
    self.status = TaskStatus.COMPLETED;
    self.results = results;
    self.resultsCallback = resultsCallback;
}

/// @dev Whether nobody is left to wait for: all winners revealed, or some did and the time is over.
function allRevealed(TaskRecord storage self) view returns (bool) {
    uint256 revealed = self.revealCounter;
    return revealed == self.winnerCounter || (revealed > 0 && self.revealDeadline <= block.timestamp);
}

/// @dev The task as clients see it; all zero when there is none.
function toTask(TaskRecord storage self) view returns (Task memory task) {
    task.status = self.status;
    task.dealid = self.dealid;
    task.idx = self.idx;
    task.timeref = self.timeref;
    task.contributionDeadline = self.contributionDeadline;
    task.revealDeadline = self.revealDeadline;
    task.finalDeadline = self.finalDeadline;
    task.consensusValue = self.consensusValue;
    task.revealCounter = self.revealCounter;
    task.winnerCounter = self.winnerCounter;
    task.contributors = self.contributors;
    task.resultDigest = self.resultDigest;
    task.results = self.results;
    task.resultsCallback = self.resultsCallback;
}
