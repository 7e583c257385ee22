// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IApp} from "../interfaces/IApp.sol";
import {App} from "./App.sol";
import {Registry} from "./Registry.sol";

/// @title Registry of applications.
contract AppRegistry is Registry {
    constructor() Registry(address(new App()), "iExec Application Registry (V5)", "iExecAppsV5") {}

    /// @notice Creates a resource for any owner, at an address that depends on all arguments.
    function createApp(
        address _appOwner,
        string calldata _appName,
        string calldata _appType,
        bytes calldata _appMultiaddr,
        bytes32 _appChecksum,
        bytes calldata _appMREnclave
    ) external returns (address) {
        bytes memory args =
            abi.encodeCall(IApp.initialize, (_appName, _appType, _appMultiaddr, _appChecksum, _appMREnclave));
        return _create(_appOwner, args);
    }

    /// @notice Where createApp with the same arguments puts the resource.
    function predictApp(
        address _appOwner,
        string calldata _appName,
        string calldata _appType,
        bytes calldata _appMultiaddr,
        bytes32 _appChecksum,
        bytes calldata _appMREnclave
    ) external view returns (address) {
        bytes memory args =
            abi.encodeCall(IApp.initialize, (_appName, _appType, _appMultiaddr, _appChecksum, _appMREnclave));
        return _predict(_appOwner, args);
    }
}
