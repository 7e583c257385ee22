//! The EIP-712 domain that every order is signed for.

use alloy_primitives::{Address, B256, U256, keccak256};

/// Where a signature is valid: one hub on one chain. Source: hub `domain()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// `iExecODB` on every deployed hub; read, never assumed.
    pub name: String,
    /// `5.0.0` on every deployed hub.
    pub version: String,
    /// Chain id.
    pub chain_id: U256,
    /// The hub.
    pub hub: Address,
}

const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

impl Domain {
    /// The domain as the contracts of this repository declare it.
    #[must_use]
    pub fn of_hub(chain_id: u64, hub: Address) -> Self {
        Self { name: "iExecODB".to_owned(), version: "5.0.0".to_owned(), chain_id: U256::from(chain_id), hub }
    }

    /// The separator that the hub stores and mixes into every order hash.
    #[must_use]
    pub fn separator(&self) -> B256 {
        let words = [
            keccak256(DOMAIN_TYPE),
            keccak256(&self.name),
            keccak256(&self.version),
            B256::from(self.chain_id),
            self.hub.into_word(),
        ];
        keccak256(words.concat())
    }

    /// The digest that is signed for a struct: `keccak256(0x1901 ‖ separator ‖ struct)`.
    #[must_use]
    pub fn digest(&self, struct_hash: B256) -> B256 {
        keccak256([&[0x19, 0x01], self.separator().as_slice(), struct_hash.as_slice()].concat())
    }
}
