//! Conformance: the compiled contracts and the pure rules in `protocol` answer the same vectors and the same calls.
//!
//! Owns: the vectors (`vectors/*.json`), an EVM in memory with the whole system deployed on it, and the twin beside it.
//! Never: decides what is right. The specification does; a disagreement is a bug on one side.
//!
//! Invariants (each is a test under `tests/`)
//! - C1 hashes, ids and signatures of the vectors pass in Rust and in Solidity
//! - C2 consensus and rewards of the vectors pass in Rust and in Solidity
//! - C3 every failure of the specification answers with its exact bytes
//! - C4 any sequence of calls is accepted or refused, paid and logged alike by twin and contracts; money is conserved
//! - C5 no operation costs more gas than what was accepted, and no promise once kept is broken ([`gas`])
//! - C6 whatever random people do, money is conserved, nothing stays locked, final states are final
//!
//! Start at [`Stage`] (a deployed system with funded actors) and [`Evm`] (calls and time).

pub mod abi;
mod actor;
mod artifact;
pub mod bags;
mod convert;
mod evm;
pub mod gas;
mod market;
mod revert;
mod room;
mod stage;
pub mod stub;
mod vectors;

pub use actor::Actor;
pub use artifact::Artifact;
pub use convert::{app, dataset, event, events, pool, quadruple, request};
pub use evm::{Done, Evm};
pub use market::{Market, UNITS, WEI_PER_NRLC};
pub use revert::Reverted;
pub use room::room;
pub use stage::{Stage, Terms};
pub use vectors::{vectors, word};
