// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A previous hub from which scores are imported.
interface IScoreSource {
    /// @notice Score of a worker there.
    function viewScore(address worker) external view returns (uint256);
}
