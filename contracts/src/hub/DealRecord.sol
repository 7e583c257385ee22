// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Deal, Resource} from "../interfaces/IexecTypes.sol";
import {TAG_TEE, WORKERPOOL_STAKE_RATIO} from "./Constants.sol";

/// @dev One party of a stored deal. The price fits: it was locked from a balance of a token with far smaller supply.
struct PartyRecord {
    address pointer;
    uint96 price; // nRLC per task
    address owner; // at match time
}

/// @dev A deal as stored; written once, by the match. Clients see `Deal`. Packing may change, only this file knows it.
struct DealRecord {
    PartyRecord app;
    PartyRecord dataset;
    PartyRecord workerpool;
    bytes32 tag;
    address requester;
    uint48 startTime; // Unix seconds
    uint48 category;
    address beneficiary;
    uint8 schedulerRewardRatio; // percent, at most 100
    address callback;
    address sponsor; // zero: the requester pays
    uint128 botFirst;
    uint128 botSize;
    uint256 trust; // at least 1
    uint256 workerStake; // nRLC per task
    string params;
}

using {record, toDeal, exists, payer, pricePerTask, schedulerStake, needsEnclave} for DealRecord global;
using {set, toResource} for PartyRecord global;

/// @dev Stores a deal. Call after the payment is locked: that bounds prices by a balance.
function record(DealRecord storage self, Deal memory deal) {
    self.app.set(deal.app);
    self.dataset.set(deal.dataset);
    self.workerpool.set(deal.workerpool);
    self.tag = deal.tag;
    self.requester = deal.requester;
    self.startTime = SafeCast.toUint48(deal.startTime);
    self.category = SafeCast.toUint48(deal.category);
    self.beneficiary = deal.beneficiary;
    self.schedulerRewardRatio = SafeCast.toUint8(deal.schedulerRewardRatio);
    self.callback = deal.callback;
    if (deal.sponsor != deal.requester) self.sponsor = deal.sponsor;
    self.botFirst = SafeCast.toUint128(deal.botFirst);
    self.botSize = SafeCast.toUint128(deal.botSize);
    self.trust = deal.trust;
    self.workerStake = deal.workerStake;
    self.params = deal.params;
}

/// @dev The deal as clients see it; all zero when there is none.
function toDeal(DealRecord storage self) view returns (Deal memory deal) {
    deal.app = self.app.toResource();
    deal.dataset = self.dataset.toResource();
    deal.workerpool = self.workerpool.toResource();
    deal.trust = self.trust;
    deal.category = self.category;
    deal.tag = self.tag;
    deal.requester = self.requester;
    deal.beneficiary = self.beneficiary;
    deal.callback = self.callback;
    deal.params = self.params;
    deal.startTime = self.startTime;
    deal.botFirst = self.botFirst;
    deal.botSize = self.botSize;
    deal.workerStake = self.workerStake;
    deal.schedulerRewardRatio = self.schedulerRewardRatio;
    deal.sponsor = self.payer();
}

function exists(DealRecord storage self) view returns (bool) {
    return self.requester != address(0);
}

/// @dev Who paid, and is refunded.
function payer(DealRecord storage self) view returns (address) {
    address sponsor = self.sponsor;
    return sponsor == address(0) ? self.requester : sponsor;
}

/// @dev What the payer locked per task, nRLC.
function pricePerTask(DealRecord storage self) view returns (uint256) {
    return uint256(self.app.price) + self.dataset.price + self.workerpool.price;
}

/// @dev What the scheduler locked per task, nRLC. Rounded down per task.
function schedulerStake(DealRecord storage self) view returns (uint256) {
    return uint256(self.workerpool.price) * WORKERPOOL_STAKE_RATIO / 100;
}

function needsEnclave(DealRecord storage self) view returns (bool) {
    return self.tag & TAG_TEE != 0;
}

function set(PartyRecord storage self, Resource memory party) {
    self.pointer = party.pointer;
    self.price = SafeCast.toUint96(party.price);
    self.owner = party.owner;
}

function toResource(PartyRecord storage self) view returns (Resource memory) {
    return Resource({pointer: self.pointer, owner: self.owner, price: self.price});
}
