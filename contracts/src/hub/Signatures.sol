// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "../interfaces/IERC1271.sol";
import {poco} from "./PocoStorage.sol";

/// @dev Upper bound of the s value of a signature: above it lies its malleable twin.
uint256 constant HALF_CURVE_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

/// @dev Whether account signed hash: with its key, r, s, v (65 bytes) or r, vs (64 bytes, EIP-2098), or, when it has code,
/// by ERC-1271. Other lengths revert with `invalid-signature-format`. The zero address signs nothing.
/// The key is tried first: it is nearly always the one, and looking for code costs as much as the recovery. An account
/// with both (EIP-7702) thus signs either way.
function isSignedBy(bytes32 hash, address account, bytes calldata signature) view returns (bool) {
    if (isKeyOf(account, hash, signature)) return true;
    if (account.code.length > 0) {
        try IERC1271(account).isValidSignature(hash, signature) returns (bytes4 answer) {
            return answer == IERC1271.isValidSignature.selector;
        } catch {
            return false;
        }
    }
    require(signature.length == 65 || signature.length == 64, "invalid-signature-format");
    return false;
}

/// @dev Whether account signed hash with its key, in one of the two forms.
function isKeyOf(address account, bytes32 hash, bytes calldata signature) pure returns (bool) {
    if (signature.length != 65 && signature.length != 64) return false;
    (bytes32 r, bytes32 s, uint8 v) = splitSignature(signature);
    if (uint256(s) > HALF_CURVE_ORDER) return false;
    address signer = ecrecover(hash, v, r, s);
    return signer != address(0) && signer == account;
}

/// @dev Halves of a signature of 65 or 64 bytes.
function splitSignature(bytes calldata signature) pure returns (bytes32 r, bytes32 s, uint8 v) {
    if (signature.length == 65) {
        return (bytes32(signature[0:32]), bytes32(signature[32:64]), uint8(signature[64]));
    }
    uint256 vs = uint256(bytes32(signature[32:64]));
    return (bytes32(signature[0:32]), bytes32(vs & (type(uint256).max >> 1)), uint8(27 + (vs >> 255)));
}

/// @dev Whether account signed the order on chain.
function isPresignedBy(bytes32 orderHash, address account) view returns (bool) {
    return account != address(0) && poco().presigned[orderHash] == account;
}

/// @dev Either way of signing an order; of an order signed on chain, the signature may be anything.
function isAgreedBy(bytes32 orderHash, address account, bytes calldata signature) view returns (bool) {
    return isKeyOf(account, orderHash, signature) || isPresignedBy(orderHash, account)
        || isSignedBy(orderHash, account, signature);
}

/// @dev What a wallet signs for a message of 32 bytes (personal sign).
function personal(bytes32 message) pure returns (bytes32) {
    return keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", message));
}
