// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Terms} from "./DealRecord.sol";
import {Escrow} from "./Escrow.sol";
import {Kitty} from "./Kitty.sol";

/// @title Who gets what when many tasks of a light deal end at once: to the nRLC what as many single tasks would bring, since
/// amounts are rounded per task and then multiplied. Products fit: they are parts of what was locked for the deal.
library LightSettlement {
    /// @dev Pays for `count` tasks that one worker settled. The kitty gives one part for all of them.
    function succeed(Terms memory terms, address worker, uint256 count, bytes32 ref) internal {
        Escrow.seize(terms.deal.sponsor, terms.pricePerTask() * count, ref);
        uint256 appPrice = terms.deal.app.price;
        if (appPrice > 0) Escrow.reward(terms.deal.app.owner, appPrice * count, ref);
        uint256 datasetPrice = terms.deal.dataset.price; // zero without dataset
        if (datasetPrice > 0) Escrow.reward(terms.deal.dataset.owner, datasetPrice * count, ref);
        address scheduler = terms.deal.workerpool.owner;
        Escrow.unlock(scheduler, terms.schedulerStake() * count);
        uint256 part = Kitty.draw(ref);
        if (part > 0) Escrow.reward(scheduler, part, ref);
        uint256 price = terms.deal.workerpool.price;
        uint256 share = Math.mulDiv(price, 100 - terms.deal.schedulerRewardRatio, 100);
        Escrow.reward(worker, share * count, ref);
        Escrow.reward(scheduler, (price - share) * count, ref);
    }

    /// @dev Refunds the payer for `count` tasks; the scheduler's stake goes to the kitty.
    function fail(Terms memory terms, uint256 count, bytes32 ref) internal {
        Escrow.unlock(terms.deal.sponsor, terms.pricePerTask() * count);
        Kitty.feed(terms.deal.workerpool.owner, terms.schedulerStake() * count, ref);
    }
}
