// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder} from "../interfaces/IexecTypes.sol";

/// @title Test double: a matchOrders that fails without saying why.
contract MatchOrdersFacetMock {
    /// @notice Always reverts without data.
    function matchOrders(AppOrder calldata, DatasetOrder calldata, WorkerpoolOrder calldata, RequestOrder calldata)
        external
        virtual
        returns (bytes32)
    {
        revert();
    }
}
