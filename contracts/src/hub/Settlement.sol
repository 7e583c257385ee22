// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ContributionStatus} from "../interfaces/IexecTypes.sol";
import {IexecPoco2} from "../interfaces/IexecPoco2.sol";
import {KITTY_ADDRESS, KITTY_MIN, KITTY_RATIO} from "./Constants.sol";
import {ContributionRecord} from "./ContributionRecord.sol";
import {DealRecord} from "./DealRecord.sol";
import {Escrow} from "./Escrow.sol";
import {poco} from "./PocoStorage.sol";
import {TaskRecord} from "./TaskRecord.sol";

/// @title Who gets what when a task ends. Amounts are nRLC.
library Settlement {
    /// @dev Ends the deal's side of a completed task: spends the price, pays the sellers, frees the scheduler's stake and
    /// gives the scheduler a part of the kitty. The workerpool's price is left to be shared out.
    function succeed(DealRecord storage deal, bytes32 taskid) internal {
        Escrow.seize(deal.payer(), deal.pricePerTask(), taskid);
        uint256 appPrice = deal.app.price;
        if (appPrice > 0) Escrow.reward(deal.app.owner, appPrice, taskid);
        uint256 datasetPrice = deal.dataset.price;
        if (datasetPrice > 0 && deal.dataset.pointer != address(0)) {
            Escrow.reward(deal.dataset.owner, datasetPrice, taskid);
        }
        address scheduler = deal.workerpool.owner;
        Escrow.unlock(scheduler, deal.schedulerStake());
        _payFromKitty(scheduler, taskid);
    }

    /// @dev Ends the deal's side of a failed task: refunds the payer, the scheduler's stake goes to the kitty.
    function fail(DealRecord storage deal, bytes32 taskid) internal {
        uint256 stake = deal.schedulerStake();
        Escrow.unlock(deal.payer(), deal.pricePerTask());
        Escrow.seize(deal.workerpool.owner, stake, taskid);
        Escrow.rewardLocked(KITTY_ADDRESS, stake, taskid);
    }

    /// @dev Shares the workerpool's price and the stakes of the wrong among the workers who proved the result, by weight;
    /// the scheduler gets its ratio and what rounding leaves.
    function payWorkers(DealRecord storage deal, TaskRecord storage task, bytes32 taskid) internal {
        mapping(address worker => ContributionRecord) storage contributions = poco().contributions[taskid];
        address[] memory workers = task.contributors;
        uint256 stake = deal.workerStake;
        uint256 weights = 0;
        uint256 rest = deal.workerpool.price;
        for (uint256 i = 0; i < workers.length; ++i) {
            ContributionRecord storage vote = contributions[workers[i]];
            if (vote.status == ContributionStatus.PROVED) weights += vote.weight;
            else rest += stake;
        }
        uint256 pot = Math.mulDiv(rest, 100 - deal.schedulerRewardRatio, 100);
        for (uint256 i = 0; i < workers.length; ++i) {
            ContributionRecord storage vote = contributions[workers[i]];
            if (vote.status == ContributionStatus.PROVED) {
                uint256 share = Math.mulDiv(pot, vote.weight, weights);
                rest -= share;
                _payWorker(workers[i], stake, share, workers.length > 1, taskid);
            } else {
                _punishWorker(workers[i], stake, taskid);
            }
        }
        Escrow.reward(deal.workerpool.owner, rest, taskid);
    }

    /// @dev Shares the workerpool's price between the only worker and the scheduler.
    function paySoleWorker(DealRecord storage deal, address worker, bytes32 taskid) internal {
        uint256 price = deal.workerpool.price;
        uint256 share = Math.mulDiv(price, 100 - deal.schedulerRewardRatio, 100);
        Escrow.reward(worker, share, taskid);
        Escrow.reward(deal.workerpool.owner, price - share, taskid);
    }

    /// @dev A lone worker proves nothing by agreeing with itself, so its score does not grow.
    function _payWorker(address worker, uint256 stake, uint256 share, bool scored, bytes32 taskid) private {
        Escrow.unlock(worker, stake);
        Escrow.reward(worker, share, taskid);
        if (!scored) return;
        poco().scores[worker] += 1;
        emit IexecPoco2.AccurateContribution(worker, taskid);
    }

    function _punishWorker(address worker, uint256 stake, bytes32 taskid) private {
        Escrow.seize(worker, stake, taskid);
        poco().scores[worker] = poco().scores[worker] * 2 / 3;
        emit IexecPoco2.FaultyContribution(worker, taskid);
    }

    function _payFromKitty(address scheduler, bytes32 taskid) private {
        uint256 kitty = poco().frozen[KITTY_ADDRESS];
        if (kitty == 0) return;
        uint256 part = Math.min(Math.max(Math.mulDiv(kitty, KITTY_RATIO, 100), KITTY_MIN), kitty);
        Escrow.seize(KITTY_ADDRESS, part, taskid);
        Escrow.reward(scheduler, part, taskid);
    }
}
