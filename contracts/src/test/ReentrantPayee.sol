// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Test double: an account that calls the hub again each time the hub calls or pays it.
contract ReentrantPayee {
    address private _hub;
    bytes private _again;
    uint256 private _left;
    /// @notice Calls of the hub made while the hub was calling.
    uint256 public attempts;
    /// @notice Those of them that the hub did not refuse.
    uint256 public successes;

    /// @notice Answers each call with the attempts that are left.
    fallback() external payable {
        _attack();
    }

    /// @notice Answers each payment with the attempts that are left.
    receive() external payable {
        _attack();
    }

    /// @notice Sets what to call while being called, and how often at most.
    function prepare(address hub, bytes calldata again, uint256 times) external {
        (_hub, _again, _left) = (hub, again, times);
    }

    /// @notice Calls the hub as this account, with the coin sent; fails as the hub does.
    function act(bytes calldata data) external payable {
        (bool success, bytes memory failure) = _hub.call{value: msg.value}(data);
        if (success) return;
        // Reverts with exactly the hub's bytes, which lie behind their length word.
        assembly ("memory-safe") {
            revert(add(failure, 0x20), mload(failure))
        }
    }

    function _attack() private {
        if (_left == 0) return;
        --_left;
        ++attempts;
        (bool success,) = _hub.call(_again);
        if (success) ++successes;
    }
}
