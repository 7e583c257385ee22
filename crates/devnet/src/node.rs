//! A running chain: opens the disk, starts the miner and the server, and stops them in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::{Bytes, U256};
use revm::bytecode::Bytecode;
use runtime::{Clock, Stop, Tasks};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::block::Block;
use crate::chain::Chain;
use crate::clock::BlockTime;
use crate::config::{Config, Genesis, Mining};
use crate::disk::Disk;
use crate::error::Error;
use crate::execute::{self, Rules};
use crate::miner::Miner;
use crate::pool::Bounds;
use crate::rpc;
use crate::state::{Account, Diff, World};

/// How long connections may take to end once a stop was requested.
const GRACE: Duration = Duration::from_secs(3);
/// Requests of `evm_mine` that may wait for the miner.
const ORDERS: usize = 64;

/// A chain that makes blocks and answers requests until it is stopped.
#[derive(Debug)]
pub struct Node {
    address: SocketAddr,
    stop: Stop,
    clock: ClockHandle,
    miner: Tasks,
    server: Tasks,
}

/// A clock that prints nothing.
struct ClockHandle(Arc<dyn Clock>);

impl std::fmt::Debug for ClockHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Node {
    /// Opens or creates the chain and starts to serve it. Once this returns, clients can connect.
    ///
    /// # Errors
    /// [`Error`]: the folder cannot be used, the address cannot be listened on, or `config` makes no sense.
    pub async fn start(config: Config, clock: Arc<dyn Clock>, stop: Stop) -> Result<Self, Error> {
        check(&config)?;
        let rules = Rules { chain_id: config.chain_id, base_fee: config.base_fee, gas_limit: config.gas_limit };
        let (opening, now) = (config.clone(), clock.unix().as_secs());
        let opened = tokio::task::spawn_blocking(move || open(&opening, &rules, now)).await;
        let (disk, world, blocks) = opened.unwrap_or_else(|panic| Err(damaged(&config, &panic)))?;
        let head = blocks.last().map_or(now, |block| block.header.timestamp);
        let ahead = if config.test_methods { head.saturating_sub(now) } else { 0 };
        let time = Arc::new(BlockTime::new(Arc::clone(&clock), ahead));
        let bounds = Bounds { pool: config.limits.pool, nonce_gap: config.limits.nonce_gap };
        let chain = Arc::new(Chain::new(rules, bounds, world, blocks));
        let listen = |cause| Error::Listen { address: config.listen, cause };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (orders, inbox) = mpsc::channel(ORDERS);
        let disk = disk.map(Arc::new);
        let miner = Miner::new(&config, Arc::clone(&chain), Arc::clone(&time), Arc::clone(&clock), disk, inbox);
        let (mut mining, mut server) = (Tasks::new(), Tasks::new());
        mining.spawn("chain.miner", miner.run(stop.clone()));
        let rpc = rpc::Rpc::new(&config, chain, time, Arc::clone(&clock), orders, stop.clone());
        server.spawn("chain.server", rpc::serve(listener, rpc, stop.clone()));
        tracing::info!(%address, chain_id = config.chain_id, "chain is ready");
        Ok(Self { address, stop, clock: ClockHandle(clock), miner: mining, server })
    }

    /// Where HTTP requests go.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where WebSocket connections go: the same port.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a stop, then until every block is durable and every connection has ended (3 s at most).
    pub async fn join(self) {
        self.stop.requested().await;
        self.miner.join().await;
        tokio::select! {
            () = self.server.join() => {}
            () = self.clock.0.sleep(GRACE) => tracing::debug!("closed connections that did not end by themselves"),
        }
    }
}

fn check(config: &Config) -> Result<(), Error> {
    if config.chain_id == 0 {
        return Err(Error::Config("chain_id must not be 0"));
    }
    if config.gas_limit < 1_000_000 {
        return Err(Error::Config("gas_limit must be at least 1000000"));
    }
    if matches!(config.mining, Mining::Interval(period) if period.is_zero()) {
        return Err(Error::Config("the mining interval must be above zero"));
    }
    if config.heartbeat.is_some_and(|period| period.is_zero()) {
        return Err(Error::Config("the heartbeat must be above zero; leave it out for none"));
    }
    Ok(())
}

/// The database library panics on some damage: that must not end the process that asked.
fn damaged(config: &Config, panic: &tokio::task::JoinError) -> Error {
    Error::Corrupt { folder: config.data.clone().unwrap_or_default(), what: panic.to_string() }
}

/// The chain on disk, or a new one.
fn open(config: &Config, rules: &Rules, now: u64) -> Result<(Option<Disk>, World, Vec<Block>), Error> {
    let disk = config.data.as_deref().map(|folder| Disk::open(folder, rules.chain_id)).transpose()?;
    let (mut world, mut blocks) = match &disk {
        Some(disk) => disk.load()?,
        None => (World::default(), Vec::new()),
    };
    if blocks.is_empty() {
        let diff = genesis_diff(&config.genesis);
        let block = execute::genesis(rules, &diff, config.genesis.timestamp.unwrap_or(now));
        if let Some(disk) = &disk {
            disk.append(&block, &diff, true)?;
        }
        world.apply(0, block.hash, diff);
        blocks.push(block);
    }
    Ok((disk, world, blocks))
}

fn genesis_diff(genesis: &Genesis) -> Diff {
    let mut diff = Diff::default();
    for (address, balance) in &genesis.balances {
        let account = diff.accounts.entry(*address).or_default().get_or_insert_default();
        account.balance = account.balance.saturating_add(U256::from(*balance));
    }
    for (address, code) in &genesis.code {
        let code = Bytecode::new_legacy(Bytes::clone(code));
        let account: &mut Account = diff.accounts.entry(*address).or_default().get_or_insert_default();
        account.nonce = 1;
        account.code_hash = code.hash_slow();
        diff.code.insert(account.code_hash, code);
    }
    diff
}
