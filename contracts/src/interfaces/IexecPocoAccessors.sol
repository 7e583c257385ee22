// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title Reads of the hub. Unknown ids give all-zero values unless said otherwise.
interface IexecPocoAccessors {
    /// @notice Name of the staked token.
    function name() external view returns (string memory);
    /// @notice Symbol of the staked token.
    function symbol() external view returns (string memory);
    /// @notice Decimals of the staked token (9: one unit is an nRLC).
    function decimals() external view returns (uint8);
    /// @notice Staked tokens in existence, nRLC.
    function totalSupply() external view returns (uint256);
    /// @notice Free stake of an account, nRLC.
    function balanceOf(address account) external view returns (uint256);
    /// @notice Locked stake of an account, nRLC.
    function frozenOf(address account) external view returns (uint256);
    /// @notice What spender may still move for account, nRLC.
    function allowance(address account, address spender) external view returns (uint256);
    /// @notice Free and locked stake of an account, nRLC.
    function viewAccount(address account) external view returns (Account memory);
    /// @notice The base token behind the staked token.
    function token() external view returns (address);
    /// @notice A deal by id.
    function viewDeal(bytes32 id) external view returns (Deal memory deal);
    /// @notice Volume already used of an order, by its typed hash.
    function viewConsumed(bytes32 _id) external view returns (uint256 consumed);
    /// @notice Account that signed an order on chain, by the order's typed hash.
    function viewPresigned(bytes32 _id) external view returns (address signer);
    /// @notice A task by id.
    function viewTask(bytes32 id) external view returns (Task memory);
    /// @notice One worker's contribution to a task.
    function viewContribution(bytes32 _taskid, address _worker) external view returns (Contribution memory);
    /// @notice Number of net accurate contributions of a worker.
    function viewScore(address _worker) external view returns (uint256);
    /// @notice Callback data of a completed task; `task-pending` before that.
    function resultFor(bytes32 id) external view returns (bytes memory);
    /// @notice A category; reverts without data when there is none.
    function viewCategory(uint256 _catid) external view returns (Category memory category);
    /// @notice Number of categories.
    function countCategory() external view returns (uint256 count);
    /// @notice The getters of an app in one call.
    function viewApp(address app) external view returns (AppInfo memory);
    /// @notice The getters of a dataset in one call.
    function viewDataset(address dataset) external view returns (DatasetInfo memory);
    /// @notice The getters of a workerpool in one call.
    function viewWorkerpool(address workerpool) external view returns (WorkerpoolInfo memory);
    /// @notice Tasks that matching these orders now would create.
    function computeDealVolume(
        AppOrder calldata appOrder,
        DatasetOrder calldata datasetOrder,
        WorkerpoolOrder calldata workerpoolOrder,
        RequestOrder calldata requestOrder
    ) external view returns (uint256);
    /// @notice Registry of applications.
    function appregistry() external view returns (address);
    /// @notice Registry of datasets.
    function datasetregistry() external view returns (address);
    /// @notice Registry of workerpools.
    function workerpoolregistry() external view returns (address);
    /// @notice Account that authorizes enclave contributions, or zero.
    function teebroker() external view returns (address);
    /// @notice Gas given to a deal's callback.
    function callbackgas() external view returns (uint256);
    /// @notice Contributions close this many time references after the match.
    function contribution_deadline_ratio() external pure returns (uint256);
    /// @notice Reveals close this many time references after the consensus.
    function reveal_deadline_ratio() external pure returns (uint256);
    /// @notice Tasks can be claimed this many time references after the match.
    function final_deadline_ratio() external pure returns (uint256);
    /// @notice Percentage of the workerpool price that the scheduler stakes.
    function workerpool_stake_ratio() external pure returns (uint256);
    /// @notice Percentage of the kitty paid per completed task.
    function kitty_ratio() external pure returns (uint256);
    /// @notice Least part of the kitty paid per completed task, nRLC.
    function kitty_min() external pure returns (uint256);
    /// @notice Account under which the kitty is kept.
    function kitty_address() external pure returns (address);
    /// @notice ERC-734 purpose that makes an account a member of a restriction group.
    function groupmember_purpose() external pure returns (uint256);
    /// @notice Stored EIP-712 domain separator, the one order hashes use.
    function eip712domain_separator() external view returns (bytes32);
}
