// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecAccessorsABILegacy} from "../../interfaces/IexecAccessorsABILegacy.sol";
import {Category, Contribution, ContributionStatus, Deal, Task, TaskStatus} from "../../interfaces/IexecTypes.sol";
import {dealOf} from "../DealRecord.sol";
import {poco} from "../PocoStorage.sol";
import {contributionOf, taskOf} from "../TaskViews.sol";

/// @title Reads of the hub in the older flat form.
contract IexecAccessorsABILegacyFacet is IexecAccessorsABILegacy {
    /// @inheritdoc IexecAccessorsABILegacy
    function viewDealABILegacy_pt1(bytes32 _id)
        external
        view
        override
        returns (address, address, uint256, address, address, uint256, address, address, uint256)
    {
        Deal memory deal = dealOf(_id);
        return (
            deal.app.pointer,
            deal.app.owner,
            deal.app.price,
            deal.dataset.pointer,
            deal.dataset.owner,
            deal.dataset.price,
            deal.workerpool.pointer,
            deal.workerpool.owner,
            deal.workerpool.price
        );
    }

    /// @inheritdoc IexecAccessorsABILegacy
    function viewDealABILegacy_pt2(bytes32 _id)
        external
        view
        override
        returns (uint256, bytes32, address, address, address, string memory)
    {
        Deal memory deal = dealOf(_id);
        return (deal.trust, deal.tag, deal.requester, deal.beneficiary, deal.callback, deal.params);
    }

    /// @inheritdoc IexecAccessorsABILegacy
    function viewConfigABILegacy(bytes32 _id)
        external
        view
        override
        returns (uint256, uint256, uint256, uint256, uint256, uint256)
    {
        Deal memory deal = dealOf(_id);
        return (
            deal.category, deal.startTime, deal.botFirst, deal.botSize, deal.workerStake, deal.schedulerRewardRatio
        );
    }

    /// @inheritdoc IexecAccessorsABILegacy
    function viewAccountABILegacy(address account) external view override returns (uint256, uint256) {
        return (poco().accounts[account].stake, poco().accounts[account].locked);
    }

    /// @inheritdoc IexecAccessorsABILegacy
    function viewTaskABILegacy(bytes32 _taskid)
        external
        view
        override
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
        )
    {
        Task memory task = taskOf(_taskid);
        return (
            task.status,
            task.dealid,
            task.idx,
            task.timeref,
            task.contributionDeadline,
            task.revealDeadline,
            task.finalDeadline,
            task.consensusValue,
            task.revealCounter,
            task.winnerCounter,
            task.contributors,
            task.results
        );
    }

    /// @inheritdoc IexecAccessorsABILegacy
    function viewContributionABILegacy(bytes32 _taskid, address _worker)
        external
        view
        override
        returns (ContributionStatus, bytes32, bytes32, address)
    {
        Contribution memory vote = contributionOf(_taskid, _worker);
        return (vote.status, vote.resultHash, vote.resultSeal, vote.enclaveChallenge);
    }

    /// @inheritdoc IexecAccessorsABILegacy
    function viewCategoryABILegacy(uint256 _catid)
        external
        view
        override
        returns (string memory, string memory, uint256)
    {
        Category memory category = poco().categories[_catid];
        return (category.name, category.description, category.workClockTimeRef);
    }
}
