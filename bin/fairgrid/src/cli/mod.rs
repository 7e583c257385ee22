//! The command line: every verb, every option, in the words that `--help` prints.
//!
//! `trade` has the verbs of those who buy and sell, `serve` those of machines that stay up; what both share is here.

mod serve;
mod trade;

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

pub(crate) use self::serve::{Demo, PoolRun, PoolVerb, Up, WorkerRun, WorkerVerb};
pub(crate) use self::trade::{AccountVerb, AppVerb, DealVerb, Move, PublishApp, Run, TaskVerb, WalletVerb};

/// A decentralised cloud: rent computing from strangers, and pay only for results that are proven.
#[derive(Debug, Parser)]
#[command(name = "fairgrid", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Print JSON lines on standard output instead of text for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// More log lines on standard error: -v, -vv. FAIRGRID_LOG sets an exact filter.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Form of the log lines.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// Folder of the network file, the wallets and the data of this machine.
    #[arg(long, global = true, env = "FAIRGRID_HOME", default_value = ".fairgrid")]
    pub(crate) home: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done and verified · 1 failure · 2 wrong usage · 3 no offer matches · 4 the app \
    failed · 5 a task was refunded · 6 a result does not prove itself · 7 not enough money · 8 no answer · 9 wallet · \
    130 interrupted";

/// Form of log lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a real job on a whole market in this one process, with one cheating worker that gets caught.
    Demo(Demo),
    /// Keep a whole local network alive: chain, market, storage, a pool and its workers.
    Up(Up),
    /// Run an app: find offers, sign, match, watch, download, verify.
    Run(Run),
    /// Look at tasks.
    #[command(subcommand)]
    Task(TaskVerb),
    /// Look at deals.
    #[command(subcommand)]
    Deal(DealVerb),
    /// Look at money and move it.
    #[command(subcommand)]
    Account(AccountVerb),
    /// Sell an app.
    #[command(subcommand)]
    App(AppVerb),
    /// Make, import and list encrypted wallets.
    #[command(subcommand)]
    Wallet(WalletVerb),
    /// Serve a workerpool.
    #[command(subcommand)]
    Pool(PoolVerb),
    /// Work for a pool.
    #[command(subcommand)]
    Worker(WorkerVerb),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Where the network is; by default what `fairgrid up` wrote into the home folder.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct Where {
    /// Network file.
    #[arg(long)]
    pub(crate) network: Option<PathBuf>,
    /// JSON-RPC of a node, instead of the network file's.
    #[arg(long)]
    pub(crate) rpc: Option<Url>,
    /// Hub contract.
    #[arg(long, value_parser = address)]
    pub(crate) hub: Option<Address>,
    /// Market.
    #[arg(long)]
    pub(crate) market: Option<Url>,
    /// File gateway.
    #[arg(long)]
    pub(crate) gateway: Option<Url>,
    /// API of the pool.
    #[arg(long)]
    pub(crate) pool: Option<Url>,
}

/// Which wallet signs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Wallet")]
pub(crate) struct Who {
    /// Name of the wallet.
    #[arg(long, default_value = "requester")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) password: Password,
}

/// How a wallet is unlocked: this file, else FAIRGRID_PASSWORD, else the local network's own file, else asked for.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Password {
    /// File whose first line is the password.
    #[arg(long)]
    pub(crate) password_file: Option<PathBuf>,
}

/// Reads an address; one in both cases must carry its checksum, for it guards against typing errors.
fn address(text: &str) -> Result<Address, String> {
    let address: Address = text.parse().map_err(|_| "expected 0x and 40 hexadecimal digits".to_owned())?;
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mixed = digits.contains(|c: char| c.is_ascii_uppercase()) && digits.contains(|c: char| c.is_ascii_lowercase());
    if mixed && address.to_string() != format!("0x{digits}") {
        return Err(format!(
            "its checksum is wrong: a digit may be mistyped (with its right checksum it reads {address})"
        ));
    }
    Ok(address)
}

impl Cli {
    /// Log filter when FAIRGRID_LOG is unset: services tell more than verbs.
    #[must_use]
    pub(crate) fn default_filter(&self) -> &'static str {
        let serves = matches!(self.command, Command::Up(_) | Command::Pool(_) | Command::Worker(_));
        match (self.verbose, serves) {
            (0, false) => "error",
            (0, true) => "warn",
            (1, _) => "info,alloy=warn",
            _ => "debug,hyper=info,alloy=info,sqlx=info,h2=info,wasmtime=info,cranelift=info",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_of_the_app_may_look_like_options() {
        let cli = Cli::try_parse_from(["fairgrid", "run", "raytracer", "--width 64", "--trust", "5"]).unwrap();
        let Command::Run(run) = cli.command else { panic!("not run") };
        assert_eq!((run.args.as_str(), run.trust), ("--width 64", 5));
    }

    #[test]
    fn rubbish_is_refused_with_the_option_named() {
        for (arguments, named) in [
            (vec!["run", "a", "", "--max-price", "cheap"], "cheap"),
            (vec!["task", "show", "0x12"], "0x12"),
            (vec!["demo", "--frames", "0"], "--frames"),
            (vec!["up", "--listen", "nowhere"], "nowhere"),
            (vec!["run", "a", "--trust", "0"], "--trust"),
            (vec!["account", "send", "0x1a642f0E3c3aF545E7AcBD38b07251B3990914f1", "1"], "checksum"),
        ] {
            let error = Cli::try_parse_from([vec!["fairgrid"], arguments].concat()).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
