// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

// The rules of the weighted vote. The pure Rust twin passes the same vectors.

/// @notice Weight of a group after one more vote: it grows by product, so agreement compounds.
/// @param held   the group's weight, 0 without votes
/// @param weight of the vote, >= 2
function grow(uint256 held, uint256 weight) pure returns (uint256) {
    return held == 0 ? weight : held * weight;
}

/// @notice Whether a group has the consensus: above (trust - 1) / trust of the total.
/// @param total 1 + every group's weight; the 1 keeps a lone vote from winning at once
function wins(uint256 held, uint256 total, uint256 trust) pure returns (bool) {
    return held * trust > total * (trust - 1);
}

/// @notice Voting weight of a worker with this score: 2 for newcomers, about a third of the score later.
function votingWeight(uint256 score) pure returns (uint256) {
    return Math.max(score / 3, 3) - 1;
}
