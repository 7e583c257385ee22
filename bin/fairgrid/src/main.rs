//! Fairgrid: one binary, every role and every verb. This file only parses, runs and turns errors into exit codes.

mod cli;
mod commands;
mod node;
mod show;

use std::process::ExitCode;

use clap::Parser as _;
use runtime::telemetry;
use sdk::Outcome;

use crate::cli::{Cli, LogFormat};
use crate::show::Printer;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are successes, and the only ones that clap prints.
            let code = if error.use_stderr() { Outcome::Usage } else { Outcome::Success };
            let _a_closed_terminal_is_no_failure = error.print();
            return ExitCode::from(code as u8);
        }
    };
    let format = match cli.log_format {
        LogFormat::Text => telemetry::Format::Text,
        LogFormat::Json => telemetry::Format::Json,
    };
    telemetry::init(format, cli.default_filter());
    runtime::tls::install();
    let printer = Printer::new(cli.json);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match threads {
        Ok(threads) => threads.block_on(commands::run(cli, &printer)),
        Err(error) => Err(anyhow::Error::from(error).context("cannot start threads")),
    };
    let code = outcome.unwrap_or_else(|error| {
        let code = outcome_of(&error);
        printer.error(&error, code);
        code
    });
    ExitCode::from(code as u8)
}

/// The exit code of an error: what the innermost verb says, or a plain failure.
fn outcome_of(error: &anyhow::Error) -> Outcome {
    error.chain().find_map(|cause| cause.downcast_ref::<sdk::Error>()).map_or(Outcome::Failure, sdk::Error::outcome)
}
