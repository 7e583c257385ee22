// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IResource} from "./IResource.sol";

/// @title Data for rent. All getters are fixed at creation.
interface IDataset is IResource {
    /// @notice Set-up by the registry, once.
    function initialize(string calldata _datasetName, bytes calldata _datasetMultiaddr, bytes32 _datasetChecksum)
        external;
    /// @notice Display name.
    function m_datasetName() external view returns (string memory);
    /// @notice Where the (encrypted) data is.
    function m_datasetMultiaddr() external view returns (bytes memory);
    /// @notice Checksum of the data.
    function m_datasetChecksum() external view returns (bytes32);
}
