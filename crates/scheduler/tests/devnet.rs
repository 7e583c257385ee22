//! The whole scheduler against the real hub on the embedded chain, with a fake worker and a fake result service.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::keccak256;
use api::pool::{Capabilities, Hello, Order, PoolClient, ReplicateStatus, Report, Reports};
use api::results::Stored;
use api::session::SessionToken;
use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use chain::deploy::{Deployment, Options, deploy};
use chain::{AppInfo, Client, Event, Outbox, Proof, Running, Wallet, calls};
use futures_util::StreamExt as _;
use protocol::order::{AppOrder, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use protocol::task::Phase;
use protocol::{Address, Amount, Bytes, DealId, ResultDigest, ResultHash, ResultSeal, TaskId, U256};
use runtime::{Stopper, SystemClock, Tasks};
use scheduler::{Config, Scheduler};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::net::TcpListener;
use url::Url;

/// What every task computes; a callback gets it.
const DATA: &[u8] = b"forty-two";
const LINK: &str = "{ \"storage\": \"ipfs\", \"location\": \"/ipfs/bafy\" }";

/// A hub whose category 0 takes `unit` seconds, an app and a pool of one owner, and a running scheduler.
struct World {
    client: Client,
    deployment: Deployment,
    owner: Wallet,
    outbox: Outbox,
    app: Address,
    pool: Address,
    base: Url,
    database: SqlitePool,
    results: Url,
    tasks: Tasks,
    stopper: Stopper,
    _running: Vec<Running>,
    _node: devnet::Node,
}

async fn database() -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    pool.connect_with(options).await.unwrap()
}

async fn listen(tasks: &mut Tasks, app: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tasks.spawn("http", async move { axum::serve(listener, app).await.unwrap() });
    url
}

impl World {
    async fn new(unit: u64) -> Self {
        runtime::tls::install();
        let (stopper, owner) = (Stopper::new(), Wallet::random());
        let config = devnet::Config { heartbeat: Some(Duration::from_millis(200)), ..devnet::Config::default() };
        let node = devnet::Node::start(config, SystemClock::shared(), stopper.stop()).await.unwrap();
        let rpc: Url = node.url().parse().unwrap();
        let options = Options { categories: vec![("T".to_owned(), unit)], ..Options::default() };
        let deployment = deploy(&rpc, &owner, &options).await.unwrap();
        let poll = Duration::from_millis(40);
        let client = Client::connect(chain::Config { rpc, hub: deployment.hub, poll, confirmations: 0 }).await.unwrap();
        let stop = stopper.stop();
        let opened = Outbox::open(client.clone(), owner.clone(), database().await, SystemClock::shared(), stop).await;
        let (outbox, running) = opened.unwrap();
        let app = AppInfo { owner: owner.address(), kind: "WASM".to_owned(), ..AppInfo::default() };
        let app_at = client.predict_app(&app).await.unwrap();
        let pool = client.predict_workerpool(owner.address(), "pool").await.unwrap();
        outbox.submit("app", calls::create_app(deployment.app_registry, &app)).await.unwrap();
        let create = calls::create_workerpool(deployment.workerpool_registry, owner.address(), "pool");
        outbox.submit("pool", create).await.unwrap();
        let deposit =
            calls::deposit_by_approve_and_call(deployment.token, deployment.hub, Amount::rlc(100), Bytes::new());
        outbox.submit("deposit", deposit).await.unwrap();
        let mut tasks = Tasks::new();
        let stored = async |Path(task): Path<String>| {
            Json(Stored { task: task.parse().unwrap(), cid: "bafy".to_owned(), link: LINK.to_owned() })
        };
        let results = listen(&mut tasks, Router::new().route("/v1/results/{task}", get(stored))).await;
        Self {
            client,
            deployment,
            owner,
            outbox,
            app: app_at,
            pool,
            base: results.clone(),
            database: database().await,
            results,
            tasks,
            stopper,
            _running: vec![running],
            _node: node,
        }
    }

    /// Starts a scheduler on the world's database; the returned switch stops only it.
    async fn start(&mut self, change: impl FnOnce(Config) -> Config) -> Stopper {
        let config = Config { sweep_every: Duration::from_millis(100), ..Config::new(self.pool, self.results.clone()) };
        let stopper = self.stopper.stop().child();
        let scheduler = Scheduler::open(
            change(config),
            self.client.clone(),
            self.outbox.clone(),
            self.owner.clone(),
            self.database.clone(),
            SystemClock::shared(),
            stopper.stop(),
        )
        .await
        .unwrap();
        self.base = listen(&mut self.tasks, scheduler.router()).await;
        self.tasks.spawn("scheduler", async move { scheduler.run().await.unwrap() });
        stopper
    }

    async fn matched(&self, volume: u64, trust: u64, callback: Address) -> DealId {
        let domain = &self.client.info().domain;
        let (volume, trust) = (U256::from(volume), U256::from(trust));
        let price = Amount::rlc(1);
        let app = AppOrder { app: self.app, volume, ..Default::default() };
        let workerpool =
            WorkerpoolOrder { workerpool: self.pool, workerpoolprice: price, volume, trust, ..Default::default() };
        let request = RequestOrder {
            app: self.app,
            workerpoolmaxprice: price,
            requester: self.owner.address(),
            callback,
            volume,
            trust,
            ..Default::default()
        };
        let orders = Quadruple {
            app: self.owner.sign_order(app, domain),
            dataset: Signed::none(),
            workerpool: self.owner.sign_order(workerpool, domain),
            request: self.owner.sign_order(request, domain),
        };
        let receipt = self.outbox.submit("match", calls::match_orders(self.deployment.hub, &orders)).await.unwrap();
        let deal = receipt.events.iter().find_map(|event| match event.event {
            Event::SchedulerNotice { deal, .. } => Some(deal),
            _ => None,
        });
        deal.unwrap()
    }

    /// A staked worker that computes, contributes and reveals whatever it is handed.
    async fn worker(&mut self) {
        let wallet = Wallet::random();
        let stake = calls::transfer_stake(self.deployment.hub, wallet.address(), Amount::rlc(10));
        self.outbox.submit(format!("stake:{}", wallet.address()), stake).await.unwrap();
        let (client, hub) = (self.client.clone(), self.deployment.hub);
        let clock = SystemClock::shared();
        let opened =
            Outbox::open(client.clone(), wallet.clone(), database().await, Arc::clone(&clock), self.stopper.stop());
        let (outbox, running) = opened.await.unwrap();
        self._running.push(running);
        let expires = clock.unix().as_secs() + 600;
        let signature = wallet.sign_personal(SessionToken::message(self.pool, wallet.address(), expires));
        let token = SessionToken { worker: wallet.address(), expires, signature };
        let pool = PoolClient::new(&self.base).unwrap();
        let capabilities = Capabilities { wasm: true, ..Capabilities::default() };
        let hello = Hello { slots: 2, capabilities, after: 0, holding: Vec::new(), version: "test".to_owned() };
        let mut stream = pool.stream(&token, &hello).await.unwrap();
        self.tasks.spawn("worker", async move {
            while let Some(Ok(command)) = stream.next().await {
                let (task, status) = match command.order {
                    Order::Beat | Order::Drop { .. } => continue,
                    Order::Work { task, authorization, .. } => {
                        contribute(&outbox, hub, wallet.address(), task, authorization).await;
                        (task, ReplicateStatus::Contributed)
                    }
                    Order::Look { task } => {
                        outbox.submit(format!("reveal:{task}"), calls::reveal(hub, task, digest())).await.unwrap();
                        (task, ReplicateStatus::Revealed)
                    }
                    Order::Upload { task } => (task, ReplicateStatus::Uploaded { link: LINK.to_owned() }),
                };
                let reports = vec![Report { task, status, callback: Some(Bytes::from_static(DATA)) }];
                pool.report(&token, &Reports { acknowledged: command.number, reports }).await.unwrap();
            }
        });
    }

    async fn ends(&self, task: TaskId) -> Phase {
        let wait = async {
            loop {
                if let Some(view) = self.client.task(task).await.unwrap()
                    && view.phase.is_final()
                {
                    return view.phase;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the task ends")
    }
}

fn digest() -> ResultDigest {
    ResultDigest(keccak256(DATA))
}

async fn contribute(outbox: &Outbox, hub: Address, worker: Address, task: TaskId, authorization: Bytes) {
    let (hash, seal) = (ResultHash::derive(task, digest()), ResultSeal::derive(worker, task, digest()));
    let proof = Proof { authorization, ..Proof::default() };
    let call = calls::contribute(hub, task, hash, seal, &proof);
    outbox.submit(format!("contribute:{task}"), call).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_of_several_tasks_is_finalized_also_across_a_restart() {
    let mut world = World::new(300).await;
    let first = world.start(|config| config).await;
    let deal = world.matched(3, 3, Address::ZERO).await;
    let task = |index: u64| TaskId::derive(deal, U256::from(index));
    // Without workers the first life only initializes.
    let pool = PoolClient::new(&world.base).unwrap();
    let waiting = async {
        while pool.task(task(2)).await.ok().and_then(|status| status.why).is_none_or(|why| !why.contains("no worker")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it says that it has no worker");
    first.request();
    world.start(|config| config).await;
    for _ in 0..2 {
        world.worker().await;
    }
    for index in 0..3 {
        assert!(matches!(world.ends(task(index)).await, Phase::Completed { .. }), "task {index}");
        let view = world.client.task(task(index)).await.unwrap().unwrap();
        assert_eq!(view.results, Bytes::from_static(LINK.as_bytes()));
        assert_eq!(view.contributors.len(), 2, "trust 3 takes two newcomers");
    }
    world.stopper.request();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_gets_the_data_that_the_revealed_digest_proves() {
    let mut world = World::new(300).await;
    world.start(|config| config).await;
    world.worker().await;
    let contract = Address::repeat_byte(0x55);
    let task = TaskId::derive(world.matched(1, 1, contract).await, U256::ZERO);
    assert!(matches!(world.ends(task).await, Phase::Completed { .. }));
    let view = world.client.task(task).await.unwrap().unwrap();
    assert_eq!(view.callback_results, Bytes::from_static(DATA));
    let link = String::from_utf8(view.results.to_vec()).unwrap();
    assert_eq!(link, format!("{{ \"storage\": \"ethereum\", \"location\": \"{contract}\" }}"));
    world.stopper.request();
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_a_deal_that_is_not_served_is_refunded_after_its_final_deadline() {
    let mut world = World::new(1).await;
    world.start(|config| Config { max_trust: U256::from(2), ..config }).await;
    let deal = world.matched(2, 5, Address::ZERO).await;
    let locked = world.client.account(world.owner.address()).await.unwrap().locked;
    assert!(!locked.is_zero());
    for index in 0..2_u64 {
        assert_eq!(world.ends(TaskId::derive(deal, U256::from(index))).await, Phase::Failed);
    }
    world.stopper.request();
}
