//! Repository automation: `cargo xtask <verb>`. A table of verbs; each verb's work lies in its own file.

#![expect(clippy::print_stdout, reason = "a tool for a terminal: what it prints is its result")]

mod abi;
mod bench;
mod layers;
mod suite;
mod tool;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Repository automation")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Rebuild contracts/artifacts from contracts/src
    Abi {
        /// Only compare, and fail with the list of files that differ
        #[arg(long)]
        check: bool,
    },
    /// Measure, compare with the targets, and write BENCHMARKS.md
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Check that imports point down, that every source file says what it is for, and that no file names a machine
    Layers,
    /// Run every check there is, and install what is missing for it (Debian, as root)
    Test {
        /// Only this group; may be given several times
        #[arg(long, value_name = "GROUP")]
        only: Vec<String>,
        /// Print the groups and stop
        #[arg(long)]
        list: bool,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().verb {
        Verb::Abi { check } => abi::run(&root(), check).map(|()| ExitCode::SUCCESS),
        Verb::Bench { what } => bench::run(&root(), &what).map(|()| ExitCode::SUCCESS),
        Verb::Layers => layers::run(&root()).map(|()| ExitCode::SUCCESS),
        Verb::Test { list: true, .. } => {
            suite::list();
            Ok(ExitCode::SUCCESS)
        }
        Verb::Test { only, list: false } => suite::run(root(), &only),
    }
}

/// The repository that this was started in: several clones may share one folder of built programs.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().expect("xtask lies in the repository").to_owned()
}
