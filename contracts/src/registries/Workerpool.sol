// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IResource} from "../interfaces/IResource.sol";
import {IWorkerpool} from "../interfaces/IWorkerpool.sol";
import {RegistryEntry} from "./RegistryEntry.sol";

/// @title A group of workers behind one scheduler, its owner.
contract Workerpool is IWorkerpool, RegistryEntry {
    /// @dev One word, which a match reads.
    struct Policies {
        address registry;
        uint88 workerStakeRatio; // percent
        uint8 schedulerRewardRatio; // percent, at most 100
    }

    /// @dev In place of a ratio that does not fit into the word.
    uint88 private constant LARGE = type(uint88).max;

    Policies private _policies;
    uint256 private _largeWorkerStakeRatio; // percent
    /// @inheritdoc IWorkerpool
    string public override m_workerpoolDescription;

    /// @inheritdoc IWorkerpool
    function initialize(string calldata _workerpoolDescription) external override {
        require(_policies.registry == address(0), "already initialized");
        _policies = Policies({registry: msg.sender, workerStakeRatio: 30, schedulerRewardRatio: 1});
        m_workerpoolDescription = _workerpoolDescription;
    }

    /// @inheritdoc IWorkerpool
    function m_workerStakeRatioPolicy() public view override returns (uint256) {
        uint88 ratio = _policies.workerStakeRatio;
        return ratio == LARGE ? _largeWorkerStakeRatio : ratio;
    }

    /// @inheritdoc IWorkerpool
    function m_schedulerRewardRatioPolicy() external view override returns (uint256) {
        return _policies.schedulerRewardRatio;
    }

    /// @inheritdoc IResource
    function registry() public view override(IResource, RegistryEntry) returns (address) {
        return _policies.registry;
    }

    /// @inheritdoc IWorkerpool
    function changePolicy(uint256 _newWorkerStakeRatioPolicy, uint256 _newSchedulerRewardRatioPolicy)
        external
        override
        onlyOwner
    {
        require(_newSchedulerRewardRatioPolicy <= 100);
        Policies memory old = _policies;
        emit PolicyUpdate(
            m_workerStakeRatioPolicy(),
            _newWorkerStakeRatioPolicy,
            old.schedulerRewardRatio,
            _newSchedulerRewardRatioPolicy
        );
        bool large = _newWorkerStakeRatioPolicy >= LARGE;
        if (large) _largeWorkerStakeRatio = _newWorkerStakeRatioPolicy;
        _policies = Policies({
            registry: old.registry,
            workerStakeRatio: large ? LARGE : uint88(_newWorkerStakeRatioPolicy),
            schedulerRewardRatio: uint8(_newSchedulerRewardRatioPolicy)
        });
    }
}
