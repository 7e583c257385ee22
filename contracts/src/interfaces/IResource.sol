// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What apps, datasets and workerpools have in common.
interface IResource {
    /// @notice The registry that created this resource.
    function registry() external view returns (address);
    /// @notice Owner of this resource's token in the registry.
    function owner() external view returns (address);
    /// @notice Always refused; the reverse name record it used to set no longer exists.
    function setName(address _ens, string calldata _name) external;
}
