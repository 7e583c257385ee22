//! The loop around all of it: meet the pool, pick up what a former life left, then listen, report, follow, sweep.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use api::pool::{Capabilities, PoolClient, PoolInfo};
use api::results::ResultsClient;
use chain::{Client, Cursor, EventFilter, EventKind, Follower, Outbox, Wallet};
use protocol::TaskId;
use runtime::{Clock, Stop, Tasks};
use sqlx::SqlitePool;
use tokio::sync::{Notify, Semaphore, broadcast};

use crate::compute::Workshop;
use crate::crew::Crew;
use crate::fetch::Fetcher;
use crate::ledger::{Hub, Ledger};
use crate::link::{Listener, Reporter, Tokens, Uploader};
use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::{Config, Error, Sandboxes, WorkerEvent};

/// Events that a slow listener may be behind.
const EVENTS: usize = 1_024;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// One worker of one pool.
pub struct Worker {
    client: Client,
    parts: Parts,
}

/// A worker without its chain client: what tests put together with a fake ledger.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) wallet: Wallet,
    pub(crate) sandboxes: Sandboxes,
    pub(crate) store: Store,
    pub(crate) events: broadcast::Sender<WorkerEvent>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Stop,
}

/// A worker at its pool.
pub(crate) struct Station {
    pub(crate) crew: Arc<Crew>,
    pub(crate) store: Store,
    pub(crate) listener: Listener,
    pub(crate) reporter: Reporter,
}

impl Worker {
    /// Opens a worker; it does nothing until [`Worker::run`].
    ///
    /// `wallet` is the key of `outbox`. `database` keeps tables `worker_*`; workers may share one.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Folder`], [`Error::Database`].
    pub async fn open(
        config: Config,
        client: Client,
        outbox: Outbox,
        wallet: Wallet,
        sandboxes: Sandboxes,
        database: SqlitePool,
        clock: Arc<dyn Clock>,
        stop: Stop,
    ) -> Result<Self, Error> {
        config.check()?;
        if wallet.address() != outbox.address() {
            return Err(Error::Config {
                what: "the wallet and the outbox have different keys: give both one".to_owned(),
            });
        }
        let store = Store::open(database, wallet.address()).await?;
        let ledger = Arc::new(Hub { client: client.clone(), outbox });
        let events = broadcast::Sender::new(EVENTS);
        let parts = Parts { config, ledger, wallet, sandboxes, store, events, clock, stop };
        parts.make_folders()?;
        Ok(Self { client, parts })
    }

    /// What happens from now on. Call it before [`Worker::run`] to miss nothing.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<WorkerEvent> {
        self.parts.events.subscribe()
    }

    /// Works until a stop is requested; what is begun and on disk goes on at the next start.
    ///
    /// # Errors
    /// [`Error::OtherHub`], [`Error::NoSuchPool`]: the pool is not one that this worker can join. A pool that does not
    /// answer is waited for.
    pub async fn run(self) -> Result<(), Error> {
        let Some(info) = self.meet().await? else { return Ok(()) };
        let stop = self.parts.stop.clone();
        let clock = Arc::clone(&self.parts.clock);
        let station = self.parts.station(&info).await?;
        let mut tasks = Tasks::new();
        let (client, crew) = (self.client, Arc::clone(&station.crew));
        tasks.spawn("worker.follow", follow(client, crew, clock, stop));
        let worked = self.parts.work(station).await;
        tasks.join().await;
        worked
    }

    /// Asks the pool who it is until it answers; `None` when stopped before.
    async fn meet(&self) -> Result<Option<PoolInfo>, Error> {
        let pool = PoolClient::new(&self.parts.config.pool)?;
        let mut pause = FIRST_PAUSE;
        loop {
            let met = tokio::select! {
                () = self.parts.stop.requested() => return Ok(None),
                met = self.acquaint(&pool) => met,
            };
            match met {
                Ok(info) => return Ok(Some(info)),
                Err(error @ (Error::Pool(_) | Error::Chain(_))) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "waiting for the pool");
                }
                Err(error) => return Err(error),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            tokio::select! {
                () = self.parts.stop.requested() => return Ok(None),
                () = self.parts.clock.sleep(pause) => {}
            }
        }
    }

    async fn acquaint(&self, pool: &PoolClient) -> Result<PoolInfo, Error> {
        let info = pool.info().await?;
        let ours = self.client.info();
        if (info.chain_id, info.hub) != (ours.chain_id, ours.hub) {
            return Err(Error::OtherHub {
                theirs: format!("hub {} on chain {}", info.hub, info.chain_id),
                ours: format!("hub {} on chain {}", ours.hub, ours.chain_id),
            });
        }
        match self.client.workerpool(info.workerpool).await? {
            Some(_) => Ok(info),
            None => Err(Error::NoSuchPool(info.workerpool)),
        }
    }
}

impl Parts {
    pub(crate) fn make_folders(&self) -> Result<(), Error> {
        let cache = Workshop::cache(&self.config);
        std::fs::create_dir_all(&cache).map_err(Error::folder("create", cache))
    }

    /// Everything that works for the pool of `info`.
    pub(crate) async fn station(&self, info: &PoolInfo) -> Result<Station, Error> {
        self.store.listen_to(info.workerpool).await?;
        let tokens = Tokens::new(self.wallet.clone(), info.workerpool, Arc::clone(&self.clock));
        let bell = Arc::new(Notify::new());
        let pipeline = self.pipeline(info, tokens.clone(), Arc::clone(&bell))?;
        let crew = Arc::new(Crew::new(Arc::new(pipeline)));
        let pool = PoolClient::new(&self.config.pool)?;
        let (clock, stop) = (Arc::clone(&self.clock), self.stop.clone());
        let reporter = Reporter {
            pool: pool.clone(),
            tokens: tokens.clone(),
            store: self.store.clone(),
            bell: Arc::clone(&bell),
            clock: Arc::clone(&clock),
            stop: stop.clone(),
        };
        let listener = Listener {
            pool,
            tokens,
            store: self.store.clone(),
            crew: Arc::clone(&crew),
            slots: self.config.slots,
            capabilities: self.capabilities(),
            events: self.events.clone(),
            bell,
            clock,
            stop,
        };
        Ok(Station { crew, store: self.store.clone(), listener, reporter })
    }

    fn pipeline(&self, info: &PoolInfo, tokens: Tokens, bell: Arc<Notify>) -> Result<Pipeline, Error> {
        let fetcher = Fetcher::new(&info.gateways, self.config.private_networks)?;
        let slots = usize::try_from(self.config.slots).unwrap_or(usize::MAX);
        Ok(Pipeline {
            worker: self.wallet.address(),
            ledger: Arc::clone(&self.ledger),
            store: self.store.clone(),
            workshop: Workshop { config: self.config.clone(), sandboxes: self.sandboxes.clone(), fetcher },
            uploader: Uploader { results: ResultsClient::new(&info.results)?, tokens },
            slots: Semaphore::new(slots),
            events: self.events.clone(),
            reports: bell,
            clock: Arc::clone(&self.clock),
            stop: self.stop.clone(),
            commitments: AtomicU32::new(0),
        })
    }

    fn capabilities(&self) -> Capabilities {
        let Sandboxes { wasm, container } = &self.sandboxes;
        Capabilities { wasm: wasm.is_some(), containers: container.is_some(), gpu: false }
    }

    /// Works until stopped.
    pub(crate) async fn work(&self, station: Station) -> Result<(), Error> {
        let Station { crew, store, listener, reporter } = station;
        let kept: HashSet<TaskId> = store.live().await?.iter().map(|replicate| replicate.task).collect();
        tidy(&self.config.folder, &kept);
        let mut tasks = Tasks::new();
        tasks.spawn("worker.listen", listener.run());
        tasks.spawn("worker.report", reporter.run());
        while !self.stop.is_requested() {
            self.sweep(&crew, &store).await;
            tokio::select! {
                () = self.stop.requested() => {}
                () = self.clock.sleep(self.config.reveal_poll) => {}
            }
        }
        tasks.join().await;
        crew.join().await;
        Ok(())
    }

    /// The sure path: whatever was missed, every live replicate has a driver.
    async fn sweep(&self, crew: &Crew, store: &Store) {
        let swept = async {
            store.prune().await?;
            store.live().await
        };
        match swept.await {
            Ok(live) => live.iter().for_each(|replicate| crew.ensure(replicate.task)),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "cannot read the own store"),
        }
    }
}

/// Removes what a former life left and nobody needs. Best effort: it costs space, nothing else.
fn tidy(folder: &Path, kept: &HashSet<TaskId>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let task = entry.file_name().to_str().and_then(|name| name.parse::<TaskId>().ok());
        if task.is_some_and(|task| !kept.contains(&task))
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::warn!(%error, "cannot remove an old task folder");
        }
    }
    let cache = std::fs::read_dir(folder.join("cache")).into_iter().flatten().flatten();
    for entry in cache.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part")) {
        // Half an app; another attempt overwrites nothing of it.
        let _ = std::fs::remove_file(entry.path());
    }
}

/// Wakes the drivers of tasks that moved on chain.
async fn follow(client: Client, crew: Arc<Crew>, clock: Arc<dyn Clock>, stop: Stop) {
    use EventKind as K;
    let kinds = [K::TaskInitialize, K::TaskConsensus, K::TaskReopen, K::TaskFinalize, K::TaskClaimed];
    while !stop.is_requested() {
        let followed = follow_once(&client, EventFilter::all().kinds(kinds), &crew, &clock, &stop).await;
        if let Err(error) = followed
            && !stop.is_requested()
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "following the chain failed; the timer looks");
        }
        tokio::select! {
            () = stop.requested() => return,
            () = clock.sleep(LONGEST_PAUSE) => {}
        }
    }
}

async fn follow_once(
    client: &Client,
    filter: EventFilter,
    crew: &Crew,
    clock: &Arc<dyn Clock>,
    stop: &Stop,
) -> Result<(), chain::Error> {
    let head = client.head().await?;
    let from = Cursor::at(head.number.saturating_add(1));
    let mut follower = Follower::start(client.clone(), from, filter, Arc::clone(clock));
    // What happened while nobody followed.
    crew.wake_all();
    loop {
        let batch = follower.next(stop).await?;
        if batch.rolled_back_to.is_some() {
            crew.wake_all();
        }
        for task in batch.events.iter().filter_map(|event| event.event.task()) {
            crew.wake(task);
        }
    }
}
