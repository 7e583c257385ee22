// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Movements of staked money. Amounts are nRLC; ref is the task id. Nothing but Transfer and Approval is indexed.
interface IexecEscrowEvents {
    /// @notice Staked tokens moved; from zero is a deposit, to zero a withdrawal.
    event Transfer(address indexed from, address indexed to, uint256 value);
    /// @notice An allowance was set to value.
    event Approval(address indexed owner, address indexed spender, uint256 value);
    /// @notice Stake of owner was locked.
    event Lock(address owner, uint256 amount);
    /// @notice Stake of owner was given back.
    event Unlock(address owner, uint256 amount);
    /// @notice Owner was paid for a task.
    event Reward(address owner, uint256 amount, bytes32 ref);
    /// @notice Locked stake of owner was spent or taken for a task.
    event Seize(address owner, uint256 amount, bytes32 ref);
}
