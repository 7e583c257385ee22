// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @dev Callee of approveAndCall. Declared without a result: older receivers answer nothing, and the answer is ignored.
interface IApprovalReceiver {
    /// @notice Called after from approved the callee for value (nRLC) of token.
    function receiveApproval(address from, uint256 value, address token, bytes calldata extraData) external;
}

/// @title The base token on networks of our own. Twin of the deployed RLC: failures revert without data, transfers to zero
/// are allowed, there is no infinite allowance. Amounts are nRLC.
contract RLC is IERC20 {
    /// @dev ERC-7201 "openzeppelin.storage.ERC20": balances come first, where test networks write them directly.
    struct TokenStorage {
        mapping(address account => uint256) balances;
        mapping(address account => mapping(address spender => uint256)) allowances;
        uint256 totalSupply;
    }

    bytes32 private constant TOKEN_STORAGE = 0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00;

    /// @notice Display name.
    string public constant name = "iExec RLC Token";
    /// @notice Symbol.
    string public constant symbol = "RLC";
    /// @notice Interface version of the historical token.
    string public constant version = "v0.1";
    /// @notice 9: one unit is an nRLC.
    uint8 public constant decimals = 9;
    /// @notice 87 million RLC, in nRLC.
    uint256 public constant initialSupply = 87_000_000 * 1e9;
    /// @notice Transfers are never locked here.
    bool public constant locked = false;
    /// @notice Has no power over balances; kept because the historical token has it.
    address public owner = msg.sender;

    /// @notice Gives the whole supply to the deployer.
    constructor() {
        TokenStorage storage s = _storage();
        s.totalSupply = initialSupply;
        s.balances[msg.sender] = initialSupply;
        emit Transfer(address(0), msg.sender, initialSupply);
    }

    /// @notice Tokens in existence.
    function totalSupply() external view override returns (uint256) {
        return _storage().totalSupply;
    }

    /// @notice Tokens of an account.
    function balanceOf(address account) external view override returns (uint256) {
        return _storage().balances[account];
    }

    /// @notice What spender may still move for account.
    function allowance(address account, address spender) external view override returns (uint256) {
        return _storage().allowances[account][spender];
    }

    /// @notice Moves tokens of the caller.
    function transfer(address to, uint256 value) external override returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    /// @notice Moves tokens of from within the caller's allowance.
    function transferFrom(address from, address to, uint256 value) external override returns (bool) {
        _move(from, to, value);
        TokenStorage storage s = _storage();
        uint256 allowed = s.allowances[from][msg.sender];
        require(allowed >= value);
        s.allowances[from][msg.sender] = allowed - value;
        return true;
    }

    /// @notice Sets what spender may move for the caller.
    function approve(address spender, uint256 value) public override returns (bool) {
        _storage().allowances[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    /// @notice Approves and tells the spender at once. The spender's failure is passed on, its answer is ignored.
    function approveAndCall(address spender, uint256 value, bytes calldata extraData) external {
        approve(spender, value);
        IApprovalReceiver(spender).receiveApproval(msg.sender, value, address(this), extraData);
    }

    /// @notice Destroys tokens of the caller.
    function burn(uint256 value) external returns (bool) {
        TokenStorage storage s = _storage();
        uint256 held = s.balances[msg.sender];
        require(held >= value);
        s.balances[msg.sender] = held - value;
        s.totalSupply -= value;
        emit Transfer(msg.sender, address(0), value);
        return true;
    }

    /// @notice Names a new owner. Does nothing for strangers and for zero, as the historical token.
    function transferOwnership(address newOwner) external {
        if (msg.sender == owner && newOwner != address(0)) owner = newOwner;
    }

    function _move(address from, address to, uint256 value) private {
        TokenStorage storage s = _storage();
        uint256 held = s.balances[from];
        require(held >= value);
        s.balances[from] = held - value;
        s.balances[to] += value;
        emit Transfer(from, to, value);
    }

    function _storage() private pure returns (TokenStorage storage s) {
        // Only names a slot; nothing is read or written.
        assembly ("memory-safe") {
            s.slot := TOKEN_STORAGE
        }
    }
}
