//! The contract of [`Sandbox`](crate::Sandbox), as tests that every implementation with real apps passes.
//!
//! An implementation says how to ask its apps for each [`Behaviour`], and calls [`suite`].

mod bench; // folders for one job, and running it
mod suite; // the contract, clause by clause

pub use bench::Bench;
pub use suite::{Behaviour, suite};
