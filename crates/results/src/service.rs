//! The way of an upload: check the sender against the chain, receive, check the archive, store, record.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::problem::Code;
use api::results::Stored;
use api::session::SessionToken;
use axum::Router;
use axum::body::BodyDataStream;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use protocol::{Address, ResultDigest, TaskId};
use runtime::{Clock, Tasks};
use sqlx::SqlitePool;
use storage::{BlobStore, Format, archive};
use tempfile::TempPath;

use crate::ledger::Ledger;
use crate::policy::{self, Expected};
use crate::receive::{receive, sweep, too_large};
use crate::refusal::Refusal;
use crate::seats::{Seat, Seats};
use crate::store::{Record, Store};
use crate::{Config, Error, http};

/// What is read of a body that was answered early: a connection that is cut while its client writes loses the answer.
const LINGER_BYTES: usize = 64 * 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(10);
/// Bodies that are read this way at the same time; beyond, connections are cut.
const LINGERING: usize = 64;

/// The result service of one pool.
#[derive(Clone)]
pub struct Results {
    shared: Arc<Shared>,
}

/// What the handlers share.
pub(crate) struct Shared {
    config: Config,
    ledger: Arc<dyn Ledger>,
    blobs: Arc<dyn BlobStore>,
    store: Store,
    clock: Arc<dyn Clock>,
    seats: Arc<Seats>,
    lingering: Mutex<Tasks>,
    /// Held while a result is recorded: of two winners at the same time the first counts.
    recording: tokio::sync::Mutex<()>,
}

impl Results {
    /// Opens the service and removes uploads that a killed process left. `database` keeps the table `results_stored`.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Folder`], [`Error::Database`].
    pub async fn open(
        config: Config,
        client: chain::Client,
        store: Arc<dyn BlobStore>,
        database: SqlitePool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let pool = format!("{}:{}:{}", client.info().chain_id, client.info().hub, config.workerpool);
        let store_of_pool = Store::open(database, pool).await?;
        Self::new(config, Arc::new(client), store, store_of_pool, clock)
    }

    /// The same over any ledger.
    pub(crate) fn new(
        config: Config,
        ledger: Arc<dyn Ledger>,
        blobs: Arc<dyn BlobStore>,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        config.check()?;
        sweep(&config.uploads)?;
        let seats = Seats::new(config.parallel, config.parallel_of_worker);
        let (lingering, recording) = (Mutex::default(), tokio::sync::Mutex::default());
        let shared = Shared { config, ledger, blobs, store, clock, seats, lingering, recording };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The paths of the API; without a fallback, so that another service's router may take it in.
    pub fn router(&self) -> Router {
        http::router(Arc::clone(&self.shared))
    }
}

impl Shared {
    /// What is stored for `task`, if the blob is still there.
    pub(crate) async fn stored(&self, task: TaskId) -> Result<Option<Record>, Error> {
        let Some(record) = self.store.find(task).await? else { return Ok(None) };
        let is_there = self.blobs.has(&record.cid).await.map_err(Error::Store)?;
        Ok(is_there.then_some(record))
    }

    /// Takes an upload; reads nothing of the body before its sender is known to be a winner.
    pub(crate) async fn take(
        &self,
        text: &str,
        headers: &HeaderMap,
        body: &mut BodyDataStream,
    ) -> Result<Stored, Refusal> {
        let worker = self.caller(headers)?;
        let expected = self.admit(parse(text)?, worker).await?;
        if let Some(stored) = self.proved(expected).await? {
            return Ok(stored);
        }
        if announced(headers).is_some_and(|size| size > self.config.max_archive) {
            return Err(too_large(self.config.max_archive));
        }
        let full = || Refusal::new(Code::Unavailable, "too many uploads at the same time: try again later");
        let seat = self.seats.take(worker).ok_or_else(full)?;
        let path = receive(body, &self.config, self.clock.as_ref()).await?;
        let (path, _seat) = self.prove(expected, path, seat).await?;
        let stored = self.keep(expected, &path).await?;
        tracing::info!(task = %expected.task, %worker, cid = stored.cid, "stored a result");
        Ok(stored)
    }

    /// What is stored and proves the consensus as it is now.
    async fn proved(&self, expected: Expected) -> Result<Option<Stored>, Error> {
        let record = self.stored(expected.task).await?;
        Ok(record.filter(|record| record.hash == expected.consensus).map(|record| record.stored))
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Address, Refusal> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let verified = SessionToken::verify(header, self.config.workerpool, self.clock.unix().as_secs());
        verified.map_err(|error| Refusal::new(Code::Unauthorized, error.to_string()))
    }

    async fn admit(&self, id: TaskId, worker: Address) -> Result<Expected, Refusal> {
        let unknown = || Refusal::new(Code::NotFound, format!("the hub knows no task {id}"));
        let task = self.ledger.task(id).await.map_err(Error::from)?.ok_or_else(unknown)?;
        let deal = self.ledger.deal(task.deal).await.map_err(Error::from)?.ok_or_else(unknown)?;
        let contribution = self.ledger.contribution(id, worker).await.map_err(Error::from)?;
        policy::admit(self.config.workerpool, &task, &deal, worker, contribution.as_ref())
    }

    /// Checks the archive. File and seat go along to the thread that reads it: a caller who hangs up frees neither before.
    async fn prove(&self, expected: Expected, path: TempPath, seat: Seat) -> Result<(TempPath, Seat), Refusal> {
        let limits = self.config.limits;
        let read = tokio::task::spawn_blocking(move || {
            let digest = archive::digest_of_zip(&path, expected.subject(), &limits);
            (digest, path, seat)
        });
        let died = |_| Refusal::new(Code::Internal, "reading the archive failed");
        let (digest, path, seat) = read.await.map_err(died)?;
        expected.prove(ResultDigest(digest?))?;
        Ok((path, seat))
    }

    /// First the blob, then the record: a crash between the two leaves a blob that the next upload finds.
    async fn keep(&self, expected: Expected, path: &TempPath) -> Result<Stored, Refusal> {
        let file = tokio::fs::File::open(path).await.map_err(Error::folder("open", &**path))?;
        let put = self.blobs.put(Box::pin(file), Format::V0, self.config.max_archive).await.map_err(Error::Store)?;
        let link = expected.link(&put.cid).to_string();
        let stored = Stored { task: expected.task, cid: put.cid.to_string(), link };
        let _one = self.recording.lock().await;
        if let Some(earlier) = self.proved(expected).await? {
            return Ok(earlier);
        }
        self.store.record(&stored, expected.consensus).await?;
        Ok(stored)
    }

    /// Reads on for a while what is left of a body, while the answer is already under way.
    pub(crate) fn linger(&self, mut body: BodyDataStream) {
        let clock = Arc::clone(&self.clock);
        // Spawning leaves the set whole, so a panicked holder changes nothing.
        let mut lingering = self.lingering.lock().unwrap_or_else(PoisonError::into_inner);
        lingering.reap();
        if lingering.len() >= LINGERING {
            return;
        }
        lingering.spawn("results.linger", async move {
            let mut read = 0_usize;
            let discard = async {
                while let Some(Ok(chunk)) = body.next().await {
                    read = read.saturating_add(chunk.len());
                    if read > LINGER_BYTES {
                        return;
                    }
                }
            };
            tokio::select! {
                () = discard => {}
                () = clock.sleep(LINGER_TIME) => {}
            }
        });
    }
}

/// The id of a task as a path names it.
pub(crate) fn parse(text: &str) -> Result<TaskId, Refusal> {
    text.parse().map_err(|error| Refusal::new(Code::BadRequest, format!("{error}")))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
