// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Enumerable.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title ERC-721 with enumeration, without burning. The packaged one needs opcodes newer than our target.
abstract contract ResourceTokens is IERC721Enumerable, IERC721Metadata, IERC721Errors {
    /// @notice There is no such token (owner zero: in the whole registry).
    error ERC721OutOfBoundsIndex(address owner, uint256 index);

    /// @dev Who has a token, and where it stands in the owner's list.
    struct Holding {
        address owner;
        uint96 position;
    }

    string public override name;
    string public override symbol;

    uint256[] private _tokens;
    mapping(uint256 tokenId => Holding) private _holdings;
    mapping(uint256 tokenId => address) private _approvals;
    mapping(address owner => uint256[]) private _owned;
    mapping(address owner => mapping(address operator => bool)) private _operators;

    constructor(string memory name_, string memory symbol_) {
        name = name_;
        symbol = symbol_;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == type(IERC721Metadata).interfaceId || interfaceId == type(IERC721Enumerable).interfaceId;
    }

    /// @inheritdoc IERC721
    function balanceOf(address owner_) external view override returns (uint256) {
        if (owner_ == address(0)) revert ERC721InvalidOwner(address(0));
        return _owned[owner_].length;
    }

    /// @inheritdoc IERC721
    function ownerOf(uint256 tokenId) public view override returns (address) {
        address owner_ = _holdings[tokenId].owner;
        if (owner_ == address(0)) revert ERC721NonexistentToken(tokenId);
        return owner_;
    }

    /// @inheritdoc IERC721Enumerable
    function totalSupply() external view override returns (uint256) {
        return _tokens.length;
    }

    /// @inheritdoc IERC721Enumerable
    function tokenByIndex(uint256 index) external view override returns (uint256) {
        if (index >= _tokens.length) revert ERC721OutOfBoundsIndex(address(0), index);
        return _tokens[index];
    }

    /// @inheritdoc IERC721Enumerable
    function tokenOfOwnerByIndex(address owner_, uint256 index) external view override returns (uint256) {
        if (index >= _owned[owner_].length) revert ERC721OutOfBoundsIndex(owner_, index);
        return _owned[owner_][index];
    }

    /// @inheritdoc IERC721
    function approve(address to, uint256 tokenId) external override {
        address owner_ = ownerOf(tokenId);
        if (msg.sender != owner_ && !_operators[owner_][msg.sender]) revert ERC721InvalidApprover(msg.sender);
        _approvals[tokenId] = to;
        emit Approval(owner_, to, tokenId);
    }

    /// @inheritdoc IERC721
    function getApproved(uint256 tokenId) external view override returns (address) {
        ownerOf(tokenId);
        return _approvals[tokenId];
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address operator, bool approved) external override {
        if (operator == address(0)) revert ERC721InvalidOperator(address(0));
        _operators[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address owner_, address operator) external view override returns (bool) {
        return _operators[owner_][operator];
    }

    /// @inheritdoc IERC721
    function transferFrom(address from, address to, uint256 tokenId) public override {
        if (to == address(0)) revert ERC721InvalidReceiver(address(0));
        address owner_ = ownerOf(tokenId);
        if (msg.sender != owner_ && !_operators[owner_][msg.sender] && msg.sender != _approvals[tokenId]) {
            revert ERC721InsufficientApproval(msg.sender, tokenId);
        }
        if (owner_ != from) revert ERC721IncorrectOwner(from, tokenId, owner_);
        delete _approvals[tokenId];
        _disown(from, tokenId);
        _own(to, tokenId);
        emit Transfer(from, to, tokenId);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address from, address to, uint256 tokenId) external override {
        safeTransferFrom(from, to, tokenId, "");
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address from, address to, uint256 tokenId, bytes memory data) public override {
        transferFrom(from, to, tokenId);
        if (to.code.length == 0) return;
        try IERC721Receiver(to).onERC721Received(msg.sender, from, tokenId, data) returns (bytes4 answer) {
            if (answer != IERC721Receiver.onERC721Received.selector) revert ERC721InvalidReceiver(to);
        } catch (bytes memory failure) {
            if (failure.length == 0) revert ERC721InvalidReceiver(to);
            // Reverts with exactly the receiver's bytes, which lie behind their length word.
            assembly ("memory-safe") {
                revert(add(failure, 0x20), mload(failure))
            }
        }
    }

    /// @dev Without receiver hook: anybody may create a resource for any owner.
    function _mint(address to, uint256 tokenId) internal {
        if (to == address(0)) revert ERC721InvalidReceiver(address(0));
        _tokens.push(tokenId);
        _own(to, tokenId);
        emit Transfer(address(0), to, tokenId);
    }

    function _exists(uint256 tokenId) internal view returns (bool) {
        return _holdings[tokenId].owner != address(0);
    }

    function _own(address to, uint256 tokenId) private {
        uint256[] storage list = _owned[to];
        _holdings[tokenId] = Holding(to, uint96(list.length)); // nobody can pay for 2^96 tokens
        list.push(tokenId);
    }

    /// @dev The owner's last token takes the freed position.
    function _disown(address from, uint256 tokenId) private {
        uint256[] storage list = _owned[from];
        uint96 position = _holdings[tokenId].position;
        uint256 last = list[list.length - 1];
        list[position] = last;
        _holdings[last].position = position;
        list.pop();
    }
}
