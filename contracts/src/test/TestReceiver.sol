// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecTokenSpender} from "../interfaces/IexecTokenSpender.sol";

/// @title Test double: refuses approvals of zero.
contract TestReceiver is IexecTokenSpender {
    /// @notice An approval came.
    event GotApproval(address sender, uint256 value, address token, bytes extraData);

    /// @inheritdoc IexecTokenSpender
    function receiveApproval(address sender, uint256 amount, address token, bytes calldata data)
        external
        override
        returns (bool)
    {
        if (amount == 0) return false;
        emit GotApproval(sender, amount, token, data);
        return true;
    }
}
