// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable} from "../registries/Ownable.sol";

/// @title Test double: something with an owner, in no registry.
contract OwnableMock is Ownable {}
