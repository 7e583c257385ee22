// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IexecPoco2} from "../interfaces/IexecPoco2.sol";
import {rewardOf, workerOf} from "./Ballots.sol";
import {Terms} from "./DealRecord.sol";
import {Escrow} from "./Escrow.sol";
import {Kitty} from "./Kitty.sol";
import {poco} from "./PocoStorage.sol";
import {TaskHead, TaskRecord} from "./TaskRecord.sol";

/// @title Who gets what when a task ends. Amounts are nRLC.
library Settlement {
    /// @dev Ends the deal's side of a completed task: spends the price, pays the sellers, frees the scheduler's stake and
    /// gives the scheduler a part of the kitty. The workerpool's price is left to be shared out.
    function succeed(Terms memory terms, bytes32 taskid) internal {
        Escrow.seize(terms.deal.sponsor, terms.pricePerTask(), taskid);
        uint256 appPrice = terms.deal.app.price;
        if (appPrice > 0) Escrow.pay(terms.deal.app.owner, appPrice, taskid);
        uint256 datasetPrice = terms.deal.dataset.price; // zero without dataset
        if (datasetPrice > 0) Escrow.pay(terms.deal.dataset.owner, datasetPrice, taskid);
        address scheduler = terms.deal.workerpool.owner;
        uint256 stake = terms.schedulerStake();
        Escrow.giveBack(scheduler, stake);
        uint256 part = Kitty.draw(taskid);
        if (part > 0) Escrow.pay(scheduler, part, taskid);
        Escrow.release(appPrice + datasetPrice + stake + part);
    }

    /// @dev Ends the deal's side of a failed task: refunds the payer, the scheduler's stake goes to the kitty.
    function fail(Terms memory terms, bytes32 taskid) internal {
        uint256 stake = terms.schedulerStake();
        Escrow.unlock(terms.deal.sponsor, terms.pricePerTask());
        Kitty.feed(terms.deal.workerpool.owner, stake, taskid);
    }

    /// @dev Shares the workerpool's price and the stakes of the wrong among the workers who proved the result, by weight.
    /// @return rest what is left for the scheduler: its ratio, and what rounding leaves
    function payWorkers(Terms memory terms, TaskRecord storage task, TaskHead head, bytes32 taskid)
        internal
        returns (uint256 rest)
    {
        uint256[] memory entries = new uint256[](head.contributors());
        uint256 proved = head.proved();
        uint256 stake = terms.deal.workerStake;
        uint256 weights = 0;
        rest = terms.deal.workerpool.price;
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = task.entries[i];
            if ((proved >> i) & 1 == 1) weights += rewardOf(entries[i]);
            else rest += stake;
        }
        uint256 released = rest + stake * head.proofs();
        uint256 pot = Math.mulDiv(rest, 100 - terms.deal.schedulerRewardRatio, 100);
        for (uint256 i = 0; i < entries.length; ++i) {
            address worker = workerOf(entries[i]);
            if ((proved >> i) & 1 == 1) {
                uint256 share = Math.mulDiv(pot, rewardOf(entries[i]), weights);
                rest -= share;
                _payWorker(worker, stake, share, entries.length > 1, taskid);
            } else {
                _punishWorker(worker, stake, taskid);
            }
        }
        Escrow.release(released - rest);
    }

    /// @dev Shares the workerpool's price between the only worker and the scheduler.
    function paySoleWorker(Terms memory terms, address worker, bytes32 taskid) internal {
        uint256 price = terms.deal.workerpool.price;
        uint256 share = Math.mulDiv(price, 100 - terms.deal.schedulerRewardRatio, 100);
        Escrow.release(price);
        Escrow.pay(worker, share, taskid);
        Escrow.pay(terms.deal.workerpool.owner, price - share, taskid);
    }

    /// @dev A lone worker proves nothing by agreeing with itself, so its score does not grow.
    function _payWorker(address worker, uint256 stake, uint256 share, bool scored, bytes32 taskid) private {
        Escrow.giveBack(worker, stake);
        Escrow.pay(worker, share, taskid);
        if (!scored) return;
        poco().scores[worker] += 1;
        emit IexecPoco2.AccurateContribution(worker, taskid);
    }

    function _punishWorker(address worker, uint256 stake, bytes32 taskid) private {
        Escrow.seize(worker, stake, taskid);
        poco().scores[worker] = poco().scores[worker] * 2 / 3;
        emit IexecPoco2.FaultyContribution(worker, taskid);
    }
}
