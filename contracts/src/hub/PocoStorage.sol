// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Category} from "../interfaces/IexecTypes.sol";
import {BoostDealRecord} from "./BoostDealRecord.sol";
import {DealHead} from "./DealRecord.sol";
import {TaskRecord} from "./TaskRecord.sol";

/// @dev Money of one account, nRLC. The whole supply fits into either half.
struct AccountRecord {
    uint128 stake; // free; under the hub's own address all that is locked
    uint128 locked;
}

/// @dev State of the hub. Append-only: slots 7, 11, 18 and 23 are read and written directly by clients' tests.
struct PocoStorage {
    address appregistry;
    uint40 blobs; // number of the newest blob
    address datasetregistry;
    address workerpoolregistry;
    address baseToken;
    string name; // of the staked token
    string symbol;
    uint8 decimals;
    uint256 totalSupply; // nRLC; the sum of balances
    mapping(address account => AccountRecord) accounts;
    mapping(bytes32 dealid => string) longParams; // those that do not fit into the deal's blob
    mapping(address account => mapping(address spender => uint256)) allowances; // nRLC
    bytes32 domainSeparator; // zero: not configured
    mapping(bytes32 orderHash => address) presigned;
    mapping(bytes32 orderHash => uint256) consumed; // tasks
    mapping(bytes32 dealid => DealHead) deals;
    mapping(bytes32 taskid => TaskRecord) tasks;
    mapping(bytes32 dealid => BoostDealRecord) boostDeals; // no id is that of a classic deal, too
    bytes32 reserved17; // keeps the slots of what follows
    mapping(address worker => uint256) scores;
    address teebroker;
    uint256 callbackgas;
    Category[] categories;
    address v3IexecHub;
    mapping(address worker => bool) scoreImported;
}

/// @dev ERC-7201 "iexec.poco.storage.PocoStorage".
bytes32 constant POCO_STORAGE = 0x5862653c6982c162832160cf30593645e8487b257e44d77cdd6b51eee2651b00;

/// @dev The hub's state. The only door to it.
function poco() pure returns (PocoStorage storage s) {
    // Only names a slot; nothing is read or written.
    assembly ("memory-safe") {
        s.slot := POCO_STORAGE
    }
}
