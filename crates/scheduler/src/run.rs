//! The service: opened, served, run. The loop waits for news or time; `engine` does a round.

mod deals;
mod engine;
mod watch;

use std::sync::Arc;

use api::pool::PoolInfo;
use api::results::ResultsClient;
use axum::Router;
use chain::{Batch, Client, Cursor, EventFilter, EventKind, Follower, Outbox, Wallet};
use runtime::{Clock, Stop, Tasks};
use sqlx::SqlitePool;
use tokio::sync::mpsc;

use self::engine::{Engine, Outcome};
use crate::http::Shared;
use crate::store::Store;
use crate::streams::Streams;
use crate::{Config, Error, http};

/// Batches of events, and outcomes of transactions, that wait for the loop.
const INBOX: usize = 64;
/// A chain that is younger than this is read from its beginning, of an older one only so many blocks.
const YOUNG: u64 = 1_000_000;
/// Pause after the chain could not be followed for a reason that a retry does not mend.
const FOLLOW_PAUSE: std::time::Duration = std::time::Duration::from_secs(5);

/// One pool's scheduler.
pub struct Scheduler {
    shared: Arc<Shared>,
    engine: Engine,
    client: Client,
    follower: Follower,
    clock: Arc<dyn Clock>,
    stop: Stop,
}

impl Scheduler {
    /// Checks the configuration, the key and the database, and takes up what an earlier life left.
    ///
    /// `outbox` sends with the workerpool owner's key; `wallet` is the same key and signs authorizations.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::NotOwner`]; [`Error::Chain`] and [`Error::Database`] when these do not answer.
    pub async fn open(
        config: Config,
        client: Client,
        outbox: Outbox,
        wallet: Wallet,
        database: SqlitePool,
        clock: Arc<dyn Clock>,
        stop: Stop,
    ) -> Result<Self, Error> {
        config.check()?;
        let owner = client.owner_of(config.workerpool).await?;
        if owner != Some(wallet.address()) || outbox.address() != wallet.address() {
            let key = if owner == Some(wallet.address()) { outbox.address() } else { wallet.address() };
            return Err(Error::NotOwner { workerpool: config.workerpool, owner, key });
        }
        let results = ResultsClient::new(&config.results)?;
        let name = format!("{}:{}:{}", client.info().chain_id, client.info().hub, config.workerpool);
        let store = Store::open(database, name).await?;
        let streams = Streams::new(Arc::clone(&clock));
        let shared = Arc::new(Shared {
            store: store.clone(),
            streams: streams.clone(),
            info: pool_info(&config, &client),
            limits: config.limits,
            clock: Arc::clone(&clock),
            stop: stop.clone(),
        });
        let from = first_cursor(&config, &client, &store).await?;
        let follower = Follower::start(client.clone(), from, filter(&config), Arc::clone(&clock));
        let parts = engine::Parts { client: client.clone(), outbox, wallet, store, streams, results };
        let engine = Engine::open(config, parts, Arc::clone(&clock), stop.clone()).await?;
        Ok(Self { shared, engine, client, follower, clock, stop })
    }

    /// The pool's HTTP surface. It answers whether or not [`Scheduler::run`] runs; work is handed out only then.
    pub fn router(&self) -> Router {
        http::router(Arc::clone(&self.shared))
    }

    /// Serves the pool's deals until a stop is requested.
    ///
    /// # Errors
    /// None today: what fails is logged and tried again.
    pub async fn run(self) -> Result<(), Error> {
        let Self { shared, mut engine, client, follower, clock, stop } = self;
        tracing::info!(workerpool = %shared.info.workerpool, hub = %client.info().hub, "the scheduler runs");
        let (sender, mut batches) = mpsc::channel(INBOX);
        let (outcome, mut outcomes) = mpsc::channel(INBOX);
        let mut followers = Tasks::new();
        followers.spawn("scheduler.follow", follow(follower, sender, Arc::clone(&clock), stop.clone()));
        let mut senders = Tasks::new();
        loop {
            tokio::select! {
                () = stop.requested() => break,
                () = shared.streams.news() => {}
                Some(batch) = batches.recv(), if !engine.has_unread() => engine.take_batch(batch),
                Some(done) = outcomes.recv() => engine.take_outcome(&done),
                () = clock.sleep(engine.sweep_every()) => {}
            }
            for intent in engine.round().await {
                let (outbox, outcome) = (engine.outbox(), outcome.clone());
                senders.spawn("scheduler.send", async move {
                    let result = outbox.submit(intent.key.clone(), intent.call.clone()).await;
                    // A closed inbox means that the loop has stopped: the next start reads the chain anyway.
                    let _stopped = outcome.send(Outcome { intent, result }).await;
                });
            }
        }
        drop((batches, outcomes));
        followers.join().await;
        senders.join().await;
        tracing::info!("the scheduler stopped");
        Ok(())
    }
}

async fn follow(mut follower: Follower, batches: mpsc::Sender<Batch>, clock: Arc<dyn Clock>, stop: Stop) {
    loop {
        match follower.next(&stop).await {
            Ok(batch) => {
                if batches.send(batch).await.is_err() {
                    return;
                }
            }
            Err(chain::Error::Stopped { .. }) => return,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the chain cannot be followed");
                tokio::select! {
                    () = stop.requested() => return,
                    () = clock.sleep(FOLLOW_PAUSE) => {}
                }
            }
        }
    }
}

fn pool_info(config: &Config, client: &Client) -> PoolInfo {
    PoolInfo {
        workerpool: config.workerpool,
        hub: client.info().hub,
        chain_id: client.info().chain_id,
        results: config.results.clone(),
        gateways: config.gateways.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

async fn first_cursor(config: &Config, client: &Client, store: &Store) -> Result<Cursor, Error> {
    if let Some(cursor) = store.cursor().await? {
        return Ok(cursor);
    }
    let first = match config.start_block {
        Some(first) => first,
        None => client.head().await?.number.saturating_sub(YOUNG),
    };
    Ok(Cursor::at(first))
}

fn filter(config: &Config) -> EventFilter {
    EventFilter::all().workerpool(config.workerpool).kinds([
        EventKind::SchedulerNotice,
        EventKind::TaskInitialize,
        EventKind::TaskContribute,
        EventKind::TaskConsensus,
        EventKind::TaskReveal,
        EventKind::TaskReopen,
        EventKind::TaskFinalize,
        EventKind::TaskClaimed,
    ])
}
