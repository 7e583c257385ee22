// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Contribution, ContributionStatus} from "../interfaces/IexecTypes.sol";
import {grow, wins} from "./Tally.sol";
import {Group, TaskHead, TaskRecord} from "./TaskRecord.sol";

// A contribution is two words, one found by the worker and one by its position. From the lowest bit
//   ballot (by worker):  reward weight 8 · group 8 · position 8 · the seal's upper 232
//   entry (by position): worker 160 · the seal's lower 24 · reward weight 8
// The result hash is the group's. A reward weight is never zero, so neither is a ballot.

/// @dev What a vote did.
struct Counted {
    TaskHead head;
    bool won; // its group has the consensus now
    uint256 group;
    uint256 voters; // of its group
}

/// @dev Adds a worker's vote: its ballot, its entry, and its weight to its group.
/// @param weight >= 2, for the consensus
/// @param reward floor(log2(weight)), for sharing the pay
function cast(
    TaskRecord storage self,
    TaskHead head,
    address worker,
    bytes32 resultHash,
    bytes32 resultSeal,
    uint256 weight,
    uint256 reward,
    uint256 trust
) returns (Counted memory counted) {
    uint256 groups;
    (groups, counted) = _count(self, head.group(), resultHash, weight, trust);
    uint256 position = head.contributors();
    uint256 seal = uint256(resultSeal);
    self.ballots[worker] = (seal >> 24 << 24) | (position << 16) | (counted.group << 8) | reward;
    self.entries[position] = uint256(uint160(worker)) | (uint256(uint24(seal)) << 160) | (reward << 184);
    counted.head = head.withVote(groups);
}

/// @dev Whether a ballot has this seal.
function isSealed(TaskRecord storage self, uint256 ballot, bytes32 resultSeal) view returns (bool) {
    uint256 seal = uint256(resultSeal);
    return ballot >> 24 == seal >> 24 && uint24(self.entries[positionOf(ballot)] >> 160) == uint24(seal);
}

function positionOf(uint256 ballot) pure returns (uint256) {
    return uint8(ballot >> 16);
}

function groupOf(uint256 ballot) pure returns (uint256) {
    return uint8(ballot >> 8);
}

function workerOf(uint256 entry) pure returns (address) {
    return address(uint160(entry));
}

function rewardOf(uint256 entry) pure returns (uint256) {
    return uint8(entry >> 184);
}

/// @dev Takes the consensus out: its voters did not prove it. Their result counts from nothing if it comes again.
/// @return groups how many there are, with those taken out
function dismiss(TaskRecord storage self, TaskHead head) returns (uint256 groups) {
    self.groups[head.group()].rejected = true;
    while (groups < head.contributors() && self.groups[groups].weight != 0) ++groups;
}

/// @dev The contribution as clients see it, by its ballot.
function toContribution(TaskRecord storage self, bytes32 taskid, address worker, uint256 ballot)
    view
    returns (Contribution memory contribution)
{
    TaskHead head = self.head;
    Group storage choice = self.groups[groupOf(ballot)];
    uint256 position = positionOf(ballot);
    bool isConsensus = head.winners() != 0 && groupOf(ballot) == head.group();
    contribution.resultHash = isConsensus && head.proved() != 0
        ? keccak256(abi.encodePacked(taskid, choice.result))
        : choice.result;
    contribution.resultSeal = bytes32((ballot >> 24 << 24) | uint24(self.entries[position] >> 160));
    contribution.enclaveChallenge = self.enclaves[worker];
    contribution.weight = uint8(ballot);
    if (choice.rejected) contribution.status = ContributionStatus.REJECTED;
    else if ((head.proved() >> position) & 1 == 1) contribution.status = ContributionStatus.PROVED;
    else contribution.status = ContributionStatus.CONTRIBUTED;
}

/// @dev Adds a weight to the group of a result hash. Groups are few: each costs another worker's stake.
function _count(TaskRecord storage self, uint256 groups, bytes32 resultHash, uint256 weight, uint256 trust)
    returns (uint256, Counted memory counted)
{
    uint256 held = 0;
    uint256 total = 1;
    counted.group = groups;
    for (uint256 i = 0; i < groups; ++i) {
        Group storage other = self.groups[i];
        (uint256 otherWeight, uint256 voters) = (other.weight, other.voters);
        if (other.rejected) continue;
        if (counted.group == groups && other.result == resultHash) {
            (counted.group, held, counted.voters) = (i, otherWeight, voters);
        } else {
            total += otherWeight;
        }
    }
    Group storage choice = self.groups[counted.group];
    if (counted.group == groups) {
        choice.result = resultHash;
        ++groups;
    }
    held = grow(held, weight);
    ++counted.voters;
    choice.weight = SafeCast.toUint224(held);
    choice.voters = uint8(counted.voters); // at most MOST_CONTRIBUTORS
    counted.won = wins(held, total + held, trust);
    return (groups, counted);
}
