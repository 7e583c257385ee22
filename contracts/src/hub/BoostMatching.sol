// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC173} from "../interfaces/IERC173.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder} from "../interfaces/IexecTypes.sol";
import {TAG_TEE} from "./Constants.sol";
import {hashAppOrder, hashDatasetOrder, hashRequestOrder, hashWorkerpoolOrder, typedHash} from "./Orders.sol";
import {PocoStorage, poco} from "./PocoStorage.sol";
import {admits} from "./Restrictions.sol";
import {isAgreedBy} from "./Signatures.sol";

/// @dev What the checks of four orders find out. Dataset fields are zero when there is none.
struct BoostMatch {
    bytes32 appHash;
    bytes32 datasetHash;
    bytes32 workerpoolHash;
    bytes32 requestHash;
    address appOwner;
    address datasetOwner;
    address workerpoolOwner;
    bytes32 tag;
    uint256 botFirst;
    uint256 volume; // tasks
}

/// @title Rules under which four orders become a boost deal. The texts, and which is met first, are what clients see.
library BoostMatching {
    /// @dev All checks, in the protocol's order.
    function check(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) internal view returns (BoostMatch memory found) {
        found.tag = _checkTerms(app, dataset, workerpool, request);
        _checkRequest(app, dataset, workerpool, request);
        _checkSellers(app, dataset, workerpool, request);
        _authenticateApp(found, app);
        if (dataset.dataset != address(0)) _authenticateDataset(found, dataset);
        _authenticateWorkerpool(found, workerpool);
        found.requestHash = typedHash(hashRequestOrder(request));
        require(
            isAgreedBy(found.requestHash, request.requester, request.sign), "PocoBoost: Invalid request order signature"
        );
        _measure(found, app, dataset, workerpool, request);
    }

    /// @dev Uses the orders' volume up.
    function consume(BoostMatch memory found) internal {
        PocoStorage storage s = poco();
        s.consumed[found.appHash] += found.volume;
        if (found.datasetHash != 0) s.consumed[found.datasetHash] += found.volume;
        s.consumed[found.workerpoolHash] += found.volume;
        s.consumed[found.requestHash] = found.botFirst + found.volume;
    }

    /// @dev Trust, category, prices and tags. Unlike in other deals, dataset tags count whole, and what trust the
    /// workerpool offers does not matter: any serves one worker.
    function _checkTerms(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view returns (bytes32 tag) {
        require(request.trust <= 1, "PocoBoost: Bad trust level");
        require(request.category == workerpool.category, "PocoBoost: Category mismatch");
        require(request.category < poco().categories.length, "PocoBoost: Unknown category");
        require(request.appmaxprice >= app.appprice, "PocoBoost: Overpriced app");
        require(request.datasetmaxprice >= dataset.datasetprice, "PocoBoost: Overpriced dataset");
        require(request.workerpoolmaxprice >= workerpool.workerpoolprice, "PocoBoost: Overpriced workerpool");
        tag = app.tag | dataset.tag | request.tag;
        require(tag & ~workerpool.tag == 0, "PocoBoost: Workerpool tag does not match demand");
        require(tag & TAG_TEE & ~app.tag == 0, "PocoBoost: App tag does not match demand");
    }

    /// @dev What the requester asks for.
    function _checkRequest(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view {
        require(request.app == app.app, "PocoBoost: App mismatch");
        require(request.dataset == dataset.dataset, "PocoBoost: Dataset mismatch");
        require(
            admits(request.workerpool, workerpool.workerpool), "PocoBoost: Workerpool restricted by request order"
        );
    }

    /// @dev Whom the sellers serve.
    function _checkSellers(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view {
        address pool = workerpool.workerpool;
        address requester = request.requester;
        require(admits(app.datasetrestrict, dataset.dataset), "PocoBoost: Dataset restricted by app order");
        require(admits(app.workerpoolrestrict, pool), "PocoBoost: Workerpool restricted by app order");
        require(admits(app.requesterrestrict, requester), "PocoBoost: Requester restricted by app order");
        require(admits(dataset.apprestrict, app.app), "PocoBoost: App restricted by dataset order");
        require(admits(dataset.workerpoolrestrict, pool), "PocoBoost: Workerpool restricted by dataset order");
        require(admits(dataset.requesterrestrict, requester), "PocoBoost: Requester restricted by dataset order");
        require(admits(workerpool.apprestrict, app.app), "PocoBoost: App restricted by workerpool order");
        require(
            admits(workerpool.datasetrestrict, dataset.dataset), "PocoBoost: Dataset restricted by workerpool order"
        );
        require(admits(workerpool.requesterrestrict, requester), "PocoBoost: Requester restricted by workerpool order");
    }

    function _authenticateApp(BoostMatch memory found, AppOrder calldata app) private view {
        bool registered;
        (registered, found.appOwner) = _lookUp(poco().appregistry, app.app);
        require(registered, "PocoBoost: App not registered");
        found.appHash = typedHash(hashAppOrder(app));
        require(isAgreedBy(found.appHash, found.appOwner, app.sign), "PocoBoost: Invalid app order signature");
    }

    function _authenticateDataset(BoostMatch memory found, DatasetOrder calldata dataset) private view {
        bool registered;
        (registered, found.datasetOwner) = _lookUp(poco().datasetregistry, dataset.dataset);
        require(registered, "PocoBoost: Dataset not registered");
        found.datasetHash = typedHash(hashDatasetOrder(dataset));
        require(
            isAgreedBy(found.datasetHash, found.datasetOwner, dataset.sign), "PocoBoost: Invalid dataset order signature"
        );
    }

    function _authenticateWorkerpool(BoostMatch memory found, WorkerpoolOrder calldata workerpool) private view {
        bool registered;
        (registered, found.workerpoolOwner) = _lookUp(poco().workerpoolregistry, workerpool.workerpool);
        require(registered, "PocoBoost: Workerpool not registered");
        found.workerpoolHash = typedHash(hashWorkerpoolOrder(workerpool));
        require(
            isAgreedBy(found.workerpoolHash, found.workerpoolOwner, workerpool.sign),
            "PocoBoost: Invalid workerpool order signature"
        );
    }

    /// @dev Whether a resource is registered, and its owner. The registry knows the owner of what it created itself, so
    /// one call answers both; it refuses for all others, which may still come from a previous registry.
    function _lookUp(address registry, address resource) private view returns (bool registered, address owner) {
        try IERC721(registry).ownerOf(uint256(uint160(resource))) returns (address holder) {
            return (true, holder);
        } catch {
            if (!IRegistry(registry).isRegistered(resource)) return (false, address(0));
            return (true, IERC173(resource).owner());
        }
    }

    /// @dev The first task's number in the request, and how many tasks all orders have left.
    function _measure(
        BoostMatch memory found,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        WorkerpoolOrder calldata workerpool,
        RequestOrder calldata request
    ) private view {
        PocoStorage storage s = poco();
        found.botFirst = s.consumed[found.requestHash];
        uint256 least = request.volume - found.botFirst;
        least = _min(least, app.volume - s.consumed[found.appHash]);
        if (found.datasetHash != 0) least = _min(least, dataset.volume - s.consumed[found.datasetHash]);
        found.volume = _min(least, workerpool.volume - s.consumed[found.workerpoolHash]);
        require(found.volume > 0, "PocoBoost: One or more orders consumed");
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
