//! Proof-of-Contribution in pure Rust: ids, orders, hashes, matching, consensus, money.
//!
//! Owns: every rule that the contracts enforce, as functions that anybody can call before spending a transaction.
//! Never: does I/O, reads a clock, logs, waits. Same input, same answer, on every machine.
//!
//! Invariants (tests carry these names; `tests/conformance` proves them against the compiled contracts)
//! - P1 every hash and id equals the hub's, byte for byte
//! - P2 money is conserved: no settlement creates or loses one nRLC
//! - P3 a result wins only above `(trust - 1) / trust` of all weight, counted as the hub counts it
//! - P4 a refusal names the clause that refused, and what would have passed
//!
//! Start at [`order`] and [`matching`] for the market, at [`consensus`] and [`settlement`] for a task's life;
//! [`hub`] plays all of it together. [`bags`] and [`range_tree`] have what is signed and proved for many tasks at once.

pub mod amount;
pub mod bags;
pub mod consensus;
pub mod deal;
pub mod hash;
pub mod hub;
pub mod id;
pub mod matching;
pub mod order;
pub mod params;
pub mod range_tree;
pub mod settlement;
pub mod tag;
pub mod task;
pub mod time;

pub use alloy_primitives::{Address, B256, Bytes, U256};
pub use amount::Amount;
pub use id::{CategoryId, DealId, OrderHash, ResultDigest, ResultHash, ResultSeal, TaskId};
pub use tag::Tag;
pub use time::ChainTime;
