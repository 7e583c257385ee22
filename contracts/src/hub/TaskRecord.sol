// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TaskStatus} from "../interfaces/IexecTypes.sol";

// How tasks are kept. What can be derived is not kept: ids and deadlines follow from the deal, the consensus is a group of
// votes, a revealed digest gives back the hash and the seals that it proves.

/// @dev Most contributors that a task can have: what is done for each of them must fit into a block.
uint256 constant MOST_CONTRIBUTORS = 64;

/// @dev The one word of a task that every act reads: from the lowest bit
///   status 8 · contributors 8 · winners 8 · group 8 (while active: how many groups there are; then the consensus)
///   · number of the deal's blob 40 · index 40 · reveal deadline 40 · number of the result's blob 40 (see Outcomes.sol)
///   · proved 64 (one bit for each contributor; for a task that one worker completed alone: where its entry lies in the blob)
type TaskHead is uint256;

/// @dev Votes for one result. Its first word is read again when workers reveal: then it is the digest, whose hash it was.
struct Group {
    bytes32 result;
    uint224 weight; // product of the voters' weights; zero: no group. A short result is kept here in the end
    uint8 voters;
    bool rejected; // nobody revealed it in time
}

/// @dev A task and its votes.
struct TaskRecord {
    TaskHead head; // zero: not initialized
    bytes results; // only what is too long for a blob
    bytes resultsCallback;
    mapping(uint256 number => Group) groups;
    mapping(uint256 position => uint256) entries; // one for each contributor, in their order; see Ballots.sol
    mapping(address worker => uint256) ballots; // zero: did not contribute
    mapping(address worker => address) enclaves; // only of those who contributed from one
}

using {
    status,
    withStatus,
    contributors,
    winners,
    group,
    deal,
    index,
    revealBefore,
    result,
    proved,
    proofs,
    isSolo,
    withVote,
    withConsensus,
    withReveal,
    withResult,
    withSoloResult,
    reopened
} for TaskHead global;

uint256 constant BYTE = 0xff;
uint256 constant GROUP_SHIFT = 24;
uint256 constant INDEX_SHIFT = 72;
uint256 constant REVEAL_SHIFT = 112;
uint256 constant RESULT_SHIFT = 152;
uint256 constant PROVED_SHIFT = 192;

/// @dev An active task of a deal. Both numbers are below 2^40: deals with other indices are refused.
function newTask(uint256 dealBlob, uint256 taskIndex) pure returns (TaskHead) {
    return TaskHead.wrap(uint256(TaskStatus.ACTIVE) | (dealBlob << 32) | (taskIndex << INDEX_SHIFT));
}

/// @dev A boost task that is over: it has a status, and nothing else.
function ended(TaskStatus last) pure returns (TaskHead) {
    return TaskHead.wrap(uint256(last));
}

function status(TaskHead self) pure returns (TaskStatus) {
    return TaskStatus(TaskHead.unwrap(self) & BYTE);
}

function withStatus(TaskHead self, TaskStatus next) pure returns (TaskHead) {
    return TaskHead.wrap((TaskHead.unwrap(self) & ~BYTE) | uint256(next));
}

function contributors(TaskHead self) pure returns (uint256) {
    return uint8(TaskHead.unwrap(self) >> 8);
}

/// @dev Voters of the consensus; zero: there is none.
function winners(TaskHead self) pure returns (uint256) {
    return uint8(TaskHead.unwrap(self) >> 16);
}

function group(TaskHead self) pure returns (uint256) {
    return uint8(TaskHead.unwrap(self) >> GROUP_SHIFT);
}

/// @dev Number of the deal's blob.
function deal(TaskHead self) pure returns (uint256) {
    return uint40(TaskHead.unwrap(self) >> 32);
}

function index(TaskHead self) pure returns (uint256) {
    return uint40(TaskHead.unwrap(self) >> INDEX_SHIFT);
}

/// @dev Unix seconds; zero before the consensus.
function revealBefore(TaskHead self) pure returns (uint256) {
    return uint40(TaskHead.unwrap(self) >> REVEAL_SHIFT);
}

function result(TaskHead self) pure returns (uint256) {
    return uint40(TaskHead.unwrap(self) >> RESULT_SHIFT);
}

function proved(TaskHead self) pure returns (uint256) {
    return TaskHead.unwrap(self) >> PROVED_SHIFT;
}

/// @dev How many revealed: the bits of `proved`, counted in pairs, nibbles and bytes, whose sum lands in the top byte.
function proofs(TaskHead self) pure returns (uint256 count) {
    uint256 bits = self.proved();
    // No step can overflow: every field counts at most its own width in bits.
    unchecked {
        bits -= (bits >> 1) & 0x5555555555555555;
        bits = (bits & 0x3333333333333333) + ((bits >> 2) & 0x3333333333333333);
        bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
        count = uint8((bits * 0x0101010101010101) >> 56);
    }
}

/// @dev Completed by one worker alone, without votes.
function isSolo(TaskHead self) pure returns (bool) {
    return self.contributors() == 0 && self.result() != 0;
}

/// @dev One contributor more, and the number of groups with its vote.
function withVote(TaskHead self, uint256 groups) pure returns (TaskHead) {
    uint256 rest = TaskHead.unwrap(self) & ~(BYTE << GROUP_SHIFT);
    return TaskHead.wrap((rest + (1 << 8)) | (groups << GROUP_SHIFT));
}

/// @dev A group has the consensus; its voters reveal before a deadline.
function withConsensus(TaskHead self, uint256 number, uint256 voters, uint256 before) pure returns (TaskHead) {
    uint256 rest = TaskHead.unwrap(self.withStatus(TaskStatus.REVEALING)) & ~(BYTE << GROUP_SHIFT);
    return TaskHead.wrap(rest | (voters << 16) | (number << GROUP_SHIFT) | (before << REVEAL_SHIFT));
}

function withReveal(TaskHead self, uint256 position) pure returns (TaskHead) {
    return TaskHead.wrap(TaskHead.unwrap(self) | (1 << (PROVED_SHIFT + position)));
}

/// @dev Completed. `blobNumber` zero: the result is in storage.
function withResult(TaskHead self, uint256 blobNumber) pure returns (TaskHead) {
    return TaskHead.wrap(TaskHead.unwrap(self.withStatus(TaskStatus.COMPLETED)) | (blobNumber << RESULT_SHIFT));
}

/// @dev Completed by one worker, whose entry lies at an offset of the blob.
/// @param before the reveal deadline that is shown, though there is nothing to wait for
function withSoloResult(TaskHead self, uint256 blobNumber, uint256 offset, uint256 before) pure returns (TaskHead) {
    uint256 completed = TaskHead.unwrap(self.withResult(blobNumber));
    return TaskHead.wrap(completed | (before << REVEAL_SHIFT) | (offset << PROVED_SHIFT));
}

/// @dev Active again after nobody revealed; contributors stay.
function reopened(TaskHead self, uint256 groups) pure returns (TaskHead) {
    uint256 kept = (BYTE << 8) | (((1 << 80) - 1) << 32); // contributors, deal and index
    return TaskHead.wrap((TaskHead.unwrap(self) & kept) | uint256(TaskStatus.ACTIVE) | (groups << GROUP_SHIFT));
}
