// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BLOB_LIMIT} from "../blob/Blob.sol";
import {SoloResult} from "../interfaces/IexecBagTypes.sol";
import {IexecRangeErrors} from "../interfaces/IexecRangeErrors.sol";
import {Blobs} from "./Blobs.sol";
import {MOST_SHARED, SHARES, SOLO_ENTRY, SOLO_HEADER} from "./Outcomes.sol";
import "./Packing.sol" as Packing;

/// @dev Results of lone workers on their way into a blob; see Outcomes.sol for what it holds.
struct SoloBlob {
    uint256 start; // of the content in memory
    uint256 size; // of all entries so far, may be more than fits
    uint256 model; // length of the first entry's results, at most MOST_SHARED of it
}

/// @title Many lone workers' results in one blob. Results of a bag mostly begin alike (they say in the same words where the
/// result is), and a byte costs 200 gas: so an entry names how much of its beginning is that of the first entry.
library SoloBlobs {
    function start(address worker, address enclave) internal pure returns (SoloBlob memory blob) {
        uint256 begin;
        // Room for the length, the largest content, and what a word written last leaves behind it. Nothing is touched
        // yet, so it costs what is written.
        assembly ("memory-safe") {
            begin := add(mload(0x40), 0x20)
            mstore(0x40, and(add(begin, add(BLOB_LIMIT, 0x5f)), not(0x1f)))
        }
        Packing.putAddress(Packing.putAddress(begin, worker), enclave);
        (blob.start, blob.size) = (begin, SOLO_HEADER);
    }

    /// @dev Adds an entry. Once the blob is full it is only counted.
    /// @return offset of the entry
    function add(SoloBlob memory blob, SoloResult calldata entry) internal pure returns (uint256 offset) {
        offset = blob.size;
        bytes calldata results = entry.results;
        bytes calldata callbackData = entry.resultsCallback;
        uint256 shared = offset == SOLO_HEADER ? 0 : _shared(blob, results);
        uint256 own = results.length - shared;
        uint256 next = offset + SOLO_ENTRY + (shared > 0 ? 1 : 0) + own + callbackData.length;
        blob.size = next;
        if (next > BLOB_LIMIT) return offset;
        uint256 cursor = Packing.putWord(blob.start + offset, entry.resultDigest);
        cursor = Packing.putBytes(cursor, own | (shared > 0 ? SHARES : 0), 2);
        cursor = Packing.putBytes(cursor, callbackData.length, 2);
        if (shared > 0) cursor = Packing.putByte(cursor, shared);
        // Both end within the room that `start` took.
        assembly ("memory-safe") {
            calldatacopy(cursor, add(results.offset, shared), own)
            calldatacopy(add(cursor, own), callbackData.offset, callbackData.length)
        }
        if (offset == SOLO_HEADER) blob.model = own > MOST_SHARED ? MOST_SHARED : own;
    }

    /// @dev Keeps all entries.
    /// @return number of the blob
    function create(SoloBlob memory blob) internal returns (uint256 number) {
        uint256 size = blob.size;
        if (size > BLOB_LIMIT) revert IexecRangeErrors.ResultsTooLong(size, BLOB_LIMIT);
        bytes memory content;
        uint256 begin = blob.start;
        assembly ("memory-safe") {
            content := sub(begin, 0x20)
            mstore(content, size)
        }
        return Blobs.create(content);
    }

    /// @dev How many bytes the results have in common with those of the first entry, from their beginning.
    function _shared(SoloBlob memory blob, bytes calldata results) private pure returns (uint256 shared) {
        uint256 most = results.length < blob.model ? results.length : blob.model;
        uint256 model = blob.start + SOLO_HEADER + SOLO_ENTRY;
        uint256 difference = 0;
        while (difference == 0 && shared < most) {
            // Reads the first entry, and bytes of the call that may lie behind the results: `most` cuts those off.
            assembly ("memory-safe") {
                difference := xor(mload(add(model, shared)), calldataload(add(results.offset, shared)))
            }
            shared += difference == 0 ? 32 : 31 - Math.log256(difference);
        }
        if (shared > most) shared = most;
        // One byte alone is as long as its count.
        if (shared < 2) shared = 0;
    }
}
