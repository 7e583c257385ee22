// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecRelay} from "../../interfaces/IexecRelay.sol";
import {AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder} from "../../interfaces/IexecTypes.sol";

/// @title Publication of orders as events, unchecked.
contract IexecRelayFacet is IexecRelay {
    /// @inheritdoc IexecRelay
    function broadcastAppOrder(AppOrder calldata _apporder) external override {
        emit BroadcastAppOrder(_apporder);
    }

    /// @inheritdoc IexecRelay
    function broadcastDatasetOrder(DatasetOrder calldata _datasetorder) external override {
        emit BroadcastDatasetOrder(_datasetorder);
    }

    /// @inheritdoc IexecRelay
    function broadcastWorkerpoolOrder(WorkerpoolOrder calldata _workerpoolorder) external override {
        emit BroadcastWorkerpoolOrder(_workerpoolorder);
    }

    /// @inheritdoc IexecRelay
    function broadcastRequestOrder(RequestOrder calldata _requestorder) external override {
        emit BroadcastRequestOrder(_requestorder);
    }
}
