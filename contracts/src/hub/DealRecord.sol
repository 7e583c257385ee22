// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Deal, Resource} from "../interfaces/IexecTypes.sol";
import {BLOB_LIMIT, slice} from "../blob/Blob.sol";
import {Blobs} from "./Blobs.sol";
import {
    CONTRIBUTION_DEADLINE_RATIO,
    FINAL_DEADLINE_RATIO,
    REVEAL_DEADLINE_RATIO,
    TAG_LIGHT,
    TAG_TEE,
    WORKERPOOL_STAKE_RATIO
} from "./Constants.sol";
import "./Packing.sol" as Packing;
import {poco} from "./PocoStorage.sol";

// How deals are kept; only this file knows it. A deal never changes, so it is a blob, and its id leads to one word: number
// of the blob (bits 0 to 39), first index (40 to 79) and count (80 to 119) of its tasks, whether it is light (120). The blob:
//   flags 1 · workerpool 20 · deal id 32 · start time 5 · scheduler's ratio 1 · app 20 · app owner 20 · workerpool owner 20
//   · requester 20 · as numbers: time reference, category, trust, app price, workerpool price, worker stake, tag
//   · with a dataset: dataset 20, its owner 20, its price · what the flags name, 20 each · params, up to the end

/// @dev Where a deal is kept; zero: there is none.
type DealHead is uint256;

/// @dev What acts on tasks need to know of a deal: `deal` without its params and indices.
struct Terms {
    bytes32 dealid;
    uint256 timeref; // seconds
    Deal deal;
}

using {blob, firstIndex, size, isLight, exists} for DealHead global;
using {contributionDeadline, revealDeadline, finalDeadline, pricePerTask, schedulerStake, needsEnclave} for Terms global;

uint256 constant HAS_DATASET = 1;
uint256 constant HAS_BENEFICIARY = 2; // who is not the requester
uint256 constant HAS_CALLBACK = 4;
uint256 constant HAS_SPONSOR = 8; // who is not the requester
uint256 constant HAS_LONG_PARAMS = 16; // too long for the blob
/// @dev No deal without params is longer: all addresses, and eight numbers of 33 bytes.
uint256 constant MOST_BYTES_BEFORE_PARAMS = 600;

function blob(DealHead self) pure returns (uint256) {
    return uint40(DealHead.unwrap(self));
}

function firstIndex(DealHead self) pure returns (uint256) {
    return uint40(DealHead.unwrap(self) >> 40);
}

/// @dev Count of tasks.
function size(DealHead self) pure returns (uint256) {
    return uint40(DealHead.unwrap(self) >> 80);
}

/// @dev Settled in ranges: no task of it is ever opened.
function isLight(DealHead self) pure returns (bool) {
    return DealHead.unwrap(self) >> 120 != 0;
}

function exists(DealHead self) pure returns (bool) {
    return DealHead.unwrap(self) != 0;
}

/// @dev Keeps a new deal. Indices from 2^40 on and final deadlines from year 36 000 on are refused here, so that nothing
/// about its tasks can overflow later.
/// @param timeref seconds, of the deal's category
function recordDeal(bytes32 dealid, Deal memory deal, uint256 timeref) {
    SafeCast.toUint40(deal.botFirst + deal.botSize);
    SafeCast.toUint40(deal.startTime + FINAL_DEADLINE_RATIO * timeref);
    bytes memory params = bytes(deal.params);
    bool long = params.length > BLOB_LIMIT - MOST_BYTES_BEFORE_PARAMS;
    if (long) {
        poco().longParams[dealid] = deal.params;
        params = "";
    }
    uint256 number = Blobs.create(abi.encodePacked(_encode(dealid, deal, timeref, long), params));
    uint256 light = deal.tag & TAG_LIGHT == 0 ? 0 : 1;
    poco().deals[dealid] = DealHead.wrap(number | (deal.botFirst << 40) | (deal.botSize << 80) | (light << 120));
}

/// @dev The deal as clients see it; all zero when there is none.
function dealOf(bytes32 dealid) view returns (Deal memory deal) {
    DealHead head = poco().deals[dealid];
    if (!head.exists()) return deal;
    bytes memory content = Blobs.load(head.blob());
    (Terms memory terms, uint256 flags, uint256 read) = _decode(content);
    deal = terms.deal;
    deal.botFirst = head.firstIndex();
    deal.botSize = head.size();
    if (flags & HAS_LONG_PARAMS != 0) {
        deal.params = poco().longParams[dealid];
    } else {
        deal.params = string(slice(content, read, content.length - read));
    }
}

/// @dev What acts on tasks need, by the number of the deal's blob. Params are left where they are: a requester's long ones
/// would make every call dear that acts on tasks of many deals.
function termsOf(uint256 number) view returns (Terms memory terms) {
    (terms,,) = _decode(Blobs.loadStart(number, MOST_BYTES_BEFORE_PARAMS));
}

/// @dev The workerpool alone, by the number of the deal's blob.
function workerpoolOf(uint256 number) view returns (address) {
    return address(uint160(uint256(Blobs.word(number, 1)) >> 96));
}

function contributionDeadline(Terms memory self) pure returns (uint256) {
    return self.deal.startTime + CONTRIBUTION_DEADLINE_RATIO * self.timeref;
}

/// @dev When reveals close whose consensus is reached now.
function revealDeadline(Terms memory self) view returns (uint256) {
    return block.timestamp + REVEAL_DEADLINE_RATIO * self.timeref;
}

function finalDeadline(Terms memory self) pure returns (uint256) {
    return self.deal.startTime + FINAL_DEADLINE_RATIO * self.timeref;
}

/// @dev What the payer locked per task, nRLC.
function pricePerTask(Terms memory self) pure returns (uint256) {
    return self.deal.app.price + self.deal.dataset.price + self.deal.workerpool.price;
}

/// @dev What the scheduler locked per task, nRLC. Rounded down per task.
function schedulerStake(Terms memory self) pure returns (uint256) {
    return self.deal.workerpool.price * WORKERPOOL_STAKE_RATIO / 100;
}

function needsEnclave(Terms memory self) pure returns (bool) {
    return self.deal.tag & TAG_TEE != 0;
}

/// @dev The blob up to the params.
function _encode(bytes32 dealid, Deal memory deal, uint256 timeref, bool long) pure returns (bytes memory content) {
    content = new bytes(MOST_BYTES_BEFORE_PARAMS + 32);
    uint256 start;
    assembly ("memory-safe") {
        start := add(content, 0x20)
    }
    uint256 cursor = Packing.putByte(start, _flags(deal) | (long ? HAS_LONG_PARAMS : 0));
    cursor = Packing.putAddress(cursor, deal.workerpool.pointer);
    cursor = Packing.putWord(cursor, dealid);
    cursor = Packing.putBytes(cursor, deal.startTime, 5);
    cursor = Packing.putByte(cursor, SafeCast.toUint8(deal.schedulerRewardRatio));
    cursor = Packing.putAddress(cursor, deal.app.pointer);
    cursor = Packing.putAddress(cursor, deal.app.owner);
    cursor = Packing.putAddress(cursor, deal.workerpool.owner);
    cursor = Packing.putAddress(cursor, deal.requester);
    cursor = Packing.putNumber(cursor, timeref);
    cursor = Packing.putNumber(cursor, deal.category);
    cursor = Packing.putNumber(cursor, deal.trust);
    cursor = Packing.putNumber(cursor, deal.app.price);
    cursor = Packing.putNumber(cursor, deal.workerpool.price);
    cursor = Packing.putNumber(cursor, deal.workerStake);
    cursor = Packing.putNumber(cursor, uint256(deal.tag));
    cursor = _encodeOptions(cursor, deal);
    // The buffer shrinks to what is used.
    assembly ("memory-safe") {
        mstore(content, sub(cursor, start))
    }
}

function _flags(Deal memory deal) pure returns (uint256 flags) {
    if (deal.dataset.pointer != address(0)) flags |= HAS_DATASET;
    if (deal.beneficiary != deal.requester) flags |= HAS_BENEFICIARY;
    if (deal.callback != address(0)) flags |= HAS_CALLBACK;
    if (deal.sponsor != deal.requester) flags |= HAS_SPONSOR;
}

function _encodeOptions(uint256 cursor, Deal memory deal) pure returns (uint256) {
    uint256 flags = _flags(deal);
    if (flags & HAS_DATASET != 0) {
        cursor = Packing.putAddress(cursor, deal.dataset.pointer);
        cursor = Packing.putAddress(cursor, deal.dataset.owner);
        cursor = Packing.putNumber(cursor, deal.dataset.price);
    }
    if (flags & HAS_BENEFICIARY != 0) cursor = Packing.putAddress(cursor, deal.beneficiary);
    if (flags & HAS_CALLBACK != 0) cursor = Packing.putAddress(cursor, deal.callback);
    if (flags & HAS_SPONSOR != 0) cursor = Packing.putAddress(cursor, deal.sponsor);
    return cursor;
}

/// @return terms what the blob says before its params
/// @return flags of the blob
/// @return read bytes before the params
function _decode(bytes memory content) pure returns (Terms memory terms, uint256 flags, uint256 read) {
    Deal memory deal = terms.deal;
    uint256 cursor;
    uint256 value;
    assembly ("memory-safe") {
        cursor := add(content, 0x20)
    }
    uint256 start = cursor;
    (flags, cursor) = Packing.takeBytes(cursor, 1);
    (deal.workerpool.pointer, cursor) = Packing.takeAddress(cursor);
    (value, cursor) = Packing.takeBytes(cursor, 32);
    terms.dealid = bytes32(value);
    (deal.startTime, cursor) = Packing.takeBytes(cursor, 5);
    (deal.schedulerRewardRatio, cursor) = Packing.takeBytes(cursor, 1);
    (deal.app.pointer, cursor) = Packing.takeAddress(cursor);
    (deal.app.owner, cursor) = Packing.takeAddress(cursor);
    (deal.workerpool.owner, cursor) = Packing.takeAddress(cursor);
    (deal.requester, cursor) = Packing.takeAddress(cursor);
    (terms.timeref, cursor) = Packing.takeNumber(cursor);
    (deal.category, cursor) = Packing.takeNumber(cursor);
    (deal.trust, cursor) = Packing.takeNumber(cursor);
    (deal.app.price, cursor) = Packing.takeNumber(cursor);
    (deal.workerpool.price, cursor) = Packing.takeNumber(cursor);
    (deal.workerStake, cursor) = Packing.takeNumber(cursor);
    (value, cursor) = Packing.takeNumber(cursor);
    deal.tag = bytes32(value);
    read = _decodeOptions(deal, flags, cursor) - start;
}

function _decodeOptions(Deal memory deal, uint256 flags, uint256 cursor) pure returns (uint256) {
    if (flags & HAS_DATASET != 0) {
        Resource memory dataset = deal.dataset;
        (dataset.pointer, cursor) = Packing.takeAddress(cursor);
        (dataset.owner, cursor) = Packing.takeAddress(cursor);
        (dataset.price, cursor) = Packing.takeNumber(cursor);
    }
    deal.beneficiary = deal.requester;
    deal.sponsor = deal.requester;
    if (flags & HAS_BENEFICIARY != 0) (deal.beneficiary, cursor) = Packing.takeAddress(cursor);
    if (flags & HAS_CALLBACK != 0) (deal.callback, cursor) = Packing.takeAddress(cursor);
    if (flags & HAS_SPONSOR != 0) (deal.sponsor, cursor) = Packing.takeAddress(cursor);
    return cursor;
}
