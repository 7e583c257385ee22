// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IApp} from "../interfaces/IApp.sol";
import {lengthAt, readWord, slice} from "../blob/Blob.sol";
import {FixedEntry} from "./FixedEntry.sol";

/// @title An application for sale.
/// @dev Its blob: registry 20 · checksum 32 · lengths of name, type and multiaddr, 2 each · these · measurement.
contract App is IApp, FixedEntry {
    uint256 private constant CHECKSUM = 20;
    uint256 private constant LENGTHS = 52;
    uint256 private constant TEXTS = 58;

    /// @inheritdoc IApp
    function initialize(
        string calldata _appName,
        string calldata _appType,
        bytes calldata _appMultiaddr,
        bytes32 _appChecksum,
        bytes calldata _appMREnclave
    ) external override {
        uint16 name = _short(bytes(_appName).length);
        uint16 kind = _short(bytes(_appType).length);
        uint16 place = _short(_appMultiaddr.length);
        _fix(
            abi.encodePacked(_appChecksum, name, kind, place, _appName, _appType, _appMultiaddr, _appMREnclave)
        );
    }

    /// @inheritdoc IApp
    function m_appName() external view override returns (string memory) {
        return string(_text(0));
    }

    /// @inheritdoc IApp
    function m_appType() external view override returns (string memory) {
        return string(_text(1));
    }

    /// @inheritdoc IApp
    function m_appMultiaddr() external view override returns (bytes memory) {
        return _text(2);
    }

    /// @inheritdoc IApp
    function m_appChecksum() external view override returns (bytes32) {
        return readWord(_blob(), CHECKSUM);
    }

    /// @inheritdoc IApp
    function m_appMREnclave() external view override returns (bytes memory) {
        return _text(3);
    }

    /// @dev The text of a number, from 0 for the name to 3 for the measurement, which ends the blob.
    function _text(uint256 number) private view returns (bytes memory) {
        bytes memory content = _content();
        if (content.length == 0) return content;
        uint256 offset = TEXTS;
        for (uint256 i = 0; i < number; ++i) {
            offset += lengthAt(content, LENGTHS + 2 * i);
        }
        uint256 size = number < 3 ? lengthAt(content, LENGTHS + 2 * number) : content.length - offset;
        return slice(content, offset, size);
    }
}
