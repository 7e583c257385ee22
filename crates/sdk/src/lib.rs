//! Sdk: what a user can do, as functions: buy a computation, watch it, fetch it, prove it; sell an app or computing.
//!
//! Owns: user verbs over chain and api, shared by the command line and the pages; wallets on disk.
//! Never: prints; asks; decides for the user: everything that costs money is quoted before it is signed.
//!
//! Invariants (tests carry these names)
//! - U1 nothing is signed that costs more than the caller's ceiling
//! - U2 a result is handed out only after its digest was compared with the consensus on chain
//! - U3 no key touches the disk in clear
//!
//! Start at [`Session`]; then [`quote`], [`place`](mod@place), [`watch`], [`fetch`], [`receipt`].

pub mod account;
mod error;
pub mod fetch;
pub mod file;
mod network;
pub mod place;
pub mod quote;
pub mod receipt;
pub mod sell;
mod session;
pub mod wallets;
pub mod watch;

pub use account::Account;
pub use error::{Error, Outcome};
pub use network::{CatalogueEntry, Network};
pub use session::Session;
