// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IDiamondLoupe} from "./IDiamond.sol";
import {LibDiamond} from "./LibDiamond.sol";

/// @title Reads of the facets. For off-chain callers: the cost grows with the number of selectors.
contract DiamondLoupeFacet is IDiamondLoupe, IERC165 {
    /// @inheritdoc IDiamondLoupe
    function facets() external view override returns (Facet[] memory facets_) {
        address[] memory addresses = facetAddresses();
        facets_ = new Facet[](addresses.length);
        for (uint256 i = 0; i < addresses.length; ++i) {
            facets_[i] = Facet(addresses[i], facetFunctionSelectors(addresses[i]));
        }
    }

    /// @inheritdoc IDiamondLoupe
    function facetFunctionSelectors(address _facet)
        public
        view
        override
        returns (bytes4[] memory facetFunctionSelectors_)
    {
        LibDiamond.DiamondStorage storage s = LibDiamond.diamondStorage();
        uint256 count = 0;
        for (uint256 i = 0; i < s.selectors.length; ++i) {
            if (s.routes[s.selectors[i]].facet == _facet) ++count;
        }
        facetFunctionSelectors_ = new bytes4[](count);
        for (uint256 i = s.selectors.length; i > 0; --i) {
            bytes4 selector = s.selectors[i - 1];
            if (s.routes[selector].facet == _facet) facetFunctionSelectors_[--count] = selector;
        }
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddresses() public view override returns (address[] memory facetAddresses_) {
        LibDiamond.DiamondStorage storage s = LibDiamond.diamondStorage();
        address[] memory found = new address[](s.selectors.length);
        uint256 count = 0;
        for (uint256 i = 0; i < s.selectors.length; ++i) {
            address facet = s.routes[s.selectors[i]].facet;
            uint256 known = 0;
            while (known < count && found[known] != facet) ++known;
            if (known == count) found[count++] = facet;
        }
        facetAddresses_ = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            facetAddresses_[i] = found[i];
        }
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddress(bytes4 _functionSelector) external view override returns (address facetAddress_) {
        return LibDiamond.diamondStorage().routes[_functionSelector].facet;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 _interfaceId) external view override returns (bool) {
        return LibDiamond.diamondStorage().supportedInterfaces[_interfaceId];
    }
}
