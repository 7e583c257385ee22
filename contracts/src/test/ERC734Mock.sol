// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC734} from "../interfaces/IERC734.sol";

/// @title Test double: a group of accounts that anybody may change.
contract ERC734Mock is IERC734 {
    mapping(bytes32 key => mapping(uint256 purpose => bool)) private _keys;

    /// @notice Gives key a purpose.
    function setKeyHasPurpose(bytes32 key, uint256 purpose) external {
        _keys[key][purpose] = true;
    }

    /// @inheritdoc IERC734
    function keyHasPurpose(bytes32 key, uint256 purpose) external view override returns (bool) {
        return _keys[key][purpose];
    }
}
