// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ballot, RangePermit, SoloResult} from "../../interfaces/IexecBagTypes.sol";
import {IexecBags} from "../../interfaces/IexecBags.sol";
import {IexecPoco2} from "../../interfaces/IexecPoco2.sol";
import {TaskStatus} from "../../interfaces/IexecTypes.sol";
import {Terms, termsOf} from "../DealRecord.sol";
import {Escrow} from "../Escrow.sol";
import {LateFinalization} from "../LateFinalization.sol";
import {poco} from "../PocoStorage.sol";
import {Relay, RelayedVotes} from "../RelayedVotes.sol";
import {Reveals} from "../Reveals.sol";
import {SoloRanges} from "../SoloRanges.sol";
import {TaskHead, TaskRecord} from "../TaskRecord.sol";
import {Tasks} from "../Tasks.sol";

/// @title Many steps of tasks in one call.
contract IexecBagsFacet is IexecBags {
    /// @dev Most bytes that `publishResults` says.
    uint256 private constant MOST_PUBLISHED = 4_096;

    /// @inheritdoc IexecBags
    function initializeAndContributeAndFinalize(
        bytes32 dealid,
        uint256 idx,
        bytes32 resultDigest,
        bytes calldata results,
        bytes calldata resultsCallback,
        address enclaveChallenge,
        bytes calldata enclaveSign,
        bytes calldata authorizationSign
    ) external override returns (bytes32 taskid) {
        taskid = Tasks.idOf(dealid, idx);
        if (poco().tasks[taskid].head.status() != TaskStatus.ACTIVE) Tasks.open(dealid, idx);
        Tasks.completeAlone(
            taskid, resultDigest, results, resultsCallback, enclaveChallenge, enclaveSign, authorizationSign
        );
    }

    /// @inheritdoc IexecBags
    function contributeAndFinalizeRange(
        bytes32 dealid,
        uint256 first,
        SoloResult[] calldata entries,
        address enclaveChallenge,
        bytes calldata enclaveSign,
        RangePermit calldata permit
    ) external override {
        Terms memory terms = SoloRanges.admit(dealid, first, entries, enclaveChallenge, enclaveSign, permit);
        SoloRanges.complete(terms, first, entries, enclaveChallenge);
        SoloRanges.callBack(terms, first, entries);
    }

    /// @inheritdoc IexecBags
    function contributeFor(Ballot[] calldata ballots) external override returns (uint256) {
        RelayedVotes.admit(ballots);
        Relay memory relay;
        for (uint256 i = 0; i < ballots.length; ++i) {
            RelayedVotes.cast(relay, ballots[i]);
        }
        if (relay.counted == 0) revert NothingCounted();
        return relay.counted;
    }

    /// @inheritdoc IexecBags
    function revealFor(bytes32[] calldata taskids, bytes32[] calldata resultDigests)
        external
        override
        returns (uint256 proved)
    {
        uint256 count = taskids.length;
        if (count != resultDigests.length) revert LengthMismatch(count, resultDigests.length);
        if (count == 0 || count > Reveals.MOST_TASKS) revert BadCount(count, Reveals.MOST_TASKS);
        for (uint256 i = 0; i < count; ++i) {
            proved += Reveals.proveAll(taskids[i], resultDigests[i]);
        }
        if (proved == 0) revert NothingProved();
    }

    /// @inheritdoc IexecBags
    function finalizeLate(bytes32 taskid, bytes calldata results, bytes calldata resultsCallback)
        external
        override
        returns (uint256 bounty)
    {
        (Terms memory terms, TaskHead head, bool isPaid) = LateFinalization.admit(taskid, results, resultsCallback);
        uint256 rest = Tasks.complete(terms, head, taskid, results, resultsCallback);
        // Only the scheduler's own part is cut: all shares are paid by now.
        if (isPaid) bounty = rest / 2;
        Escrow.reward(terms.deal.workerpool.owner, rest - bounty, taskid);
        if (bounty > 0) Escrow.reward(msg.sender, bounty, taskid);
        emit IexecPoco2.TaskFinalize(taskid, results);
        emit TaskFinalizeLate(taskid, msg.sender, bounty);
        Tasks.callBackRequester(terms.deal.callback, taskid, resultsCallback);
    }

    /// @inheritdoc IexecBags
    function publishResults(bytes32 taskid, bytes calldata results) external override {
        TaskRecord storage task = poco().tasks[taskid];
        TaskHead head = task.head;
        // Boost tasks have no deal, and nobody who was proved.
        if (head.status() != TaskStatus.COMPLETED || head.deal() == 0) revert TaskNotCompleted(taskid);
        address scheduler = termsOf(head.deal()).deal.workerpool.owner;
        if (msg.sender != scheduler && !LateFinalization.isProved(task, head, msg.sender)) {
            revert NotAuthorized(msg.sender, scheduler);
        }
        if (results.length > MOST_PUBLISHED) revert ResultsTooLong(results.length, MOST_PUBLISHED);
        emit ResultsPublished(taskid, msg.sender, results);
    }
}
