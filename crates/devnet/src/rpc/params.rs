//! Positional parameters of a request, read by type.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::RpcError;

/// The `params` of one request.
#[derive(Debug)]
pub(crate) struct Params(Vec<Value>);

impl Params {
    /// Absent and null mean none.
    ///
    /// # Errors
    /// `params` is not an array.
    pub(crate) fn from_value(value: Option<Value>) -> Result<Self, RpcError> {
        match value {
            None | Some(Value::Null) => Ok(Self(Vec::new())),
            Some(Value::Array(values)) => Ok(Self(values)),
            Some(_) => Err(RpcError::params("params must be an array")),
        }
    }

    /// Parameter `index`, which may be absent or null.
    ///
    /// # Errors
    /// It is there, and not a `T`.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, index: usize) -> Result<Option<T>, RpcError> {
        match self.0.get_mut(index).map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| RpcError::params(format!("invalid argument {index}: {error}"))),
        }
    }

    /// Parameter `index`.
    ///
    /// # Errors
    /// It is absent, or not a `T`.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, index: usize) -> Result<T, RpcError> {
        self.optional(index)?.ok_or_else(|| RpcError::params(format!("missing value for required argument {index}")))
    }
}
