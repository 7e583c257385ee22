// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Group of accounts (ERC-734 keys).
interface IERC734 {
    /// @notice Whether key (an account, left-padded) serves purpose.
    function keyHasPurpose(bytes32 key, uint256 purpose) external view returns (bool);
}
