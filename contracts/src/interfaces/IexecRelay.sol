// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title Publication of orders as events, unchecked: readers verify what they take from here.
interface IexecRelay {
    /// @notice Somebody published an app order.
    event BroadcastAppOrder(AppOrder apporder);
    /// @notice Somebody published a dataset order.
    event BroadcastDatasetOrder(DatasetOrder datasetorder);
    /// @notice Somebody published a workerpool order.
    event BroadcastWorkerpoolOrder(WorkerpoolOrder workerpoolorder);
    /// @notice Somebody published a request order.
    event BroadcastRequestOrder(RequestOrder requestorder);

    /// @notice Publishes an app order.
    function broadcastAppOrder(AppOrder calldata _apporder) external;
    /// @notice Publishes a dataset order.
    function broadcastDatasetOrder(DatasetOrder calldata _datasetorder) external;
    /// @notice Publishes a workerpool order.
    function broadcastWorkerpoolOrder(WorkerpoolOrder calldata _workerpoolorder) external;
    /// @notice Publishes a request order.
    function broadcastRequestOrder(RequestOrder calldata _requestorder) external;
}
