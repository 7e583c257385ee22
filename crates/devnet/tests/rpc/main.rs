//! The embedded chain from outside, as clients and operators meet it. One program, so that it links once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bounds;
mod clients;
mod restart;
mod socket;
mod world;
