// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Categories of tasks.
interface IexecCategoryManager {
    /// @notice A category was appended. workClockTimeRef is in seconds.
    event CreateCategory(uint256 catid, string name, string description, uint256 workClockTimeRef);

    /// @notice Appends a category and returns its id. Owner only.
    function createCategory(string calldata name, string calldata description, uint256 workClockTimeRef)
        external
        returns (uint256);
}
