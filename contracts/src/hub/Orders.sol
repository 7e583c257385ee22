// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {
    AppOrder,
    DatasetOrder,
    EIP712Domain,
    OrderOperation,
    RequestOrder,
    WorkerpoolOrder
} from "../interfaces/IexecTypes.sol";
import {poco} from "./PocoStorage.sol";

// EIP-712 hashes of domain, orders and order operations. `sign` is never part of a hash; the operation is a uint256 here
// although it is an enum in the ABI.

bytes32 constant DOMAIN_TYPEHASH =
    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
bytes32 constant APP_ORDER_TYPEHASH = keccak256(
    "AppOrder(address app,uint256 appprice,uint256 volume,bytes32 tag,address datasetrestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)"
);
bytes32 constant DATASET_ORDER_TYPEHASH = keccak256(
    "DatasetOrder(address dataset,uint256 datasetprice,uint256 volume,bytes32 tag,address apprestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)"
);
bytes32 constant WORKERPOOL_ORDER_TYPEHASH = keccak256(
    "WorkerpoolOrder(address workerpool,uint256 workerpoolprice,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address apprestrict,address datasetrestrict,address requesterrestrict,bytes32 salt)"
);
bytes32 constant REQUEST_ORDER_TYPEHASH = keccak256(
    "RequestOrder(address app,uint256 appmaxprice,address dataset,uint256 datasetmaxprice,address workerpool,uint256 workerpoolmaxprice,address requester,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address beneficiary,address callback,string params,bytes32 salt)"
);
bytes32 constant APP_OPERATION_TYPEHASH = keccak256(
    "AppOrderOperation(AppOrder order,uint256 operation)AppOrder(address app,uint256 appprice,uint256 volume,bytes32 tag,address datasetrestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)"
);
bytes32 constant DATASET_OPERATION_TYPEHASH = keccak256(
    "DatasetOrderOperation(DatasetOrder order,uint256 operation)DatasetOrder(address dataset,uint256 datasetprice,uint256 volume,bytes32 tag,address apprestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)"
);
bytes32 constant WORKERPOOL_OPERATION_TYPEHASH = keccak256(
    "WorkerpoolOrderOperation(WorkerpoolOrder order,uint256 operation)WorkerpoolOrder(address workerpool,uint256 workerpoolprice,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address apprestrict,address datasetrestrict,address requesterrestrict,bytes32 salt)"
);
bytes32 constant REQUEST_OPERATION_TYPEHASH = keccak256(
    "RequestOrderOperation(RequestOrder order,uint256 operation)RequestOrder(address app,uint256 appmaxprice,address dataset,uint256 datasetmaxprice,address workerpool,uint256 workerpoolmaxprice,address requester,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address beneficiary,address callback,string params,bytes32 salt)"
);

function hashDomain(EIP712Domain memory domain) pure returns (bytes32) {
    return keccak256(
        abi.encode(
            DOMAIN_TYPEHASH,
            keccak256(bytes(domain.name)),
            keccak256(bytes(domain.version)),
            domain.chainId,
            domain.verifyingContract
        )
    );
}

/// @dev The digest that is signed, and that names an order everywhere. Uses the stored separator, not the live one.
function typedHash(bytes32 structHash) view returns (bytes32) {
    return keccak256(abi.encodePacked(hex"1901", poco().domainSeparator, structHash));
}

function hashOperation(bytes32 typeHash, bytes32 orderStructHash, OrderOperation operation) pure returns (bytes32) {
    return keccak256(abi.encode(typeHash, orderStructHash, uint256(operation)));
}

function hashAppOrder(AppOrder calldata order) pure returns (bytes32) {
    uint256 offset;
    assembly ("memory-safe") {
        offset := order
    }
    return hashWords(APP_ORDER_TYPEHASH, offset, 8);
}

function hashDatasetOrder(DatasetOrder calldata order) pure returns (bytes32) {
    uint256 offset;
    assembly ("memory-safe") {
        offset := order
    }
    return hashWords(DATASET_ORDER_TYPEHASH, offset, 8);
}

function hashWorkerpoolOrder(WorkerpoolOrder calldata order) pure returns (bytes32) {
    uint256 offset;
    assembly ("memory-safe") {
        offset := order
    }
    return hashWords(WORKERPOOL_ORDER_TYPEHASH, offset, 10);
}

/// @dev The 13 words before `params` are hashed as they lie in the call, then the hash of `params`, then the salt.
function hashRequestOrder(RequestOrder calldata order) pure returns (bytes32 hash) {
    bytes32 typeHash = REQUEST_ORDER_TYPEHASH;
    bytes32 params = keccak256(bytes(order.params));
    bytes32 salt = order.salt;
    // Writes 16 words behind the free memory pointer, and leaves them free: nothing is allocated in between.
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, typeHash)
        calldatacopy(add(free, 0x20), order, 0x1a0)
        mstore(add(free, 0x1c0), params)
        mstore(add(free, 0x1e0), salt)
        hash := keccak256(free, 0x200)
    }
}

/// @dev Hashes a type hash and words of the call. An order's hashed fields are one word each and lie in the order of its
/// type string, so no field is named here. A word that is no valid address gives a hash that no order can have.
function hashWords(bytes32 typeHash, uint256 offset, uint256 words) pure returns (bytes32 hash) {
    // Writes words + 1 words behind the free memory pointer, and leaves them free: nothing is allocated in between.
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, typeHash)
        calldatacopy(add(free, 0x20), offset, mul(words, 0x20))
        hash := keccak256(free, mul(add(words, 1), 0x20))
    }
}
