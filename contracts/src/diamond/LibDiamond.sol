// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC173} from "../interfaces/IERC173.sol";
import {FacetCut, IDiamondCut} from "./IDiamond.sol";

/// @title Facet table and owner of the diamond, at the slot the reference implementation uses.
/// @dev Error names and types are ABI. NoSelectorsGivenToAdd is declared for that reason only.
library LibDiamond {
    error NoSelectorsGivenToAdd();
    error NotContractOwner(address _user, address _contractOwner);
    error NoSelectorsProvidedForFacetForCut(address _facetAddress);
    error CannotAddSelectorsToZeroAddress(bytes4[] _selectors);
    error NoBytecodeAtAddress(address _contractAddress, string _message);
    error IncorrectFacetCutAction(uint8 _action);
    error CannotAddFunctionToDiamondThatAlreadyExists(bytes4 _selector);
    error CannotReplaceFunctionsFromFacetWithZeroAddress(bytes4[] _selectors);
    error CannotReplaceImmutableFunction(bytes4 _selector);
    error CannotReplaceFunctionWithTheSameFunctionFromTheSameFacet(bytes4 _selector);
    error CannotReplaceFunctionThatDoesNotExists(bytes4 _selector);
    error RemoveFacetAddressMustBeZeroAddress(address _facetAddress);
    error CannotRemoveFunctionThatDoesNotExist(bytes4 _selector);
    error CannotRemoveImmutableFunction(bytes4 _selector);
    error InitializationFunctionReverted(address _initializationContractAddress, bytes _calldata);

    struct Route {
        address facet;
        uint16 position; // of the selector in `selectors`
    }

    /// @dev Member order is observable: the owner is read directly at offset 3.
    struct DiamondStorage {
        mapping(bytes4 selector => Route) routes;
        bytes4[] selectors;
        mapping(bytes4 interfaceId => bool) supportedInterfaces;
        address contractOwner;
    }

    uint8 internal constant ADD = 0;
    uint8 internal constant REPLACE = 1;
    uint8 internal constant REMOVE = 2;
    bytes32 private constant DIAMOND_STORAGE = keccak256("diamond.standard.diamond.storage");

    function diamondStorage() internal pure returns (DiamondStorage storage s) {
        bytes32 slot = DIAMOND_STORAGE;
        // Only names a slot; nothing is read or written.
        assembly ("memory-safe") {
            s.slot := slot
        }
    }

    function contractOwner() internal view returns (address) {
        return diamondStorage().contractOwner;
    }

    function setContractOwner(address newOwner) internal {
        DiamondStorage storage s = diamondStorage();
        emit IERC173.OwnershipTransferred(s.contractOwner, newOwner);
        s.contractOwner = newOwner;
    }

    function enforceIsContractOwner() internal view {
        address owner = contractOwner();
        if (msg.sender != owner) revert NotContractOwner(msg.sender, owner);
    }

    /// @dev Applies the cuts in order, then the initialization. All or nothing.
    function diamondCut(FacetCut[] memory cuts, address init, bytes memory data) internal {
        for (uint256 i = 0; i < cuts.length; ++i) {
            _apply(cuts[i]);
        }
        emit IDiamondCut.DiamondCut(cuts, init, data);
        _initialize(init, data);
    }

    function _apply(FacetCut memory cut) private {
        if (cut.functionSelectors.length == 0) revert NoSelectorsProvidedForFacetForCut(cut.facetAddress);
        if (cut.action == ADD) _add(cut.facetAddress, cut.functionSelectors);
        else if (cut.action == REPLACE) _replace(cut.facetAddress, cut.functionSelectors);
        else if (cut.action == REMOVE) _remove(cut.facetAddress, cut.functionSelectors);
        else revert IncorrectFacetCutAction(cut.action);
    }

    function _add(address facet, bytes4[] memory selectors) private {
        if (facet == address(0)) revert CannotAddSelectorsToZeroAddress(selectors);
        _requireCode(facet, "LibDiamondCut: Add facet has no code");
        DiamondStorage storage s = diamondStorage();
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes4 selector = selectors[i];
            if (s.routes[selector].facet != address(0)) revert CannotAddFunctionToDiamondThatAlreadyExists(selector);
            // The position fits: 65536 functions cannot exist in one diamond's deployments.
            s.routes[selector] = Route(facet, uint16(s.selectors.length));
            s.selectors.push(selector);
        }
    }

    function _replace(address facet, bytes4[] memory selectors) private {
        if (facet == address(0)) revert CannotReplaceFunctionsFromFacetWithZeroAddress(selectors);
        _requireCode(facet, "LibDiamondCut: Replace facet has no code");
        DiamondStorage storage s = diamondStorage();
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes4 selector = selectors[i];
            address old = s.routes[selector].facet;
            if (old == address(this)) revert CannotReplaceImmutableFunction(selector);
            if (old == facet) revert CannotReplaceFunctionWithTheSameFunctionFromTheSameFacet(selector);
            if (old == address(0)) revert CannotReplaceFunctionThatDoesNotExists(selector);
            s.routes[selector].facet = facet;
        }
    }

    function _remove(address facet, bytes4[] memory selectors) private {
        if (facet != address(0)) revert RemoveFacetAddressMustBeZeroAddress(facet);
        DiamondStorage storage s = diamondStorage();
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes4 selector = selectors[i];
            Route memory old = s.routes[selector];
            if (old.facet == address(0)) revert CannotRemoveFunctionThatDoesNotExist(selector);
            if (old.facet == address(this)) revert CannotRemoveImmutableFunction(selector);
            bytes4 last = s.selectors[s.selectors.length - 1];
            s.selectors[old.position] = last;
            s.routes[last].position = old.position;
            s.selectors.pop();
            delete s.routes[selector];
        }
    }

    function _initialize(address init, bytes memory data) private {
        if (init == address(0)) return;
        _requireCode(init, "LibDiamondCut: _init address has no code");
        (bool success, bytes memory failure) = init.delegatecall(data);
        if (success) return;
        if (failure.length == 0) revert InitializationFunctionReverted(init, data);
        // Reverts with exactly the failure's bytes, which lie behind its length word.
        assembly ("memory-safe") {
            revert(add(failure, 0x20), mload(failure))
        }
    }

    function _requireCode(address target, string memory message) private view {
        if (target.code.length == 0) revert NoBytecodeAtAddress(target, message);
    }
}
