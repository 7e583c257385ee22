// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOracleConsumer} from "../interfaces/IOracleConsumer.sol";

/// @title Test double: keeps what the callback brings, and the gas it came with.
contract TestClient is IOracleConsumer {
    /// @notice A result came.
    event GotResult(bytes32 indexed id, bytes result);

    mapping(bytes32 id => uint256) public gstore;
    mapping(bytes32 id => bytes) public store;

    /// @inheritdoc IOracleConsumer
    function receiveResult(bytes32 id, bytes calldata result) external override {
        gstore[id] = gasleft();
        store[id] = result;
        emit GotResult(id, result);
    }
}
