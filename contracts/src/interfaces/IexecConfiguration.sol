// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./IexecTypes.sol";

/// @title Set-up of the hub by its owner.
interface IexecConfiguration {
    /// @notice One-time set-up; `already-configured` after that. Owner only.
    function configure(
        address _token,
        string calldata _name,
        string calldata _symbol,
        uint8 _decimal,
        address _appregistryAddress,
        address _datasetregistryAddress,
        address _workerpoolregistryAddress,
        address _v3_iexecHubAddress
    ) external;
    /// @notice The EIP-712 domain for the chain we run on now.
    function domain() external view returns (EIP712Domain memory);
    /// @notice Recomputes the stored separator after a chain split; `not-configured` before configure.
    function updateDomainSeparator() external;
    /// @notice Takes over a worker's score from the previous hub, once.
    function importScore(address _worker) external;
    /// @notice Sets the account that authorizes enclave contributions. Owner only.
    function setTeeBroker(address _teebroker) external;
    /// @notice Sets the gas given to callbacks. Owner only.
    function setCallbackGas(uint256 _callbackgas) external;
}
