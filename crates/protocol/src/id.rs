//! Ids: one newtype per thing that is 32 bytes, and how each is derived.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{B256, U256, keccak256};
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub B256);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map(Self).map_err(|_| NotAnId { text: text.chars().take(80).collect() })
            }
        }
    };
}

id!(
    /// One deal: `keccak256(request order hash ‖ volume consumed before the match)`. Source: hub `matchOrders`.
    DealId
);
id!(
    /// One task of a deal: `keccak256(deal ‖ index)`. Source: hub `initialize`.
    TaskId
);
id!(
    /// EIP-712 digest of an order without its signature; keys consumption and presignature on the hub.
    OrderHash
);
id!(
    /// What the result is: revealed on chain after the consensus. Source: `offchain.md` 3.6.
    ResultDigest
);
id!(
    /// Commitment to a result that equal results share: `keccak256(task ‖ digest)`.
    ResultHash
);
id!(
    /// Commitment to a result that only its worker can have made: `keccak256(worker ‖ task ‖ digest)`.
    ResultSeal
);

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an id: expected 0x and 64 hexadecimal digits")]
pub struct NotAnId {
    text: String,
}

/// Number of a category: which time limits a task has. Source: hub `viewCategory`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryId(pub U256);

impl DealId {
    /// The deal that a match of `request` makes when `consumed` of its volume went to earlier deals.
    #[must_use]
    pub fn derive(request: OrderHash, consumed: U256) -> Self {
        Self(keccak256([request.0.0, consumed.to_be_bytes()].concat()))
    }
}

impl TaskId {
    /// `index` counts over the whole request order, so a deal may start above 0.
    #[must_use]
    pub fn derive(deal: DealId, index: U256) -> Self {
        Self(keccak256([deal.0.0, index.to_be_bytes()].concat()))
    }
}
