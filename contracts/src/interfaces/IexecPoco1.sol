// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title Matching of orders into deals.
interface IexecPoco1 {
    /// @notice A deal awaits the scheduler of workerpool.
    event SchedulerNotice(address indexed workerpool, bytes32 dealid);
    /// @notice Four orders (datasetHash is zero without a dataset) became a deal of volume tasks.
    event OrdersMatched(
        bytes32 dealid,
        bytes32 appHash,
        bytes32 datasetHash,
        bytes32 workerpoolHash,
        bytes32 requestHash,
        uint256 volume
    );
    /// @notice Somebody agreed to pay for a deal.
    event DealSponsored(bytes32 dealId, address sponsor);

    /// @notice A dataset order cannot serve a deal, and why.
    error IncompatibleDatasetOrder(string reason);

    /// @notice Whether _identity signed _hash: ERC-1271 for contracts, else a 65 or 64 byte signature.
    function verifySignature(address _identity, bytes32 _hash, bytes calldata _signature)
        external
        view
        returns (bool);
    /// @notice Whether _identity signed the order of hash _hash on chain.
    function verifyPresignature(address _identity, bytes32 _hash) external view returns (bool);
    /// @notice Either of the two above; the signature is not looked at when the order is signed on chain.
    function verifyPresignatureOrSignature(address _identity, bytes32 _hash, bytes calldata _signature)
        external
        view
        returns (bool);
    /// @notice Makes a deal paid by the requester. Failures are `iExecV5-matchOrders-0xNN`.
    function matchOrders(
        AppOrder calldata _apporder,
        DatasetOrder calldata _datasetorder,
        WorkerpoolOrder calldata _workerpoolorder,
        RequestOrder calldata _requestorder
    ) external returns (bytes32);
    /// @notice Makes a deal paid by the caller. Failures are `iExecV5-matchOrders-0xNN`.
    function sponsorMatchOrders(
        AppOrder calldata _apporder,
        DatasetOrder calldata _datasetorder,
        WorkerpoolOrder calldata _workerpoolorder,
        RequestOrder calldata _requestorder
    ) external returns (bytes32);
    /// @notice Reverts with IncompatibleDatasetOrder unless the order may serve the (datasetless) deal.
    function assertDatasetDealCompatibility(DatasetOrder calldata datasetOrder, bytes32 dealId) external view;
}
