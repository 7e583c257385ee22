// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC173} from "../../interfaces/IERC173.sol";
import {IexecOrderManagement} from "../../interfaces/IexecOrderManagement.sol";
import {
    AppOrder,
    AppOrderOperation,
    DatasetOrder,
    DatasetOrderOperation,
    OrderOperation,
    RequestOrder,
    RequestOrderOperation,
    WorkerpoolOrder,
    WorkerpoolOrderOperation
} from "../../interfaces/IexecTypes.sol";
import {
    APP_OPERATION_TYPEHASH,
    DATASET_OPERATION_TYPEHASH,
    REQUEST_OPERATION_TYPEHASH,
    WORKERPOOL_OPERATION_TYPEHASH,
    hashAppOrder,
    hashDatasetOrder,
    hashOperation,
    hashRequestOrder,
    hashWorkerpoolOrder,
    typedHash
} from "../Orders.sol";
import {poco} from "../PocoStorage.sol";
import {isSignedBy} from "../Signatures.sol";

/// @title Signing and closing of orders on chain. Anybody may bring the owner's signed operation.
contract IexecOrderManagementFacet is IexecOrderManagement {
    /// @inheritdoc IexecOrderManagement
    function manageAppOrder(AppOrderOperation calldata _apporderoperation) external override {
        AppOrder calldata order = _apporderoperation.order;
        bytes32 structHash = hashAppOrder(order);
        address owner = IERC173(order.app).owner();
        bytes32 operationHash = hashOperation(APP_OPERATION_TYPEHASH, structHash, _apporderoperation.operation);
        _requireOwner(owner, operationHash, _apporderoperation.sign);
        bytes32 orderHash = typedHash(structHash);
        if (_apporderoperation.operation == OrderOperation.SIGN) {
            poco().presigned[orderHash] = owner;
            emit SignedAppOrder(orderHash);
        } else {
            poco().consumed[orderHash] = order.volume;
            emit ClosedAppOrder(orderHash);
        }
    }

    /// @inheritdoc IexecOrderManagement
    function manageDatasetOrder(DatasetOrderOperation calldata _datasetorderoperation) external override {
        DatasetOrder calldata order = _datasetorderoperation.order;
        bytes32 structHash = hashDatasetOrder(order);
        address owner = IERC173(order.dataset).owner();
        bytes32 operationHash = hashOperation(DATASET_OPERATION_TYPEHASH, structHash, _datasetorderoperation.operation);
        _requireOwner(owner, operationHash, _datasetorderoperation.sign);
        bytes32 orderHash = typedHash(structHash);
        if (_datasetorderoperation.operation == OrderOperation.SIGN) {
            poco().presigned[orderHash] = owner;
            emit SignedDatasetOrder(orderHash);
        } else {
            poco().consumed[orderHash] = order.volume;
            emit ClosedDatasetOrder(orderHash);
        }
    }

    /// @inheritdoc IexecOrderManagement
    function manageWorkerpoolOrder(WorkerpoolOrderOperation calldata _workerpoolorderoperation) external override {
        WorkerpoolOrder calldata order = _workerpoolorderoperation.order;
        bytes32 structHash = hashWorkerpoolOrder(order);
        address owner = IERC173(order.workerpool).owner();
        bytes32 operationHash =
            hashOperation(WORKERPOOL_OPERATION_TYPEHASH, structHash, _workerpoolorderoperation.operation);
        _requireOwner(owner, operationHash, _workerpoolorderoperation.sign);
        bytes32 orderHash = typedHash(structHash);
        if (_workerpoolorderoperation.operation == OrderOperation.SIGN) {
            poco().presigned[orderHash] = owner;
            emit SignedWorkerpoolOrder(orderHash);
        } else {
            poco().consumed[orderHash] = order.volume;
            emit ClosedWorkerpoolOrder(orderHash);
        }
    }

    /// @inheritdoc IexecOrderManagement
    function manageRequestOrder(RequestOrderOperation calldata _requestorderoperation) external override {
        RequestOrder calldata order = _requestorderoperation.order;
        bytes32 structHash = hashRequestOrder(order);
        address owner = order.requester;
        bytes32 operationHash = hashOperation(REQUEST_OPERATION_TYPEHASH, structHash, _requestorderoperation.operation);
        _requireOwner(owner, operationHash, _requestorderoperation.sign);
        bytes32 orderHash = typedHash(structHash);
        if (_requestorderoperation.operation == OrderOperation.SIGN) {
            poco().presigned[orderHash] = owner;
            emit SignedRequestOrder(orderHash);
        } else {
            poco().consumed[orderHash] = order.volume;
            emit ClosedRequestOrder(orderHash);
        }
    }

    /// @dev The sender is looked at first: the owner's own operations need no signature.
    function _requireOwner(address owner, bytes32 operationHash, bytes calldata signature) private view {
        if (msg.sender == owner) return;
        require(isSignedBy(typedHash(operationHash), owner, signature), "invalid-sender-or-signature");
    }
}
