//! The WebAssembly sandbox: deterministic, metered, and needing nothing but this process.
//!
//! A module runs against an own small WASI preview 1 (`calls_*`), whose files live in a tree of our own (`tree`),
//! whose clock and randomness are functions of the job: same job, same output, exit and fuel, on every machine.
//!
//! Start at `run`.

mod cache; // machine code kept between runs
mod calls_env; // WASI: arguments, environment, clock, randomness, exit
mod calls_fd; // WASI: what is done with an open file
mod calls_path; // WASI: what is done with a path
mod errno; // why a call is refused
mod guest; // the app's memory, and how a call begins and ends
mod handles; // what the app has open
mod machine; // the engine's profile, and its interruption
mod module; // is this a module we can run?
mod run; // Wasm: one job from file to exit
mod state; // what one run holds
mod tree; // the files an app sees

pub use run::{Config, Wasm};
