//! A whole network in this process: chain, contracts, storage, market, a pool, workers. `up` keeps it, `demo` forgets it.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, U256};
use anyhow::Context as _;
use chain::Wallet;
use chain::deploy::{Deployment, Options, STANDARD_CATEGORIES, deploy};
use devnet::{Genesis, Node};
use protocol::Amount;
use runtime::{Clock, Stop, Tasks};
use sdk::sell::{AppTerms, WasmApp};
use sdk::{Account, CatalogueEntry, Network, Session, sell};
use storage::Disk;
use url::Url;
use worker::Fault;

use super::serve::{self, Served};
use super::{Keys, PoolOptions, PoolRole, WorkerOptions, WorkerRole};

/// Chain id of every local network.
const CHAIN_ID: u64 = 65_535;
/// How long open connections may take at the end.
const GRACE: Duration = Duration::from_secs(2);
/// Gas is free here; the coin only lets other tools that insist on a balance work.
const COINS: u64 = 1_000;
/// What each role gets from the first owner of all RLC.
const PURSE: [(&str, u64); 3] = [("requester", 10_000), ("pool", 100_000), ("developer", 1)];
/// What each worker gets, and stakes.
const WORKER_PURSE: u64 = 100;
/// Volume of an app's offer.
const APP_VOLUME: u64 = 1_000_000;

/// The apps that every local network sells: name, price in nRLC, module, description.
const APPS: [(&str, u64, &[u8], &str); 4] = [
    (
        "raytracer",
        50_000_000,
        include_bytes!("../../../../dapps/raytracer/raytracer.wasm"),
        "renders one frame of an animation a task: --width, --height",
    ),
    (
        "wordcount",
        10_000_000,
        include_bytes!("../../../../dapps/wordcount/wordcount.wasm"),
        "counts the words of its input files",
    ),
    (
        "median",
        10_000_000,
        include_bytes!("../../../../dapps/median/median.wasm"),
        "the median of numbers, also for contracts: --decimals",
    ),
    ("echo", 0, include_bytes!("../../../../dapps/echo/echo.wasm"), "writes its arguments and its task's index"),
];

/// Ports; 0 picks a free one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ports {
    /// JSON-RPC.
    pub(crate) rpc: u16,
    /// Market.
    pub(crate) market: u16,
    /// File gateway.
    pub(crate) gateway: u16,
    /// Pool.
    pub(crate) pool: u16,
}

/// What a local network is made of.
pub(crate) struct LocalOptions {
    /// Everything it keeps.
    pub(crate) folder: PathBuf,
    /// Whether the chain is kept on disk.
    pub(crate) keep: bool,
    /// Its wallets.
    pub(crate) keys: Keys,
    /// Where it listens.
    pub(crate) listen: IpAddr,
    /// On which ports.
    pub(crate) ports: Ports,
    /// Number of workers; `None` starts no pool either.
    pub(crate) workers: Option<u16>,
    /// The last worker lies from this task on.
    pub(crate) liar_from: Option<u32>,
    /// Price of one task of the pool.
    pub(crate) price: Amount,
    /// Lets clients move the chain's time.
    pub(crate) test_methods: bool,
    /// An additional category of this many seconds.
    pub(crate) test_category: Option<u64>,
}

/// A network that is alive.
pub(crate) struct LocalNetwork {
    /// How to reach it.
    pub(crate) session: Session,
    /// Its contracts.
    pub(crate) deployment: Deployment,
    /// The wallet that buys.
    pub(crate) requester: Wallet,
    /// The pool, unless it is run elsewhere.
    pub(crate) pool: Option<PoolRole>,
    /// The workers, with their wallets' names.
    pub(crate) workers: Vec<(String, WorkerRole)>,
    /// Named accounts, for displays.
    pub(crate) names: Vec<(Address, String)>,
    node: Node,
    served: Vec<Served>,
    tasks: Tasks,
    clock: Arc<dyn Clock>,
}

/// The wallets that a network with `workers` workers has.
fn roles(workers: u16) -> Vec<String> {
    let fixed = PURSE.iter().map(|(name, _)| (*name).to_owned());
    fixed.chain((1..=workers).map(|number| format!("worker-{number}"))).collect()
}

impl LocalNetwork {
    /// Starts everything, in the order in which it depends on each other.
    ///
    /// # Errors
    /// The first thing that cannot be started, by name.
    pub(crate) async fn start(options: LocalOptions, clock: Arc<dyn Clock>, stop: &Stop) -> anyhow::Result<Self> {
        let folder = options.folder.clone();
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let owner = options.keys.wallet("owner")?;
        let wallets = wallets(&options)?;
        let node = start_chain(&options, &owner, &wallets, &clock, stop).await?;
        let rpc: Url = node.url().parse()?;
        let deployment = deployed(&folder, &rpc, &owner, &options).await?;
        let (gateway, store) = start_gateway(&options, stop).await?;
        let mut tasks = Tasks::new();
        let (market_listener, market_url) =
            serve::bind(SocketAddr::new(options.listen, options.ports.market), "market", "--market-port").await?;
        let network = Network {
            rpc,
            hub: deployment.hub,
            market: market_url.clone(),
            gateway: gateway.url.clone(),
            pool: None,
            catalogue: Vec::new(),
        };
        let mut session = Session::connect(network, Arc::clone(&clock)).await?;
        let database = runtime::sqlite::open(&folder.join("market.sqlite")).await?;
        let market = market::Market::open(
            market::Config { first_block: deployment.block, ..market::Config::default() },
            session.chain.clone(),
            database,
            Arc::clone(&clock),
            stop.clone(),
        )
        .await?;
        let market_served = serve::serve(market_listener, market_url, market.router(), stop.clone());
        tasks.spawn("market", async move {
            if let Err(error) = market.run().await {
                tracing::error!(%error, "the market ended");
            }
        });
        fund(&session, owner, &wallets, &folder, stop).await?;
        session.network.catalogue = sell_apps(&session, &wallets, &folder, stop).await?;
        let mut local = Self {
            requester: wallet_of(&wallets, "requester"),
            names: wallets.iter().map(|(name, wallet)| (wallet.address(), name.clone())).collect(),
            session,
            deployment,
            pool: None,
            workers: Vec::new(),
            node,
            served: vec![gateway, market_served],
            tasks,
            clock,
        };
        if let Some(workers) = options.workers {
            local.start_pool(&options, &wallets, store, stop).await?;
            local.start_workers(&options, &wallets, workers, stop).await?;
        }
        Ok(local)
    }

    async fn start_pool(
        &mut self,
        options: &LocalOptions,
        wallets: &[(String, Wallet)],
        store: Arc<Disk>,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let pool = PoolOptions {
            folder: options.folder.join("pool"),
            listen: SocketAddr::new(options.listen, options.ports.pool),
            description: "fairgrid local pool".to_owned(),
            price: options.price,
            categories: offered(options),
            store,
        };
        let pool = PoolRole::start(&self.session, wallet_of(wallets, "pool"), pool, stop).await?;
        self.session.network.pool = Some(pool.url.clone());
        self.session.pool = Some(api::pool::PoolClient::new(&pool.url).map_err(sdk::Error::from)?);
        self.pool = Some(pool);
        Ok(())
    }

    async fn start_workers(
        &mut self,
        options: &LocalOptions,
        wallets: &[(String, Wallet)],
        workers: u16,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let Some(pool) = self.session.network.pool.clone() else { return Ok(()) };
        for number in 1..=workers {
            let name = format!("worker-{number}");
            let liar = options.liar_from.filter(|_| number == workers);
            let role = WorkerOptions {
                folder: options.folder.join(&name),
                name: name.clone(),
                pool: pool.clone(),
                slots: 1,
                docker_socket: None,
                private_networks: true,
                fault: liar.map_or(Fault::None, |from_task| Fault::WrongResult { from_task }),
                stake: Amount::rlc(WORKER_PURSE),
            };
            let role = WorkerRole::start(&self.session, wallet_of(wallets, &name), role, stop).await?;
            self.workers.push((name, role));
        }
        Ok(())
    }

    /// Keeps the pool's offers open until `stop`.
    pub(crate) async fn keep_offering(&self, options_price: Amount, categories: &[u64], stop: &Stop) {
        match &self.pool {
            Some(pool) => pool.keep_offering(categories, options_price, stop).await,
            None => stop.requested().await,
        }
    }

    /// Waits until all has ended; call after the stop was requested.
    pub(crate) async fn join(self) {
        for (_, worker) in self.workers {
            worker.join().await;
        }
        if let Some(pool) = self.pool {
            pool.join().await;
        }
        self.tasks.join().await;
        for served in self.served {
            served.join(GRACE, self.clock.as_ref()).await;
        }
        self.node.join().await;
    }
}

/// Categories that the local pool offers: the shortest ones, and a test's own.
pub(crate) fn offered(options: &LocalOptions) -> Vec<u64> {
    let own = options.test_category.map(|_| u64::try_from(STANDARD_CATEGORIES.len()).unwrap_or(u64::MAX));
    [0, 1].into_iter().chain(own).collect()
}

fn wallets(options: &LocalOptions) -> anyhow::Result<Vec<(String, Wallet)>> {
    let names = roles(options.workers.unwrap_or(8));
    names.into_iter().map(|name| Ok((name.clone(), options.keys.wallet(&name)?))).collect()
}

fn wallet_of(wallets: &[(String, Wallet)], name: &str) -> Wallet {
    let found = wallets.iter().find(|(known, _)| known == name).map(|(_, wallet)| wallet.clone());
    found.expect("every role's wallet was made at the start")
}

async fn start_chain(
    options: &LocalOptions,
    owner: &Wallet,
    wallets: &[(String, Wallet)],
    clock: &Arc<dyn Clock>,
    stop: &Stop,
) -> anyhow::Result<Node> {
    let coins = U256::from(COINS) * U256::from(10).pow(U256::from(18));
    let rich = wallets.iter().map(|(_, wallet)| wallet.address()).chain([owner.address()]);
    let config = devnet::Config {
        chain_id: CHAIN_ID,
        listen: SocketAddr::new(options.listen, options.ports.rpc),
        data: options.keep.then(|| options.folder.join("chain")),
        genesis: Genesis { balances: rich.map(|address| (address, coins)).collect(), ..Genesis::default() },
        test_methods: options.test_methods,
        // What a user was told must survive a kill in the next instant.
        fsync: devnet::Durability::EveryBlock,
        ..devnet::Config::default()
    };
    let address = config.listen;
    Node::start(config, Arc::clone(clock), stop.clone()).await.map_err(|error| match error {
        devnet::Error::Listen { .. } => anyhow::Error::from(error).context(format!(
            "the chain cannot listen on {address}: stop what uses that port, or choose another with --rpc-port"
        )),
        other => anyhow::Error::from(other).context("the chain cannot start"),
    })
}

/// The contracts of this folder's chain, deployed at the first start. The file is written last, so a start that was
/// killed half way deploys anew.
async fn deployed(folder: &Path, rpc: &Url, owner: &Wallet, options: &LocalOptions) -> anyhow::Result<Deployment> {
    let path = folder.join("deployment.json");
    if options.keep && path.exists() {
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return serde_json::from_slice(&text).with_context(|| {
            format!("{} is damaged: remove the folder {} to start a new network", path.display(), folder.display())
        });
    }
    let mut contracts = Options::default();
    contracts.categories.extend(options.test_category.map(|unit| ("test".to_owned(), unit)));
    let deployment = deploy(rpc, owner, &contracts).await.map_err(sdk::Error::from)?;
    let partial = folder.join("deployment.partial");
    std::fs::write(&partial, serde_json::to_vec_pretty(&deployment)?)?;
    std::fs::rename(&partial, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(deployment)
}

async fn start_gateway(options: &LocalOptions, stop: &Stop) -> anyhow::Result<(Served, Arc<Disk>)> {
    let store = Arc::new(Disk::open(options.folder.join("blobs"))?);
    let (listener, url) =
        serve::bind(SocketAddr::new(options.listen, options.ports.gateway), "gateway", "--gateway-port").await?;
    let router = storage::gateway::router(Arc::clone(&store) as _, storage::gateway::Options::default());
    Ok((serve::serve(listener, url, router, stop.clone()), store))
}

/// Gives every role its purse; a role that has money is left alone.
async fn fund(
    session: &Session,
    owner: Wallet,
    wallets: &[(String, Wallet)],
    folder: &Path,
    stop: &Stop,
) -> anyhow::Result<()> {
    let owner = Account::open(session, owner, &folder.join("accounts"), stop).await?;
    let token = session.chain.info().token;
    let purse = |name: &str| PURSE.iter().find(|(known, _)| *known == name).map_or(WORKER_PURSE, |(_, rlc)| *rlc);
    let sends = wallets.iter().map(|(name, wallet)| {
        let call = chain::calls::transfer_rlc(token, wallet.address(), Amount::rlc(purse(name)));
        // One key a role: a restart never sends a purse twice.
        owner.outbox().submit(format!("purse:{}", wallet.address()), call)
    });
    futures_util::future::try_join_all(sends).await.map_err(sdk::Error::from)?;
    owner.close().await;
    let requester = wallet_of(wallets, "requester");
    let buyer = Account::open(session, requester, &folder.join("accounts"), stop).await?;
    let owned = sdk::account::balances(session, buyer.address()).await?;
    if owned.stake.is_zero() && owned.locked.is_zero() && owned.wallet >= Amount::rlc(1_000) {
        buyer.deposit(Amount::rlc(1_000)).await?;
    }
    buyer.close().await;
    Ok(())
}

async fn sell_apps(
    session: &Session,
    wallets: &[(String, Wallet)],
    folder: &Path,
    stop: &Stop,
) -> anyhow::Result<Vec<CatalogueEntry>> {
    let developer = Account::open(session, wallet_of(wallets, "developer"), &folder.join("accounts"), stop).await?;
    let modules = folder.join("modules");
    std::fs::create_dir_all(&modules).with_context(|| format!("cannot make the folder {}", modules.display()))?;
    let mut catalogue = Vec::new();
    for (name, price, module, description) in APPS {
        let path = modules.join(format!("{name}.wasm"));
        std::fs::write(&path, module).with_context(|| format!("cannot write {}", path.display()))?;
        let app = sell::register_wasm(&developer, &WasmApp { name, module: &path }).await?;
        let filters = [
            ("app", app.to_string()),
            ("dataset", "any".to_owned()),
            ("workerpool", "any".to_owned()),
            ("requester", "any".to_owned()),
        ];
        let open: api::market::Page<protocol::order::AppOrder> =
            session.market.orders(&filters).await.map_err(sdk::Error::from)?;
        if open.orders.is_empty() {
            let terms = AppTerms { price: Amount::nrlc(price), volume: APP_VOLUME };
            sell::offer_app(&developer, app, &terms).await?;
        }
        catalogue.push(CatalogueEntry { name: name.to_owned(), app, description: description.to_owned() });
    }
    developer.close().await;
    Ok(catalogue)
}
