//! What the tests stand on: an embedded chain with a hub, an app and a pool of one owner, and a market before it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use api::market::{Listed, MarketClient, Signer, Status};
use chain::deploy::{Deployment, Options, deploy};
use chain::{AppInfo, Client, Outbox, Running, Wallet, calls};
use market::{Config, Market};
use protocol::order::{AppOrder, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use protocol::{Address, Amount, B256, Bytes, OrderHash, U256};
use runtime::{Stopper, SystemClock, Tasks};
use tokio::net::TcpListener;
use url::Url;

/// A wallet as the market's client wants it.
#[derive(Clone)]
pub(crate) struct Pen(pub(crate) Wallet);

impl Signer for Pen {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign(&self, digest: B256) -> Bytes {
        self.0.sign_digest(digest)
    }
}

/// A chain where one owner has an app, a pool and 100 RLC on the hub.
pub(crate) struct World {
    pub(crate) chain: Client,
    pub(crate) deployment: Deployment,
    pub(crate) owner: Pen,
    pub(crate) outbox: Outbox,
    pub(crate) app: Address,
    pub(crate) pool: Address,
    folder: tempfile::TempDir,
    stopper: Stopper,
    _running: Running,
    _node: devnet::Node,
}

/// A market that serves until it is stopped or dropped.
pub(crate) struct Served {
    pub(crate) url: Url,
    pub(crate) client: MarketClient,
    stopper: Stopper,
    tasks: Tasks,
}

impl World {
    pub(crate) async fn new() -> Self {
        runtime::tls::install();
        let stopper = Stopper::new();
        let config = devnet::Config { heartbeat: Some(Duration::from_millis(200)), ..devnet::Config::default() };
        let node = devnet::Node::start(config, SystemClock::shared(), stopper.stop()).await.unwrap();
        let rpc: Url = node.url().parse().unwrap();
        let owner = Pen(Wallet::random());
        let deployment = deploy(&rpc, &owner.0, &Options::default()).await.unwrap();
        let poll = Duration::from_millis(20);
        let config = chain::Config { rpc, hub: deployment.hub, poll, confirmations: 0 };
        let chain = Client::connect(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (outbox, running) = outbox(&chain, &owner.0, folder.path().join("owner.sqlite"), &stopper).await;
        let (app, pool) = stock(&chain, &outbox, owner.address()).await;
        Self { chain, deployment, owner, outbox, app, pool, folder, stopper, _running: running, _node: node }
    }

    /// A market on this world's one book, as it is on disk.
    pub(crate) async fn market(&self) -> Served {
        self.market_with(Config::default()).await
    }

    pub(crate) async fn market_with(&self, config: Config) -> Served {
        let database = runtime::sqlite::open(&self.folder.path().join("market.sqlite")).await.unwrap();
        let stopper = self.stopper.stop().child();
        let clock = SystemClock::shared();
        let market = Market::open(config, self.chain.clone(), database, clock, stopper.stop()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let router = market.router().into_make_service_with_connect_info::<SocketAddr>();
        let stop = stopper.stop();
        let mut tasks = Tasks::new();
        tasks.spawn("serve", async move {
            let stopped = async move { stop.requested().await };
            axum::serve(listener, router).with_graceful_shutdown(stopped).await.unwrap();
        });
        tasks.spawn("follow", async move { market.run().await.unwrap() });
        let client = MarketClient::new(&url, self.deployment.chain_id).unwrap();
        Served { url, client, stopper, tasks }
    }

    /// A wallet that owns nothing yet, and a way to send its transactions.
    pub(crate) async fn stranger(&self) -> (Pen, Outbox, Running) {
        let wallet = Wallet::random();
        let path = self.folder.path().join(format!("{}.sqlite", wallet.address()));
        let (outbox, running) = outbox(&self.chain, &wallet, path, &self.stopper).await;
        (Pen(wallet), outbox, running)
    }

    /// Orders of the owner that fit each other: 1 RLC for the app, 2 RLC for the pool.
    pub(crate) fn orders(&self, volume: u64) -> Quadruple {
        let volume = U256::from(volume);
        let app = AppOrder { app: self.app, appprice: Amount::rlc(1), volume, ..Default::default() };
        let workerpool = WorkerpoolOrder {
            workerpool: self.pool,
            workerpoolprice: Amount::rlc(2),
            volume,
            trust: U256::from(1),
            ..Default::default()
        };
        let request = RequestOrder {
            app: self.app,
            appmaxprice: Amount::rlc(1),
            workerpoolmaxprice: Amount::rlc(2),
            requester: self.owner.address(),
            volume,
            ..Default::default()
        };
        Quadruple {
            app: self.sign(app),
            dataset: Signed::none(),
            workerpool: self.sign(workerpool),
            request: self.sign(request),
        }
    }

    pub(crate) fn sign<O: Listed>(&self, order: O) -> Signed<O> {
        self.owner.0.sign_order(order, &self.chain.info().domain)
    }

    pub(crate) fn hash<O: Listed>(&self, order: &Signed<O>) -> OrderHash {
        order.hash(&self.chain.info().domain)
    }

    pub(crate) async fn send(&self, key: &str, call: chain::Call) {
        self.outbox.submit(key, call).await.unwrap();
    }
}

impl Served {
    /// Stops it and waits until it is gone.
    pub(crate) async fn stop(self) {
        self.stopper.request();
        self.tasks.join().await;
    }

    /// Waits until the book says this about an order.
    pub(crate) async fn shows<O: Listed>(&self, order: OrderHash, status: Status, remaining: u64) {
        until(async || {
            let record = self.client.order::<O>(order).await.unwrap();
            record.is_some_and(|record| record.status == status && record.remaining == U256::from(remaining))
        })
        .await;
    }

    /// How many orders a list shows.
    pub(crate) async fn count<O: Listed>(&self, filters: &[(&str, String)]) -> u64 {
        self.client.orders::<O>(filters).await.unwrap().count
    }
}

/// Waits for a condition; a minute is for ever.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the condition comes true");
}

async fn outbox(chain: &Client, wallet: &Wallet, path: PathBuf, stopper: &Stopper) -> (Outbox, Running) {
    let database = runtime::sqlite::open(&path).await.unwrap();
    let clock = SystemClock::shared();
    Outbox::open(chain.clone(), wallet.clone(), database, clock, stopper.stop()).await.unwrap()
}

async fn stock(chain: &Client, outbox: &Outbox, owner: Address) -> (Address, Address) {
    let info = chain.info();
    let app = AppInfo { owner, name: "hash".to_owned(), kind: "DOCKER".to_owned(), ..AppInfo::default() };
    let at = chain.predict_app(&app).await.unwrap();
    let pool = chain.predict_workerpool(owner, "pool").await.unwrap();
    outbox.submit("app", calls::create_app(info.app_registry, &app)).await.unwrap();
    outbox.submit("pool", calls::create_workerpool(info.workerpool_registry, owner, "pool")).await.unwrap();
    let deposit = calls::deposit_by_approve_and_call(info.token, info.hub, Amount::rlc(100), Bytes::new());
    outbox.submit("deposit", deposit).await.unwrap();
    (at, pool)
}
