// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecInterfaceToken} from "../interfaces/IexecInterfaceToken.sol";
import {Deal} from "../interfaces/IexecTypes.sol";
import {IOracleConsumer} from "../interfaces/IOracleConsumer.sol";

/// @title The smallest consumer: keeps what comes back from tasks that its owner bought with it as their callback.
contract Prices is IOracleConsumer {
    IexecInterfaceToken public immutable hub;
    address public immutable owner;
    address public immutable workerpool;
    mapping(bytes32 taskid => int256) public priceOf;

    constructor(IexecInterfaceToken hub_, address workerpool_) {
        (hub, owner, workerpool) = (hub_, msg.sender, workerpool_);
    }

    /// @inheritdoc IOracleConsumer
    function receiveResult(bytes32 taskid, bytes calldata result) external override {
        require(msg.sender == address(hub), "only the hub");
        // Anybody can buy a task whose callback is this contract, and any pool can take a request that names none.
        Deal memory deal = hub.viewDeal(hub.viewTask(taskid).dealid);
        require(deal.requester == owner, "not bought by the owner");
        require(deal.workerpool.pointer == workerpool, "not computed by the pool that is believed");
        priceOf[taskid] = abi.decode(result, (int256));
    }
}
