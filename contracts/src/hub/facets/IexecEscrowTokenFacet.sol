// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LibDiamond} from "../../diamond/LibDiamond.sol";
import {IexecEscrowToken} from "../../interfaces/IexecEscrowToken.sol";
import {IexecPoco1} from "../../interfaces/IexecPoco1.sol";
import {IexecTokenSpender} from "../../interfaces/IexecTokenSpender.sol";
import {AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder} from "../../interfaces/IexecTypes.sol";
import {HubOwned} from "../HubOwned.sol";
import {poco} from "../PocoStorage.sol";
import {ERC20Facet} from "./ERC20Facet.sol";

/// @title Staking of an ERC-20. The base token is the owner's choice at configuration, and trusted.
contract IexecEscrowTokenFacet is IexecEscrowToken, ERC20Facet, HubOwned {
    /// @inheritdoc IexecEscrowToken
    receive() external payable override {
        revert("fallback-disabled");
    }

    /// @inheritdoc IexecEscrowToken
    fallback() external payable override {
        revert("fallback-disabled");
    }

    /// @inheritdoc IexecEscrowToken
    function deposit(uint256 amount) external override returns (bool) {
        _deposit(msg.sender, amount, msg.sender);
        return true;
    }

    /// @inheritdoc IexecEscrowToken
    function depositFor(uint256 amount, address target) external override returns (bool) {
        _deposit(msg.sender, amount, target);
        return true;
    }

    /// @inheritdoc IexecEscrowToken
    function depositForArray(uint256[] calldata amounts, address[] calldata targets)
        external
        override
        returns (bool)
    {
        require(amounts.length == targets.length, "invalid-array-length");
        for (uint256 i = 0; i < amounts.length; ++i) {
            _deposit(msg.sender, amounts[i], targets[i]);
        }
        return true;
    }

    /// @inheritdoc IexecEscrowToken
    function withdraw(uint256 amount) external override returns (bool) {
        _withdraw(amount, msg.sender);
        return true;
    }

    /// @inheritdoc IexecEscrowToken
    function withdrawTo(uint256 amount, address target) external override returns (bool) {
        _withdraw(amount, target);
        return true;
    }

    /// @inheritdoc IexecEscrowToken
    function recover() external override onlyOwner returns (uint256) {
        uint256 delta = IERC20(poco().baseToken).balanceOf(address(this)) - poco().totalSupply;
        _mint(LibDiamond.contractOwner(), delta);
        return delta;
    }

    /// @inheritdoc IexecTokenSpender
    function receiveApproval(address sender, uint256 amount, address token, bytes calldata data)
        external
        override
        returns (bool)
    {
        require(token == poco().baseToken, "wrong-token");
        _deposit(sender, amount, sender);
        if (data.length > 0) _operate(sender, data);
        return true;
    }

    function _deposit(address payer, uint256 amount, address target) private {
        bool paid = IERC20(poco().baseToken).transferFrom(payer, address(this), amount);
        require(paid, "failed-transferFrom");
        _mint(target, amount);
    }

    /// @dev The token's answer is ignored: the historical one never answers false.
    function _withdraw(uint256 amount, address target) private {
        _burn(msg.sender, amount);
        IERC20(poco().baseToken).transfer(target, amount);
    }

    /// @dev Runs matchOrders for the requester who has just deposited. It goes through the hub's own dispatch, so that a
    /// replaced facet is honoured.
    function _operate(address requester, bytes calldata data) private {
        bytes4 selector = bytes4(data[:4]);
        if (selector != IexecPoco1.matchOrders.selector) revert UnsupportedOperation(selector);
        (,,, RequestOrder memory request) =
            abi.decode(data[4:], (AppOrder, DatasetOrder, WorkerpoolOrder, RequestOrder));
        if (request.requester != requester) revert CallerIsNotTheRequester();
        (bool success, bytes memory failure) = address(this).delegatecall(data);
        if (success) return;
        if (failure.length == 0) revert OperationFailed();
        // Reverts with exactly the failure's bytes, which lie behind its length word.
        assembly ("memory-safe") {
            revert(add(failure, 0x20), mload(failure))
        }
    }
}
