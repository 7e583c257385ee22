//! Repository automation: `cargo xtask <verb>`. A table of verbs; each verb's work lies in its own file.

mod abi;

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
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().verb {
        Verb::Abi { check } => abi::run(check),
    }
}
