// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IexecERC20} from "../../interfaces/IexecERC20.sol";
import {IexecTokenSpender} from "../../interfaces/IexecTokenSpender.sol";
import {AccountRecord, poco} from "../PocoStorage.sol";

/// @title ERC-20 face of the staked token, part of every escrow facet.
abstract contract ERC20Facet is IexecERC20 {
    /// @inheritdoc IexecERC20
    function transfer(address recipient, uint256 amount) external override returns (bool) {
        _transfer(msg.sender, recipient, amount);
        return true;
    }

    /// @inheritdoc IexecERC20
    function approve(address spender, uint256 value) external override returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    /// @inheritdoc IexecERC20
    function transferFrom(address sender, address recipient, uint256 amount) external override returns (bool) {
        _transfer(sender, recipient, amount);
        uint256 allowed = poco().allowances[sender][msg.sender];
        require(allowed >= amount);
        _approve(sender, msg.sender, allowed - amount);
        return true;
    }

    /// @inheritdoc IexecERC20
    function increaseAllowance(address spender, uint256 addedValue) external override returns (bool) {
        _approve(msg.sender, spender, poco().allowances[msg.sender][spender] + addedValue);
        return true;
    }

    /// @inheritdoc IexecERC20
    function decreaseAllowance(address spender, uint256 subtractedValue) external override returns (bool) {
        uint256 allowed = poco().allowances[msg.sender][spender];
        require(allowed >= subtractedValue);
        _approve(msg.sender, spender, allowed - subtractedValue);
        return true;
    }

    /// @inheritdoc IexecERC20
    function approveAndCall(address spender, uint256 value, bytes calldata extraData)
        external
        override
        returns (bool)
    {
        _approve(msg.sender, spender, value);
        bool accepted = IexecTokenSpender(spender).receiveApproval(msg.sender, value, address(this), extraData);
        require(accepted, "approval-refused");
        return true;
    }

    function _mint(address to, uint256 amount) internal {
        require(to != address(0), "ERC20: mint to the zero address");
        poco().totalSupply += amount;
        AccountRecord storage account = poco().accounts[to];
        account.stake = SafeCast.toUint128(account.stake + amount);
        emit Transfer(address(0), to, amount);
    }

    function _burn(address from, uint256 amount) internal {
        require(from != address(0), "ERC20: burn from the zero address");
        _spend(from, amount);
        poco().totalSupply -= amount;
        emit Transfer(from, address(0), amount);
    }

    function _transfer(address from, address to, uint256 amount) private {
        require(from != address(0), "ERC20: transfer from the zero address");
        require(to != address(0), "ERC20: transfer to the zero address");
        _spend(from, amount);
        AccountRecord storage account = poco().accounts[to];
        account.stake = SafeCast.toUint128(account.stake + amount);
        emit Transfer(from, to, amount);
    }

    function _spend(address from, uint256 amount) private {
        AccountRecord storage account = poco().accounts[from];
        uint256 held = account.stake;
        require(held >= amount);
        account.stake = uint128(held - amount);
    }

    function _approve(address owner, address spender, uint256 value) private {
        require(owner != address(0), "ERC20: approve from the zero address");
        require(spender != address(0), "ERC20: approve to the zero address");
        poco().allowances[owner][spender] = value;
        emit Approval(owner, spender, value);
    }
}
