//! Devnet: the embedded chain. An EVM, blocks on disk, and the JSON-RPC surface that wallets and libraries expect.
//!
//! Owns: execution, blocks, the pool of waiting transactions, their files, the server in front of them.
//! Never: holds a key, knows Fairgrid's contracts, reorganises what it has shown.
//!
//! Invariants (tests carry these names)
//! - N1 killed at any instruction, a restart finds a prefix of the chain it had shown, and goes on from there
//! - N2 timestamps never decrease; block numbers have no gap
//! - N3 what can never be mined is refused when it is sent
//! - N4 a reader at block N sees the state after block N, however old it is
//!
//! Start at [`Node::start`]. `execute::seal` is the one function that makes a block; the miner decides when.

mod admit;
mod block;
mod chain;
mod clock;
mod config;
mod disk;
mod error;
mod execute;
mod genesis;
mod layer;
mod miner;
mod node;
mod pool;
mod rpc;
mod state;
#[cfg(test)]
mod tests;

pub use config::{Config, Durability, Genesis, Limits, Mining};
pub use error::Error;
pub use genesis::{MULTICALL3, multicall3};
pub use node::Node;
