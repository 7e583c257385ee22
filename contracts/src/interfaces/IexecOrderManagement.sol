// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title On-chain signing and closing of orders, by their owner or with the owner's signature.
interface IexecOrderManagement {
    /// @notice An app order was signed on chain.
    event SignedAppOrder(bytes32 appHash);
    /// @notice A dataset order was signed on chain.
    event SignedDatasetOrder(bytes32 datasetHash);
    /// @notice A workerpool order was signed on chain.
    event SignedWorkerpoolOrder(bytes32 workerpoolHash);
    /// @notice A request order was signed on chain.
    event SignedRequestOrder(bytes32 requestHash);
    /// @notice An app order can no longer be matched.
    event ClosedAppOrder(bytes32 appHash);
    /// @notice A dataset order can no longer be matched.
    event ClosedDatasetOrder(bytes32 datasetHash);
    /// @notice A workerpool order can no longer be matched.
    event ClosedWorkerpoolOrder(bytes32 workerpoolHash);
    /// @notice A request order can no longer be matched.
    event ClosedRequestOrder(bytes32 requestHash);

    /// @notice Signs or closes an app order; `invalid-sender-or-signature` for strangers.
    function manageAppOrder(AppOrderOperation calldata _apporderoperation) external;
    /// @notice Signs or closes a dataset order; `invalid-sender-or-signature` for strangers.
    function manageDatasetOrder(DatasetOrderOperation calldata _datasetorderoperation) external;
    /// @notice Signs or closes a workerpool order; `invalid-sender-or-signature` for strangers.
    function manageWorkerpoolOrder(WorkerpoolOrderOperation calldata _workerpoolorderoperation) external;
    /// @notice Signs or closes a request order; `invalid-sender-or-signature` for strangers.
    function manageRequestOrder(RequestOrderOperation calldata _requestorderoperation) external;
}
