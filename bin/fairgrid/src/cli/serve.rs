//! Verbs of machines that stay up: a network, a pool, a worker; and the demo, which is all of them for a minute.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use protocol::Amount;

use super::{Password, Where};

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
