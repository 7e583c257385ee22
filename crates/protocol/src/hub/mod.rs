//! The hub in memory: every call of the contracts with the same acceptance, money and events, without a chain.
//!
//! For forecasts ("what would this transaction do?") and as the twin that `tests/conformance` runs beside the compiled
//! contracts. Group contracts, contract signatures and callbacks live outside: tell it memberships, expect no calls.

mod bags;
mod bags_refused;
mod ballots;
mod books;
mod boost;
mod boost_refused;
mod events;
mod light;
mod market;
mod ranges;
mod refused;
mod state;
mod tasks;
#[cfg(test)]
mod tests;

pub use bags::{MAX_PUBLISHED, MAX_REVEALS};
pub use bags_refused::BagsRefused;
pub use ballots::{MAX_VOTES, RelayedBallot, RelayedVote, VoteRefusal};
pub use boost::{BoostDeal, BoostEnd};
pub use boost_refused::BoostRefused;
pub use events::Event;
pub use light::{LightProof, LightSettlement, LightStatus, MAX_LIGHT_RESULTS};
pub use ranges::{MAX_SOLO_BYTES, MAX_SOLO_RANGE, Permit, SoloRange, SoloResult, stored_size};
pub use refused::{Refused, Revert};
pub use state::{Entry, Hub, Policy};
pub use tasks::{Outcome, Pledge};
