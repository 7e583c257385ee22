// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @dev Contributions close 7 time references after the match, reveals 2 after the consensus, tasks expire after 10.
uint256 constant CONTRIBUTION_DEADLINE_RATIO = 7;
uint256 constant REVEAL_DEADLINE_RATIO = 2;
uint256 constant FINAL_DEADLINE_RATIO = 10;
/// @dev Percent of the workerpool price that the scheduler stakes per task.
uint256 constant WORKERPOOL_STAKE_RATIO = 30;
/// @dev Percent of the kitty paid per completed task, and its least amount in nRLC.
uint256 constant KITTY_RATIO = 10;
uint256 constant KITTY_MIN = 1e9;
/// @dev First 20 bytes of keccak("iExecKitty"), minus 1: nobody has its key.
address constant KITTY_ADDRESS = 0x99c2268479b93fDe36232351229815DF80837e23;
/// @dev ERC-734 purpose of the members of a restriction group.
uint256 constant GROUPMEMBER_PURPOSE = 4;
/// @dev Gas given to callbacks until the owner sets another amount.
uint256 constant DEFAULT_CALLBACK_GAS = 200_000;
/// @dev Tag bit 0: the work needs, or the offer has, a trusted execution environment.
bytes32 constant TAG_TEE = bytes32(uint256(1));
/// @dev Tag bits 1 to 3 name an enclave framework; datasets are matched without them.
bytes32 constant DATASET_TAG_MASK = ~bytes32(uint256(0x0e));
/// @dev Tag bit 16: the deal's tasks are settled in ranges, see IexecLight. Requester and workerpool sign for it.
bytes32 constant TAG_LIGHT = bytes32(uint256(1 << 16));
