// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LightProof, LightStatus, RangePermit} from "./IexecBagTypes.sol";
import {IexecRangeErrors} from "./IexecRangeErrors.sol";

/// @title Deals whose tasks have no state of their own but a bit: results are leaves of one tree a range, proved on demand.
/// @dev The specification with its reasons: contracts/README.md, "Bags at scale". A deal is light when its tag has bit 16;
/// requester and workerpool have signed that bit, and its trust is 1. Money is nRLC, times are Unix seconds. Money events
/// come once a range, with the range id keccak256(dealid, first, count) as ref.
interface IexecLight is IexecRangeErrors {
    /// @notice A worker settled tasks [first, first + count) of a light deal. `results` says where they all are.
    event LightSettled(
        bytes32 indexed dealid, address indexed worker, uint256 first, uint256 count, bytes32 root, bytes results
    );
    /// @notice `refunded` open tasks of [first, first + count) failed and were refunded.
    event LightClaimed(bytes32 indexed dealid, uint256 first, uint256 count, uint256 refunded);
    /// @notice The callback of task `idx` was called with its proved result.
    event LightDelivered(bytes32 indexed dealid, uint256 indexed idx, bytes32 taskid);

    /// @notice The light bit comes from an app or dataset order; only the requester can ask for it. By `matchOrders`.
    error LightNotRequested(bytes32 tag);
    /// @notice Light deals have trust 0 or 1. By `matchOrders`.
    error LightTrust(uint256 trust);
    /// @notice No such deal, or not a light one.
    error NotLight(bytes32 dealid);
    /// @notice Task `idx` is settled, or refunded.
    error LightNotOpen(bytes32 dealid, uint256 idx);
    /// @notice No task of the range is open.
    error NothingToClaim(bytes32 dealid, uint256 first, uint256 count);
    /// @notice The deadline has not come yet.
    error NotExpired(uint256 deadline);
    /// @notice The result is not in the tree of that range.
    error NotProved(bytes32 dealid, uint256 idx);
    /// @notice The deal has no callback.
    error NoCallback(bytes32 dealid);
    /// @notice The callback was called before.
    error AlreadyDelivered(bytes32 dealid, uint256 idx);
    /// @notice The callback could not be given all of its gas: before it, `least` must be left.
    error CallbackGas(uint256 left, uint256 least);

    /// @notice Settles and pays tasks [first, first + count); the caller is the worker of all.
    /// @param first index of the first task
    /// @param count 1 to 65 536
    /// @param root of the tree over the tasks' result hashes; who sets it keeps the leaves
    /// @param results free bytes, at most 4 096, in the event only
    /// @param enclaveChallenge the enclave that vouches for the root, or zero
    /// @param enclaveSign its signature over LightRange
    /// @param permit the authorizer's signature over RangeAuthorization, for these tasks and maybe more
    function settleLight(
        bytes32 dealid,
        uint256 first,
        uint256 count,
        bytes32 root,
        bytes calldata results,
        address enclaveChallenge,
        bytes calldata enclaveSign,
        RangePermit calldata permit
    ) external;

    /// @notice Fails and refunds what is open of [first, first + count), from the final deadline on. Anybody.
    /// @param count 1 to 65 536; settled and refunded tasks are passed over
    /// @return refunded tasks, at least 1
    function claimLight(bytes32 dealid, uint256 first, uint256 count) external returns (uint256 refunded);

    /// @notice Calls the requester's contract with the result of one task: once, with bounded gas. Anybody.
    /// @param data its keccak256 is the digest that is proved
    function deliverLight(bytes32 dealid, uint256 idx, bytes calldata data, LightProof calldata proof) external;

    /// @notice Whether a worker settled task `idx` with this digest. False for all that is no proof; never reverts.
    function proveLight(bytes32 dealid, uint256 idx, bytes32 resultDigest, LightProof calldata proof)
        external
        view
        returns (bool);

    /// @notice State of task `idx`. OPEN for indices and deals that do not exist.
    function viewLightStatus(bytes32 dealid, uint256 idx) external view returns (LightStatus);

    /// @notice Struct hash LightRange of the range that was settled from `first` on; zero when there is none.
    function viewLightRange(bytes32 dealid, uint256 first) external view returns (bytes32);
}
