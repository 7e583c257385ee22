// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Staking of the chain's coin: deposits mint the staked token, withdrawals burn it.
/// @dev Amounts are nRLC; 1 nRLC = 10^9 wei. Every payment of coin that its receiver refuses: `native-transfer-failed`.
interface IexecEscrowNative {
    /// @notice A plain transfer is a deposit.
    receive() external payable;
    /// @notice A call that no facet knows is a deposit, and answers nothing.
    fallback() external payable;

    /// @notice Stakes the coin sent for the caller; what is less than 1 nRLC goes back to the caller.
    function deposit() external payable returns (bool);
    /// @notice Stakes the coin sent for target; what is less than 1 nRLC goes back to the caller.
    function depositFor(address target) external payable returns (bool);
    /// @notice Stakes amounts for several targets out of the coin sent; the rest goes back to the caller.
    /// `invalid-array-length` when the lengths differ, an arithmetic panic when too little was sent.
    function depositForArray(uint256[] calldata amounts, address[] calldata targets) external payable returns (bool);
    /// @notice Pays free stake of the caller out to the caller.
    function withdraw(uint256 amount) external returns (bool);
    /// @notice Pays free stake of the caller out to target.
    function withdrawTo(uint256 amount, address target) external returns (bool);
    /// @notice Stakes for the owner what came to the hub without a deposit, and returns how much. Owner only.
    function recover() external returns (uint256);
}
