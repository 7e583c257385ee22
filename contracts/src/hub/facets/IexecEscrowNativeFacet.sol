// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LibDiamond} from "../../diamond/LibDiamond.sol";
import {IexecEscrowNative} from "../../interfaces/IexecEscrowNative.sol";
import {HubOwned} from "../HubOwned.sol";
import {poco} from "../PocoStorage.sol";
import {ERC20Facet} from "./ERC20Facet.sol";

/// @title Staking of the chain's coin.
/// @dev Whoever is paid may call the hub again before the payment returns. Stake is therefore minted and burned first, and
/// each function pays once, last: at that moment the hub holds at least 10^9 wei per nRLC of supply, so nothing that
/// a payee does then can withdraw, recover or deposit more than is its own. No facet of a hub that has this one may run
/// several calls of the hub inside one: each would count the same coin sent.
contract IexecEscrowNativeFacet is IexecEscrowNative, ERC20Facet, HubOwned {
    uint256 private constant WEI_PER_NRLC = 1e9;

    /// @inheritdoc IexecEscrowNative
    receive() external payable override {
        _deposit(msg.sender);
    }

    /// @inheritdoc IexecEscrowNative
    fallback() external payable override {
        _deposit(msg.sender);
    }

    /// @inheritdoc IexecEscrowNative
    function deposit() external payable override returns (bool) {
        _deposit(msg.sender);
        return true;
    }

    /// @inheritdoc IexecEscrowNative
    function depositFor(address target) external payable override returns (bool) {
        _deposit(target);
        return true;
    }

    /// @inheritdoc IexecEscrowNative
    function depositForArray(uint256[] calldata amounts, address[] calldata targets)
        external
        payable
        override
        returns (bool)
    {
        require(amounts.length == targets.length, "invalid-array-length");
        uint256 rest = msg.value;
        for (uint256 i = 0; i < amounts.length; ++i) {
            // Clients hear of a missing target before they hear of missing coin, and of missing coin as a panic.
            require(targets[i] != address(0), "ERC20: mint to the zero address");
            rest -= amounts[i] * WEI_PER_NRLC;
            _mint(targets[i], amounts[i]);
        }
        _pay(msg.sender, rest);
        return true;
    }

    /// @inheritdoc IexecEscrowNative
    function withdraw(uint256 amount) external override returns (bool) {
        _withdraw(amount, msg.sender);
        return true;
    }

    /// @inheritdoc IexecEscrowNative
    function withdrawTo(uint256 amount, address target) external override returns (bool) {
        _withdraw(amount, target);
        return true;
    }

    /// @inheritdoc IexecEscrowNative
    function recover() external override onlyOwner returns (uint256) {
        uint256 delta = address(this).balance / WEI_PER_NRLC - poco().totalSupply;
        _mint(LibDiamond.contractOwner(), delta);
        return delta;
    }

    /// @dev The caller is called back even when nothing is left over: a contract that takes no coin cannot deposit.
    function _deposit(address target) private {
        _mint(target, msg.value / WEI_PER_NRLC);
        _pay(msg.sender, msg.value % WEI_PER_NRLC);
    }

    function _withdraw(uint256 amount, address target) private {
        _burn(msg.sender, amount);
        _pay(target, amount * WEI_PER_NRLC);
    }

    /// @dev With all gas that is left, which is the caller's own, so that wallets that are contracts can be paid. The hub
    /// itself would take coin as a deposit, pay the rest of it to itself, and go on so until no gas is left.
    function _pay(address target, uint256 value) private {
        require(target != address(this), "native-transfer-failed");
        (bool paid,) = target.call{value: value}("");
        require(paid, "native-transfer-failed");
    }
}
