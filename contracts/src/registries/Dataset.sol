// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDataset} from "../interfaces/IDataset.sol";
import {lengthAt, readWord, slice} from "../blob/Blob.sol";
import {FixedEntry} from "./FixedEntry.sol";

/// @title Data for rent.
/// @dev Its blob: registry 20 · checksum 32 · length of the name 2 · name · multiaddr.
contract Dataset is IDataset, FixedEntry {
    uint256 private constant CHECKSUM = 20;
    uint256 private constant LENGTH = 52;
    uint256 private constant TEXTS = 54;

    /// @inheritdoc IDataset
    function initialize(string calldata _datasetName, bytes calldata _datasetMultiaddr, bytes32 _datasetChecksum)
        external
        override
    {
        uint16 name = _short(bytes(_datasetName).length);
        _fix(abi.encodePacked(_datasetChecksum, name, _datasetName, _datasetMultiaddr));
    }

    /// @inheritdoc IDataset
    function m_datasetName() external view override returns (string memory) {
        bytes memory content = _content();
        if (content.length == 0) return "";
        return string(slice(content, TEXTS, lengthAt(content, LENGTH)));
    }

    /// @inheritdoc IDataset
    function m_datasetMultiaddr() external view override returns (bytes memory) {
        bytes memory content = _content();
        if (content.length == 0) return "";
        uint256 offset = TEXTS + lengthAt(content, LENGTH);
        return slice(content, offset, content.length - offset);
    }

    /// @inheritdoc IDataset
    function m_datasetChecksum() external view override returns (bytes32) {
        return readWord(_blob(), CHECKSUM);
    }
}
