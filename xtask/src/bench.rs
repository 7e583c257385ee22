//! `cargo xtask bench`: measures, holds the figures against the targets, and writes them into `BENCHMARKS.md`.
//!
//! Owns: the verb and the page. Never: measures itself; a program of the crate that knows the matter does, and prints JSON.
//! Safe to touch: a new bench is a variant of [`Bench`], a file beside `gas.rs`, and a section in `BENCHMARKS.md`.

mod gas; // contracts, in gas
mod page; // a section of BENCHMARKS.md: its place, and when and on what it was measured
mod table; // figures in columns

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// What the contracts cost: prints the table, writes BENCHMARKS.md, fails when a figure rose above contracts/gas.json
    Gas {
        /// Take the measured figures as the new contracts/gas.json
        #[arg(long)]
        accept: bool,
    },
}

/// Runs one bench.
///
/// # Errors
/// When it cannot measure, or when a figure is worse than what was accepted.
pub(crate) fn run(root: &Path, bench: &Bench) -> Result<()> {
    match bench {
        Bench::Gas { accept: false } => gas::run(root, gas::Mode::Compare),
        Bench::Gas { accept: true } => gas::run(root, gas::Mode::Accept),
    }
}
