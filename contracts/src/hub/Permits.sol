// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RangePermit} from "../interfaces/IexecBagTypes.sol";
import {IexecRangeErrors} from "../interfaces/IexecRangeErrors.sol";
import {hashRangeAuthorization} from "./BagHashes.sol";
import {typedHash} from "./Orders.sol";
import {isSignedBy} from "./Signatures.sol";

/// @title Permits: one signature that lets a worker settle any part of a range.
library Permits {
    /// @dev Refuses unless `count` tasks from `first` on lie in what the authorizer signed for the worker, or the caller
    /// is the authorizer.
    function check(
        RangePermit calldata permit,
        bytes32 dealid,
        uint256 first,
        uint256 count,
        address worker,
        address enclave,
        address authorizer
    ) internal view {
        if (msg.sender == authorizer) return;
        if (!covers(permit.first, permit.count, first, count)) {
            revert IexecRangeErrors.OutsidePermit(first, count, permit.first, permit.count);
        }
        bytes32 signed = typedHash(hashRangeAuthorization(worker, dealid, permit.first, permit.count, enclave));
        if (!isSignedBy(signed, authorizer, permit.sign)) revert IexecRangeErrors.NotAuthorized(worker, authorizer);
    }

    /// @dev Whether [first, first + count) lies in [outerFirst, outerFirst + outerCount). No numbers overflow it.
    function covers(uint256 outerFirst, uint256 outerCount, uint256 first, uint256 count)
        internal
        pure
        returns (bool)
    {
        return first >= outerFirst && count <= outerCount && first - outerFirst <= outerCount - count;
    }
}
