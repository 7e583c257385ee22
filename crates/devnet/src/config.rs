//! Configuration of one embedded chain: every field with unit, default and effect. Safe to extend; `bin/` fills it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use alloy::primitives::{Address, Bytes, U256};

/// Everything that can be chosen about an embedded chain.
#[derive(Clone, Debug)]
pub struct Config {
    /// Chain id of EIP-155 and the `CHAINID` opcode. Default 65535. Fixed for the life of a data folder.
    pub chain_id: u64,
    /// Where HTTP and WebSocket listen. Default `127.0.0.1:0`: a free port, see `Node::url`.
    pub listen: SocketAddr,
    /// Folder for blocks and state; created when missing. Default `None`: memory only.
    pub data: Option<PathBuf>,
    /// When transactions go into a block. Default [`Mining::Instant`].
    pub mining: Mining,
    /// Age of the newest block, in monotonic time, at which an empty one follows. Default 5 s; `None`: never.
    /// Clients that wait for several confirmations hang on an idle chain without it.
    pub heartbeat: Option<Duration>,
    /// Base fee of every block, in wei per gas; constant. Default 0: a chain on which gas is free.
    pub base_fee: u64,
    /// Gas a block may use; also the most one call may use. Default 100 million.
    pub gas_limit: u64,
    /// When a block survives a power cut. Default [`Durability::Within`].
    pub fsync: Durability,
    /// Accounts and code of block 0. Ignored when the data folder already holds a chain.
    pub genesis: Genesis,
    /// Offers `evm_increaseTime`, `evm_setNextBlockTimestamp` and `evm_mine`. Default false.
    pub test_methods: bool,
    /// What one client may ask for.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            chain_id: 65_535,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: None,
            mining: Mining::Instant,
            heartbeat: Some(Duration::from_secs(5)),
            base_fee: 0,
            gas_limit: 100_000_000,
            fsync: Durability::Within,
            genesis: Genesis::default(),
            test_methods: false,
            limits: Limits::default(),
        }
    }
}

/// When pending transactions become a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// As soon as one is ready; all that are ready by then share the block.
    Instant,
    /// One block each time this much monotonic time has passed, empty ones included. Above zero.
    Interval(Duration),
}

/// When a block survives a power cut or `kill -9`. The chain on disk is a prefix of the chain seen in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before anybody sees it.
    EveryBlock,
    /// At most 100 ms after anybody can see it.
    Within,
}

/// Block 0.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Balances in wei.
    pub balances: Vec<(Address, U256)>,
    /// Runtime code; nonce 1, no storage. A later entry for one address replaces an earlier one.
    pub code: Vec<(Address, Bytes)>,
    /// Timestamp in Unix seconds; `None`: the clock's time when the chain is created.
    pub timestamp: Option<u64>,
}

impl Default for Genesis {
    /// Multicall3 at its usual address, no balances.
    fn default() -> Self {
        let code = vec![(crate::genesis::MULTICALL3, crate::genesis::multicall3())];
        Self { balances: Vec::new(), code, timestamp: None }
    }
}

/// Bounds on what one request, one connection or all clients together may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of an HTTP body or a WebSocket message. Default 5 MiB.
    pub body: usize,
    /// Requests in a batch. Default 1000.
    pub batch: usize,
    /// Bytes of a batch answer; the requests behind it get an error. Default 64 MiB.
    pub answer: usize,
    /// Blocks one log query may span. Default 100 000.
    pub log_blocks: u64,
    /// Logs one query may return. Default 20 000.
    pub logs: usize,
    /// Addresses, or alternatives of one topic, in a log filter. Default 1000.
    pub log_alternatives: usize,
    /// Installed poll filters, all clients together. Default 1000.
    pub filters: usize,
    /// A poll filter that nobody asked for this long goes away. Default 5 minutes.
    pub filter_idle: Duration,
    /// Subscriptions of one WebSocket connection. Default 100.
    pub subscriptions: usize,
    /// WebSocket connections. Default 256.
    pub sockets: usize,
    /// Calls, estimates and batches that run at one time; more wait. Default 16.
    pub parallel: usize,
    /// Transactions that wait for a block, all senders together. Default 65 536.
    pub pool: usize,
    /// How far a nonce may lie above the sender's next one. Default 1024.
    pub nonce_gap: u64,
    /// Bytes of a raw transaction. Default 128 KiB, as on public networks.
    pub transaction: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 5 << 20,
            batch: 1000,
            answer: 64 << 20,
            log_blocks: 100_000,
            logs: 20_000,
            log_alternatives: 1000,
            filters: 1000,
            filter_idle: Duration::from_secs(300),
            subscriptions: 100,
            sockets: 256,
            parallel: 16,
            pool: 65_536,
            nonce_gap: 1024,
            transaction: 128 << 10,
        }
    }
}
