// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {poco} from "./PocoStorage.sol";

/// @dev Most bytes that one blob holds: the largest contract (EIP-170) less its first byte.
uint256 constant BLOB_LIMIT = 24_575;

/// @title Bytes that never change, kept as the code of a contract of their own: 32 000 gas and 200 a byte, where storage
/// takes 690 a byte. The code begins with STOP, so nobody can run it.
/// @dev A blob is named by the hub's nonce that created it, from which its address follows: 5 bytes instead of 20.
library Blobs {
    /// @dev Keeps at most BLOB_LIMIT bytes. The memory of `content` is as before afterwards.
    function create(bytes memory content) internal returns (uint40 number) {
        address created;
        // The eleven bytes before the content are those of its length, which is put back. They are a constructor that
        // returns what follows it: PUSH2 size, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN; then
        // the STOP.
        assembly ("memory-safe") {
            let length := mload(content)
            mstore(content, or(0x61000080600a3d393df300, shl(64, add(length, 1))))
            created := create(0, add(content, 21), add(length, 11))
            mstore(content, length)
        }
        require(created != address(0));
        number = poco().blobs + 1;
        // Another facet may have created contracts since: the hub's nonce only grows, so the search ends.
        while (addressOf(number) != created) ++number;
        poco().blobs = number;
    }

    /// @dev All bytes of a blob.
    function load(uint256 number) internal view returns (bytes memory content) {
        address source = addressOf(number);
        // Allocates the code's size less the STOP, rounded up to words; a number without blob gives nothing.
        assembly ("memory-safe") {
            content := mload(0x40)
            let size := extcodesize(source)
            size := sub(size, iszero(iszero(size)))
            mstore(content, size)
            mstore(0x40, add(content, and(add(size, 0x3f), not(0x1f))))
            extcodecopy(source, add(content, 0x20), 1, size)
        }
    }

    /// @dev The word at an offset of a blob, filled up with zeros behind its end.
    function word(uint256 number, uint256 offset) internal view returns (bytes32 value) {
        address source = addressOf(number);
        // Uses the scratch space.
        assembly ("memory-safe") {
            extcodecopy(source, 0, add(offset, 1), 0x20)
            value := mload(0)
        }
    }

    /// @dev Where a blob lies: keccak256(rlp([hub, number])), for numbers from 1 to 2^40 - 1.
    function addressOf(uint256 number) internal view returns (address) {
        uint256 size = 23; // bytes of the list: two prefixes, the address, and a number below 128 as it is
        uint256 list = (0xd694 << 160) | uint160(address(this));
        if (number < 0x80) {
            list = (list << 8) | number;
        } else {
            uint256 width = number < 1 << 8 ? 1 : number < 1 << 16 ? 2 : number < 1 << 24 ? 3 : number < 1 << 32 ? 4 : 5;
            // A longer number has a length of its own, and the list's first byte counts it.
            list += width << 168;
            list = (((list << 8) | (0x80 + width)) << (8 * width)) | number;
            size += width;
        }
        list <<= 256 - 8 * size;
        bytes32 digest;
        // Uses the scratch space; the list is at most 28 bytes.
        assembly ("memory-safe") {
            mstore(0, list)
            digest := keccak256(0, size)
        }
        return address(uint160(uint256(digest)));
    }
}
