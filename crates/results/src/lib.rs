//! Results: takes the archives of revealed tasks from winners, stores them by content address, tells their links.
//!
//! Owns: who may upload what and when (`policy`), uploads in progress, which task has which content address.
//! Never: believes a worker or an archive against the chain, writes on chain, keeps a byte of an unchecked sender.
//!
//! Invariants (tests carry these names)
//! - U1 what is recorded for a task proves the task's consensus
//! - U2 an upload that is refused or breaks off leaves nothing, on disk or recorded
//! - U3 one result a task: while it is stored, every winner is answered the same, without reading a body
//! - U4 nothing is told as stored that the blob store no longer has
//!
//! Start at `policy` for who may upload, at [`Results::router`] for the way of a request.

mod config;
mod error;
mod http;
mod ledger;
mod policy;
mod receive;
mod refusal;
mod seats;
mod service;
mod store;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use error::Error;
pub use service::Results;
