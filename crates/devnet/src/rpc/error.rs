//! What a client gets instead of an answer. Codes and texts are those that client libraries match.

use std::time::Duration;

use alloy::primitives::{B256, Bytes};
use alloy::sol_types::{Panic, Revert, SolError as _};
use revm::context::result::HaltReason;
use serde::Serialize;
use serde_json::Value;

use crate::pool::Refusal;

/// The `error` member of a JSON-RPC answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RpcError {
    pub(crate) code: i32,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

impl RpcError {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Not JSON.
    pub(crate) fn parse(what: impl std::fmt::Display) -> Self {
        Self::new(-32700, format!("parse error: {what}"))
    }

    /// JSON, but no request.
    pub(crate) fn invalid(what: impl std::fmt::Display) -> Self {
        Self::new(-32600, format!("invalid request: {what}"))
    }

    /// A method that this node does not have.
    pub(crate) fn no_method(method: &str) -> Self {
        Self::new(-32601, format!("the method {method} does not exist/is not available"))
    }

    /// Parameters that make no sense.
    pub(crate) fn params(what: impl Into<String>) -> Self {
        Self::new(-32602, what)
    }

    /// A request that was understood and refused.
    pub(crate) fn refused(what: impl Into<String>) -> Self {
        Self::new(-32000, what)
    }

    /// A request for more than one client may have.
    pub(crate) fn limit(what: impl Into<String>) -> Self {
        Self::new(-32005, what)
    }

    /// A transaction that was accepted, and still waits (EIP-7966).
    pub(crate) fn not_mined(hash: &B256, waited: Duration) -> Self {
        let message = format!("the transaction was accepted but not mined within {} ms", waited.as_millis());
        Self { code: 4, message, data: Some(hash.to_string().into()) }
    }

    /// A call that reverted with `output`.
    pub(crate) fn reverted(output: &Bytes) -> Self {
        let reason = if let Ok(revert) = Revert::abi_decode(output) {
            format!(": {}", revert.reason)
        } else if let Ok(panic) = Panic::abi_decode(output) {
            let what = panic.kind().map_or("unknown", |kind| kind.as_str());
            format!(": panic: {what} (0x{:02x})", panic.code)
        } else {
            String::new()
        };
        Self { code: 3, message: format!("execution reverted{reason}"), data: Some(output.to_string().into()) }
    }

    /// A call that ended in an exception other than a revert.
    pub(crate) fn halted(reason: &HaltReason) -> Self {
        Self::refused(match reason {
            HaltReason::OutOfGas(_) => "out of gas".to_owned(),
            HaltReason::InvalidFEOpcode => "invalid opcode: INVALID".into(),
            HaltReason::OpcodeNotFound | HaltReason::NotActivated => "invalid opcode: opcode not defined".into(),
            HaltReason::InvalidJump => "invalid jump destination".into(),
            HaltReason::CreateContractSizeLimit => "max code size exceeded".into(),
            HaltReason::CreateCollision => "contract address collision".into(),
            other => format!("execution failed: {other:?}"),
        })
    }
}

impl From<Refusal> for RpcError {
    fn from(refusal: Refusal) -> Self {
        Self::refused(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revert_names_its_reason_and_carries_its_data() {
        let output = Bytes::from(Revert::from("on purpose").abi_encode());
        let error = RpcError::reverted(&output);
        assert_eq!((error.code, error.message.as_str()), (3, "execution reverted: on purpose"));
        assert_eq!(error.data, Some(output.to_string().into()));
        let empty = RpcError::reverted(&Bytes::new());
        assert_eq!((empty.message.as_str(), empty.data), ("execution reverted", Some("0x".into())));
    }
}
