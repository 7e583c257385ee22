// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title Deals of trust 1 at most, whose tasks are completed by one transaction of one worker. Failures are texts that
/// begin with `PocoBoost: `, those of signatures' formats and of the escrow, and the error below.
interface IexecPocoBoost {
    /// @notice A boost deal awaits the scheduler of workerpool. Params and beneficiary are nowhere else.
    event SchedulerNoticeBoost(
        address indexed workerpool,
        bytes32 dealId,
        address app,
        address dataset,
        uint256 category,
        bytes32 tag,
        string params,
        address beneficiary
    );
    /// @notice A task is completed and paid. The results are nowhere else.
    event ResultPushedBoost(bytes32 dealId, uint256 index, bytes results);
    /// @notice Somebody agreed to pay for a boost deal.
    event DealSponsoredBoost(bytes32 dealId, address sponsor);

    /// @notice A boost deal has no room for value: prices have 96 bits, the tasks of a deal and of the request before it
    /// 16 each, deadlines 40.
    error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value);

    /// @notice Makes a boost deal paid by the requester, and returns its id. Ids are shared with other deals.
    function matchOrdersBoost(
        AppOrder calldata appOrder,
        DatasetOrder calldata datasetOrder,
        WorkerpoolOrder calldata workerpoolOrder,
        RequestOrder calldata requestOrder
    ) external returns (bytes32);
    /// @notice Makes a boost deal paid by the caller, and returns its id.
    function sponsorMatchOrdersBoost(
        AppOrder calldata appOrder,
        DatasetOrder calldata datasetOrder,
        WorkerpoolOrder calldata workerpoolOrder,
        RequestOrder calldata requestOrder
    ) external returns (bytes32);
    /// @notice Completes task index (from 0, in every deal) before the deal's deadline: pays the caller and everybody
    /// else, publishes the results, and calls the requester's contract with resultsCallback. Needs the scheduler's
    /// authorization. An enclave signs caller, task and digest; the digest is that of resultsCallback where there is a
    /// contract to call, else that of results.
    function pushResultBoost(
        bytes32 dealId,
        uint256 index,
        bytes calldata results,
        bytes calldata resultsCallback,
        bytes calldata authorizationSign,
        address enclaveChallenge,
        bytes calldata enclaveSign
    ) external;
    /// @notice Fails and refunds a task from the deal's deadline on. Anybody.
    function claimBoost(bytes32 dealId, uint256 index) external;
}
