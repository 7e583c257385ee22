// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Where resources are created and owned, beyond ERC-721.
interface IRegistry {
    /// @notice Implementation behind every resource.
    function master() external view returns (address);
    /// @notice Creation code of a resource's proxy.
    function proxyCode() external view returns (bytes memory);
    /// @notice keccak-256 of `proxyCode`.
    function proxyCodeHash() external view returns (bytes32);
    /// @notice Registry whose entries count as ours, or zero.
    function previous() external view returns (address);
    /// @notice Whether `initialize` was called.
    function initialized() external view returns (bool);
    /// @notice Names the previous registry, once. Owner only.
    function initialize(address _previous) external;
    /// @notice Prefix of token URIs.
    function baseURI() external view returns (string memory);
    /// @notice Sets the prefix of token URIs. Owner only.
    function setBaseURI(string calldata _baseUri) external;
    /// @notice Whether a resource was created here or in a previous registry.
    function isRegistered(address _entry) external view returns (bool);
    /// @notice Always refused; the reverse name record it used to set no longer exists.
    function setName(address _ens, string calldata _name) external;
}
