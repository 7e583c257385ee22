// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IApp} from "../interfaces/IApp.sol";
import {RegistryEntry} from "./RegistryEntry.sol";

/// @title An application for sale.
contract App is IApp, RegistryEntry {
    /// @inheritdoc IApp
    string public override m_appName;
    /// @inheritdoc IApp
    string public override m_appType;
    /// @inheritdoc IApp
    bytes public override m_appMultiaddr;
    /// @inheritdoc IApp
    bytes32 public override m_appChecksum;
    /// @inheritdoc IApp
    bytes public override m_appMREnclave;

    /// @inheritdoc IApp
    function initialize(
        string calldata _appName,
        string calldata _appType,
        bytes calldata _appMultiaddr,
        bytes32 _appChecksum,
        bytes calldata _appMREnclave
    ) external override {
        _enroll();
        m_appName = _appName;
        m_appType = _appType;
        m_appMultiaddr = _appMultiaddr;
        m_appChecksum = _appChecksum;
        m_appMREnclave = _appMREnclave;
    }
}
