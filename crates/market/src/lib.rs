//! Market: the order book. Takes signed orders from their owners, shows those that can be matched, forgets the rest.
//!
//! Owns: which published orders are open, filled, canceled or dead; logins of publishers; deals for lists and prices.
//! Never: matches orders (clients do), holds a key or money, sends a transaction, believes an order without the hub.
//!
//! Invariants (tests carry these names)
//! - M1 an order is listed only while the chain would let it be matched: owned, signed, funded, not used up
//! - M2 a challenge logs in once
//! - M3 killed at any instruction, a restart finds the same book; events are acted on at least once
//! - M4 every refusal names the field or the rule; garbage costs a constant
//!
//! Start at [`Market`]; `publish` has the rules of entry, `truth` those of staying, `filter` what a list shows.

mod book;
mod categories;
mod config;
mod deals;
mod entry;
mod error;
mod filter;
mod http;
mod iso;
mod login;
mod market;
mod params;
mod publish;
mod rate;
mod refusal;
mod shared;
mod store;
mod truth;
mod watch;

pub use config::Config;
pub use error::Error;
pub use market::Market;
