//! Runtime: the only door to the machine a service runs on.
//!
//! Owns: the clock, randomness, the stop signal, the ownership of background tasks, the embedded
//! database file, logs, the TLS provider.
//! Never: knows what Fairgrid does. No protocol type, no network call.
//!
//! Invariants
//! - R1 every background task has an owner that awaits it ([`Tasks`]); a panic in one is reported, never lost
//! - R2 once a [`Stop`] is requested it stays requested, for every clone and child
//! - R3 time and randomness enter a service only through [`Clock`] and [`random`], so that a seed replays a run
//!
//! Start at [`Stop`] and [`Tasks`].

pub mod clock;
pub mod random;
pub mod sqlite;
mod stop;
mod tasks;
pub mod telemetry;
pub mod tls;

pub use clock::{Clock, SystemClock};
pub use futures_util::future::BoxFuture;
pub use stop::{Stop, Stopper};
pub use tasks::Tasks;
