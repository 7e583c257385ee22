//! The stage: a chain in memory, a pool on loopback, and a worker between them that can be killed and started again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use api::pool::{Accepted, Command, Order, PoolInfo, ReplicateStatus, Report, Reports};
use api::results::Stored;
use axum::Json;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use chain::{AppInfo, ContributionView, DatasetInfo, Error, TaskView, Wallet};
use protocol::deal::{Deal, Resource};
use protocol::task::{ContributionStatus, Phase};
use protocol::{Amount, ChainTime, DealId, ResultDigest, TaskId};
use runtime::{BoxFuture, Stopper, SystemClock, Tasks};
use sandbox::{Sandbox, Scripted};
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast;

use crate::ledger::Ledger;
use crate::plan::View;
use crate::replicate::{Commitment, Replicate};
use crate::store::Store;
use crate::worker::Parts;
use crate::{Config, Fault, Sandboxes};

pub(super) const MODULE: &[u8] = b"\0asm module";

/// A hub that knows one deal, and what was done to its tasks.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) deal: Deal,
    pub(super) app: AppInfo,
    pub(super) tasks: HashMap<TaskId, TaskView>,
    pub(super) contributions: HashMap<(TaskId, Address), ContributionView>,
    /// Every call that reached the hub.
    pub(super) calls: Vec<String>,
    /// The answer to the next contribution is lost on its way.
    pub(super) lose_answer: bool,
}

/// One worker's view of the [`Chain`].
pub(super) struct Fake {
    pub(super) chain: Arc<Mutex<Chain>>,
    pub(super) worker: Address,
}

impl Chain {
    fn contribute(&mut self, worker: Address, task: TaskId, commitment: Commitment) -> Result<(), Error> {
        self.calls.push(format!("contribute:{worker}"));
        if self.contributions.contains_key(&(task, worker)) {
            return Err(Error::Refused { call: "contribute", reason: chain::Revert::Bare });
        }
        let Commitment { hash, seal, .. } = commitment;
        let status = ContributionStatus::Contributed;
        let view = ContributionView { status, hash, seal, enclave: Address::ZERO, share: U256::from(1) };
        self.contributions.insert((task, worker), view);
        if std::mem::take(&mut self.lose_answer) {
            return Err(Error::Stopped { call: "contribute" });
        }
        Ok(())
    }

    /// Declares the contribution of `worker` the winner.
    pub(super) fn agree(&mut self, task: TaskId, worker: Address) {
        let consensus = self.contributions[&(task, worker)].hash;
        let reveal_before = ChainTime(1_500);
        let phase = Phase::Revealing { consensus, reveal_before, winners: 1, revealed: 0 };
        self.tasks.get_mut(&task).unwrap().phase = phase;
    }

    pub(super) fn complete(&mut self, task: TaskId) {
        self.tasks.get_mut(&task).unwrap().phase = Phase::Completed { consensus: Default::default() };
    }
}

impl Ledger for Fake {
    fn view<'a>(&'a self, task: TaskId, deal: &'a Deal, authorized: bool) -> BoxFuture<'a, Result<View, Error>> {
        let chain = self.chain.lock().unwrap();
        let contribution = chain.contributions.get(&(task, self.worker)).copied();
        let seen = chain.tasks.get(&task).cloned();
        let worker_stake = deal.worker_stake;
        let (now, worker, free) = (ChainTime(1_000), self.worker, Amount::nrlc(100));
        Box::pin(std::future::ready(Ok(View { now, worker, task: seen, contribution, free, worker_stake, authorized })))
    }

    fn deal(&self, _: DealId) -> BoxFuture<'_, Result<Option<Deal>, Error>> {
        Box::pin(std::future::ready(Ok(Some(self.chain.lock().unwrap().deal.clone()))))
    }

    fn app(&self, _: Address) -> BoxFuture<'_, Result<Option<AppInfo>, Error>> {
        Box::pin(std::future::ready(Ok(Some(self.chain.lock().unwrap().app.clone()))))
    }

    fn dataset(&self, _: Address) -> BoxFuture<'_, Result<Option<DatasetInfo>, Error>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn contribute(&self, task: TaskId, commitment: Commitment, _: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        let done = self.chain.lock().unwrap().contribute(self.worker, task, commitment);
        Box::pin(std::future::ready(done))
    }

    fn reveal(&self, task: TaskId, digest: ResultDigest) -> BoxFuture<'_, Result<(), Error>> {
        let mut chain = self.chain.lock().unwrap();
        chain.calls.push(format!("reveal:{}:{digest}", self.worker));
        let contribution = chain.contributions.get_mut(&(task, self.worker)).unwrap();
        contribution.status = ContributionStatus::Proved;
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What the pool was told, and what it says.
#[derive(Default)]
pub(super) struct Pool {
    pub(super) reports: Vec<Report>,
    pub(super) acknowledged: u64,
    pub(super) commands: Vec<Command>,
    pub(super) uploads: Vec<Vec<u8>>,
    /// CIDs that the gateway answers, always with `an input`.
    pub(super) contents: Vec<String>,
}

type Shared = Arc<Mutex<Pool>>;

/// Chain, pool and folder of one worker; lives longer than the worker.
pub(super) struct Stage {
    pub(super) chain: Arc<Mutex<Chain>>,
    pub(super) pool: Shared,
    pub(super) folder: tempfile::TempDir,
    pub(super) wallet: Wallet,
    pub(super) task: TaskId,
    owner: Wallet,
    deal: DealId,
    base: url::Url,
    _server: Tasks,
}

/// A running worker; dropping it is a `kill -9`.
pub(super) struct Life {
    stopper: Stopper,
    running: Tasks,
    pub(super) store: Store,
}

impl Life {
    pub(super) async fn stop(self) {
        self.stopper.request();
        self.running.join().await;
    }
}

impl Stage {
    pub(super) async fn new() -> Self {
        let pool = Shared::default();
        let (base, server) = serve(Arc::clone(&pool)).await;
        let (wallet, owner) = (Wallet::random(), Wallet::random());
        let deal = DealId(B256::repeat_byte(0x11));
        let task = TaskId::derive(deal, U256::from(3));
        let mut chain = Chain::default();
        chain.deal.workerpool = Resource { owner: owner.address(), ..Resource::default() };
        chain.deal.worker_stake = Amount::nrlc(10);
        (chain.deal.bot_first, chain.deal.bot_size) = (U256::from(2), U256::from(4));
        chain.app.kind = "WASM".to_owned();
        chain.app.multiaddr = format!("{base}app.wasm").into_bytes().into();
        chain.app.checksum = B256::new(Sha256::digest(MODULE).into());
        chain.tasks.insert(task, open_task(task, deal));
        let folder = tempfile::tempdir().unwrap();
        let chain = Arc::new(Mutex::new(chain));
        Self { chain, pool, folder, wallet, task, owner, deal, base, _server: server }
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.base.join(path).unwrap().to_string()
    }

    pub(super) fn config(&self) -> Config {
        let mut config = Config::new(self.base.clone(), self.work());
        config.reveal_poll = Duration::from_millis(20);
        config.private_networks = true;
        config
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(super) fn work_command(&self, number: u64) -> Command {
        let message = protocol::hash::authorization(self.wallet.address(), self.task, Address::ZERO);
        let authorization = self.owner.sign_personal(message);
        let (task, deal, index) = (self.task, self.deal, U256::from(3));
        Command { number, order: Order::Work { task, deal, index, authorization } }
    }

    pub(super) fn say(&self, command: Command) {
        self.pool.lock().unwrap().commands.push(command);
    }

    pub(super) async fn parts(&self, sandbox: Scripted, stop: &Stopper, config: Config) -> Parts {
        let database = runtime::sqlite::open(&self.folder.path().join("worker.db")).await.unwrap();
        let worker = self.wallet.address();
        let wasm: Arc<dyn Sandbox> = Arc::new(sandbox);
        Parts {
            config,
            ledger: Arc::new(Fake { chain: Arc::clone(&self.chain), worker }),
            wallet: self.wallet.clone(),
            sandboxes: Sandboxes { wasm: Some(wasm), container: None },
            store: Store::open(database, worker).await.unwrap(),
            events: broadcast::Sender::new(64),
            clock: SystemClock::shared(),
            stop: stop.stop(),
        }
    }

    pub(super) async fn live(&self, sandbox: Scripted) -> Life {
        self.live_with(sandbox, self.config()).await
    }

    pub(super) async fn live_with(&self, sandbox: Scripted, config: Config) -> Life {
        let stopper = Stopper::new();
        let parts = self.parts(sandbox, &stopper, config).await;
        parts.make_folders().unwrap();
        let store = parts.store.clone();
        let station = parts.station(&self.info()).await.unwrap();
        let mut running = Tasks::new();
        running.spawn("worker", async move { parts.work(station).await.unwrap() });
        Life { stopper, running, store }
    }

    pub(super) async fn lying(&self, sandbox: Scripted) -> Life {
        let fault = Fault::WrongResult { from_task: 1 };
        self.live_with(sandbox, Config { fault, ..self.config() }).await
    }

    pub(super) fn info(&self) -> PoolInfo {
        PoolInfo {
            workerpool: Address::repeat_byte(5),
            hub: Address::repeat_byte(6),
            chain_id: 1,
            results: self.base.clone(),
            gateways: vec![self.base.clone()],
            version: "test".to_owned(),
        }
    }

    /// Waits until what the pool was told satisfies `test`.
    pub(super) async fn told(&self, test: impl Fn(&ReplicateStatus) -> bool) -> ReplicateStatus {
        self.until("a report", || {
            let pool = self.pool.lock().unwrap();
            pool.reports.iter().map(|report| &report.status).find(|status| test(status)).cloned()
        })
        .await
    }

    pub(super) async fn until<T>(&self, what: &str, test: impl Fn() -> Option<T>) -> T {
        let wait = async {
            loop {
                if let Some(found) = test() {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(30), wait).await;
        reached.unwrap_or_else(|_| panic!("no {what}; told {:?}", self.pool.lock().unwrap().reports))
    }

    /// Waits until the stored replicate satisfies `test`.
    pub(super) async fn stored(&self, life: &Life, test: impl Fn(&Replicate) -> bool) -> Replicate {
        loop {
            if let Some(found) = life.store.replicate(self.task).await.unwrap().filter(&test) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) fn task_folder(&self) -> PathBuf {
        self.work().join(self.task.to_string())
    }

    pub(super) fn calls(&self, start: &str) -> usize {
        self.chain.lock().unwrap().calls.iter().filter(|call| call.starts_with(start)).count()
    }
}

fn open_task(id: TaskId, deal: DealId) -> TaskView {
    TaskView {
        id,
        deal,
        index: U256::from(3),
        phase: Phase::Active,
        unit: 100,
        contribute_before: ChainTime(1_700),
        final_before: ChainTime(2_000),
        contributors: Vec::new(),
        digest: None,
        results: Bytes::new(),
        callback_results: Bytes::new(),
    }
}

async fn serve(pool: Shared) -> (url::Url, Tasks) {
    let router = axum::Router::new()
        .route("/v1/workers/stream", post(stream))
        .route("/v1/workers/reports", post(reports))
        .route("/v1/results/{task}", put(upload))
        .route("/app.wasm", get(|| async { MODULE }))
        .route("/in.txt", get(|| async { "an input" }))
        .route("/ipfs/{cid}", get(content))
        .with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let mut tasks = Tasks::new();
    tasks.spawn("pool", async move { axum::serve(listener, router).await.unwrap() });
    (base, tasks)
}

/// Says what is not acknowledged, and hangs up: every test also proves that streams are opened again.
async fn stream(State(pool): State<Shared>) -> String {
    let pool = pool.lock().unwrap();
    let open = pool.commands.iter().filter(|command| command.number > pool.acknowledged);
    open.map(|command| serde_json::to_string(command).unwrap() + "\n").collect()
}

async fn reports(State(pool): State<Shared>, Json(reports): Json<Reports>) -> Json<Accepted> {
    let mut pool = pool.lock().unwrap();
    pool.acknowledged = reports.acknowledged;
    let accepted = reports.reports.len();
    pool.reports.extend(reports.reports);
    Json(Accepted { accepted })
}

async fn upload(State(pool): State<Shared>, UrlPath(task): UrlPath<String>, body: axum::body::Bytes) -> Json<Stored> {
    pool.lock().unwrap().uploads.push(body.to_vec());
    let link = r#"{ "storage": "ipfs", "location": "/ipfs/Qm" }"#.to_owned();
    Json(Stored { task: task.parse().unwrap(), cid: "Qm".to_owned(), link })
}

async fn content(State(pool): State<Shared>, UrlPath(cid): UrlPath<String>) -> Result<&'static str, StatusCode> {
    let known = pool.lock().unwrap().contents.contains(&cid);
    known.then_some("an input").ok_or(StatusCode::NOT_FOUND)
}
