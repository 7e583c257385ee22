// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LibDiamond} from "./LibDiamond.sol";

/// @title Run once in the storage of a new diamond.
contract DiamondInit {
    /// @notice Declares ERC-165, both diamond interfaces and ERC-173.
    function init() external {
        LibDiamond.DiamondStorage storage s = LibDiamond.diamondStorage();
        s.supportedInterfaces[0x01ffc9a7] = true;
        s.supportedInterfaces[0x1f931c1c] = true;
        s.supportedInterfaces[0x48e2b093] = true;
        s.supportedInterfaces[0x7f5828d0] = true;
    }
}
