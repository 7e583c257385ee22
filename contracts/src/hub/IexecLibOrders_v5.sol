// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {
    AppOrder,
    AppOrderOperation,
    DatasetOrder,
    DatasetOrderOperation,
    EIP712Domain,
    RequestOrder,
    RequestOrderOperation,
    WorkerpoolOrder,
    WorkerpoolOrderOperation
} from "../interfaces/IexecTypes.sol";
import "./Orders.sol" as Orders;

/// @title The order hashes as a deployable library, for callers who check their own. The hub does not link it.
/// @dev Every hash is an EIP-712 struct hash; the domain is not in it.
library IexecLibOrders_v5 {
    bytes32 public constant EIP712DOMAIN_TYPEHASH = Orders.DOMAIN_TYPEHASH;
    bytes32 public constant APPORDER_TYPEHASH = Orders.APP_ORDER_TYPEHASH;
    bytes32 public constant DATASETORDER_TYPEHASH = Orders.DATASET_ORDER_TYPEHASH;
    bytes32 public constant WORKERPOOLORDER_TYPEHASH = Orders.WORKERPOOL_ORDER_TYPEHASH;
    bytes32 public constant REQUESTORDER_TYPEHASH = Orders.REQUEST_ORDER_TYPEHASH;
    bytes32 public constant APPORDEROPERATION_TYPEHASH = Orders.APP_OPERATION_TYPEHASH;
    bytes32 public constant DATASETORDEROPERATION_TYPEHASH = Orders.DATASET_OPERATION_TYPEHASH;
    bytes32 public constant WORKERPOOLORDEROPERATION_TYPEHASH = Orders.WORKERPOOL_OPERATION_TYPEHASH;
    bytes32 public constant REQUESTORDEROPERATION_TYPEHASH = Orders.REQUEST_OPERATION_TYPEHASH;

    /// @notice Hash of a signing domain: the domain separator.
    function hash(EIP712Domain memory domain) public pure returns (bytes32) {
        return Orders.hashDomain(domain);
    }

    /// @notice Hash of an app order.
    function hash(AppOrder calldata order) public pure returns (bytes32) {
        return Orders.hashAppOrder(order);
    }

    /// @notice Hash of a dataset order.
    function hash(DatasetOrder calldata order) public pure returns (bytes32) {
        return Orders.hashDatasetOrder(order);
    }

    /// @notice Hash of a workerpool order.
    function hash(WorkerpoolOrder calldata order) public pure returns (bytes32) {
        return Orders.hashWorkerpoolOrder(order);
    }

    /// @notice Hash of a request order.
    function hash(RequestOrder calldata order) public pure returns (bytes32) {
        return Orders.hashRequestOrder(order);
    }

    /// @notice Hash of an operation on an app order.
    function hash(AppOrderOperation calldata op) public pure returns (bytes32) {
        return Orders.hashOperation(APPORDEROPERATION_TYPEHASH, hash(op.order), op.operation);
    }

    /// @notice Hash of an operation on a dataset order.
    function hash(DatasetOrderOperation calldata op) public pure returns (bytes32) {
        return Orders.hashOperation(DATASETORDEROPERATION_TYPEHASH, hash(op.order), op.operation);
    }

    /// @notice Hash of an operation on a workerpool order.
    function hash(WorkerpoolOrderOperation calldata op) public pure returns (bytes32) {
        return Orders.hashOperation(WORKERPOOLORDEROPERATION_TYPEHASH, hash(op.order), op.operation);
    }

    /// @notice Hash of an operation on a request order.
    function hash(RequestOrderOperation calldata op) public pure returns (bytes32) {
        return Orders.hashOperation(REQUESTORDEROPERATION_TYPEHASH, hash(op.order), op.operation);
    }
}
