// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {KITTY_ADDRESS, KITTY_MIN, KITTY_RATIO} from "./Constants.sol";
import {Escrow} from "./Escrow.sol";
import {poco} from "./PocoStorage.sol";

/// @title Stakes of schedulers who failed, from which schedulers who deliver are paid. It lies locked under an account of
/// its own. Amounts are nRLC.
library Kitty {
    /// @dev Takes out what one completed task earns. The caller rewards it to the scheduler; an empty kitty says nothing.
    function draw(bytes32 taskid) internal returns (uint256 part) {
        uint256 held = poco().accounts[KITTY_ADDRESS].locked;
        if (held == 0) return 0;
        part = partOf(held);
        Escrow.seize(KITTY_ADDRESS, part, taskid);
    }

    /// @dev What one completed task earns of what the kitty holds.
    function partOf(uint256 held) internal pure returns (uint256) {
        return Math.min(Math.max(Math.mulDiv(held, KITTY_RATIO, 100), KITTY_MIN), held);
    }

    /// @dev Puts the locked stake of a scheduler who failed a task in.
    function feed(address scheduler, uint256 stake, bytes32 taskid) internal {
        Escrow.seize(scheduler, stake, taskid);
        Escrow.rewardLocked(KITTY_ADDRESS, stake, taskid);
    }
}
