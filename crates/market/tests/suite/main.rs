//! A market on the embedded chain, seen through the typed client that everybody uses.

#![expect(clippy::unwrap_used, reason = "what a test stands on is test code too")]

mod garbage;
mod life;
mod world;
