// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecEscrowEvents} from "../interfaces/IexecEscrowEvents.sol";
import {AccountRecord, poco} from "./PocoStorage.sol";

/// @title Staked money. Locked money lies in the hub's own balance and is remembered per account as locked.
/// @dev Amounts are nRLC. Zero amounts move nothing but still emit their events: clients sum them up. An account is one
/// word, so each of these writes at most two. Casts lose nothing: what is moved was compared with, or taken from, a balance of
/// 128 bits before.
library Escrow {
    /// @dev Sets an amount of free stake aside.
    function lock(address account, uint256 amount) internal {
        require(account != address(0), "IexecEscrow: Transfer from empty address");
        AccountRecord storage own = poco().accounts[account];
        (uint128 stake, uint128 locked) = (own.stake, own.locked);
        require(stake >= amount, "IexecEscrow: Transfer amount exceeds balance");
        (own.stake, own.locked) = (stake - uint128(amount), locked + uint128(amount));
        poco().accounts[address(this)].stake += uint128(amount);
        emit IexecEscrowEvents.Transfer(account, address(this), amount);
        emit IexecEscrowEvents.Lock(account, amount);
    }

    /// @dev Gives an amount set aside back.
    function unlock(address account, uint256 amount) internal {
        _releaseFor(account, amount);
        giveBack(account, amount);
    }

    /// @dev Pays from what was seized.
    function reward(address account, uint256 amount, bytes32 ref) internal {
        _releaseFor(account, amount);
        pay(account, amount, ref);
    }

    /// @dev Takes out of the hub's balance what `giveBack` and `pay` hand out beside it: who settles with many accounts writes
    /// that balance once. Those accounts are parties of a deal, and so never zero.
    function release(uint256 amount) internal {
        AccountRecord storage hub = poco().accounts[address(this)];
        uint256 held = hub.stake;
        require(held >= amount, "IexecEscrow: Transfer amount exceeds balance");
        hub.stake = uint128(held - amount);
    }

    /// @dev Gives an amount set aside back, out of what was released.
    function giveBack(address account, uint256 amount) internal {
        AccountRecord storage own = poco().accounts[account];
        (uint128 stake, uint128 locked) = (own.stake, own.locked);
        (own.stake, own.locked) = (stake + uint128(amount), locked - uint128(amount));
        emit IexecEscrowEvents.Transfer(address(this), account, amount);
        emit IexecEscrowEvents.Unlock(account, amount);
    }

    /// @dev Pays out of what was released.
    function pay(address account, uint256 amount, bytes32 ref) internal {
        poco().accounts[account].stake += uint128(amount);
        emit IexecEscrowEvents.Transfer(address(this), account, amount);
        emit IexecEscrowEvents.Reward(account, amount, ref);
    }

    /// @dev Takes an amount set aside for good; it stays in the hub's balance until rewarded.
    function seize(address account, uint256 amount, bytes32 ref) internal {
        AccountRecord storage own = poco().accounts[account];
        own.locked = uint128(own.locked - amount);
        emit IexecEscrowEvents.Seize(account, amount, ref);
    }

    /// @dev Turns seized money, already in the hub's balance, into locked money of an account.
    function rewardLocked(address account, uint256 amount, bytes32 ref) internal {
        AccountRecord storage own = poco().accounts[account];
        own.locked += uint128(amount);
        emit IexecEscrowEvents.Reward(account, amount, ref);
        emit IexecEscrowEvents.Lock(account, amount);
    }

    /// @dev With the protocol's own failure texts.
    function _releaseFor(address account, uint256 amount) private {
        require(account != address(0), "IexecEscrow: Transfer to empty address");
        release(amount);
    }
}
