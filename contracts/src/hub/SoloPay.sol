// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IexecEscrowEvents} from "../interfaces/IexecEscrowEvents.sol";
import {KITTY_ADDRESS} from "./Constants.sol";
import {Terms} from "./DealRecord.sol";
import {Kitty} from "./Kitty.sol";
import {AccountRecord, poco} from "./PocoStorage.sol";

/// @dev What one worker's tasks of one deal pay, nRLC. All but the kitty's part is the same for each of them.
struct Tab {
    address payer;
    address appOwner;
    address datasetOwner;
    address scheduler;
    address worker;
    uint256 price; // of everything
    uint256 appPrice;
    uint256 datasetPrice;
    uint256 stake; // the scheduler's
    uint256 share; // the worker's
    uint256 rest; // the scheduler's
    uint256 kitty; // what it holds before the next task
}

/// @title Pays for many tasks of one worker: events task by task, as `Settlement` has them, every balance once.
library SoloPay {
    function open(Terms memory terms, address worker) internal view returns (Tab memory tab) {
        tab.payer = terms.deal.sponsor;
        tab.appOwner = terms.deal.app.owner;
        tab.datasetOwner = terms.deal.dataset.owner;
        tab.scheduler = terms.deal.workerpool.owner;
        tab.worker = worker;
        tab.price = terms.pricePerTask();
        tab.appPrice = terms.deal.app.price;
        tab.datasetPrice = terms.deal.dataset.price; // zero without dataset
        tab.stake = terms.schedulerStake();
        uint256 price = terms.deal.workerpool.price;
        tab.share = Math.mulDiv(price, 100 - terms.deal.schedulerRewardRatio, 100);
        tab.rest = price - tab.share;
        tab.kitty = poco().accounts[KITTY_ADDRESS].locked;
    }

    /// @dev Says what one task moves. The balances follow by `close`.
    function announce(Tab memory tab, bytes32 taskid) internal {
        emit IexecEscrowEvents.Seize(tab.payer, tab.price, taskid);
        if (tab.appPrice > 0) _announceReward(tab.appOwner, tab.appPrice, taskid);
        if (tab.datasetPrice > 0) _announceReward(tab.datasetOwner, tab.datasetPrice, taskid);
        emit IexecEscrowEvents.Transfer(address(this), tab.scheduler, tab.stake);
        emit IexecEscrowEvents.Unlock(tab.scheduler, tab.stake);
        if (tab.kitty > 0) {
            uint256 part = Kitty.partOf(tab.kitty);
            tab.kitty -= part;
            emit IexecEscrowEvents.Seize(KITTY_ADDRESS, part, taskid);
            _announceReward(tab.scheduler, part, taskid);
        }
        _announceReward(tab.worker, tab.share, taskid);
        _announceReward(tab.scheduler, tab.rest, taskid);
    }

    /// @dev Moves the money of `count` announced tasks. Who is several of the parties gets it one by one.
    function close(Tab memory tab, uint256 count) internal {
        mapping(address account => AccountRecord) storage accounts = poco().accounts;
        uint256 parts = accounts[KITTY_ADDRESS].locked - tab.kitty;
        // What was locked for these tasks covers all of it: nothing here can underflow but by a broken hub.
        accounts[tab.payer].locked -= uint128(tab.price * count);
        if (parts > 0) accounts[KITTY_ADDRESS].locked = uint128(tab.kitty);
        accounts[address(this)].stake -= uint128((tab.price + tab.stake) * count + parts);
        if (tab.appPrice > 0) accounts[tab.appOwner].stake += uint128(tab.appPrice * count);
        if (tab.datasetPrice > 0) accounts[tab.datasetOwner].stake += uint128(tab.datasetPrice * count);
        accounts[tab.scheduler].locked -= uint128(tab.stake * count);
        accounts[tab.scheduler].stake += uint128((tab.stake + tab.rest) * count + parts);
        accounts[tab.worker].stake += uint128(tab.share * count);
    }

    function _announceReward(address account, uint256 amount, bytes32 taskid) private {
        emit IexecEscrowEvents.Transfer(address(this), account, amount);
        emit IexecEscrowEvents.Reward(account, amount, taskid);
    }
}
