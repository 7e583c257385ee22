// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecPocoBoostAccessors} from "../../interfaces/IexecPocoBoostAccessors.sol";
import {DealBoost} from "../../interfaces/IexecTypes.sol";
import {poco} from "../PocoStorage.sol";

/// @title Reads of boost deals.
contract IexecPocoBoostAccessorsFacet is IexecPocoBoostAccessors {
    /// @inheritdoc IexecPocoBoostAccessors
    function viewDealBoost(bytes32 id) external view override returns (DealBoost memory deal) {
        return poco().boostDeals[id].toDeal();
    }
}
