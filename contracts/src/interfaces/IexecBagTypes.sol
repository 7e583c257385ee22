// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Structs of `IexecBags` and `IexecLight`. Field order and types are ABI.

/// @dev What the authorizer of a range signed. The calls that take it may settle any part of [first, first + count).
struct RangePermit {
    uint256 first; // task index, counted over the whole request order
    uint256 count; // tasks
    bytes sign; // over RangeAuthorization; not looked at when the caller is the authorizer
}

/// @dev Result of one task, by one worker alone.
struct SoloResult {
    bytes32 resultDigest;
    bytes results; // free bytes: where the result is
    bytes resultsCallback; // keccak256 of it is the digest; empty when the deal has no callback
}

/// @dev One worker's vote on one task. The first four fields are signed by the worker, in this order.
struct Vote {
    bytes32 taskid;
    bytes32 resultHash;
    bytes32 resultSeal;
    address enclaveChallenge; // zero: none
    bytes enclaveSign; // as for `contribute`
    bytes authorizationSign; // as for `contribute`; not looked at when the caller is the authorizer
}

/// @dev Votes of one worker under one signature.
struct Ballot {
    address worker;
    Vote[] votes;
    bytes workerSign; // over Ballot
}

/// @dev Why a relayed vote was passed over. ABI order.
enum VoteRefusal {
    SIGNATURE, // the worker did not sign the ballot
    CLOSED, // the task takes no contributions (any more)
    FULL, // the task has its most contributors, or its tally cannot hold the vote
    VOTED, // the worker has a contribution, maybe a rejected one
    ENCLAVE, // none where the deal needs one, or it did not sign
    AUTHORIZATION, // the authorizer did not sign
    STAKE // the worker's free stake is below the deal's worker stake
}

/// @dev State of a task of a light deal. REFUNDED and SETTLED are final but for the delivery of a settled task.
enum LightStatus {
    OPEN,
    SETTLED,
    DELIVERED,
    REFUNDED
}

/// @dev Place of a result in the tree of its range.
struct LightProof {
    uint256 first; // of the range, as settled
    uint256 count; // of the range, as settled
    address worker; // who settled the range
    bytes32[] siblings; // from the leaf up; exactly ceil(log2(count))
}
