//! The chain as services see it: reads, an event log that survives reorganisations, durable transactions.
//!
//! Owns: the ABI (nobody else sees it), nonces, fees, gas limits, retries, what counts as confirmed.
//! Never: decides what to do; believes one unconfirmed answer; sends a transaction that is not on disk first.
//!
//! Invariants (tests carry these names)
//! - C1 one key of the outbox is one transaction on chain, whatever crashes in between
//! - C2 a refusal by a contract costs nothing when it can be foreseen, and is always decoded
//! - C3 a follower delivers every event at least once, and names every reorganisation
//! - C4 a node that is away for a while delays, and never fails, what was submitted
//!
//! Start at [`Client`] to read, [`Follower`] to watch, [`calls`] and [`Outbox`] to act, [`deploy`] for a new chain.

mod bindings;
pub mod calls;
mod client;
pub mod deploy;
mod error;
mod event;
mod facts;
mod filter;
mod follow;
mod node;
mod outbox;
mod reads;
mod revert;
mod view;
mod wallet;

pub use calls::{Call, Proof};
pub use client::{Client, Config};
pub use error::Error;
pub use event::{Event, EventKind, HubEvent};
pub use filter::EventFilter;
pub use follow::{Batch, Cursor, Follower};
pub use outbox::{Outbox, Receipt, Running, Settings};
pub use revert::Revert;
pub use view::{Account, AppInfo, Category, ContributionView, DatasetInfo, Head, HubInfo, TaskView, WorkerpoolInfo};
pub use wallet::Wallet;
