// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TaskStatus} from "../interfaces/IexecTypes.sol";
import {workerOf} from "./Ballots.sol";
import {BLOB_LIMIT, lengthAt, slice} from "../blob/Blob.sol";
import {Blobs} from "./Blobs.sol";
import {TaskHead, TaskRecord} from "./TaskRecord.sol";

// Where results are kept.
//   Of a vote, when they are few bytes: over the seals of the proved, which follow from the digest, and over the weight of
//   their group, which nobody needs any more. Words that are written again cost a quarter of new ones. The group's word has
//   the length 2 and the first 26 bytes (its upper 28), every ballot the next 29, in the order of the proved.
//   Of a vote otherwise: a blob of callback data's length 2 · callback data · results.
//   Of lone workers, one task or many in one blob: worker 20 · enclave 20, then one entry a task, which its head points to:
//   digest 32 · results' length 2 · callback data's length 2 · results · callback data.
//   Where the length of results has the bit SHARES, a byte before the results says how many bytes of the first entry's
//   results (all of them at hand) go before them; the length counts the rest only.
//   What is longer than a blob: in storage of its own.

/// @dev In place of the results' length, and of a blob's number: results and callback data are in storage of their own.
uint256 constant IN_STORAGE = 0xffff;
uint256 constant IN_OWN_STORAGE = (1 << 40) - 1;
/// @dev Bytes over a group's weight and over one seal.
uint256 constant GROUP_ROOM = 26;
uint256 constant BALLOT_ROOM = 29;
/// @dev Bytes before the entries, and of an entry without data.
uint256 constant SOLO_HEADER = 40;
uint256 constant SOLO_ENTRY = 36;
/// @dev Of a length: results begin as those of the blob's first entry do, by at most so many bytes.
uint256 constant SHARES = 1 << 15;
uint256 constant MOST_SHARED = 255;

/// @dev Keeps the result of a vote.
/// @return the task's head, completed
function keepVoted(TaskRecord storage self, TaskHead head, bytes calldata results, bytes calldata callbackData)
    returns (TaskHead)
{
    if (callbackData.length == 0 && results.length <= GROUP_ROOM + BALLOT_ROOM * head.proofs()) {
        _writeOver(self, head, results);
        return head.withResult(0);
    }
    if (results.length + callbackData.length > BLOB_LIMIT - 2) {
        self.results = results;
        self.resultsCallback = callbackData;
        return head.withResult(IN_OWN_STORAGE);
    }
    return head.withResult(Blobs.create(abi.encodePacked(uint16(callbackData.length), callbackData, results)));
}

/// @dev One lone worker's entry. What does not fit goes to storage.
function soloEntry(TaskRecord storage self, bytes32 digest, bytes calldata results, bytes calldata callbackData)
    returns (bytes memory)
{
    if (results.length + callbackData.length > BLOB_LIMIT - SOLO_HEADER - SOLO_ENTRY) {
        self.results = results;
        if (callbackData.length > 0) self.resultsCallback = callbackData;
        return abi.encodePacked(digest, uint16(IN_STORAGE), uint16(0));
    }
    return abi.encodePacked(digest, uint16(results.length), uint16(callbackData.length), results, callbackData);
}

/// @dev Results and callback data of a completed task; nothing before.
function outcomeOf(TaskRecord storage self) view returns (bytes memory results, bytes memory callbackData) {
    TaskHead head = self.head;
    if (head.status() != TaskStatus.COMPLETED) return (results, callbackData);
    if (head.result() == 0) return (_readOver(self, head), callbackData);
    if (head.result() == IN_OWN_STORAGE) return (self.results, self.resultsCallback);
    bytes memory content = Blobs.load(head.result());
    if (!head.isSolo()) {
        uint256 size = lengthAt(content, 0);
        return (slice(content, 2 + size, content.length - 2 - size), slice(content, 2, size));
    }
    uint256 offset = head.proved();
    uint256 length = lengthAt(content, offset + 32);
    if (length == IN_STORAGE) return (self.results, self.resultsCallback);
    uint256 callbackLength = lengthAt(content, offset + 34);
    offset += SOLO_ENTRY;
    if (length & SHARES != 0) {
        length -= SHARES;
        bytes memory beginning = slice(content, SOLO_HEADER + SOLO_ENTRY, uint8(content[offset]));
        ++offset;
        results = bytes.concat(beginning, slice(content, offset, length));
    } else {
        results = slice(content, offset, length);
    }
    callbackData = slice(content, offset + length, callbackLength);
}

/// @dev Who completed a task alone, with which digest.
function soloOf(TaskHead head) view returns (address worker, address enclave, bytes32 digest) {
    bytes32 first = Blobs.word(head.result(), 0);
    bytes32 second = Blobs.word(head.result(), 20);
    return (address(bytes20(first)), address(bytes20(second)), Blobs.word(head.result(), head.proved()));
}

/// @dev Whether a completed vote's result lies over its seals.
function isWrittenOver(TaskHead head) pure returns (bool) {
    return head.status() == TaskStatus.COMPLETED && head.result() == 0;
}

function _writeOver(TaskRecord storage self, TaskHead head, bytes calldata results) {
    uint256 length = results.length;
    // Words behind the end of the results may bring foreign bytes of the call along: the length tells where they begin.
    uint256 word = _wordOf(results, 0);
    self.groups[head.group()].weight = uint224((length << 208) | (word >> 48));
    uint256 proved = head.proved();
    uint256 offset = GROUP_ROOM;
    for (uint256 i = 0; offset < length; ++i) {
        if ((proved >> i) & 1 == 0) continue;
        address worker = workerOf(self.entries[i]);
        uint256 kept = uint24(self.ballots[worker]);
        self.ballots[worker] = (_wordOf(results, offset) >> 24 << 24) | kept;
        offset += BALLOT_ROOM;
    }
}

function _readOver(TaskRecord storage self, TaskHead head) view returns (bytes memory results) {
    uint256 first = self.groups[head.group()].weight;
    uint256 length = first >> 208;
    // Room for the last word to be written whole.
    results = new bytes(length + 32);
    uint256 target;
    assembly ("memory-safe") {
        target := add(results, 0x20)
        mstore(target, shl(48, first))
        mstore(results, length)
    }
    uint256 proved = head.proved();
    uint256 offset = GROUP_ROOM;
    for (uint256 i = 0; offset < length; ++i) {
        if ((proved >> i) & 1 == 0) continue;
        uint256 ballot = self.ballots[workerOf(self.entries[i])];
        assembly ("memory-safe") {
            mstore(add(target, offset), ballot)
        }
        offset += BALLOT_ROOM;
    }
}

/// @dev A word of the call, from an offset into the results.
function _wordOf(bytes calldata results, uint256 offset) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := calldataload(add(results.offset, offset))
    }
}
