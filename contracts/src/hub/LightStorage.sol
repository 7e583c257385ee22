// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LightStatus} from "../interfaces/IexecBagTypes.sol";

// What is kept of light deals: two bits a task, one hash a range. Tasks are counted from the deal's first one here.
//   bits (closed, other): 00 open, 10 settled, 11 delivered, 01 refunded

/// @dev State of light deals, written by `IexecLightFacet` alone. Append-only.
struct LightStorage {
    mapping(bytes32 dealid => mapping(uint256 first => bytes32)) ranges; // struct hash of the LightRange that begins there
    mapping(bytes32 dealid => mapping(uint256 word => uint256)) closed; // bit n % 256 of word n / 256 is task n
    mapping(bytes32 dealid => mapping(uint256 word => uint256)) other;
}

/// @dev ERC-7201 "fairgrid.storage.Light".
bytes32 constant LIGHT_STORAGE = 0xef32024bd2ae41fc0c5c55bfdb2934384a1294de22a5439aa57b37ccefefd300;

function light() pure returns (LightStorage storage s) {
    // Only names a slot; nothing is read or written.
    assembly ("memory-safe") {
        s.slot := LIGHT_STORAGE
    }
}

/// @title Steps of a light task's life: open to settled to delivered, or open to refunded.
library LightTasks {
    /// @dev State of task n. Open where there is no deal, or no such task.
    function statusOf(bytes32 dealid, uint256 n) internal view returns (LightStatus) {
        bool closed = _isSet(light().closed[dealid], n);
        bool other = _isSet(light().other[dealid], n);
        if (closed) return other ? LightStatus.DELIVERED : LightStatus.SETTLED;
        return other ? LightStatus.REFUNDED : LightStatus.OPEN;
    }

    /// @dev Settles tasks [from, to). Only before the deal's contribution deadline, when nothing of it can be refunded yet:
    /// so one bitmap tells whether a task is open.
    /// @return clash 1 + the first task that is settled; then nothing must be kept. Zero: none is
    function settle(bytes32 dealid, uint256 from, uint256 to) internal returns (uint256 clash) {
        mapping(uint256 word => uint256) storage closed = light().closed[dealid];
        while (from < to) {
            (uint256 word, uint256 bits, uint256 next) = _span(from, to);
            uint256 held = closed[word];
            if (held & bits != 0) return _firstOf(held, from) + 1;
            closed[word] = held | bits;
            from = next;
        }
    }

    /// @dev Refunds what is open of tasks [from, to).
    function refund(bytes32 dealid, uint256 from, uint256 to) internal returns (uint256 refunded) {
        mapping(uint256 word => uint256) storage closed = light().closed[dealid];
        mapping(uint256 word => uint256) storage other = light().other[dealid];
        while (from < to) {
            (uint256 word, uint256 bits, uint256 next) = _span(from, to);
            uint256 held = other[word];
            uint256 open = bits & ~(closed[word] | held);
            if (open != 0) {
                other[word] = held | open;
                refunded += bitCount(open);
            }
            from = next;
        }
    }

    /// @dev Marks task n, which is settled, as delivered.
    /// @return fresh false if it was delivered before
    function deliver(bytes32 dealid, uint256 n) internal returns (bool fresh) {
        mapping(uint256 word => uint256) storage other = light().other[dealid];
        fresh = !_isSet(other, n);
        other[n / 256] |= 1 << (n % 256);
    }

    function _isSet(mapping(uint256 word => uint256) storage map, uint256 n) private view returns (bool) {
        return (map[n / 256] >> (n % 256)) & 1 == 1;
    }

    /// @dev The tasks of [from, to), not empty, that share a word with `from`: the word, their bits, and the task after them.
    function _span(uint256 from, uint256 to) private pure returns (uint256 word, uint256 bits, uint256 next) {
        word = from / 256;
        next = (word + 1) * 256;
        if (next > to) next = to;
        bits = (type(uint256).max >> (256 - (next - from))) << (from % 256);
    }

    /// @dev The first task from `from` on whose bit is set in its word; there is one.
    function _firstOf(uint256 held, uint256 from) private pure returns (uint256) {
        while ((held >> (from % 256)) & 1 == 0) ++from;
        return from;
    }
}

/// @dev Bits set in a word, counted in pairs, nibbles, bytes and pairs of bytes, whose sum lands in the top two bytes.
function bitCount(uint256 word) pure returns (uint256) {
    // No step can overflow: every field counts at most 256, and has room for more.
    unchecked {
        word -= (word >> 1) & (type(uint256).max / 3);
        word = (word & (type(uint256).max / 5)) + ((word >> 2) & (type(uint256).max / 5));
        word = (word + (word >> 4)) & (type(uint256).max / 17);
        word = (word + (word >> 8)) & (type(uint256).max / 257);
        return (word * (type(uint256).max / 65_535)) >> 240;
    }
}
