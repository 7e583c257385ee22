//! End to end: the real binary as its users start it, and an independent look at what it did to the chain.
//!
//! Owns: starting, watching, interrupting and killing processes of `fairgrid`; reading the chain beside them.
//! Never: calls into a service: what users cannot reach through the command line, HTTP or the chain is not tested here.
//!
//! Invariants
//! - every process that was started is dead when its test is over, even if the test itself was killed ([`Process`])
//! - every wait has a condition and a limit, and says at its limit what it waited for
//! - every network lives in a folder and on ports of its own
//!
//! Start at [`Network`]; the journeys are in `tests/journeys`.

mod binary;
mod finished;
mod leash;
mod network;
mod process;
mod rpc;
mod site;
mod wait;
mod witness;

pub use binary::fairgrid;
pub use finished::{Finished, amount};
pub use network::{Network, Options, Role};
pub use process::{Process, Signal};
pub use site::Site;
pub use wait::{PATIENCE, eventually};
pub use witness::{Books, Witness};
