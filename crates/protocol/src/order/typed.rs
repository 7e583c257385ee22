//! What the four orders share: a kind, a struct hash, a price, an operation, a signature.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde::{Deserialize, Serialize};

use super::{AppOrder, DatasetOrder, Domain, RequestOrder, WorkerpoolOrder};
use crate::{OrderHash, Tag};

/// Which of the four orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Somebody lets others run an app.
    App,
    /// Somebody lets others compute on a dataset.
    Dataset,
    /// Somebody offers computing.
    Workerpool,
    /// Somebody wants a computation.
    Request,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::App => "app",
            Self::Dataset => "dataset",
            Self::Workerpool => "workerpool",
            Self::Request => "request",
        })
    }
}

/// What an owner does to an order of theirs on chain. Source: enum of `manage…Order`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Presign: the hub accepts the order without a signature.
    Sign,
    /// Close: the hub counts the whole volume as consumed.
    Close,
}

/// One of the four orders.
pub trait Order {
    /// Which.
    const KIND: Kind;
    /// EIP-712 type string.
    const TYPE: &'static str;

    /// The members as 32-byte words in the order of [`Order::TYPE`], dynamic ones hashed.
    fn words(&self) -> Vec<B256>;
    /// How many tasks it is good for in all.
    fn volume(&self) -> U256;
    /// Features needed or offered.
    fn tag(&self) -> Tag;
    /// The contract it sells; for a request order, the requester.
    fn subject(&self) -> Address;

    /// EIP-712 struct hash.
    fn struct_hash(&self) -> B256 {
        let mut encoded = keccak256(Self::TYPE).to_vec();
        for word in self.words() {
            encoded.extend_from_slice(word.as_slice());
        }
        keccak256(encoded)
    }

    /// The hash that keys the order everywhere.
    fn hash(&self, domain: &Domain) -> OrderHash {
        OrderHash(domain.digest(self.struct_hash()))
    }

    /// What the owner signs to presign or close it by somebody else's transaction.
    ///
    /// The operation is a `uint256` in the type string although it is an enum in the ABI.
    fn operation_digest(&self, domain: &Domain, operation: Operation) -> B256 {
        let name = Self::TYPE.split('(').next().unwrap_or_default();
        let typehash = keccak256(format!("{name}Operation({name} order,uint256 operation){}", Self::TYPE));
        let code = match operation {
            Operation::Sign => U256::ZERO,
            Operation::Close => U256::from(1),
        };
        domain.digest(keccak256([typehash, self.struct_hash(), B256::from(code)].concat()))
    }
}

/// An order with the signature it came with; nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<O> {
    /// The order.
    #[serde(flatten)]
    pub order: O,
    /// 65 or 64 bytes for a key, any length for a contract, empty when presigned.
    pub sign: Bytes,
}

impl<O: Order> Signed<O> {
    /// The hash of the order; the signature is no part of it.
    pub fn hash(&self, domain: &Domain) -> OrderHash {
        self.order.hash(domain)
    }
}

impl Signed<DatasetOrder> {
    /// The order that stands for "no dataset".
    #[must_use]
    pub fn none() -> Self {
        Self { order: DatasetOrder::default(), sign: Bytes::new() }
    }
}

/// The four orders of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quadruple {
    /// App order.
    pub app: Signed<AppOrder>,
    /// Dataset order; [`Signed::none`] without one.
    pub dataset: Signed<DatasetOrder>,
    /// Workerpool order.
    pub workerpool: Signed<WorkerpoolOrder>,
    /// Request order.
    pub request: Signed<RequestOrder>,
}
