// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC173} from "../interfaces/IERC173.sol";
import {LibDiamond} from "./LibDiamond.sol";

/// @title Owner of the diamond. Zero is a valid new owner: it freezes the facets and the configuration for good.
contract OwnershipFacet is IERC173 {
    /// @inheritdoc IERC173
    function owner() external view override returns (address) {
        return LibDiamond.contractOwner();
    }

    /// @inheritdoc IERC173
    function transferOwnership(address newOwner) external override {
        LibDiamond.enforceIsContractOwner();
        LibDiamond.setContractOwner(newOwner);
    }
}
