// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRegistry} from "../interfaces/IRegistry.sol";

/// @title A resource: an EIP-1167 minimal proxy to the master of the registry that creates it.
/// @dev The creation code is the same for all resources of all registries, so addresses depend on registry and salt only.
contract InitializableUpgradeabilityProxy {
    constructor() {
        address master = IRegistry(msg.sender).master();
        // Leaves a 45-byte EIP-1167 contract as code: 10 bytes, the master's 20, and 15 bytes. Ends the constructor, so
        // the scratch space it uses is free.
        assembly ("memory-safe") {
            mstore(0x00, or(0x363d3d373d3d3d363d7300000000000000000000000000000000000000000000, shl(16, master)))
            mstore(0x1e, 0x5af43d82803e903d91602b57fd5bf30000000000000000000000000000000000)
            return(0x00, 0x2d)
        }
    }
}
