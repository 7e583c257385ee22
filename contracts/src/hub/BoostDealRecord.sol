// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DealBoost} from "../interfaces/IexecTypes.sol";

/// @dev A boost deal as stored; written once, by the match. Clients see `DealBoost`. Packing may change, only this file
/// knows it. Most deals need the first three slots only: `extras` says which of the other three are in use, so that
/// those that are not cost nothing to write or read.
struct BoostDealRecord {
    address appOwner; // owners are those at match time
    uint96 appPrice; // prices are nRLC per task
    address workerpoolOwner;
    uint96 workerpoolPrice;
    address requester;
    uint40 deadline; // Unix seconds
    uint16 botSize; // tasks; zero: no such deal
    bytes3 shortTag; // the last three bytes of the tag
    uint8 workerPercent; // of the workerpool price, at most 100
    uint8 extras;
    address datasetOwner;
    uint96 datasetPrice;
    address callback;
    uint16 botFirst;
    address sponsor; // not in use: the requester pays
}

uint8 constant EXTRA_DATASET = 1;
uint8 constant EXTRA_CALLBACK = 2; // or botFirst, which shares its slot
uint8 constant EXTRA_SPONSOR = 4;

using {record, toDeal} for BoostDealRecord global;

/// @dev Stores a deal. Its workerReward is not looked at: it is what workerPercent gives.
function record(BoostDealRecord storage self, DealBoost memory deal, uint8 workerPercent) {
    uint8 extras = 0;
    if (deal.datasetOwner != address(0)) {
        extras = EXTRA_DATASET;
        self.datasetOwner = deal.datasetOwner;
        self.datasetPrice = deal.datasetPrice;
    }
    if (deal.callback != address(0) || deal.botFirst != 0) {
        extras |= EXTRA_CALLBACK;
        self.callback = deal.callback;
        self.botFirst = deal.botFirst;
    }
    if (deal.sponsor != deal.requester) {
        extras |= EXTRA_SPONSOR;
        self.sponsor = deal.sponsor;
    }
    self.appOwner = deal.appOwner;
    self.appPrice = deal.appPrice;
    self.workerpoolOwner = deal.workerpoolOwner;
    self.workerpoolPrice = deal.workerpoolPrice;
    self.requester = deal.requester;
    self.deadline = deal.deadline;
    self.botSize = deal.botSize;
    self.shortTag = deal.shortTag;
    self.workerPercent = workerPercent;
    self.extras = extras;
}

/// @dev The deal as clients see it; all zero when there is none.
function toDeal(BoostDealRecord storage self) view returns (DealBoost memory deal) {
    deal.appOwner = self.appOwner;
    deal.appPrice = self.appPrice;
    deal.workerpoolOwner = self.workerpoolOwner;
    deal.workerpoolPrice = self.workerpoolPrice;
    deal.requester = self.requester;
    deal.deadline = self.deadline;
    deal.botSize = self.botSize;
    deal.shortTag = self.shortTag;
    deal.workerReward = workerShare(deal.workerpoolPrice, self.workerPercent);
    deal.sponsor = deal.requester;
    uint8 extras = self.extras;
    if (extras & EXTRA_DATASET != 0) {
        deal.datasetOwner = self.datasetOwner;
        deal.datasetPrice = self.datasetPrice;
    }
    if (extras & EXTRA_CALLBACK != 0) {
        deal.callback = self.callback;
        deal.botFirst = self.botFirst;
    }
    if (extras & EXTRA_SPONSOR != 0) deal.sponsor = self.sponsor;
}

/// @dev What the worker gets of the workerpool's price; it fits, since the percentage is at most 100.
function workerShare(uint96 price, uint8 percent) pure returns (uint96) {
    return uint96(uint256(price) * percent / 100);
}
