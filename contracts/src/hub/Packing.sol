// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

// Writes and reads values one behind another in memory. A cursor is a memory address; every function gives the next one.
// Writers may leave up to 32 bytes of zeros behind the cursor, which the next value overwrites: buffers need that room.

function putByte(uint256 cursor, uint256 value) pure returns (uint256) {
    assembly ("memory-safe") {
        mstore8(cursor, value)
    }
    return cursor + 1;
}

function putWord(uint256 cursor, bytes32 value) pure returns (uint256) {
    assembly ("memory-safe") {
        mstore(cursor, value)
    }
    return cursor + 32;
}

/// @dev The lowest `size` bytes of a value.
function putBytes(uint256 cursor, uint256 value, uint256 size) pure returns (uint256) {
    assembly ("memory-safe") {
        mstore(cursor, shl(sub(256, mul(8, size)), value))
    }
    return cursor + size;
}

function putAddress(uint256 cursor, address value) pure returns (uint256) {
    return putBytes(cursor, uint160(value), 20);
}

/// @dev Any number: its length in bytes, then its bytes. Zero is one byte.
function putNumber(uint256 cursor, uint256 value) pure returns (uint256) {
    uint256 size = value == 0 ? 0 : Math.log256(value) + 1;
    return putBytes(putByte(cursor, size), value, size);
}

function takeBytes(uint256 cursor, uint256 size) pure returns (uint256 value, uint256) {
    assembly ("memory-safe") {
        value := shr(sub(256, mul(8, size)), mload(cursor))
    }
    return (value, cursor + size);
}

function takeAddress(uint256 cursor) pure returns (address, uint256) {
    (uint256 value, uint256 next) = takeBytes(cursor, 20);
    return (address(uint160(value)), next);
}

function takeNumber(uint256 cursor) pure returns (uint256, uint256) {
    (uint256 size, uint256 next) = takeBytes(cursor, 1);
    return takeBytes(next, size);
}
