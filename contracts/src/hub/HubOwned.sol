// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LibDiamond} from "../diamond/LibDiamond.sol";

/// @title Facet with functions for the hub's owner.
abstract contract HubOwned {
    modifier onlyOwner() {
        require(msg.sender == LibDiamond.contractOwner(), "Ownable: caller is not the owner");
        _;
    }
}
