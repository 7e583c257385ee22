// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Contract that wants the result of a task (ERC-1154).
interface IOracleConsumer {
    /// @notice Takes the callback data of task id. Called once, with bounded gas; a failure is ignored.
    function receiveResult(bytes32 id, bytes calldata result) external;
}
