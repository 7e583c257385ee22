// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {createdBy, readBlob, readStart, readWord, writeBlob} from "../blob/Blob.sol";
import {poco} from "./PocoStorage.sol";

/// @title The hub's blobs, named by the hub's nonce that created them: 5 bytes, where an address has 20.
library Blobs {
    /// @dev Keeps at most BLOB_LIMIT bytes.
    function create(bytes memory content) internal returns (uint40 number) {
        address created = writeBlob(content);
        number = poco().blobs + 1;
        // Another facet may have created contracts since: the hub's nonce only grows, so the search ends.
        while (createdBy(address(this), number) != created) ++number;
        poco().blobs = number;
    }

    /// @dev All bytes of a blob; none where no blob is.
    function load(uint256 number) internal view returns (bytes memory) {
        return readBlob(createdBy(address(this), number));
    }

    /// @dev The first bytes of a blob, filled up with zeros behind its end.
    function loadStart(uint256 number, uint256 size) internal view returns (bytes memory) {
        return readStart(createdBy(address(this), number), size);
    }

    /// @dev The word at an offset of a blob, filled up with zeros behind its end.
    function word(uint256 number, uint256 offset) internal view returns (bytes32) {
        return readWord(createdBy(address(this), number), offset);
    }
}
