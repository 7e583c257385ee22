// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IApp} from "../../interfaces/IApp.sol";
import {IDataset} from "../../interfaces/IDataset.sol";
import {IWorkerpool} from "../../interfaces/IWorkerpool.sol";
import {IexecPocoAccessors} from "../../interfaces/IexecPocoAccessors.sol";
import "../../interfaces/IexecTypes.sol";
import "../Constants.sol";
import {dealOf} from "../DealRecord.sol";
import {Matching} from "../Matching.sol";
import {outcomeOf} from "../Outcomes.sol";
import {poco} from "../PocoStorage.sol";
import {TaskRecord} from "../TaskRecord.sol";
import {contributionOf, taskOf} from "../TaskViews.sol";

/// @title Reads of the hub.
contract IexecPocoAccessorsFacet is IexecPocoAccessors {
    /// @inheritdoc IexecPocoAccessors
    function resultFor(bytes32 id) external view override returns (bytes memory) {
        TaskRecord storage task = poco().tasks[id];
        require(task.head.status() == TaskStatus.COMPLETED, "task-pending");
        (, bytes memory callbackData) = outcomeOf(task);
        return callbackData;
    }

    /// @inheritdoc IexecPocoAccessors
    function viewCategory(uint256 _catid) external view override returns (Category memory category) {
        require(_catid < poco().categories.length);
        return poco().categories[_catid];
    }

    /// @inheritdoc IexecPocoAccessors
    function viewApp(address app) external view override returns (AppInfo memory) {
        IApp a = IApp(app);
        return AppInfo(
            a.owner(), a.m_appName(), a.m_appType(), a.m_appMultiaddr(), a.m_appChecksum(), a.m_appMREnclave()
        );
    }

    /// @inheritdoc IexecPocoAccessors
    function viewDataset(address dataset) external view override returns (DatasetInfo memory) {
        IDataset d = IDataset(dataset);
        return DatasetInfo(d.owner(), d.m_datasetName(), d.m_datasetMultiaddr(), d.m_datasetChecksum());
    }

    /// @inheritdoc IexecPocoAccessors
    function viewWorkerpool(address workerpool) external view override returns (WorkerpoolInfo memory) {
        IWorkerpool w = IWorkerpool(workerpool);
        return WorkerpoolInfo(
            w.owner(), w.m_workerpoolDescription(), w.m_workerStakeRatioPolicy(), w.m_schedulerRewardRatioPolicy()
        );
    }

    /// @inheritdoc IexecPocoAccessors
    function computeDealVolume(
        AppOrder calldata appOrder,
        DatasetOrder calldata datasetOrder,
        WorkerpoolOrder calldata workerpoolOrder,
        RequestOrder calldata requestOrder
    ) external view override returns (uint256) {
        return Matching.volume(appOrder, datasetOrder, workerpoolOrder, requestOrder);
    }

    /// @inheritdoc IexecPocoAccessors
    function name() external view override returns (string memory) {
        return poco().name;
    }

    /// @inheritdoc IexecPocoAccessors
    function symbol() external view override returns (string memory) {
        return poco().symbol;
    }

    /// @inheritdoc IexecPocoAccessors
    function decimals() external view override returns (uint8) {
        return poco().decimals;
    }

    /// @inheritdoc IexecPocoAccessors
    function totalSupply() external view override returns (uint256) {
        return poco().totalSupply;
    }

    /// @inheritdoc IexecPocoAccessors
    function balanceOf(address account) external view override returns (uint256) {
        return poco().accounts[account].stake;
    }

    /// @inheritdoc IexecPocoAccessors
    function frozenOf(address account) external view override returns (uint256) {
        return poco().accounts[account].locked;
    }

    /// @inheritdoc IexecPocoAccessors
    function allowance(address account, address spender) external view override returns (uint256) {
        return poco().allowances[account][spender];
    }

    /// @inheritdoc IexecPocoAccessors
    function viewAccount(address account) external view override returns (Account memory) {
        return Account(poco().accounts[account].stake, poco().accounts[account].locked);
    }

    /// @inheritdoc IexecPocoAccessors
    function token() external view override returns (address) {
        return poco().baseToken;
    }

    /// @inheritdoc IexecPocoAccessors
    function viewDeal(bytes32 id) external view override returns (Deal memory deal) {
        return dealOf(id);
    }

    /// @inheritdoc IexecPocoAccessors
    function viewConsumed(bytes32 _id) external view override returns (uint256 consumed) {
        return poco().consumed[_id];
    }

    /// @inheritdoc IexecPocoAccessors
    function viewPresigned(bytes32 _id) external view override returns (address signer) {
        return poco().presigned[_id];
    }

    /// @inheritdoc IexecPocoAccessors
    function viewTask(bytes32 id) external view override returns (Task memory) {
        return taskOf(id);
    }

    /// @inheritdoc IexecPocoAccessors
    function viewContribution(bytes32 _taskid, address _worker) external view override returns (Contribution memory) {
        return contributionOf(_taskid, _worker);
    }

    /// @inheritdoc IexecPocoAccessors
    function viewScore(address _worker) external view override returns (uint256) {
        return poco().scores[_worker];
    }

    /// @inheritdoc IexecPocoAccessors
    function countCategory() external view override returns (uint256 count) {
        return poco().categories.length;
    }

    /// @inheritdoc IexecPocoAccessors
    function appregistry() external view override returns (address) {
        return poco().appregistry;
    }

    /// @inheritdoc IexecPocoAccessors
    function datasetregistry() external view override returns (address) {
        return poco().datasetregistry;
    }

    /// @inheritdoc IexecPocoAccessors
    function workerpoolregistry() external view override returns (address) {
        return poco().workerpoolregistry;
    }

    /// @inheritdoc IexecPocoAccessors
    function teebroker() external view override returns (address) {
        return poco().teebroker;
    }

    /// @inheritdoc IexecPocoAccessors
    function callbackgas() external view override returns (uint256) {
        return poco().callbackgas;
    }

    /// @inheritdoc IexecPocoAccessors
    function eip712domain_separator() external view override returns (bytes32) {
        return poco().domainSeparator;
    }

    /// @inheritdoc IexecPocoAccessors
    function contribution_deadline_ratio() external pure override returns (uint256) {
        return CONTRIBUTION_DEADLINE_RATIO;
    }

    /// @inheritdoc IexecPocoAccessors
    function reveal_deadline_ratio() external pure override returns (uint256) {
        return REVEAL_DEADLINE_RATIO;
    }

    /// @inheritdoc IexecPocoAccessors
    function final_deadline_ratio() external pure override returns (uint256) {
        return FINAL_DEADLINE_RATIO;
    }

    /// @inheritdoc IexecPocoAccessors
    function workerpool_stake_ratio() external pure override returns (uint256) {
        return WORKERPOOL_STAKE_RATIO;
    }

    /// @inheritdoc IexecPocoAccessors
    function kitty_ratio() external pure override returns (uint256) {
        return KITTY_RATIO;
    }

    /// @inheritdoc IexecPocoAccessors
    function kitty_min() external pure override returns (uint256) {
        return KITTY_MIN;
    }

    /// @inheritdoc IexecPocoAccessors
    function kitty_address() external pure override returns (address) {
        return KITTY_ADDRESS;
    }

    /// @inheritdoc IexecPocoAccessors
    function groupmember_purpose() external pure override returns (uint256) {
        return GROUPMEMBER_PURPOSE;
    }
}
