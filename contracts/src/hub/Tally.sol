// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev Weighted vote on one task's results. The pure Rust twin passes the same vectors.
struct Tally {
    uint256 total; // 1 + every group's weight; the 1 keeps an empty tally from winning
    mapping(bytes32 resultHash => uint256) group;
}

using {open, vote, dismiss} for Tally global;

/// @dev Starts a tally without votes.
function open(Tally storage self) {
    self.total = 1;
}

/// @notice Adds one vote, and tells whether its result now has the consensus.
/// @param weight >= 2; a group grows by product, so agreement compounds
/// @param trust  the group wins above (trust - 1) / trust of the total
function vote(Tally storage self, bytes32 resultHash, uint256 weight, uint256 trust) returns (bool won) {
    uint256 held = self.group[resultHash];
    uint256 grown = (held == 0 ? 1 : held) * weight;
    uint256 total = self.total + grown - held;
    self.group[resultHash] = grown;
    self.total = total;
    return grown * trust > total * (trust - 1);
}

/// @notice Takes a whole group out: its voters did not prove it.
function dismiss(Tally storage self, bytes32 resultHash) {
    self.total -= self.group[resultHash];
    delete self.group[resultHash];
}

/// @notice Voting weight of a worker with this score: 2 for newcomers, about a third of the score later.
function votingWeight(uint256 score) pure returns (uint256) {
    return Math.max(score / 3, 3) - 1;
}
