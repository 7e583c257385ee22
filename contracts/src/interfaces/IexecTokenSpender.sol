// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Reacts to an approval in the same transaction.
interface IexecTokenSpender {
    /// @notice Called by a token after sender approved this contract for amount (nRLC).
    function receiveApproval(address sender, uint256 amount, address token, bytes calldata data)
        external
        returns (bool);
}
