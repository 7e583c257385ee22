//! Verbs of those who buy and sell: run, look, pay, publish.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand};
use protocol::{Amount, DealId, TaskId};

use super::{Password, Where, Who};

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
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
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
    #[arg(long, value_parser = super::address)]
    pub(crate) workerpool: Option<Address>,
    /// Contract that the hub calls with each result, instead of files; the app must write callback data. Name the pool
    /// that the contract believes with --workerpool: else any may answer.
    #[arg(long, value_parser = super::address)]
    pub(crate) callback: Option<Address>,
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
    Deposit {
        /// Whose it becomes there; by default the wallet's own. A contract that asks for computations pays from it.
        #[arg(long = "for", value_name = "ADDRESS", value_parser = super::address)]
        owner: Option<Address>,
        #[command(flatten)]
        amount: Move,
    },
    /// Move free RLC from the hub back into the wallet.
    Withdraw(Move),
    /// Send RLC from the wallet to another address.
    Send {
        /// To whom.
        #[arg(value_parser = super::address)]
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
