// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BLOB_LIMIT, createdBy, readBlob, readWord, writeBlob} from "../blob/Blob.sol";
import {RegistryEntry} from "./RegistryEntry.sol";

/// @title Resource that never changes: all that it says is a blob, the first contract that it creates. The blob begins with
/// the registry's address (20 bytes).
abstract contract FixedEntry is RegistryEntry {
    /// @notice The resource's texts do not fit into one contract's code.
    error ResourceTooLarge(uint256 size, uint256 most);

    /// @notice The registry that created this resource.
    function registry() public view override returns (address) {
        return address(bytes20(readWord(_blob(), 0)));
    }

    /// @dev Keeps what the resource says, once; the caller is the registry, for good.
    function _fix(bytes memory content) internal {
        require(_blob().code.length == 0, "already initialized");
        if (content.length + 20 > BLOB_LIMIT) revert ResourceTooLarge(content.length, BLOB_LIMIT - 20);
        writeBlob(abi.encodePacked(msg.sender, content));
    }

    /// @dev The whole blob: the registry's 20 bytes, and what the resource says.
    function _content() internal view returns (bytes memory) {
        return readBlob(_blob());
    }

    /// @dev A text's length as blobs keep it; longer ones do not fit anyway.
    function _short(uint256 length) internal pure returns (uint16) {
        if (length > BLOB_LIMIT) revert ResourceTooLarge(length, BLOB_LIMIT);
        return uint16(length);
    }

    function _blob() internal view returns (address) {
        return createdBy(address(this), 1);
    }
}
