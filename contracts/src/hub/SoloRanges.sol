// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RangePermit, SoloResult} from "../interfaces/IexecBagTypes.sol";
import {IexecBags} from "../interfaces/IexecBags.sol";
import {IexecPoco2} from "../interfaces/IexecPoco2.sol";
import {IexecRangeErrors} from "../interfaces/IexecRangeErrors.sol";
import {TaskStatus} from "../interfaces/IexecTypes.sol";
import {hashSoloRange} from "./BagHashes.sol";
import {DealHead, Terms, termsOf, workerpoolOf} from "./DealRecord.sol";
import {typedHash} from "./Orders.sol";
import {SoloBlob, SoloBlobs} from "./SoloBlobs.sol";
import {Permits} from "./Permits.sol";
import {poco} from "./PocoStorage.sol";
import {authorizerOf, fitsCallback, hashResult} from "./Results.sol";
import {isSignedBy} from "./Signatures.sol";
import {Tab, SoloPay} from "./SoloPay.sol";
import {TaskHead, newTask} from "./TaskRecord.sol";
import {Tasks} from "./Tasks.sol";

/// @dev Most tasks of one call.
uint256 constant MOST_ENTRIES = 200;

/// @dev A range whose tasks and results were checked.
struct SoloRange {
    bytes32 dealid;
    address workerpool;
    uint256 shown; // the reveal deadline that views show
    uint256[] heads; // of the tasks, completed but for the blob's number
    uint256 fresh; // one bit for each task that this call opens
}

/// @title Tasks that one worker settles together, in a deal of trust 1. The caller is the worker.
library SoloRanges {
    /// @dev Refuses with the first thing that is wrong with the call as a whole.
    function admit(
        bytes32 dealid,
        uint256 first,
        SoloResult[] calldata entries,
        address enclave,
        bytes calldata enclaveSign,
        RangePermit calldata permit
    ) internal view returns (Terms memory terms) {
        DealHead deal = poco().deals[dealid];
        if (!deal.exists()) revert IexecRangeErrors.UnknownDeal(dealid);
        if (deal.isLight()) revert IexecBags.LightDeal(dealid);
        terms = termsOf(deal.blob());
        if (terms.deal.trust != 1) revert IexecBags.TrustAboveOne(dealid, terms.deal.trust);
        uint256 count = entries.length;
        if (count == 0 || count > MOST_ENTRIES) revert IexecRangeErrors.BadCount(count, MOST_ENTRIES);
        if (!Permits.covers(deal.firstIndex(), deal.size(), first, count)) {
            revert IexecRangeErrors.OutsideDeal(first, count, deal.firstIndex(), deal.size());
        }
        uint256 deadline = terms.contributionDeadline();
        if (block.timestamp >= deadline) revert IexecRangeErrors.TooLate(deadline);
        if (enclave == address(0) && terms.needsEnclave()) revert IexecRangeErrors.EnclaveRequired(dealid);
        address authorizer = authorizerOf(enclave, terms.deal.workerpool.owner);
        Permits.check(permit, dealid, first, count, msg.sender, enclave, authorizer);
        if (enclave == address(0)) return terms;
        bytes32 signed = typedHash(hashSoloRange(msg.sender, dealid, first, entries));
        if (!isSignedBy(signed, enclave, enclaveSign)) revert IexecRangeErrors.BadEnclaveSignature(enclave);
    }

    /// @dev Completes and pays the tasks of an admitted range. Only callbacks are left to be made.
    function complete(Terms memory terms, uint256 first, SoloResult[] calldata entries, address enclave) internal {
        SoloRange memory range;
        range.dealid = terms.dealid;
        range.workerpool = terms.deal.workerpool.pointer;
        range.shown = terms.revealDeadline();
        uint256 blob = _keep(range, terms.deal.callback, first, entries, enclave);
        Tab memory tab = SoloPay.open(terms, msg.sender);
        for (uint256 i = 0; i < entries.length; ++i) {
            _settle(range, tab, Tasks.idOf(range.dealid, first + i), i, blob, entries[i]);
        }
        SoloPay.close(tab, entries.length);
    }

    /// @dev Calls the requester's contract for every task, in order.
    function callBack(Terms memory terms, uint256 first, SoloResult[] calldata entries) internal {
        address callback = terms.deal.callback;
        if (callback == address(0)) return;
        for (uint256 i = 0; i < entries.length; ++i) {
            Tasks.callBackRequester(callback, Tasks.idOf(terms.dealid, first + i), entries[i].resultsCallback);
        }
    }

    /// @dev Checks every task and its result, and keeps the results.
    /// @return number of the blob
    function _keep(
        SoloRange memory range,
        address callback,
        uint256 first,
        SoloResult[] calldata entries,
        address enclave
    ) private returns (uint256 number) {
        range.heads = new uint256[](entries.length);
        uint256 deal = poco().deals[range.dealid].blob();
        SoloBlob memory blob = SoloBlobs.start(msg.sender, enclave);
        for (uint256 i = 0; i < entries.length; ++i) {
            SoloResult calldata entry = entries[i];
            bytes32 taskid = Tasks.idOf(range.dealid, first + i);
            TaskHead head = poco().tasks[taskid].head;
            TaskStatus status = head.status();
            if (status == TaskStatus.UNSET) {
                head = newTask(deal, first + i);
                range.fresh |= 1 << i;
            } else if (status != TaskStatus.ACTIVE || head.contributors() != 0) {
                revert IexecBags.TaskNotOpen(range.dealid, first + i);
            }
            if (!fitsCallback(callback, entry.resultDigest, entry.resultsCallback)) {
                revert IexecBags.CallbackMismatch(taskid, entry.resultDigest);
            }
            uint256 offset = SoloBlobs.add(blob, entry);
            range.heads[i] = TaskHead.unwrap(head.withSoloResult(0, offset, range.shown));
        }
        number = SoloBlobs.create(blob);
    }

    function _settle(
        SoloRange memory range,
        Tab memory tab,
        bytes32 taskid,
        uint256 i,
        uint256 blob,
        SoloResult calldata entry
    ) private {
        poco().tasks[taskid].head = TaskHead.wrap(range.heads[i]).withResult(blob);
        if ((range.fresh >> i) & 1 == 1) emit IexecPoco2.TaskInitialize(taskid, range.workerpool);
        SoloPay.announce(tab, taskid);
        bytes32 digest = entry.resultDigest;
        Tasks.announceSolo(taskid, tab.worker, hashResult(taskid, digest), digest, entry.results);
    }
}
