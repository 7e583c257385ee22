//! Worker: joins a pool, computes its tasks in a sandbox, contributes, reveals by itself, uploads.
//!
//! Owns: one machine's replicates, from the pool's command to the end of the task on chain; what an app sees; what an
//! error result says.
//! Never: believes a pool against the chain; contributes twice to one task; computes without the pool owner's signature;
//! deletes a result that may still have to be revealed or uploaded.
//!
//! Invariants (tests carry these names)
//! - W1 killed at any instruction, a restart loses nothing: truth is chain + store, memory is a cache
//! - W2 the digest is on disk before the contribution is sent, so a contribution can always be revealed
//! - W3 a lost message never costs a stake: reveals follow the chain, not the pool
//! - W4 error results are equal, byte for byte, on every worker
//!
//! Start at [`plan`]: all decisions, pure. [`Worker`] carries them out.

mod app; // the app: fetched once, checked, kept
mod archive; // from an output folder to digest and archive
mod cause; // the cause codes that pool and requester see
mod compute; // one run of one app, from folders to commitment
mod config; // what an operator chooses
mod crew; // who drives which replicate
mod env; // what the app finds in its environment
mod error; // what ends a worker
mod event; // what a worker tells its observers
mod fetch; // downloads, bounded and checked
mod guard; // which addresses a download may reach
mod inputs; // dataset and input files
mod ledger; // the chain, as this crate needs it
mod link; // the pool's commands and our reports
mod pipeline; // a replicate's life: look, plan, act
pub mod plan; // replicate + chain + time -> step
pub mod replicate; // what is remembered of a task
mod store; // what survives a restart
#[cfg(test)]
mod tests; // a worker at a pool and on a chain that are played
mod trouble; // why there is no ordinary result
mod worker; // the loop around all of it

pub use cause::Cause;
pub use config::{Config, Fault, Sandboxes, TaskLimits};
pub use error::Error;
pub use event::WorkerEvent;
pub use worker::Worker;
