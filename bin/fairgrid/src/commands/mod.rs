//! One file a verb. A verb reads its options, calls the sdk or starts roles, and says how it ended.

mod account;
mod app;
mod context;
mod deal;
mod demo;
mod finish;
mod pool;
mod run;
mod task;
mod up;
mod wallet;
mod worker;

use clap::CommandFactory as _;
use runtime::Stopper;
use sdk::Outcome;

use crate::cli::{Cli, Command};
use crate::show::Printer;
use context::Context;

/// Runs one command to its end.
pub(crate) async fn run(cli: Cli, printer: &Printer) -> anyhow::Result<Outcome> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "fairgrid", &mut std::io::stdout());
        return Ok(Outcome::Success);
    }
    let stopper = Stopper::new();
    let mut signals = runtime::Tasks::new();
    signals.spawn("signals", context::watch_signals(stopper.clone()));
    let context = Context::new(&cli, printer, stopper.stop());
    match cli.command {
        Command::Demo(options) => demo::run(&context, &options, &stopper).await,
        Command::Up(options) => up::run(&context, &options).await,
        Command::Run(options) => run::run(&context, &options).await,
        Command::Task(verb) => task::run(&context, &verb).await,
        Command::Deal(verb) => deal::run(&context, &verb).await,
        Command::Account(verb) => account::run(&context, &verb).await,
        Command::App(verb) => app::run(&context, &verb).await,
        Command::Wallet(verb) => wallet::run(&context, &verb),
        Command::Pool(verb) => pool::run(&context, &verb).await,
        Command::Worker(verb) => worker::run(&context, &verb).await,
        Command::Completions { .. } => unreachable!("answered above"),
    }
}
