// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Contribution, ContributionStatus} from "../interfaces/IexecTypes.sol";

/// @dev One worker's vote as stored; clients see `Contribution`. Packing may change, only this file knows it.
struct ContributionRecord {
    ContributionStatus status;
    uint8 weight; // floor(log2) of the voting weight, so below 256
    address enclaveChallenge;
    bytes32 resultHash;
    bytes32 resultSeal;
}

using {toContribution} for ContributionRecord global;

/// @dev The contribution as clients see it; all zero when there is none.
function toContribution(ContributionRecord storage self) view returns (Contribution memory) {
    return Contribution({
        status: self.status,
        resultHash: self.resultHash,
        resultSeal: self.resultSeal,
        enclaveChallenge: self.enclaveChallenge,
        weight: self.weight
    });
}
