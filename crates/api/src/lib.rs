//! Api: the wire. Types and typed clients of every HTTP service, and the errors they answer with.
//!
//! Owns: paths, bodies, error codes, the session token. A service's `http.rs` serves what its module here says.
//! Never: decides anything; opens a database; knows how a service works inside.
//!
//! Invariants
//! - A1 every refusal has the body [`problem::Problem`]: a code that programs can match, a message for people
//! - A2 a client never waits for ever and never reads without bound: [`http::Client`] sets both limits
//!
//! Start at [`pool`] (workers and their pool), [`results`] (result upload), [`market`] (the order book).

pub mod http;
pub mod market;
pub mod pool;
pub mod problem;
pub mod results;
pub mod session;
