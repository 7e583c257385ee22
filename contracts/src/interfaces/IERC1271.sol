// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Account that is a contract and signs (ERC-1271).
interface IERC1271 {
    /// @notice 0x1626ba7e when signature is good for hash.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4);
}
