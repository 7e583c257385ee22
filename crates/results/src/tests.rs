//! The invariants, over real TCP with the API's own client; the chain is a fake, blobs are in memory.

mod hostile;
mod winners;
mod world;
