// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @notice What the tests of the embedded chain call: state, logs, and each way to fail.
contract Probe {
    error Custom(uint256 code, address who);

    event Indexed(address indexed who, uint256 indexed value, string note);
    event Plain(address who, uint256 value);

    uint256 public value;

    function set(uint256 to) external {
        value = to;
        emit Indexed(msg.sender, to, "set");
        emit Plain(msg.sender, to);
    }

    function failString() external pure {
        revert("on purpose");
    }

    function failCustom() external view {
        revert Custom(7, msg.sender);
    }

    function failPanic(uint256 by) external pure returns (uint256) {
        return 1 / by;
    }

    function time() external view returns (uint256) {
        return block.timestamp;
    }
}
