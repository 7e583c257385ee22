// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title Views in the older flat form, for clients that still decode it.
interface IexecAccessorsABILegacy {
    /// @notice Parties and prices (nRLC) of a deal: app, dataset, workerpool.
    function viewDealABILegacy_pt1(bytes32 _id)
        external
        view
        returns (address, address, uint256, address, address, uint256, address, address, uint256);
    /// @notice trust, tag, requester, beneficiary, callback and params of a deal.
    function viewDealABILegacy_pt2(bytes32 _id)
        external
        view
        returns (uint256, bytes32, address, address, address, string memory);
    /// @notice category, startTime, botFirst, botSize, workerStake and schedulerRewardRatio of a deal.
    function viewConfigABILegacy(bytes32 _id)
        external
        view
        returns (uint256, uint256, uint256, uint256, uint256, uint256);
    /// @notice Free and locked stake, nRLC.
    function viewAccountABILegacy(address account) external view returns (uint256, uint256);
    /// @notice First ten fields of a task, its contributors and its results.
    function viewTaskABILegacy(bytes32 _taskid)
        external
        view
        returns (
            TaskStatus,
            bytes32,
            uint256,
            uint256,
            uint256,
            uint256,
            uint256,
            bytes32,
            uint256,
            uint256,
            address[] memory,
            bytes memory
        );
    /// @notice Status, hash, seal and enclave challenge of a contribution.
    function viewContributionABILegacy(bytes32 _taskid, address _worker)
        external
        view
        returns (ContributionStatus, bytes32, bytes32, address);
    /// @notice A category; Panic 0x32 when there is none.
    function viewCategoryABILegacy(uint256 _catid) external view returns (string memory, string memory, uint256);
}
