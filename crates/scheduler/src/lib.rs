//! Scheduler: carries each deal of its workerpool to finalized tasks.
//!
//! Owns: who gets which replicate; when to ask for upload, finalize, reopen, claim.
//! Never: holds user funds, sees a plaintext result, believes a worker against the chain.
//!
//! Invariants (tests carry these names)
//! - S1 a worker has at most one live replicate per task, and never a second one after the first ended
//! - S2 killed at any instruction, a restart loses nothing: truth is chain + store, memory is a cache
//! - S3 every task of a deal ends: paid, or claimed and refunded after its final deadline
//! - S4 a command stays until it is acknowledged; a worker that reconnects gets the rest again
//!
//! Start at [`plan`]: all decisions, pure. [`Scheduler::run`] only carries them out.

mod act; // one action carried out: a transaction, a command
mod config;
mod error;
mod http; // what workers call
mod look; // what chain and store say of one task
pub mod plan; // view + time -> action
pub mod replicate; // one worker's copy of a task, a state machine
mod roster; // the workers as the planner sees them
mod run; // the loop: read, plan, act
mod store; // what survives a restart
mod streams; // who is connected, and what to look at next

pub use config::{Config, Limits};
pub use error::Error;
pub use run::Scheduler;
