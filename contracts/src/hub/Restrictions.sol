// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC734} from "../interfaces/IERC734.sol";
import {GROUPMEMBER_PURPOSE} from "./Constants.sol";

/// @dev Whether a restriction of an order admits an account: no restriction, the account itself, or a group it is in.
/// The group is a stranger's contract: its revert counts as no, an answer that is not a boolean reverts without data.
function admits(address restriction, address account) view returns (bool) {
    if (restriction == address(0) || restriction == account) return true;
    if (restriction.code.length == 0) return false;
    try IERC734(restriction).keyHasPurpose(bytes32(uint256(uint160(account))), GROUPMEMBER_PURPOSE) returns (
        bool member
    ) {
        return member;
    } catch {
        return false;
    }
}
