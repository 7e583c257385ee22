// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title Reads of boost deals.
interface IexecPocoBoostAccessors {
    /// @notice A boost deal by id; all zero when there is none.
    function viewDealBoost(bytes32 id) external view returns (DealBoost memory deal);
}
