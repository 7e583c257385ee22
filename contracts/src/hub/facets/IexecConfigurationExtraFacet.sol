// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecConfigurationExtra} from "../../interfaces/IexecConfigurationExtra.sol";
import {HubOwned} from "../HubOwned.sol";
import {PocoStorage, poco} from "../PocoStorage.sol";

/// @title Late changes to the hub's set-up.
contract IexecConfigurationExtraFacet is IexecConfigurationExtra, HubOwned {
    /// @inheritdoc IexecConfigurationExtra
    function changeRegistries(
        address _appregistryAddress,
        address _datasetregistryAddress,
        address _workerpoolregistryAddress
    ) external override onlyOwner {
        PocoStorage storage s = poco();
        s.appregistry = _appregistryAddress;
        s.datasetregistry = _datasetregistryAddress;
        s.workerpoolregistry = _workerpoolregistryAddress;
    }
}
