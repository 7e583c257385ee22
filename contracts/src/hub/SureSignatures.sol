// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "../interfaces/IERC1271.sol";
import {IexecBags} from "../interfaces/IexecBags.sol";
import {gasToGive} from "./Results.sol";
import {isKeyOf} from "./Signatures.sol";

/// @dev Gas that an account's code gets to say whether it signed.
uint256 constant SIGNATURE_GAS = 50_000;

/// @dev As `isSignedBy`, for signatures of many strangers in one call: nobody's code can make it fail, or cost more than
/// its allowance. Any length of a signature, and any answer that is not the magic word, is a no. With too little gas to ask
/// it reverts, since a no would be unjust.
function isSurelySignedBy(bytes32 hash, address account, bytes calldata signature) view returns (bool) {
    if (isKeyOf(account, hash, signature)) return true;
    if (account.code.length == 0) return false;
    bytes memory message = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
    uint256 left = gasleft();
    if (left < gasToGive(SIGNATURE_GAS)) revert IexecBags.VoteGas(left, gasToGive(SIGNATURE_GAS));
    bytes32 answer;
    // At most one word of the answer is copied, to the scratch space; a shorter one is none.
    assembly ("memory-safe") {
        let success := staticcall(SIGNATURE_GAS, account, add(message, 0x20), mload(message), 0, 0x20)
        if and(success, gt(returndatasize(), 0x1f)) { answer := mload(0) }
    }
    return answer == bytes32(IERC1271.isValidSignature.selector);
}
