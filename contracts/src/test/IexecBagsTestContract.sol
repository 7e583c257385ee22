// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {
    hashBallot,
    hashLightRange,
    hashRangeAuthorization,
    hashSoloRange,
    lightRangeId
} from "../hub/BagHashes.sol";
import {treeDepth, treeLeaf, treeNode, treeRoot} from "../hub/RangeTree.sol";
import {SoloResult, Vote} from "../interfaces/IexecBagTypes.sol";

/// @title Test double: hashes and trees of bags in the open.
contract IexecBagsTestContract {
    function rangeAuthorization(address worker, bytes32 dealid, uint256 first, uint256 count, address enclave)
        external
        pure
        returns (bytes32)
    {
        return hashRangeAuthorization(worker, dealid, first, count, enclave);
    }

    function soloRange(address worker, bytes32 dealid, uint256 first, SoloResult[] calldata entries)
        external
        pure
        returns (bytes32)
    {
        return hashSoloRange(worker, dealid, first, entries);
    }

    function lightRange(address worker, bytes32 dealid, uint256 first, uint256 count, bytes32 root)
        external
        pure
        returns (bytes32)
    {
        return hashLightRange(worker, dealid, first, count, root);
    }

    function ballot(address worker, Vote[] calldata votes) external pure returns (bytes32) {
        return hashBallot(worker, votes);
    }

    function rangeId(bytes32 dealid, uint256 first, uint256 count) external pure returns (bytes32) {
        return lightRangeId(dealid, first, count);
    }

    function leaf(bytes32 resultHash) external pure returns (bytes32) {
        return treeLeaf(resultHash);
    }

    function node(bytes32 left, bytes32 right) external pure returns (bytes32) {
        return treeNode(left, right);
    }

    function depth(uint256 count) external pure returns (uint256) {
        return treeDepth(count);
    }

    function rootOver(bytes32 leafHash, uint256 position, bytes32[] calldata siblings)
        external
        pure
        returns (bytes32)
    {
        return treeRoot(leafHash, position, siblings);
    }
}
