// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecInterfaceToken} from "../interfaces/IexecInterfaceToken.sol";
import {IOracleConsumer} from "../interfaces/IOracleConsumer.sol";

/// @title The smallest consumer: keeps what comes back from tasks that its owner bought with it as their callback.
contract Prices is IOracleConsumer {
    IexecInterfaceToken public immutable hub;
    address public immutable owner;
    mapping(bytes32 taskid => int256) public priceOf;

    constructor(IexecInterfaceToken hub_) {
        (hub, owner) = (hub_, msg.sender);
    }

    /// @inheritdoc IOracleConsumer
    function receiveResult(bytes32 taskid, bytes calldata result) external override {
        require(msg.sender == address(hub), "only the hub");
        // Anybody can buy a task whose callback is this contract; the owner alone chooses app, pool and trust well.
        bytes32 dealid = hub.viewTask(taskid).dealid;
        require(hub.viewDeal(dealid).requester == owner, "not bought by the owner");
        priceOf[taskid] = abi.decode(result, (int256));
    }
}
