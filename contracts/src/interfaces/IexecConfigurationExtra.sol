// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Late changes to the hub's set-up.
interface IexecConfigurationExtra {
    /// @notice Replaces the three registries. Owner only.
    function changeRegistries(
        address _appregistryAddress,
        address _datasetregistryAddress,
        address _workerpoolregistryAddress
    ) external;
}
