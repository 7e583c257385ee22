//! The few journeys that users make, each on the real binary: one file a kind of user or trouble.
//!
//! Tests that only buy share one network, one after another; whoever crashes or cheats gets a network of its own.

mod author;
mod buying;
mod chaos;
mod crashes;
mod demo;
mod docs;
mod full_disk;
mod misbehaving;
mod money;
mod oracle;
mod proving;
mod refunds;
mod refusals;
mod selling;
mod shared;
mod starting;
mod wallets;
