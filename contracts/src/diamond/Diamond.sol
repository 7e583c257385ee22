// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {FacetCut} from "./IDiamond.sol";
import {LibDiamond} from "./LibDiamond.sol";

/// @dev Who owns a new diamond and what initializes it (init zero: nothing).
struct DiamondArgs {
    address owner;
    address init;
    bytes initCalldata;
}

/// @title The hub's address: sends every call to the facet of its selector (ERC-2535).
contract Diamond {
    /// @notice No facet serves the selector, and no fallback facet is installed.
    error FunctionNotFound(bytes4 _functionSelector);

    /// @dev Selector under which a fallback facet is registered.
    bytes4 private constant FALLBACK = 0xffffffff;

    /// @notice Sets the owner, the first facets and their initialization.
    constructor(FacetCut[] memory _diamondCut, DiamondArgs memory _args) payable {
        LibDiamond.setContractOwner(_args.owner);
        LibDiamond.diamondCut(_diamondCut, _args.init, _args.initCalldata);
    }

    /// @notice Plain transfers go to the facet of selector zero.
    receive() external payable {
        _dispatch();
    }

    /// @notice Calls go to the facet of their selector, else to the fallback facet.
    fallback() external payable {
        _dispatch();
    }

    function _dispatch() private {
        LibDiamond.DiamondStorage storage s = LibDiamond.diamondStorage();
        address facet = s.routes[msg.sig].facet;
        if (facet == address(0)) facet = s.routes[FALLBACK].facet;
        if (facet == address(0)) revert FunctionNotFound(msg.sig);
        // Ends the call in every branch, so overwriting memory from zero harms nobody.
        assembly {
            calldatacopy(0, 0, calldatasize())
            let success := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(success) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
