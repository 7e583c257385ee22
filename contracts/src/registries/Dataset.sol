// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDataset} from "../interfaces/IDataset.sol";
import {RegistryEntry} from "./RegistryEntry.sol";

/// @title Data for rent.
contract Dataset is IDataset, RegistryEntry {
    /// @inheritdoc IDataset
    string public override m_datasetName;
    /// @inheritdoc IDataset
    bytes public override m_datasetMultiaddr;
    /// @inheritdoc IDataset
    bytes32 public override m_datasetChecksum;

    /// @inheritdoc IDataset
    function initialize(string calldata _datasetName, bytes calldata _datasetMultiaddr, bytes32 _datasetChecksum)
        external
        override
    {
        _enroll();
        m_datasetName = _datasetName;
        m_datasetMultiaddr = _datasetMultiaddr;
        m_datasetChecksum = _datasetChecksum;
    }
}
