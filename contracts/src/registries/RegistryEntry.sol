// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IResource} from "../interfaces/IResource.sol";

/// @title What all resources do. They live behind minimal proxies, so no constructors and no immutables.
abstract contract RegistryEntry is IResource {
    modifier onlyOwner() {
        require(msg.sender == owner(), "caller is not the owner");
        _;
    }

    /// @inheritdoc IResource
    function owner() public view override returns (address) {
        return IERC721(registry()).ownerOf(uint256(uint160(address(this))));
    }

    /// @inheritdoc IResource
    function setName(address, string calldata) external virtual override onlyOwner {
        revert("Operation not supported on this chain");
    }

    /// @inheritdoc IResource
    function registry() public view virtual override returns (address);
}
