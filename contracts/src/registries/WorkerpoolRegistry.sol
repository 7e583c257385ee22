// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IWorkerpool} from "../interfaces/IWorkerpool.sol";
import {Workerpool} from "./Workerpool.sol";
import {Registry} from "./Registry.sol";

/// @title Registry of workerpools.
contract WorkerpoolRegistry is Registry {
    constructor() Registry(address(new Workerpool()), "iExec Workerpool Registry (V5)", "iExecWorkerpoolV5") {}

    /// @notice Creates a resource for any owner, at an address that depends on all arguments.
    function createWorkerpool(
        address _workerpoolOwner,
        string calldata _workerpoolDescription
    ) external returns (address) {
        bytes memory args = abi.encodeCall(IWorkerpool.initialize, (_workerpoolDescription));
        return _create(_workerpoolOwner, args);
    }

    /// @notice Where createWorkerpool with the same arguments puts the resource.
    function predictWorkerpool(
        address _workerpoolOwner,
        string calldata _workerpoolDescription
    ) external view returns (address) {
        bytes memory args = abi.encodeCall(IWorkerpool.initialize, (_workerpoolDescription));
        return _predict(_workerpoolOwner, args);
    }
}
