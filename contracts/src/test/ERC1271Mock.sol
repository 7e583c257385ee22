// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "../interfaces/IERC1271.sol";

/// @title Test double: a contract account whose signatures say themselves whether they are valid.
contract ERC1271Mock is IERC1271 {
    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata signature) external pure override returns (bytes4) {
        bytes32 word = bytes32(signature[:32]);
        if (word == keccak256("valid-signature")) return IERC1271.isValidSignature.selector;
        if (word == keccak256("invalid-signature")) return bytes4(0);
        revert("ERC1271Mock: unknown signature");
    }
}
