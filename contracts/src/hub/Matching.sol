// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC173} from "../interfaces/IERC173.sol";
import {IexecLight} from "../interfaces/IexecLight.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder} from "../interfaces/IexecTypes.sol";
import {DATASET_TAG_MASK, TAG_LIGHT, TAG_TEE} from "./Constants.sol";
import {hashAppOrder, hashDatasetOrder, hashRequestOrder, hashWorkerpoolOrder, typedHash} from "./Orders.sol";
import {poco} from "./PocoStorage.sol";
import {admits} from "./Restrictions.sol";
import {isAgreedBy} from "./Signatures.sol";

/// @dev What the checks of four orders find out. Dataset fields are zero when there is none.
struct Match {
    bytes32 appHash;
    bytes32 datasetHash;
    bytes32 workerpoolHash;
    bytes32 requestHash;
    address appOwner;
    address datasetOwner;
    address workerpoolOwner;
    bytes32 tag;
    uint256 volume; // tasks
}

/// @title Rules under which four orders become a deal. The texts, and which is met first, are what clients see.
library Matching {
    /// @dev All checks, in the protocol's order.
    function check(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) internal view returns (Match memory found) {
        found.tag = _checkTerms(app, dataset, workerpool, request);
        _checkRequest(app, dataset, workerpool, request);
        _checkSellers(app, dataset, workerpool, request);
        _identify(found, app, dataset, workerpool, request);
        _authenticateApp(found, app);
        if (dataset.dataset != address(0)) _authenticateDataset(found, dataset);
        _authenticateWorkerpool(found, workerpool);
        require(isAgreedBy(found.requestHash, request.requester, request.sign), "iExecV5-matchOrders-0x50");
        found.volume = _volume(found, app, dataset, workerpool, request);
        require(found.volume > 0, "iExecV5-matchOrders-0x60");
    }

    /// @dev Tasks that matching these orders now would create, without any other check.
    function volume(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) internal view returns (uint256) {
        Match memory found;
        _identify(found, app, dataset, workerpool, request);
        return _volume(found, app, dataset, workerpool, request);
    }

    /// @dev Category, trust, prices and tags.
    function _checkTerms(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view returns (bytes32 tag) {
        require(request.category == workerpool.category, "iExecV5-matchOrders-0x00");
        require(request.category < poco().categories.length, "iExecV5-matchOrders-0x01");
        require(request.trust <= workerpool.trust, "iExecV5-matchOrders-0x02");
        require(request.appmaxprice >= app.appprice, "iExecV5-matchOrders-0x03");
        require(request.datasetmaxprice >= dataset.datasetprice, "iExecV5-matchOrders-0x04");
        require(request.workerpoolmaxprice >= workerpool.workerpoolprice, "iExecV5-matchOrders-0x05");
        tag = app.tag | (dataset.tag & DATASET_TAG_MASK) | request.tag;
        require(tag & ~workerpool.tag == 0, "iExecV5-matchOrders-0x06");
        require(tag & TAG_TEE & ~app.tag == 0, "iExecV5-matchOrders-0x07");
        if (tag & TAG_LIGHT != 0) _checkLight(tag, request);
    }

    /// @dev The requester itself must have asked for a light deal, and one worker's word must do.
    function _checkLight(bytes32 tag, RequestOrder calldata request) private pure {
        if (request.tag & TAG_LIGHT == 0) revert IexecLight.LightNotRequested(tag);
        if (request.trust > 1) revert IexecLight.LightTrust(request.trust);
    }

    /// @dev What the requester asks for.
    function _checkRequest(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view {
        require(request.app == app.app, "iExecV5-matchOrders-0x10");
        require(request.dataset == dataset.dataset, "iExecV5-matchOrders-0x11");
        require(admits(request.workerpool, workerpool.workerpool), "iExecV5-matchOrders-0x12");
    }

    /// @dev Whom the sellers serve.
    function _checkSellers(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view {
        require(admits(app.datasetrestrict, dataset.dataset), "iExecV5-matchOrders-0x13");
        require(admits(app.workerpoolrestrict, workerpool.workerpool), "iExecV5-matchOrders-0x14");
        require(admits(app.requesterrestrict, request.requester), "iExecV5-matchOrders-0x15");
        require(admits(dataset.apprestrict, app.app), "iExecV5-matchOrders-0x16");
        require(admits(dataset.workerpoolrestrict, workerpool.workerpool), "iExecV5-matchOrders-0x17");
        require(admits(dataset.requesterrestrict, request.requester), "iExecV5-matchOrders-0x18");
        require(admits(workerpool.apprestrict, app.app), "iExecV5-matchOrders-0x19");
        require(admits(workerpool.datasetrestrict, dataset.dataset), "iExecV5-matchOrders-0x1a");
        require(admits(workerpool.requesterrestrict, request.requester), "iExecV5-matchOrders-0x1b");
    }

    /// @dev Names the orders by their hashes.
    function _identify(
        Match memory found,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view {
        found.appHash = typedHash(hashAppOrder(app));
        if (dataset.dataset != address(0)) found.datasetHash = typedHash(hashDatasetOrder(dataset));
        found.workerpoolHash = typedHash(hashWorkerpoolOrder(workerpool));
        found.requestHash = typedHash(hashRequestOrder(request));
    }

    function _authenticateApp(Match memory found, AppOrder calldata app) private view {
        bool registered;
        (found.appOwner, registered) = _ownerOf(app.app, poco().appregistry);
        require(registered, "iExecV5-matchOrders-0x20");
        require(isAgreedBy(found.appHash, found.appOwner, app.sign), "iExecV5-matchOrders-0x21");
    }

    function _authenticateDataset(Match memory found, DatasetOrder calldata dataset) private view {
        bool registered;
        (found.datasetOwner, registered) = _ownerOf(dataset.dataset, poco().datasetregistry);
        require(registered, "iExecV5-matchOrders-0x30");
        require(isAgreedBy(found.datasetHash, found.datasetOwner, dataset.sign), "iExecV5-matchOrders-0x31");
    }

    function _authenticateWorkerpool(Match memory found, WorkerpoolOrder calldata workerpool) private view {
        bool registered;
        (found.workerpoolOwner, registered) = _ownerOf(workerpool.workerpool, poco().workerpoolregistry);
        require(registered, "iExecV5-matchOrders-0x40");
        require(isAgreedBy(found.workerpoolHash, found.workerpoolOwner, workerpool.sign), "iExecV5-matchOrders-0x41");
    }

    /// @dev Owner of a resource, and whether it is registered. The registry that made a resource answers both at once;
    /// those of a previous registry are asked themselves, and who is no such contract reverts without data.
    function _ownerOf(address resource, address registry) private view returns (address, bool) {
        try IERC721(registry).ownerOf(uint256(uint160(resource))) returns (address owner) {
            if (owner != address(0)) return (owner, true);
        } catch {} // unknown to it
        return (IERC173(resource).owner(), IRegistry(registry).isRegistered(resource));
    }

    function _volume(
        Match memory found,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view returns (uint256 least) {
        least = _left(app.volume, found.appHash);
        if (dataset.dataset != address(0)) least = _min(least, _left(dataset.volume, found.datasetHash));
        least = _min(least, _left(workerpool.volume, found.workerpoolHash));
        least = _min(least, _left(request.volume, found.requestHash));
    }

    function _left(uint256 offered, bytes32 orderHash) private view returns (uint256) {
        return offered - poco().consumed[orderHash];
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
