//! The vectors: one JSON file a topic, read by the tests of both languages.

use alloy::primitives::{B256, keccak256};
use serde_json::Value;

use crate::room;

/// Reads `vectors/NAME.json`.
///
/// # Panics
/// When the file is missing or no JSON.
#[must_use]
pub fn vectors(name: &str) -> Value {
    let path = room().join("vectors").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A 32-byte word of a vector: hexadecimal, or the hash of any other text.
///
/// # Panics
/// When the value is no string.
#[must_use]
pub fn word(value: &Value) -> B256 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no string"));
    text.parse().unwrap_or_else(|_| keccak256(text))
}
