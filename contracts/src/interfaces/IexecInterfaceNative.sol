// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC173} from "./IERC173.sol";
import {IexecAccessorsABILegacy} from "./IexecAccessorsABILegacy.sol";
import {IexecBags} from "./IexecBags.sol";
import {IexecCategoryManager} from "./IexecCategoryManager.sol";
import {IexecConfiguration} from "./IexecConfiguration.sol";
import {IexecConfigurationExtra} from "./IexecConfigurationExtra.sol";
import {IexecERC20} from "./IexecERC20.sol";
import {IexecEscrowNative} from "./IexecEscrowNative.sol";
import {IexecLight} from "./IexecLight.sol";
import {IexecOrderManagement} from "./IexecOrderManagement.sol";
import {IexecPoco1} from "./IexecPoco1.sol";
import {IexecPoco2} from "./IexecPoco2.sol";
import {IexecPocoAccessors} from "./IexecPocoAccessors.sol";
import {IexecPocoBoost} from "./IexecPocoBoost.sol";
import {IexecPocoBoostAccessors} from "./IexecPocoBoostAccessors.sol";
import {IexecRelay} from "./IexecRelay.sol";
import {IexecTokenSpender} from "./IexecTokenSpender.sol";

/// @title The whole hub as its clients see it, staking the chain's coin.
/// @dev `receiveApproval` is listed by the deployed protocol's ABI; no facet serves it, so calling it is a deposit.
interface IexecInterfaceNative is
    IERC173,
    IexecAccessorsABILegacy,
    IexecBags,
    IexecCategoryManager,
    IexecConfiguration,
    IexecConfigurationExtra,
    IexecERC20,
    IexecEscrowNative,
    IexecLight,
    IexecOrderManagement,
    IexecPoco1,
    IexecPoco2,
    IexecPocoAccessors,
    IexecPocoBoost,
    IexecPocoBoostAccessors,
    IexecRelay,
    IexecTokenSpender
{
    /// @notice Listed by the deployed protocol's ABI; no facet serves it, so calling it is a deposit.
    function renounceOwnership() external;
}
