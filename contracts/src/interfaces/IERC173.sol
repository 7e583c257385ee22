// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Something with an owner (ERC-173).
interface IERC173 {
    /// @notice The owner changed.
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @notice The owner.
    function owner() external view returns (address);
    /// @notice Makes newOwner the owner. Owner only.
    function transferOwnership(address newOwner) external;
}
