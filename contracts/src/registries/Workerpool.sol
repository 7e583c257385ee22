// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IWorkerpool} from "../interfaces/IWorkerpool.sol";
import {RegistryEntry} from "./RegistryEntry.sol";

/// @title A group of workers behind one scheduler, its owner.
contract Workerpool is IWorkerpool, RegistryEntry {
    /// @inheritdoc IWorkerpool
    string public override m_workerpoolDescription;
    /// @inheritdoc IWorkerpool
    uint256 public override m_workerStakeRatioPolicy;
    /// @inheritdoc IWorkerpool
    uint256 public override m_schedulerRewardRatioPolicy;

    /// @inheritdoc IWorkerpool
    function initialize(string calldata _workerpoolDescription) external override {
        _enroll();
        m_workerpoolDescription = _workerpoolDescription;
        m_workerStakeRatioPolicy = 30;
        m_schedulerRewardRatioPolicy = 1;
    }

    /// @inheritdoc IWorkerpool
    function changePolicy(uint256 _newWorkerStakeRatioPolicy, uint256 _newSchedulerRewardRatioPolicy)
        external
        override
        onlyOwner
    {
        require(_newSchedulerRewardRatioPolicy <= 100);
        emit PolicyUpdate(
            m_workerStakeRatioPolicy,
            _newWorkerStakeRatioPolicy,
            m_schedulerRewardRatioPolicy,
            _newSchedulerRewardRatioPolicy
        );
        m_workerStakeRatioPolicy = _newWorkerStakeRatioPolicy;
        m_schedulerRewardRatioPolicy = _newSchedulerRewardRatioPolicy;
    }
}
