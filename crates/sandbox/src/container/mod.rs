//! The container sandbox: apps as OCI images, run by a Docker engine (or podman's socket).
//!
//! The engine does the confining; this room says how tightly (`spec`), watches what the engine cannot limit
//! (`output`: disk), and sees to it that nothing is left (`run`).
//!
//! Start at `run`.

mod config; // where the engine is, and how it is used
mod image; // is it there? fetch it
mod output; // how full the output folder is, and what may stay in it
mod run; // Container: one job from image to exit
mod spec; // how a job is confined

pub use config::Config;
pub use run::Container;
