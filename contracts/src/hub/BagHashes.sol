// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SoloResult, Vote} from "../interfaces/IexecBagTypes.sol";

// EIP-712 struct hashes of what is signed for ranges and relays; `typedHash` binds them to hub and chain. Twin of
// `protocol::bags`: the same vectors test both.

bytes32 constant RANGE_AUTHORIZATION_TYPEHASH = keccak256(
    "RangeAuthorization(address worker,bytes32 dealid,uint256 first,uint256 count,address enclaveChallenge)"
);
bytes32 constant SOLO_RANGE_TYPEHASH =
    keccak256("SoloRange(address worker,bytes32 dealid,uint256 first,bytes32[] resultDigests)");
bytes32 constant LIGHT_RANGE_TYPEHASH =
    keccak256("LightRange(address worker,bytes32 dealid,uint256 first,uint256 count,bytes32 root)");
bytes32 constant VOTE_TYPEHASH =
    keccak256("Vote(bytes32 taskid,bytes32 resultHash,bytes32 resultSeal,address enclaveChallenge)");
bytes32 constant BALLOT_TYPEHASH = keccak256(
    "Ballot(address worker,Vote[] votes)Vote(bytes32 taskid,bytes32 resultHash,bytes32 resultSeal,address enclaveChallenge)"
);

/// @dev What the authorizer signs to let a worker settle any part of a range.
function hashRangeAuthorization(address worker, bytes32 dealid, uint256 first, uint256 count, address enclave)
    pure
    returns (bytes32)
{
    return keccak256(abi.encode(RANGE_AUTHORIZATION_TYPEHASH, worker, dealid, first, count, enclave));
}

/// @dev What an enclave signs for results of consecutive tasks.
function hashSoloRange(address worker, bytes32 dealid, uint256 first, SoloResult[] calldata entries)
    pure
    returns (bytes32)
{
    bytes32[] memory digests = new bytes32[](entries.length);
    for (uint256 i = 0; i < entries.length; ++i) {
        digests[i] = entries[i].resultDigest;
    }
    bytes32 digestsHash = keccak256(abi.encodePacked(digests));
    return keccak256(abi.encode(SOLO_RANGE_TYPEHASH, worker, dealid, first, digestsHash));
}

/// @dev What an enclave signs for a tree, and what the hub keeps of a settled range.
function hashLightRange(address worker, bytes32 dealid, uint256 first, uint256 count, bytes32 root)
    pure
    returns (bytes32)
{
    return keccak256(abi.encode(LIGHT_RANGE_TYPEHASH, worker, dealid, first, count, root));
}

/// @dev What a worker signs to have its votes relayed.
function hashBallot(address worker, Vote[] calldata votes) pure returns (bytes32) {
    bytes32[] memory hashes = new bytes32[](votes.length);
    for (uint256 i = 0; i < votes.length; ++i) {
        hashes[i] = hashVote(votes[i]);
    }
    return keccak256(abi.encode(BALLOT_TYPEHASH, worker, keccak256(abi.encodePacked(hashes))));
}

function hashVote(Vote calldata vote) pure returns (bytes32) {
    return keccak256(
        abi.encode(VOTE_TYPEHASH, vote.taskid, vote.resultHash, vote.resultSeal, vote.enclaveChallenge)
    );
}

/// @dev Names a range of a light deal in money events. Its 96 bytes cannot be mistaken for the 64 bytes of a task id.
function lightRangeId(bytes32 dealid, uint256 first, uint256 count) pure returns (bytes32) {
    return keccak256(abi.encodePacked(dealid, first, count));
}
