// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDataset} from "../interfaces/IDataset.sol";
import {Dataset} from "./Dataset.sol";
import {Registry} from "./Registry.sol";

/// @title Registry of datasets.
contract DatasetRegistry is Registry {
    constructor() Registry(address(new Dataset()), "iExec Dataset Registry (V5)", "iExecDatasetsV5") {}

    /// @notice Creates a resource for any owner, at an address that depends on all arguments.
    function createDataset(
        address _datasetOwner,
        string calldata _datasetName,
        bytes calldata _datasetMultiaddr,
        bytes32 _datasetChecksum
    ) external returns (address) {
        bytes memory args = abi.encodeCall(IDataset.initialize, (_datasetName, _datasetMultiaddr, _datasetChecksum));
        return _create(_datasetOwner, args);
    }

    /// @notice Where createDataset with the same arguments puts the resource.
    function predictDataset(
        address _datasetOwner,
        string calldata _datasetName,
        bytes calldata _datasetMultiaddr,
        bytes32 _datasetChecksum
    ) external view returns (address) {
        bytes memory args = abi.encodeCall(IDataset.initialize, (_datasetName, _datasetMultiaddr, _datasetChecksum));
        return _predict(_datasetOwner, args);
    }
}
