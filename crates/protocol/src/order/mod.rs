//! The four orders of the market and their EIP-712 hashes.
//!
//! An order is signed by its owner and published anywhere; the hub believes the signature, never the place.

mod domain;
mod kinds;
mod typed;
pub mod wire;

pub use domain::Domain;
pub use kinds::{AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder};
pub use typed::{Kind, Operation, Order, Quadruple, Signed};
