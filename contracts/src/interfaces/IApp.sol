// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IResource} from "./IResource.sol";

/// @title An application for sale. All getters are fixed at creation.
interface IApp is IResource {
    /// @notice Set-up by the registry, once.
    function initialize(
        string calldata _appName,
        string calldata _appType,
        bytes calldata _appMultiaddr,
        bytes32 _appChecksum,
        bytes calldata _appMREnclave
    ) external;
    /// @notice Display name.
    function m_appName() external view returns (string memory);
    /// @notice Kind of image, for example DOCKER.
    function m_appType() external view returns (string memory);
    /// @notice Where the image is.
    function m_appMultiaddr() external view returns (bytes memory);
    /// @notice Checksum of the image.
    function m_appChecksum() external view returns (bytes32);
    /// @notice Enclave measurement and configuration, or empty.
    function m_appMREnclave() external view returns (bytes memory);
}
