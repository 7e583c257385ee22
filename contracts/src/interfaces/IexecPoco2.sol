// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Life of a task: initialize, contribute, reveal, finalize; or claim. Broken preconditions revert without data.
interface IexecPoco2 {
    /// @notice A task is open for contributions.
    event TaskInitialize(bytes32 indexed taskid, address indexed workerpool);
    /// @notice A worker voted for a result hash.
    event TaskContribute(bytes32 indexed taskid, address indexed worker, bytes32 hash);
    /// @notice A result hash won; its voters reveal now.
    event TaskConsensus(bytes32 indexed taskid, bytes32 consensus);
    /// @notice A winner proved to know the result.
    event TaskReveal(bytes32 indexed taskid, address indexed worker, bytes32 digest);
    /// @notice Nobody revealed; the winners are rejected and the task is open again.
    event TaskReopen(bytes32 indexed taskid);
    /// @notice A task is completed and paid.
    event TaskFinalize(bytes32 indexed taskid, bytes results);
    /// @notice A task failed and is refunded.
    event TaskClaimed(bytes32 indexed taskid);
    /// @notice A worker's score grew.
    event AccurateContribution(address indexed worker, bytes32 indexed taskid);
    /// @notice A worker lost its stake and a third of its score.
    event FaultyContribution(address indexed worker, bytes32 indexed taskid);

    /// @notice Opens task idx of a deal. Anybody.
    function initialize(bytes32 _dealid, uint256 idx) external returns (bytes32);
    /// @notice Votes for a result hash, staking the deal's worker stake. Needs the scheduler's authorization.
    function contribute(
        bytes32 _taskid,
        bytes32 _resultHash,
        bytes32 _resultSeal,
        address _enclaveChallenge,
        bytes calldata _enclaveSign,
        bytes calldata _authorizationSign
    ) external;
    /// @notice Contributes, reveals and finalizes at once, in a deal of trust 1.
    function contributeAndFinalize(
        bytes32 _taskid,
        bytes32 _resultDigest,
        bytes calldata _results,
        bytes calldata _resultsCallback,
        address _enclaveChallenge,
        bytes calldata _enclaveSign,
        bytes calldata _authorizationSign
    ) external;
    /// @notice Proves the caller's winning contribution.
    function reveal(bytes32 _taskid, bytes32 _resultDigest) external;
    /// @notice Rejects winners of whom none revealed in time. Scheduler only.
    function reopen(bytes32 _taskid) external;
    /// @notice Publishes the result, settles, and calls the requester's contract. Scheduler only.
    function finalize(bytes32 _taskid, bytes calldata _results, bytes calldata _resultsCallback) external;
    /// @notice Fails and refunds a task past its final deadline. Anybody.
    function claim(bytes32 _taskid) external;
    /// @notice Opens several tasks; all or none.
    function initializeArray(bytes32[] calldata _dealid, uint256[] calldata _idx) external returns (bool);
    /// @notice Claims several tasks; all or none.
    function claimArray(bytes32[] calldata _taskid) external returns (bool);
    /// @notice Opens and claims several tasks; all or none.
    function initializeAndClaimArray(bytes32[] calldata _dealid, uint256[] calldata _idx) external returns (bool);
}
