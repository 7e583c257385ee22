//! The two roles that earn: a pool server with its result store, and a worker. Each is a process of its own, or shares
//! one with a local network.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, U256};
use anyhow::Context as _;
use chain::{Outbox, Wallet};
use protocol::Amount;
use protocol::deal::POOL_STAKE_PERCENT;
use runtime::{Clock, Stop, Tasks};
use sandbox::{Container, ContainerConfig, Sandbox, Wasm, WasmConfig};
use sdk::sell::{self, PoolTerms};
use sdk::{Account, Session};
use tokio::sync::broadcast;
use url::Url;
use worker::{Fault, Sandboxes, Worker, WorkerEvent};

use super::serve::{self, Served};

/// How long open connections may take at the end.
const GRACE: Duration = Duration::from_secs(2);
/// Tasks that one computing offer is good for.
const OFFER_VOLUME: u64 = 1_000;
/// Greatest trust that the local pool offers.
const OFFER_TRUST: u64 = 1_000;
/// How often offers are looked at and renewed.
const RENEW_EVERY: Duration = Duration::from_secs(30);

/// How a pool is run.
pub(crate) struct PoolOptions {
    /// Databases of the pool.
    pub(crate) folder: PathBuf,
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// What the pool is called on chain.
    pub(crate) description: String,
    /// Price of one task.
    pub(crate) price: Amount,
    /// Categories offered.
    pub(crate) categories: Vec<u64>,
    /// The store that results go to; its gateway must serve it.
    pub(crate) store: Arc<dyn storage::BlobStore>,
}

/// A pool that is being run.
pub(crate) struct PoolRole {
    /// The workerpool contract.
    pub(crate) workerpool: Address,
    /// Where workers find it.
    pub(crate) url: Url,
    served: Served,
    account: Account,
    tasks: Tasks,
    clock: Arc<dyn Clock>,
}

impl PoolRole {
    /// Registers the pool, publishes its offers, and starts to schedule.
    ///
    /// # Errors
    /// When the port is taken, the chain refuses, or a database cannot be opened.
    pub(crate) async fn start(
        session: &Session,
        wallet: Wallet,
        options: PoolOptions,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.folder)
            .with_context(|| format!("cannot make the folder {}", options.folder.display()))?;
        let (listener, url) = serve::bind(options.listen, "pool", "--pool-port or --port").await?;
        let account = Account::open(session, wallet.clone(), &options.folder, stop).await?;
        let workerpool = sell::register_pool(&account, &options.description).await?;
        let database = runtime::sqlite::open(&options.folder.join("scheduler.sqlite")).await?;
        let config = scheduler::Config {
            gateways: vec![session.network.gateway.clone()],
            ..scheduler::Config::new(workerpool, url.clone())
        };
        let clock = Arc::clone(&session.clock);
        let scheduler = scheduler::Scheduler::open(
            config,
            session.chain.clone(),
            account.outbox().clone(),
            wallet,
            database,
            Arc::clone(&clock),
            stop.clone(),
        )
        .await?;
        let database = runtime::sqlite::open(&options.folder.join("results.sqlite")).await?;
        let results = results::Results::open(
            results::Config::new(workerpool, options.folder.join("uploads")),
            session.chain.clone(),
            Arc::clone(&options.store),
            database,
            Arc::clone(&clock),
        )
        .await?;
        let served = serve::serve(listener, url.clone(), scheduler.router().merge(results.router()), stop.clone());
        let mut tasks = Tasks::new();
        tasks.spawn("scheduler", async move {
            if let Err(error) = scheduler.run().await {
                tracing::error!(%error, "the scheduler ended");
            }
        });
        let role = Self { workerpool, url, served, account, tasks, clock };
        role.offer(&options).await?;
        Ok(role)
    }

    /// Deposits what all offers together need, then publishes one for each category that has none.
    async fn offer(&self, options: &PoolOptions) -> anyhow::Result<()> {
        let owned = sdk::account::balances(self.account.session(), self.account.address()).await?;
        let total = owned.stake.checked_add(owned.wallet).unwrap_or(owned.stake);
        let volume = U256::from(OFFER_VOLUME) * U256::from(options.categories.len());
        let wanted = stake_of(options.price).checked_mul(volume).unwrap_or(total);
        self.account.ensure_stake(wanted.min(total)).await?;
        for category in &options.categories {
            renew(&self.account, self.workerpool, *category, options.price).await?;
        }
        Ok(())
    }

    /// Keeps offers open until `stop`: an offer that is used up is followed by the next.
    pub(crate) async fn keep_offering(&self, categories: &[u64], price: Amount, stop: &Stop) {
        loop {
            tokio::select! {
                () = stop.requested() => return,
                () = self.clock.sleep(RENEW_EVERY) => {}
            }
            for category in categories {
                if let Err(error) = renew(&self.account, self.workerpool, *category, price).await {
                    tracing::warn!(%error, category, "the pool's offer could not be renewed");
                }
            }
        }
    }

    /// Waits until all has ended; call after the stop was requested.
    pub(crate) async fn join(self) {
        self.tasks.join().await;
        self.account.close().await;
        self.served.join(GRACE, self.clock.as_ref()).await;
    }
}

async fn renew(account: &Account, workerpool: Address, category: u64, price: Amount) -> anyhow::Result<()> {
    use api::market::Page;
    use protocol::order::WorkerpoolOrder;
    let filters = [
        ("workerpool", workerpool.to_string()),
        ("category", category.to_string()),
        ("app", "any".to_owned()),
        ("dataset", "any".to_owned()),
        ("requester", "any".to_owned()),
    ];
    let open: Page<WorkerpoolOrder> = account.session().market.orders(&filters).await.map_err(sdk::Error::from)?;
    if open.orders.iter().any(|record| record.order.order.workerpoolprice == price) {
        return Ok(());
    }
    let volume = affordable(account, price).await?;
    if volume == 0 {
        anyhow::bail!(
            "the pool's owner {} cannot back a single task of {price}: deposit RLC on the hub",
            account.address()
        );
    }
    let terms = PoolTerms { price, volume, category, trust: OFFER_TRUST };
    sell::offer_computing(account, workerpool, &terms).await?;
    Ok(())
}

/// What the owner locks for one task of a price.
fn stake_of(price: Amount) -> Amount {
    price.percent(U256::from(POOL_STAKE_PERCENT)).unwrap_or_default()
}

/// Tasks that the owner can back with a third of what it has, so that every category gets an offer.
async fn affordable(account: &Account, price: Amount) -> anyhow::Result<u64> {
    let owned = sdk::account::balances(account.session(), account.address()).await?;
    let total = owned.stake.checked_add(owned.wallet).unwrap_or(owned.stake).to_nrlc() / U256::from(3);
    let stake = stake_of(price).to_nrlc();
    if stake.is_zero() {
        return Ok(OFFER_VOLUME);
    }
    Ok(u64::try_from(total / stake).unwrap_or(OFFER_VOLUME).min(OFFER_VOLUME))
}

/// How a worker is run.
pub(crate) struct WorkerOptions {
    /// Its work folder and database.
    pub(crate) folder: PathBuf,
    /// Its name in logs.
    pub(crate) name: String,
    /// Its pool.
    pub(crate) pool: Url,
    /// Tasks computed at the same time.
    pub(crate) slots: u32,
    /// A Docker-compatible engine.
    pub(crate) docker_socket: Option<String>,
    /// Whether input files may come from this machine's own network.
    pub(crate) private_networks: bool,
    /// Misbehaviour, for the demo.
    pub(crate) fault: Fault,
    /// Stake to have deposited before joining, as far as the wallet holds it.
    pub(crate) stake: Amount,
}

/// A worker that is being run.
pub(crate) struct WorkerRole {
    /// Who.
    pub(crate) address: Address,
    events: broadcast::Receiver<WorkerEvent>,
    account: Account,
    tasks: Tasks,
}

impl WorkerRole {
    /// Deposits the stake and starts to work.
    ///
    /// # Errors
    /// When the pool does not answer, the chain refuses, or the folder cannot be used.
    pub(crate) async fn start(
        session: &Session,
        wallet: Wallet,
        options: WorkerOptions,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.folder)
            .with_context(|| format!("cannot make the folder {}", options.folder.display()))?;
        let account = Account::open(session, wallet.clone(), &options.folder, stop).await?;
        let held = session.chain.rlc_balance(account.address()).await.map_err(sdk::Error::from)?;
        let staked = session.chain.account(account.address()).await.map_err(sdk::Error::from)?.stake;
        let reachable = staked.checked_add(held).unwrap_or(staked).min(options.stake);
        account.ensure_stake(reachable).await?;
        let database = runtime::sqlite::open(&options.folder.join("worker.sqlite")).await?;
        let config = worker::Config {
            slots: options.slots,
            name: options.name,
            private_networks: options.private_networks,
            fault: options.fault,
            ..worker::Config::new(options.pool, options.folder.clone())
        };
        let sandboxes = sandboxes(&options.folder, options.docker_socket, &session.clock)?;
        let outbox: Outbox = account.outbox().clone();
        let clock = Arc::clone(&session.clock);
        let worker =
            Worker::open(config, session.chain.clone(), outbox, wallet, sandboxes, database, clock, stop.clone())
                .await?;
        let events = worker.events();
        let mut tasks = Tasks::new();
        tasks.spawn("worker", async move {
            if let Err(error) = worker.run().await {
                tracing::error!(%error, "a worker ended");
            }
        });
        Ok(Self { address: account.address(), events, account, tasks })
    }

    /// What the worker does, as it happens.
    pub(crate) fn events(&self) -> broadcast::Receiver<WorkerEvent> {
        self.events.resubscribe()
    }

    /// Waits until the worker has ended by itself or by a stop.
    pub(crate) async fn ended(&mut self) {
        while self.tasks.next_ended().await.is_some() {}
    }

    /// Waits until all has ended; call after the stop was requested.
    pub(crate) async fn join(self) {
        self.tasks.join().await;
        self.account.close().await;
    }
}

fn sandboxes(folder: &Path, docker_socket: Option<String>, clock: &Arc<dyn Clock>) -> anyhow::Result<Sandboxes> {
    let cache = WasmConfig { cache: Some(folder.join("compiled")) };
    let wasm: Arc<dyn Sandbox> = Arc::new(Wasm::new(&cache, Arc::clone(clock))?);
    let container = docker_socket.map(|socket| -> anyhow::Result<Arc<dyn Sandbox>> {
        let config = ContainerConfig { socket, ..ContainerConfig::new("fairgrid") };
        Ok(Arc::new(Container::new(config, Arc::clone(clock))))
    });
    Ok(Sandboxes { wasm: Some(wasm), container: container.transpose()? })
}
