//! The command line: every verb, every option, in the words that `--help` prints.

use std::net::IpAddr;
use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::{Amount, DealId, TaskId};
use url::Url;

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

/// `fairgrid demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Frames to render: one task each.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=200))]
    pub(crate) frames: u64,
    /// Where the pictures go.
    #[arg(long, short, default_value = "fairgrid-demo")]
    pub(crate) output: PathBuf,
}

/// `fairgrid up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Workers of the local pool.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=64))]
    pub(crate) workers: u16,
    /// Do not start the pool and its workers: they run as processes of their own.
    #[arg(long)]
    pub(crate) without_pool: bool,
    /// Address to listen on. Anything but loopback opens the network to others.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Port of the chain's JSON-RPC; 0 picks a free one.
    #[arg(long, default_value_t = 8545)]
    pub(crate) rpc_port: u16,
    /// Port of the market.
    #[arg(long, default_value_t = 3000)]
    pub(crate) market_port: u16,
    /// Port of the file gateway.
    #[arg(long, default_value_t = 8080)]
    pub(crate) gateway_port: u16,
    /// Port of the pool.
    #[arg(long, default_value_t = 13000)]
    pub(crate) pool_port: u16,
    /// Let clients move the chain's time forward, for tests.
    #[arg(long, hide = true)]
    pub(crate) test_methods: bool,
    /// Adds a category of this many seconds, for tests.
    #[arg(long, hide = true)]
    pub(crate) test_category: Option<u64>,
    /// The last worker lies from its n-th task on, for tests.
    #[arg(long, hide = true)]
    pub(crate) test_liar_from: Option<u32>,
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
    #[arg(long)]
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

/// `fairgrid run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The app: its address, or its name on this network.
    pub(crate) app: String,
    /// Arguments of the app, as one command line.
    #[arg(default_value = "", allow_hyphen_values = true)]
    pub(crate) args: String,
    /// An input file of this machine, or a URL; may be given several times.
    #[arg(long)]
    pub(crate) input: Vec<String>,
    /// How sure the result must be: wrong with probability at most 1 in this many. 1 asks a single worker.
    #[arg(long, default_value_t = 1)]
    pub(crate) trust: u64,
    /// How many tasks: the app sees which one it is.
    #[arg(long, default_value_t = 1)]
    pub(crate) tasks: u64,
    /// Most that one task may cost in all, in RLC, like 0.5.
    #[arg(long)]
    pub(crate) max_price: Option<Amount>,
    /// Category of time limits; by default the cheapest offer's.
    #[arg(long)]
    pub(crate) category: Option<u64>,
    /// Only this workerpool contract.
    #[arg(long)]
    pub(crate) workerpool: Option<Address>,
    /// Where results go, one folder a task; by default fairgrid-results/ and the deal's id.
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
    /// Show what would be signed and what it costs at most, and stop.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Return once the deal is made, without waiting for results.
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `fairgrid task`.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskVerb {
    /// Show where a task stands.
    Show(TaskArgs),
    /// Follow a task to its end, then download and verify its result.
    Watch(WatchTask),
}

/// A task and where to look.
#[derive(Debug, Args)]
pub(crate) struct TaskArgs {
    /// Id of the task.
    pub(crate) task: TaskId,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `fairgrid task watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchTask {
    /// Id of the task.
    pub(crate) task: TaskId,
    /// Where the result goes; by default fairgrid-results/ and the deal's id.
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `fairgrid deal`.
#[derive(Debug, Subcommand)]
pub(crate) enum DealVerb {
    /// Show a deal and its tasks.
    Show {
        /// Id of the deal.
        deal: DealId,
        #[command(flatten)]
        place: Where,
    },
    /// Follow a deal to its end, then download and verify its results.
    Watch {
        /// Id of the deal.
        deal: DealId,
        /// Where results go, one folder a task; by default fairgrid-results/ and the deal's id.
        #[arg(long, short)]
        output: Option<PathBuf>,
        #[command(flatten)]
        place: Where,
    },
}

/// `fairgrid account`.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountVerb {
    /// Show what an account owns.
    Show {
        /// An address, or the name of a wallet.
        #[arg(default_value = "requester")]
        account: String,
        #[command(flatten)]
        place: Where,
    },
    /// Move RLC from the wallet onto the hub, where it pays for deals and backs stakes.
    Deposit(Move),
    /// Move free RLC from the hub back into the wallet.
    Withdraw(Move),
    /// Send RLC from the wallet to another address.
    Send {
        /// To whom.
        to: Address,
        #[command(flatten)]
        amount: Move,
    },
}

/// An amount of an account.
#[derive(Debug, Args)]
pub(crate) struct Move {
    /// RLC, like 1.5.
    pub(crate) amount: Amount,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `fairgrid app`.
#[derive(Debug, Subcommand)]
pub(crate) enum AppVerb {
    /// Register a WebAssembly module or a container image as an app, and offer it on the market.
    Publish(PublishApp),
}

/// `fairgrid app publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishApp {
    /// The module, a WASI preview 1 command: it is uploaded.
    #[arg(required_unless_present = "image", conflicts_with = "image")]
    pub(crate) module: Option<PathBuf>,
    /// The image, as workers' engines will pull it, instead of a module.
    #[arg(long)]
    pub(crate) image: Option<String>,
    /// Digest of the image, 0x and 64 digits.
    #[arg(long, requires = "image", default_value_t = B256::ZERO, hide_default_value = true)]
    pub(crate) digest: B256,
    /// Name for people; by default the file's or the image's.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Price of one task, in RLC.
    #[arg(long, default_value = "0")]
    pub(crate) price: Amount,
    /// Tasks that the offer is good for.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) volume: u64,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `fairgrid wallet`.
#[derive(Debug, Subcommand)]
pub(crate) enum WalletVerb {
    /// Make a new wallet, encrypted with a password.
    New {
        /// Its name.
        name: String,
        #[command(flatten)]
        password: Password,
    },
    /// Copy an encrypted keystore file (version 3, as Foundry and geth write) under a name.
    Import {
        /// Its name here.
        name: String,
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        password: Password,
    },
    /// List wallets and their addresses.
    List,
}

/// `fairgrid pool`.
#[derive(Debug, Subcommand)]
pub(crate) enum PoolVerb {
    /// Serve a workerpool: register it, offer computing, schedule its deals.
    Run(PoolRun),
}

/// `fairgrid pool run`.
#[derive(Debug, Args)]
pub(crate) struct PoolRun {
    /// Wallet of the pool's owner.
    #[arg(long, default_value = "pool")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) password: Password,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Port to listen on.
    #[arg(long, default_value_t = 13000)]
    pub(crate) port: u16,
    /// What the pool is called on chain; together with the wallet it decides the pool's address.
    #[arg(long, default_value = "fairgrid local pool")]
    pub(crate) description: String,
    /// Price of one task, in RLC.
    #[arg(long, default_value = "0.1")]
    pub(crate) price: Amount,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `fairgrid worker`.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkerVerb {
    /// Join a pool and compute for it.
    Run(WorkerRun),
}

/// `fairgrid worker run`.
#[derive(Debug, Args)]
pub(crate) struct WorkerRun {
    /// Wallet of the worker.
    #[arg(long, default_value = "worker-1")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) password: Password,
    /// Tasks computed at the same time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) slots: u32,
    /// Unix socket of a Docker-compatible engine, to run container apps too.
    #[arg(long, env = "FAIRGRID_DOCKER_SOCKET")]
    pub(crate) docker_socket: Option<String>,
    #[command(flatten)]
    pub(crate) place: Where,
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
        ] {
            let error = Cli::try_parse_from([vec!["fairgrid"], arguments].concat()).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
