// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IScoreSource} from "../../interfaces/IScoreSource.sol";
import {IexecConfiguration} from "../../interfaces/IexecConfiguration.sol";
import {EIP712Domain} from "../../interfaces/IexecTypes.sol";
import {DEFAULT_CALLBACK_GAS} from "../Constants.sol";
import {HubOwned} from "../HubOwned.sol";
import {hashDomain} from "../Orders.sol";
import {PocoStorage, poco} from "../PocoStorage.sol";

/// @title Set-up of the hub.
contract IexecConfigurationFacet is IexecConfiguration, HubOwned {
    /// @inheritdoc IexecConfiguration
    function configure(
        address _token,
        string calldata _name,
        string calldata _symbol,
        uint8 _decimal,
        address _appregistryAddress,
        address _datasetregistryAddress,
        address _workerpoolregistryAddress,
        address _v3_iexecHubAddress
    ) external override onlyOwner {
        PocoStorage storage s = poco();
        require(s.domainSeparator == 0, "already-configured");
        s.domainSeparator = hashDomain(_domain());
        s.baseToken = _token;
        s.name = _name;
        s.symbol = _symbol;
        s.decimals = _decimal;
        s.appregistry = _appregistryAddress;
        s.datasetregistry = _datasetregistryAddress;
        s.workerpoolregistry = _workerpoolregistryAddress;
        s.v3IexecHub = _v3_iexecHubAddress;
        s.callbackgas = DEFAULT_CALLBACK_GAS;
    }

    /// @inheritdoc IexecConfiguration
    function domain() external view override returns (EIP712Domain memory) {
        return _domain();
    }

    /// @inheritdoc IexecConfiguration
    function updateDomainSeparator() external override {
        require(poco().domainSeparator != 0, "not-configured");
        poco().domainSeparator = hashDomain(_domain());
    }

    /// @inheritdoc IexecConfiguration
    function importScore(address _worker) external override {
        PocoStorage storage s = poco();
        require(!s.scoreImported[_worker], "score-already-imported");
        s.scoreImported[_worker] = true;
        uint256 score = IScoreSource(s.v3IexecHub).viewScore(_worker);
        if (score > s.scores[_worker]) s.scores[_worker] = score;
    }

    /// @inheritdoc IexecConfiguration
    function setTeeBroker(address _teebroker) external override onlyOwner {
        poco().teebroker = _teebroker;
    }

    /// @inheritdoc IexecConfiguration
    function setCallbackGas(uint256 _callbackgas) external override onlyOwner {
        poco().callbackgas = _callbackgas;
    }

    /// @dev Name and version are those of the deployed protocol: wallets show them, signatures depend on them.
    function _domain() private view returns (EIP712Domain memory) {
        return EIP712Domain({
            name: "iExecODB",
            version: "5.0.0",
            chainId: block.chainid,
            verifyingContract: address(this)
        });
    }
}
