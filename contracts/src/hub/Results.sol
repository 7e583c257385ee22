// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOracleConsumer} from "../interfaces/IOracleConsumer.sol";
import {poco} from "./PocoStorage.sol";
import {isSignedBy, personal} from "./Signatures.sol";

/// @dev What workers vote on: the digest bound to its task.
function hashResult(bytes32 taskid, bytes32 digest) pure returns (bytes32) {
    return keccak256(abi.encodePacked(taskid, digest));
}

/// @dev Proof that a worker knew the digest before it was revealed.
function sealResult(address worker, bytes32 taskid, bytes32 digest) pure returns (bytes32) {
    return keccak256(abi.encodePacked(worker, taskid, digest));
}

/// @dev What an enclave signs for a contribution.
function enclaveMessage(bytes32 resultHash, bytes32 resultSeal) pure returns (bytes32) {
    return personal(keccak256(abi.encodePacked(resultHash, resultSeal)));
}

/// @dev Whether a worker may contribute to a task from an enclave (zero: from none). The scheduler says so, or for
/// enclaves the broker if there is one.
function isAuthorized(
    address worker,
    bytes32 taskid,
    address enclave,
    address scheduler,
    bytes calldata authorization
) view returns (bool) {
    return isSignedBy(authorizationMessage(worker, taskid, enclave), authorizerOf(enclave, scheduler), authorization);
}

/// @dev What the authorizer signs to let a worker contribute to a task from an enclave (zero: from none).
function authorizationMessage(address worker, bytes32 taskid, address enclave) pure returns (bytes32) {
    return personal(keccak256(abi.encodePacked(worker, taskid, enclave)));
}

/// @dev Who lets workers contribute: the scheduler, or for enclaves the broker if there is one.
function authorizerOf(address enclave, address scheduler) view returns (address authorizer) {
    authorizer = scheduler;
    if (enclave != address(0)) {
        address broker = poco().teebroker;
        if (broker != address(0)) authorizer = broker;
    }
}

/// @dev Callback data must be what the workers agreed on; without callback there may be none.
function fitsCallback(address callback, bytes32 digest, bytes calldata data) pure returns (bool) {
    return (callback == address(0) && data.length == 0) || keccak256(data) == digest;
}

/// @dev What calling a contract costs besides the gas it is given: two cold accounts, where it delegates its code (EIP-7702),
/// at 2 600 each, and as much again for what a chain may charge more.
uint256 constant CALL_COST = 10_400;

/// @dev Gas that must be left for a callee to get its whole allowance: a call gets at most all but a 64th (EIP-150). It is
/// looked at before the call: a callee that passes its gas on would hide the want of it from a look at what comes back.
function gasToGive(uint256 allowance) pure returns (uint256) {
    return allowance + allowance / 63 + CALL_COST;
}

/// @dev What a requester's contract is called with.
function callbackMessage(bytes32 taskid, bytes calldata data) pure returns (bytes memory) {
    return abi.encodeCall(IOracleConsumer.receiveResult, (taskid, data));
}

/// @dev Calls a requester's contract with bounded gas, which the caller has seen to be there. Its failure is ignored, and
/// its answer not copied, so it cannot make us pay for memory.
function callBack(address target, uint256 allowance, bytes memory message) {
    // Reads the message only.
    assembly ("memory-safe") {
        pop(call(allowance, target, 0, add(message, 0x20), mload(message), 0, 0))
    }
}
