//! What every operation costs in gas, against the targets: exact, so the same on every machine.
//!
//! Owns: the scenario and the table of rows ([`ROWS`]). Never: decides whether a figure is good; `tests/contracts/gas.rs` and
//! `cargo xtask bench gas` do.
//!
//! To add a row: one entry in [`ROWS`], with a function that brings a scene to the call and returns what the call cost; then
//! `cargo xtask bench gas --accept`. Whoever changes what a row measures has to measure its reference again.
//!
//! The scenario is a hub in use, the same for the reference and for us. What a slot holds before a call decides what a write costs:
//! - accounts: every free balance is above zero. Requester and scheduler have other money locked; workers have nothing else at
//!   stake, so a contribution fills their slot of locked money and the end of the task empties it;
//! - scores: above zero, and low enough that a worker weighs what a new one weighs (2);
//! - kitty: empty, except in the row that says otherwise. A claim is the first to put something in;
//! - orders: fresh. All four have their own salt, so that each fills its slot of the volume used;
//! - resources: the owner has one of the kind before it creates the measured one;
//! - category 0, 70 bytes of params, 85 bytes of result, signatures of ordinary accounts, no callback unless named;
//! - a transaction is counted whole: 21 000 gas, calldata, refunds taken off. "Per task" of an array is what one more task costs,
//!   from 10 tasks to 20, unless the row says average. A callback answers at once: what it does itself is no cost of the hub.
//!
//! With the published artifacts of the deployed contracts (PoCo 6.1.0) in place of ours this scenario gives the targets' references to
//! 1 percent, with the exceptions that `BENCHMARKS.md` names.

mod bags;
mod deals;
mod ends;
mod escrow;
mod light;
mod resources;
mod rows;
mod scene;
mod votes;
mod whole;

pub use rows::{Bounds, ROWS, Row, Target, sizes};
use scene::Scene;

/// Largest contract that a chain accepts, in bytes. Source: EIP-170.
pub const MAX_CODE_BYTES: usize = 24_576;

/// Gas by which a figure may change though no contract did: addresses, hashes and signatures are calldata, and a zero byte in
/// them costs 12 gas less than another. Whoever deploys one facet more changes all addresses after it.
pub const NOISE: u64 = 100;
