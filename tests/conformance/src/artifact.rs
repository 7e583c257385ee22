//! Compiled contracts as committed in `contracts/artifacts`.

use alloy::hex;
use alloy::json_abi::JsonAbi;
use alloy::primitives::{Bytes, FixedBytes};

use crate::room;

/// One compiled contract.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The contract's name.
    pub name: String,
    /// Its interface.
    pub abi: JsonAbi,
    /// Creation code.
    pub bytecode: Bytes,
    /// Runtime code.
    pub deployed: Bytes,
}

impl Artifact {
    /// Reads `contracts/artifacts/NAME.json`.
    ///
    /// # Panics
    /// When the file is missing or no artifact: the contracts were not built.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let path = room().join("../../contracts/artifacts").join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let json: serde_json::Value = serde_json::from_str(&text).expect("an artifact is JSON");
        let code = |key: &str| {
            let hex = json[key].as_str().expect("code is a string");
            Bytes::from(hex::decode(hex).unwrap_or_else(|error| panic!("{name}.{key} is not linked: {error}")))
        };
        Self {
            name: name.to_owned(),
            abi: serde_json::from_value(json["abi"].clone()).expect("the ABI is a list of entries"),
            bytecode: code("bytecode"),
            deployed: code("deployedBytecode"),
        }
    }

    /// Selectors of a facet: its functions, zero for `receive`, all ones for `fallback`.
    #[must_use]
    pub fn selectors(&self) -> Vec<FixedBytes<4>> {
        let functions = self.abi.functions().map(|function| function.selector());
        let receive = self.abi.receive.is_some().then_some(FixedBytes::ZERO);
        let fallback = self.abi.fallback.is_some().then_some(FixedBytes::repeat_byte(0xff));
        functions.chain(receive).chain(fallback).collect()
    }
}
