// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

// Tree over the result hashes of consecutive tasks. Twin of `protocol::range_tree`: the same vectors test both.
//
// Leaf n is task first + n; the leaves are filled up with zero words to the next power of two. A proof walks by the leaf's
// position, not by sorted pairs: each position has one leaf, so no task can have two results.

/// @dev Leaf of one result. The prefix keeps leaves and nodes apart.
function treeLeaf(bytes32 resultHash) pure returns (bytes32) {
    return keccak256(abi.encodePacked(bytes1(0x00), resultHash));
}

function treeNode(bytes32 left, bytes32 right) pure returns (bytes32) {
    return keccak256(abi.encodePacked(bytes1(0x01), left, right));
}

/// @dev Siblings in a proof of a tree of `count` results, at least 1.
function treeDepth(uint256 count) pure returns (uint256) {
    return Math.log2(count, Math.Rounding.Ceil);
}

/// @dev Root over a leaf and its siblings. Says something only if there are exactly `treeDepth` siblings and the position
/// is below the count of results: check both.
function treeRoot(bytes32 leaf, uint256 position, bytes32[] calldata siblings) pure returns (bytes32 node) {
    node = leaf;
    for (uint256 level = 0; level < siblings.length; ++level) {
        bytes32 sibling = siblings[level];
        node = (position >> level) & 1 == 0 ? treeNode(node, sibling) : treeNode(sibling, node);
    }
}
