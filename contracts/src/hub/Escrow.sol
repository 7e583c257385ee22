// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecEscrowEvents} from "../interfaces/IexecEscrowEvents.sol";
import {PocoStorage, poco} from "./PocoStorage.sol";

/// @title Staked money. Locked money lies in the hub's own balance and is remembered per account as frozen.
/// @dev Amounts are nRLC. Zero amounts move nothing but still emit their events: clients sum them up.
library Escrow {
    /// @dev Sets an amount of free stake aside.
    function lock(address account, uint256 amount) internal {
        move(account, address(this), amount);
        poco().frozen[account] += amount;
        emit IexecEscrowEvents.Lock(account, amount);
    }

    /// @dev Gives an amount set aside back.
    function unlock(address account, uint256 amount) internal {
        move(address(this), account, amount);
        poco().frozen[account] -= amount;
        emit IexecEscrowEvents.Unlock(account, amount);
    }

    /// @dev Pays from what was seized.
    function reward(address account, uint256 amount, bytes32 ref) internal {
        move(address(this), account, amount);
        emit IexecEscrowEvents.Reward(account, amount, ref);
    }

    /// @dev Takes an amount set aside for good; it stays in the hub's balance until rewarded.
    function seize(address account, uint256 amount, bytes32 ref) internal {
        poco().frozen[account] -= amount;
        emit IexecEscrowEvents.Seize(account, amount, ref);
    }

    /// @dev Turns seized money, already in the hub's balance, into locked money of an account.
    function rewardLocked(address account, uint256 amount, bytes32 ref) internal {
        poco().frozen[account] += amount;
        emit IexecEscrowEvents.Reward(account, amount, ref);
        emit IexecEscrowEvents.Lock(account, amount);
    }

    /// @dev Moves stake between accounts with the protocol's own failure texts.
    function move(address from, address to, uint256 amount) internal {
        require(from != address(0), "IexecEscrow: Transfer from empty address");
        require(to != address(0), "IexecEscrow: Transfer to empty address");
        PocoStorage storage s = poco();
        uint256 held = s.balances[from];
        require(held >= amount, "IexecEscrow: Transfer amount exceeds balance");
        s.balances[from] = held - amount;
        s.balances[to] += amount;
        emit IexecEscrowEvents.Transfer(from, to, amount);
    }
}
