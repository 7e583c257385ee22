//! What every operation costs in gas, against the targets: exact, so the same on every machine.
//!
//! Owns: the scenario and the table of rows ([`ROWS`]). Never: decides whether a figure is good; `tests/contracts/gas.rs`
//! and `cargo xtask bench gas` do.
//!
//! To add a row: one entry in [`ROWS`], with a function that brings a [`Scene`] to the call and returns what the call cost; then
//! `cargo xtask bench gas --accept`. Never change what an existing row measures without saying so: its reference would no longer fit.
//!
//! The scenario is that of a hub in use, for the reference and for us:
//! - every account has free and locked money, so payments change slots and never fill or empty them;
//! - the workers have scores above zero, and weigh what a new worker weighs (2);
//! - the kitty is empty, except in the row that says otherwise and after the row's own claims;
//! - the four orders of every deal are fresh: nobody matched them before, so each fills its slot of the volume used;
//! - every owner has one resource of its kind before it creates another;
//! - category 0, 70 bytes of params, 85 bytes of result, signatures of ordinary accounts, no callback unless named;
//! - one call a transaction: all 21 000 gas of it and its calldata are counted, refunds are taken off. "Per task" of an array is what
//!   one more task costs, from 10 tasks to 20, unless the row names an average.

mod deals;
mod ends;
mod escrow;
mod resources;
mod rows;
mod scene;
mod votes;
mod whole;

pub use rows::{ROWS, Row, Target, sizes};
use scene::Scene;

/// Largest contract that a chain accepts, in bytes. Source: EIP-170.
pub const MAX_CODE_BYTES: usize = 24_576;
