//! Failed calls, decoded as clients tell them apart: nothing, a string, a panic, a custom error.

use alloy::primitives::Bytes;
use alloy::sol_types::{Panic, Revert as Text, SolError};
use protocol::hub::Revert;

use crate::abi::Boost::SafeCastOverflowedUintDowncast;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reverted {
    /// Without data.
    Bare,
    /// `Error(string)`.
    Text(String),
    /// `Panic(uint256)`.
    Panic(u8),
    /// Anything else: a custom error with its arguments.
    Custom(Bytes),
    /// Not by `revert`: out of gas, bad opcode.
    Halt(String),
}

impl Reverted {
    pub(crate) fn decode(data: Bytes) -> Self {
        if data.is_empty() {
            return Self::Bare;
        }
        if let Ok(text) = Text::abi_decode(&data) {
            return Self::Text(text.reason);
        }
        match Panic::abi_decode(&data) {
            Ok(panic) => Self::Panic(u8::try_from(panic.code).unwrap_or(u8::MAX)),
            Err(_) => Self::Custom(data),
        }
    }

    /// A string revert.
    #[must_use]
    pub fn text(words: &str) -> Self {
        Self::Text(words.to_owned())
    }

    /// A custom error.
    #[must_use]
    pub fn custom<E: SolError>(error: &E) -> Self {
        Self::Custom(error.abi_encode().into())
    }
}

impl From<Revert> for Reverted {
    fn from(revert: Revert) -> Self {
        match revert {
            Revert::Bare => Self::Bare,
            Revert::Text(words) => Self::Text(words),
            Revert::Panic(code) => Self::Panic(code),
            Revert::Custom(data) => Self::Custom(data),
            Revert::TooWide { bits, value } => Self::custom(&SafeCastOverflowedUintDowncast { bits, value }),
        }
    }
}
