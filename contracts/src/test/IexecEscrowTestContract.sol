// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Escrow} from "../hub/Escrow.sol";
import {poco} from "../hub/PocoStorage.sol";
import {IexecEscrowEvents} from "../interfaces/IexecEscrowEvents.sol";

/// @title Test double: the escrow's primitives in the open, with itself as hub.
contract IexecEscrowTestContract is IexecEscrowEvents {
    function lock_(address account, uint256 amount) external {
        Escrow.lock(account, amount);
    }

    function unlock_(address account, uint256 amount) external {
        Escrow.unlock(account, amount);
    }

    function reward_(address account, uint256 amount, bytes32 ref) external {
        Escrow.reward(account, amount, ref);
    }

    function seize_(address account, uint256 amount, bytes32 ref) external {
        Escrow.seize(account, amount, ref);
    }

    function setBalance(address account, uint256 amount) external {
        poco().accounts[account].stake = SafeCast.toUint128(amount);
    }

    function balanceOf(address account) external view returns (uint256) {
        return poco().accounts[account].stake;
    }

    function frozenOf(address account) external view returns (uint256) {
        return poco().accounts[account].locked;
    }
}
