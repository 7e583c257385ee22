//! What a contract says when it refuses: a string, a panic, a custom error, or nothing. Source: `chain-rpc.md` 6.

use std::fmt;

use alloy::primitives::Bytes;
use alloy::sol_types::{Panic, PanicKind, Revert as SolRevert, SolError};

use crate::bindings::{Diamond, Hub};

/// Bytes of revert data that are kept and shown; a contract may return megabytes.
const MAX_DATA: usize = 1024;

/// A decoded refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revert {
    /// `revert("…")` or `require(…, "…")`.
    Text(String),
    /// A failed `assert`, an overflow, an index out of range: the code of Solidity's `Panic`.
    Panic(u64),
    /// A custom error of the hub by its name, or the selector of an unknown one.
    Custom {
        /// Name, such as `CallerIsNotTheRequester`, or the selector in hexadecimal.
        name: String,
        /// Arguments as they came, at most 1 KiB.
        data: Bytes,
    },
    /// No data: every precondition of a task's life refuses this way.
    Bare,
    /// The code did something the machine cannot do, or ran out of gas; the node's words.
    Halt(String),
}

impl Revert {
    /// Reads revert data as a node returns it.
    #[must_use]
    pub fn decode(data: &[u8]) -> Self {
        if data.is_empty() {
            return Self::Bare;
        }
        if let Ok(text) = SolRevert::abi_decode(data) {
            return Self::Text(text.reason.chars().take(MAX_DATA).collect());
        }
        if let Ok(panic) = Panic::abi_decode(data) {
            return Self::Panic(u64::try_from(panic.code).unwrap_or(u64::MAX));
        }
        let (selector, rest) = data.split_at(data.len().min(4));
        let name = custom_name(selector).map_or_else(|| alloy::hex::encode_prefixed(selector), str::to_owned);
        Self::Custom { name, data: Bytes::copy_from_slice(&rest[..rest.len().min(MAX_DATA)]) }
    }

    /// Whether the contract said exactly `text`.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        matches!(self, Self::Text(said) if said == text)
    }
}

fn custom_name(selector: &[u8]) -> Option<&'static str> {
    let known = [
        (Hub::IncompatibleDatasetOrder::SELECTOR, "IncompatibleDatasetOrder"),
        (Hub::CallerIsNotTheRequester::SELECTOR, "CallerIsNotTheRequester"),
        (Hub::OperationFailed::SELECTOR, "OperationFailed"),
        (Hub::UnsupportedOperation::SELECTOR, "UnsupportedOperation"),
        (Diamond::FunctionNotFound::SELECTOR, "FunctionNotFound"),
        (Diamond::NotContractOwner::SELECTOR, "NotContractOwner"),
    ];
    known.into_iter().find(|(known, _)| known == selector).map(|(_, name)| name)
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text}"),
            Self::Panic(code) => match u32::try_from(*code).ok().and_then(PanicKind::from_number) {
                Some(kind) => write!(f, "panic {code:#04x}: {kind}"),
                None => write!(f, "panic {code:#04x}"),
            },
            Self::Custom { name, data } if data.is_empty() => write!(f, "custom error {name}"),
            Self::Custom { name, data } => write!(f, "custom error {name} with {data}"),
            Self::Bare => f.write_str("no reason given: a precondition of the call does not hold"),
            Self::Halt(text) => write!(f, "execution stopped: {text}"),
        }
    }
}

impl std::error::Error for Revert {}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;

    use super::*;

    #[test]
    fn every_kind_of_refusal_is_named() {
        let text = SolRevert::from("iExecV5-matchOrders-0x20").abi_encode();
        assert_eq!(Revert::decode(&text), Revert::Text("iExecV5-matchOrders-0x20".to_owned()));
        let panic = Panic { code: U256::from(0x11) }.abi_encode();
        assert_eq!(Revert::decode(&panic), Revert::Panic(0x11));
        assert_eq!(Revert::decode(&[]), Revert::Bare);
        let custom = Hub::CallerIsNotTheRequester {}.abi_encode();
        assert_eq!(custom, [0x74, 0xa0, 0x58, 0x3f]);
        assert_eq!(Revert::decode(&custom).to_string(), "custom error CallerIsNotTheRequester");
        assert_eq!(Revert::decode(&[1, 2, 3, 4]).to_string(), "custom error 0x01020304");
        assert_eq!(Revert::decode(&[1]).to_string(), "custom error 0x01");
    }
}
