//! What the tests stand on: a node (embedded or anvil) with a fresh hub, and a proxy that misbehaves on demand.

pub(crate) mod market;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use chain::deploy::{Deployment, Options, deploy};
use chain::{Client, Config, Error, Outbox, Running, Wallet};
use runtime::{Stop, Stopper, SystemClock, Tasks};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Kills its process when dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// A node with a hub.
pub(crate) struct World {
    pub(crate) rpc: Url,
    pub(crate) deployment: Deployment,
    pub(crate) owner: Wallet,
    pub(crate) stopper: Stopper,
    pub(crate) anvil: bool,
    _process: Option<Killed>,
    _node: Option<devnet::Node>,
}

impl World {
    /// On the embedded chain.
    pub(crate) async fn devnet() -> Self {
        let stopper = Stopper::new();
        let config = devnet::Config { heartbeat: Some(Duration::from_millis(200)), ..devnet::Config::default() };
        let node = devnet::Node::start(config, SystemClock::shared(), stopper.stop()).await.unwrap();
        let rpc = node.url().parse().unwrap();
        Self::build(rpc, stopper, None, Some(node)).await
    }

    /// On anvil; `None`, with a word, when there is none.
    pub(crate) async fn anvil() -> Option<Self> {
        let Some(binary) = std::env::var_os("FAIRGRID_TEST_ANVIL") else {
            println!("skipped: anvil tests need FAIRGRID_TEST_ANVIL");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let child = Command::new(binary)
            .args(["--port", &port.to_string(), "--silent"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let rpc: Url = format!("http://127.0.0.1:{port}").parse().unwrap();
        let killed = Killed(child);
        until(async || raw(&rpc, "eth_chainId", "[]").await.is_some()).await;
        Some(Self::build(rpc, Stopper::new(), Some(killed), None).await)
    }

    async fn build(rpc: Url, stopper: Stopper, process: Option<Killed>, node: Option<devnet::Node>) -> Self {
        let owner = Wallet::random();
        let anvil = process.is_some();
        if anvil {
            fund(&rpc, &owner).await;
        }
        let deployment = deploy(&rpc, &owner, &Options::default()).await.unwrap();
        Self { rpc, deployment, owner, stopper, anvil, _process: process, _node: node }
    }

    /// A client at `rpc`, the node's own or a proxy's.
    pub(crate) async fn client_at(&self, rpc: &Url) -> Client {
        Client::connect(self.config(rpc)).await.unwrap()
    }

    pub(crate) async fn client(&self) -> Client {
        self.client_at(&self.rpc.clone()).await
    }

    pub(crate) fn config(&self, rpc: &Url) -> Config {
        Config { rpc: rpc.clone(), hub: self.deployment.hub, poll: Duration::from_millis(40), confirmations: 0 }
    }

    /// A new key that can pay gas.
    pub(crate) async fn wallet(&self) -> Wallet {
        let wallet = Wallet::random();
        if self.anvil {
            fund(&self.rpc, &wallet).await;
        }
        wallet
    }

    /// An outbox of `wallet` that lives until the world ends.
    pub(crate) async fn outbox(&self, wallet: &Wallet) -> (Outbox, Running) {
        outbox(self.client().await, wallet, database().await, self.stopper.stop()).await
    }
}

pub(crate) async fn outbox(client: Client, wallet: &Wallet, database: SqlitePool, stop: Stop) -> (Outbox, Running) {
    Outbox::open(client, wallet.clone(), database, SystemClock::shared(), stop).await.unwrap()
}

/// A database in memory that lives as long as its pool.
pub(crate) async fn database() -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    pool.connect_with(options).await.unwrap()
}

/// How many signed transactions are on disk.
pub(crate) async fn attempts(database: &SqlitePool) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM chain_outbox_attempt").fetch_one(database).await.unwrap_or(0)
}

/// Waits for a condition; a minute is for ever.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the condition comes true");
}

async fn fund(rpc: &Url, wallet: &Wallet) {
    let params = format!("[\"{}\", \"0xde0b6b3a7640000\"]", wallet.address());
    raw(rpc, "anvil_setBalance", &params).await.unwrap();
}

/// A raw request; `None` when there is no answer or an error.
pub(crate) async fn raw(rpc: &Url, method: &str, params: &str) -> Option<serde_json::Value> {
    runtime::tls::install();
    let body = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{params}}}");
    let request = reqwest::Client::new().post(rpc.clone()).header("content-type", "application/json").body(body);
    let answer: serde_json::Value = request.send().await.ok()?.json().await.ok()?;
    answer.get("result").cloned()
}

/// What a [`Proxy`] does to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// Passes everything on.
    Honest,
    /// Loses transactions on the way to the node.
    LoseSends,
    /// Passes transactions on and loses the answer.
    LoseSendAnswers,
    /// Answers nothing.
    Down,
}

/// Stands before a node and misbehaves on demand.
pub(crate) struct Proxy {
    pub(crate) url: Url,
    mode: Arc<AtomicU8>,
    _tasks: Tasks,
}

impl Proxy {
    pub(crate) async fn before(node: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let mode = Arc::new(AtomicU8::new(Mode::Honest as u8));
        let (node, shared) = (node.clone(), Arc::clone(&mode));
        let mut tasks = Tasks::new();
        tasks.spawn("proxy", async move {
            let mut connections = Tasks::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (node, mode) = (node.clone(), Arc::clone(&shared));
                connections.spawn("connection", async move { serve(stream, node, mode).await.unwrap_or_default() });
            }
        });
        Self { url, mode, _tasks: tasks }
    }

    pub(crate) fn be(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }
}

/// `None` ends the connection: to the client, an answer that never came.
async fn serve(mut stream: TcpStream, node: Url, mode: Arc<AtomicU8>) -> Option<()> {
    let http = reqwest::Client::new();
    loop {
        let body = read_body(&mut stream).await?;
        let is_send = body.windows(22).any(|window| window == b"eth_sendRawTransaction");
        let mode = mode.load(Ordering::SeqCst);
        if mode == Mode::Down as u8 || (is_send && mode == Mode::LoseSends as u8) {
            return None;
        }
        let request = http.post(node.clone()).header("content-type", "application/json").body(body);
        let answer = request.send().await.ok()?.bytes().await.ok()?;
        if is_send && mode == Mode::LoseSendAnswers as u8 {
            return None;
        }
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
        stream.write_all(&[head.as_bytes(), &answer].concat()).await.ok()?;
    }
}

async fn read_body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    let mut buffer = [0; 16_384];
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
            let length: usize = length.unwrap_or(0);
            if read.len() >= end + 4 + length {
                return Some(read[end + 4..end + 4 + length].to_vec());
            }
        }
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&buffer[..count]);
    }
}

/// Whether it is a contract's no.
pub(crate) fn is_refusal<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Refused { .. }))
}
