// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecCategoryManager} from "../../interfaces/IexecCategoryManager.sol";
import {Category} from "../../interfaces/IexecTypes.sol";
import {HubOwned} from "../HubOwned.sol";
import {poco} from "../PocoStorage.sol";

/// @title Categories of tasks. They are never changed: running deals refer to them.
contract IexecCategoryManagerFacet is IexecCategoryManager, HubOwned {
    /// @inheritdoc IexecCategoryManager
    function createCategory(string calldata name, string calldata description, uint256 workClockTimeRef)
        external
        override
        onlyOwner
        returns (uint256 catid)
    {
        catid = poco().categories.length;
        poco().categories.push(Category(name, description, workClockTimeRef));
        emit CreateCategory(catid, name, description, workClockTimeRef);
    }
}
