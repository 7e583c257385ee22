// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Why a range of tasks is refused; shared by `IexecBags` and `IexecLight`. Times are Unix seconds.
interface IexecRangeErrors {
    /// @notice No such deal.
    error UnknownDeal(bytes32 dealid);
    /// @notice A call takes 1 to `most` items.
    error BadCount(uint256 count, uint256 most);
    /// @notice The range leaves the deal's tasks [botFirst, botFirst + botSize).
    error OutsideDeal(uint256 first, uint256 count, uint256 botFirst, uint256 botSize);
    /// @notice The range leaves the range that the authorizer signed.
    error OutsidePermit(uint256 first, uint256 count, uint256 permitFirst, uint256 permitCount);
    /// @notice The deadline has passed; its own second is late.
    error TooLate(uint256 deadline);
    /// @notice The deal's tag demands an enclave.
    error EnclaveRequired(bytes32 dealid);
    /// @notice The authorizer (scheduler, or the broker for enclaves) has not let this worker.
    error NotAuthorized(address worker, address authorizer);
    /// @notice The enclave did not sign what is settled.
    error BadEnclaveSignature(address enclave);
    /// @notice The results take more than `most` bytes.
    error ResultsTooLong(uint256 size, uint256 most);
}
