// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {InitializableUpgradeabilityProxy} from "./InitializableUpgradeabilityProxy.sol";
import {Ownable} from "./Ownable.sol";
import {ResourceTokens} from "./ResourceTokens.sol";

/// @title Creates resources at predictable addresses and says who owns them. Token id = address of the resource.
abstract contract Registry is IRegistry, ResourceTokens, Ownable {
    /// @inheritdoc IRegistry
    address public immutable override master;
    /// @inheritdoc IRegistry
    address public override previous;
    /// @inheritdoc IRegistry
    bool public override initialized;
    /// @inheritdoc IRegistry
    string public override baseURI;

    constructor(address master_, string memory name_, string memory symbol_) ResourceTokens(name_, symbol_) {
        master = master_;
    }

    /// @inheritdoc IRegistry
    function initialize(address _previous) external override onlyOwner {
        require(!initialized);
        initialized = true;
        previous = _previous;
    }

    /// @inheritdoc IRegistry
    function setBaseURI(string calldata _baseUri) external override onlyOwner {
        baseURI = _baseUri;
    }

    /// @inheritdoc IRegistry
    function setName(address, string calldata) external virtual override onlyOwner {
        revert("Operation not supported on this chain");
    }

    /// @inheritdoc IRegistry
    function isRegistered(address _entry) external view override returns (bool) {
        if (_exists(_tokenId(_entry))) return true;
        return previous != address(0) && IRegistry(previous).isRegistered(_entry);
    }

    /// @inheritdoc IRegistry
    function proxyCode() public pure override returns (bytes memory) {
        return type(InitializableUpgradeabilityProxy).creationCode;
    }

    /// @inheritdoc IRegistry
    function proxyCodeHash() public pure override returns (bytes32) {
        return keccak256(proxyCode());
    }

    /// @inheritdoc IERC721Metadata
    function tokenURI(uint256 tokenId) external view override returns (string memory) {
        ownerOf(tokenId);
        return string.concat(baseURI, _decimal(tokenId));
    }

    /// @dev Deploys, initializes with args and gives to owner_; the mint is the only event decodable as a Transfer.
    function _create(address owner_, bytes memory args) internal returns (address resource) {
        require(_predict(owner_, args).code.length == 0, "Create2: Failed on deploy");
        resource = address(new InitializableUpgradeabilityProxy{salt: _salt(owner_, args)}());
        (bool success, bytes memory failure) = resource.call(args);
        if (!success) {
            // Reverts with exactly the initializer's bytes, which lie behind their length word.
            assembly ("memory-safe") {
                revert(add(failure, 0x20), mload(failure))
            }
        }
        _mint(owner_, _tokenId(resource));
    }

    function _predict(address owner_, bytes memory args) internal view returns (address) {
        bytes32 digest = keccak256(abi.encodePacked(bytes1(0xff), address(this), _salt(owner_, args), proxyCodeHash()));
        return address(uint160(uint256(digest)));
    }

    function _salt(address owner_, bytes memory args) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(args, owner_));
    }

    function _tokenId(address resource) private pure returns (uint256) {
        return uint256(uint160(resource));
    }

    /// @dev Token ids are addresses, at most 49 digits, and never zero.
    function _decimal(uint256 value) private pure returns (string memory) {
        bytes memory digits = new bytes(49);
        uint256 start = 49;
        for (; value != 0; value /= 10) {
            digits[--start] = bytes1(uint8(48 + value % 10));
        }
        bytes memory text = new bytes(49 - start);
        for (uint256 i = 0; i < text.length; ++i) {
            text[i] = digits[start + i];
        }
        return string(text);
    }
}
