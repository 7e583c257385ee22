// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ballot, RangePermit, SoloResult, VoteRefusal} from "./IexecBagTypes.sol";
import {IexecRangeErrors} from "./IexecRangeErrors.sol";

/// @title Many steps of tasks in one call. Every task ends as it would by single calls, with the same events of its own.
/// @dev The specification with its reasons: contracts/README.md, "Bags at scale". Where nothing else is said, money is nRLC,
/// times are Unix seconds, and a call does all or nothing.
interface IexecBags is IexecRangeErrors {
    /// @notice A relayed vote was not counted; nothing was locked for it.
    event VoteSkipped(bytes32 indexed taskid, address indexed worker, VoteRefusal reason);
    /// @notice `finalizeLate` ended a task; the finalizer got `bounty` nRLC of the scheduler's reward, maybe none.
    event TaskFinalizeLate(bytes32 indexed taskid, address indexed finalizer, uint256 bounty);
    /// @notice The scheduler or a proved worker says where the result of a completed task is. Check it by the digest.
    event ResultsPublished(bytes32 indexed taskid, address indexed publisher, bytes results);

    /// @notice Tasks of a light deal are settled by `IexecLight` only.
    error LightDeal(bytes32 dealid);
    /// @notice One worker alone may settle tasks of trust 1 only.
    error TrustAboveOne(bytes32 dealid, uint256 trust);
    /// @notice Two arrays belong together item by item.
    error LengthMismatch(uint256 left, uint256 right);
    /// @notice This caller may do that from `from` on.
    error TooEarly(address caller, uint256 from);
    /// @notice Task `idx` is settled, or somebody has contributed to it.
    error TaskNotOpen(bytes32 dealid, uint256 idx);
    /// @notice The task is not revealing, or nobody has revealed.
    error TaskNotRevealed(bytes32 taskid);
    /// @notice The task is not completed.
    error TaskNotCompleted(bytes32 taskid);
    /// @notice The callback data is not what the digest says, or the deal has no callback.
    error CallbackMismatch(bytes32 taskid, bytes32 resultDigest);
    /// @notice A stranger may not say where the result is.
    error ResultsNotYours(address caller);
    /// @notice Too little gas is left to ask a contract for its signature; skipping its vote would be unjust.
    error VoteGas(uint256 left, uint256 least);
    /// @notice Every vote was passed over.
    error NothingCounted();
    /// @notice No contribution was there to be proved by these digests.
    error NothingProved();

    /// @notice `initialize` and `contributeAndFinalize` in one call: signatures, checks, effects and events are theirs.
    /// The task may have been initialized before, by anybody. Broken preconditions revert without data.
    /// @return taskid the task
    function initializeAndContributeAndFinalize(
        bytes32 dealid,
        uint256 idx,
        bytes32 resultDigest,
        bytes calldata results,
        bytes calldata resultsCallback,
        address enclaveChallenge,
        bytes calldata enclaveSign,
        bytes calldata authorizationSign
    ) external returns (bytes32 taskid);

    /// @notice Settles tasks [first, first + entries.length) of a deal of trust 1; the caller is the worker of all.
    /// Tasks may be initialized already, but not contributed to. Callbacks come last, in the order of the tasks.
    /// @param first index of the first task
    /// @param entries one result a task: 1 to 200, together at most what one blob holds
    /// @param enclaveChallenge the enclave that vouches for all entries, or zero
    /// @param enclaveSign its signature over SoloRange
    /// @param permit the authorizer's signature over RangeAuthorization, for these tasks and maybe more
    function contributeAndFinalizeRange(
        bytes32 dealid,
        uint256 first,
        SoloResult[] calldata entries,
        address enclaveChallenge,
        bytes calldata enclaveSign,
        RangePermit calldata permit
    ) external;

    /// @notice Contributes for workers who signed their votes. Anybody; the authorizer of a vote needs no authorization
    /// for it. A vote that cannot be counted is passed over with `VoteSkipped`, so that no worker can spoil the others'.
    /// @param ballots at most 256 votes together
    /// @return counted votes that were counted, at least 1
    function contributeFor(Ballot[] calldata ballots) external returns (uint256 counted);

    /// @notice Reveals for every winner whose seal fits the digest. Anybody. Tasks with nothing to prove are passed over.
    /// @param taskids at most 256
    /// @param resultDigests one a task
    /// @return proved contributions that were proved, at least 1
    function revealFor(bytes32[] calldata taskids, bytes32[] calldata resultDigests) external returns (uint256 proved);

    /// @notice Finalizes a task that its scheduler leaves lying. Proved workers and the requester: from half a time
    /// reference after the reveal deadline on, with results of their choice. Anybody else: in the last half time
    /// reference before the final deadline, with empty results. Then the caller gets half of the scheduler's reward.
    /// @param resultsCallback as for `finalize`
    /// @return bounty nRLC paid to the caller
    function finalizeLate(bytes32 taskid, bytes calldata results, bytes calldata resultsCallback)
        external
        returns (uint256 bounty);

    /// @notice Says where the result of a completed task is, in an event only. Scheduler and proved workers.
    function publishResults(bytes32 taskid, bytes calldata results) external;
}
