// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOracleConsumer} from "../interfaces/IOracleConsumer.sol";

/// @title Test double: a callback that needs more gas than the default allowance.
contract GasWasterClient is IOracleConsumer {
    /// @notice A result came.
    event GotResult(bytes32 indexed id, bytes result);

    uint256 public counter;

    /// @inheritdoc IOracleConsumer
    function receiveResult(bytes32 id, bytes calldata result) external override {
        for (uint256 i = 0; i < 1000; ++i) {
            ++counter;
        }
        emit GotResult(id, result);
    }
}
