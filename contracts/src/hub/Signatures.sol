// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "../interfaces/IERC1271.sol";
import {poco} from "./PocoStorage.sol";

/// @dev Upper bound of the s value of a signature: above it lies its malleable twin.
uint256 constant HALF_CURVE_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

/// @dev Whether account signed hash: ERC-1271 when it has code, else r, s, v (65 bytes) or r, vs (64 bytes, EIP-2098).
/// Other lengths revert with `invalid-signature-format`. The zero address signs nothing.
function isSignedBy(bytes32 hash, address account, bytes calldata signature) view returns (bool) {
    if (account.code.length > 0) {
        try IERC1271(account).isValidSignature(hash, signature) returns (bytes4 answer) {
            return answer == IERC1271.isValidSignature.selector;
        } catch {
            return false;
        }
    }
    (bytes32 r, bytes32 s, uint8 v) = splitSignature(signature);
    if (uint256(s) > HALF_CURVE_ORDER) return false;
    address signer = ecrecover(hash, v, r, s);
    return signer != address(0) && signer == account;
}

function splitSignature(bytes calldata signature) pure returns (bytes32 r, bytes32 s, uint8 v) {
    if (signature.length == 65) {
        return (bytes32(signature[0:32]), bytes32(signature[32:64]), uint8(signature[64]));
    }
    require(signature.length == 64, "invalid-signature-format");
    uint256 vs = uint256(bytes32(signature[32:64]));
    return (bytes32(signature[0:32]), bytes32(vs & (type(uint256).max >> 1)), uint8(27 + (vs >> 255)));
}

/// @dev Whether account signed the order on chain.
function isPresignedBy(bytes32 orderHash, address account) view returns (bool) {
    return account != address(0) && poco().presigned[orderHash] == account;
}

/// @dev Either way of signing an order; the signature is not looked at when the order is signed on chain.
function isAgreedBy(bytes32 orderHash, address account, bytes calldata signature) view returns (bool) {
    return isPresignedBy(orderHash, account) || isSignedBy(orderHash, account, signature);
}

/// @dev What a wallet signs for a message of 32 bytes (personal sign).
function personal(bytes32 message) pure returns (bytes32) {
    return keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", message));
}
