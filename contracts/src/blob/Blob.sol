// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Bytes that never change, kept as the code of a contract of their own: 32 000 gas and 200 a byte, where storage takes 690 a
// byte. The code begins with STOP, so nobody can run it. Who creates blobs in a known order needs no address of them: it
// follows from the creator's nonce.

/// @dev Most bytes that one blob holds: the largest contract (EIP-170) less its first byte.
uint256 constant BLOB_LIMIT = 24_575;

/// @dev Keeps at most BLOB_LIMIT bytes. The memory of `content` is as before afterwards.
function writeBlob(bytes memory content) returns (address blob) {
    // The eleven bytes before the content are those of its length, which is put back. They are a constructor that returns
    // what follows it: PUSH2 size, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN; then the STOP.
    assembly ("memory-safe") {
        let length := mload(content)
        mstore(content, or(0x61000080600a3d393df300, shl(64, add(length, 1))))
        blob := create(0, add(content, 21), add(length, 11))
        mstore(content, length)
    }
    require(blob != address(0));
}

/// @dev All bytes of a blob; none where no blob is.
function readBlob(address blob) view returns (bytes memory content) {
    // Allocates the code's size less the STOP, rounded up to words.
    assembly ("memory-safe") {
        content := mload(0x40)
        let size := extcodesize(blob)
        size := sub(size, iszero(iszero(size)))
        mstore(content, size)
        mstore(0x40, add(content, and(add(size, 0x3f), not(0x1f))))
        extcodecopy(blob, add(content, 0x20), 1, size)
    }
}

/// @dev The first bytes of a blob, filled up with zeros behind its end.
function readStart(address blob, uint256 size) view returns (bytes memory content) {
    // Allocates the size, rounded up to words.
    assembly ("memory-safe") {
        content := mload(0x40)
        mstore(content, size)
        mstore(0x40, add(content, and(add(size, 0x3f), not(0x1f))))
        extcodecopy(blob, add(content, 0x20), 1, size)
    }
}

/// @dev The word at an offset of a blob, filled up with zeros behind its end.
function readWord(address blob, uint256 offset) view returns (bytes32 word) {
    // Uses the scratch space.
    assembly ("memory-safe") {
        extcodecopy(blob, 0, add(offset, 1), 0x20)
        word := mload(0)
    }
}

/// @dev A copy of `size` bytes from an offset. The content has them.
function slice(bytes memory content, uint256 offset, uint256 size) view returns (bytes memory part) {
    part = new bytes(size);
    // Both lie in memory; the part was just allocated for what is copied.
    assembly ("memory-safe") {
        pop(staticcall(gas(), 4, add(add(content, 0x20), offset), size, add(part, 0x20), size))
    }
}

/// @dev Two bytes at an offset as a number: how lengths are written into blobs. The content has them.
function lengthAt(bytes memory content, uint256 offset) pure returns (uint256 length) {
    assembly ("memory-safe") {
        length := shr(240, mload(add(add(content, 0x20), offset)))
    }
}

/// @dev Where a contract creates its contract of this nonce: keccak256(rlp([creator, nonce])), for nonces from 1 to 2^40 - 1.
function createdBy(address creator, uint256 nonce) pure returns (address) {
    uint256 size = 23; // bytes of the list: two prefixes, the address, and a number below 128 as it is
    uint256 list = (0xd694 << 160) | uint160(creator);
    if (nonce < 0x80) {
        list = (list << 8) | nonce;
    } else {
        uint256 width = nonce < 1 << 8 ? 1 : nonce < 1 << 16 ? 2 : nonce < 1 << 24 ? 3 : nonce < 1 << 32 ? 4 : 5;
        // A longer number has a length of its own, and the list's first byte counts it.
        list += width << 168;
        list = (((list << 8) | (0x80 + width)) << (8 * width)) | nonce;
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
