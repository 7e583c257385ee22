// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IResource} from "./IResource.sol";

/// @title A group of workers behind one scheduler, its owner.
interface IWorkerpool is IResource {
    /// @notice Policies changed, in percent.
    event PolicyUpdate(
        uint256 oldWorkerStakeRatioPolicy,
        uint256 newWorkerStakeRatioPolicy,
        uint256 oldSchedulerRewardRatioPolicy,
        uint256 newSchedulerRewardRatioPolicy
    );

    /// @notice Set-up by the registry, once.
    function initialize(string calldata _workerpoolDescription) external;
    /// @notice Sets the worker stake (percent of the price, unbounded) and the scheduler's share (at most 100). Owner only.
    function changePolicy(uint256 _newWorkerStakeRatioPolicy, uint256 _newSchedulerRewardRatioPolicy) external;
    /// @notice Display text.
    function m_workerpoolDescription() external view returns (string memory);
    /// @notice Worker stake, percent of the workerpool price. Read when a deal is made.
    function m_workerStakeRatioPolicy() external view returns (uint256);
    /// @notice Scheduler's share of the reward, percent. Read when a deal is made.
    function m_schedulerRewardRatioPolicy() external view returns (uint256);
}
