// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecTokenSpender} from "./IexecTokenSpender.sol";

/// @title Staking of an ERC-20: deposits mint the staked token, withdrawals burn it. Amounts are nRLC.
interface IexecEscrowToken is IexecTokenSpender {
    /// @notice `receiveApproval` was given an operation other than matchOrders.
    error UnsupportedOperation(bytes4 selector);
    /// @notice `receiveApproval` was given a request order of somebody else.
    error CallerIsNotTheRequester();
    /// @notice The operation given to `receiveApproval` failed without saying why.
    error OperationFailed();

    /// @notice Plain transfers are refused: `fallback-disabled`.
    receive() external payable;
    /// @notice Unknown calls are refused: `fallback-disabled`.
    fallback() external payable;

    /// @notice Stakes for the caller.
    function deposit(uint256 amount) external returns (bool);
    /// @notice Stakes for target, paid by the caller.
    function depositFor(uint256 amount, address target) external returns (bool);
    /// @notice Stakes for several targets, paid by the caller; `invalid-array-length` when the lengths differ.
    function depositForArray(uint256[] calldata amounts, address[] calldata targets) external returns (bool);
    /// @notice Pays free stake of the caller out to the caller.
    function withdraw(uint256 amount) external returns (bool);
    /// @notice Pays free stake of the caller out to target.
    function withdrawTo(uint256 amount, address target) external returns (bool);
    /// @notice Stakes for the owner what was sent to the hub by mistake, and returns how much. Owner only.
    function recover() external returns (uint256);
}
