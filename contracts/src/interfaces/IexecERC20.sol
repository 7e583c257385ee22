// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecEscrowEvents} from "./IexecEscrowEvents.sol";

/// @title ERC-20 face of the staked token. Shortage reverts without data; there is no infinite allowance.
interface IexecERC20 is IexecEscrowEvents {
    /// @notice Moves free stake of the caller.
    function transfer(address recipient, uint256 amount) external returns (bool);
    /// @notice Sets what spender may move for the caller.
    function approve(address spender, uint256 value) external returns (bool);
    /// @notice Moves free stake of sender within the caller's allowance.
    function transferFrom(address sender, address recipient, uint256 amount) external returns (bool);
    /// @notice Raises what spender may move for the caller.
    function increaseAllowance(address spender, uint256 addedValue) external returns (bool);
    /// @notice Lowers what spender may move for the caller.
    function decreaseAllowance(address spender, uint256 subtractedValue) external returns (bool);
    /// @notice Approves, then calls spender.receiveApproval; `approval-refused` when that answers false.
    function approveAndCall(address spender, uint256 value, bytes calldata extraData) external returns (bool);
}
