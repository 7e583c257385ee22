// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @dev One change of the facets: action 0 adds, 1 replaces, 2 removes the selectors.
struct FacetCut {
    address facetAddress;
    uint8 action;
    bytes4[] functionSelectors;
}

/// @title Changes of the facets (ERC-2535).
interface IDiamondCut {
    /// @notice The facets changed; _init was run with _calldata unless it is zero.
    event DiamondCut(FacetCut[] _diamondCut, address _init, bytes _calldata);

    /// @notice Changes facets, then runs _calldata of _init in the diamond's storage. Owner only.
    function diamondCut(FacetCut[] calldata _diamondCut, address _init, bytes calldata _calldata) external;
}

/// @title Reads of the facets (ERC-2535).
interface IDiamondLoupe {
    /// @dev One facet and the selectors it serves.
    struct Facet {
        address facetAddress;
        bytes4[] functionSelectors;
    }

    /// @notice All facets.
    function facets() external view returns (Facet[] memory facets_);
    /// @notice Selectors served by one facet.
    function facetFunctionSelectors(address _facet) external view returns (bytes4[] memory facetFunctionSelectors_);
    /// @notice Addresses of all facets.
    function facetAddresses() external view returns (address[] memory facetAddresses_);
    /// @notice Facet that serves a selector, or zero.
    function facetAddress(bytes4 _functionSelector) external view returns (address facetAddress_);
}
