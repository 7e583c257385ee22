//! One pool, one task, a result service on a free port.

use std::collections::HashMap;
use std::io::{Cursor, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::http::Error as ApiError;
use api::results::{ResultsClient, Stored};
use api::session::SessionToken;
use chain::{ContributionView, TaskView, Wallet};
use protocol::deal::{Deal, Resource};
use protocol::task::{ContributionStatus, Phase};
use protocol::{Address, B256, Bytes, ChainTime, DealId, ResultDigest, ResultHash, ResultSeal, TaskId, U256};
use runtime::clock::ManualClock;
use runtime::{BoxFuture, Tasks};
use sha2::{Digest as _, Sha256};
use storage::{BlobStore, Memory};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::ledger::Ledger;
use crate::store::Store;
use crate::{Config, Results};

pub(super) const NOW: u64 = 1_000_000;
pub(super) const POOL: Address = Address::repeat_byte(0x0b);
pub(super) const TASK: TaskId = TaskId(B256::repeat_byte(7));
pub(super) const OUTPUT: &[u8] = b"forty-two";

/// What the fake chain says.
pub(super) struct Facts {
    pub(super) phase: Phase,
    pub(super) deal: Deal,
    pub(super) contributions: HashMap<Address, ContributionStatus>,
}

#[derive(Clone)]
pub(super) struct FakeChain(pub(super) Arc<Mutex<Facts>>);

impl Ledger for FakeChain {
    fn task(&self, id: TaskId) -> BoxFuture<'_, Result<Option<TaskView>, chain::Error>> {
        let phase = self.0.lock().unwrap().phase;
        let view = TaskView {
            id,
            deal: DealId::default(),
            index: U256::ZERO,
            phase,
            unit: 60,
            contribute_before: ChainTime(1),
            final_before: ChainTime(2),
            contributors: Vec::new(),
            digest: None,
            results: Bytes::new(),
            callback_results: Bytes::new(),
        };
        Box::pin(async move { Ok((id == TASK).then_some(view)) })
    }

    fn deal(&self, _: DealId) -> BoxFuture<'_, Result<Option<Deal>, chain::Error>> {
        let deal = self.0.lock().unwrap().deal.clone();
        Box::pin(async move { Ok(Some(deal)) })
    }

    fn contribution(
        &self,
        _: TaskId,
        worker: Address,
    ) -> BoxFuture<'_, Result<Option<ContributionView>, chain::Error>> {
        let found = self.0.lock().unwrap().contributions.get(&worker).copied();
        let view = found.map(|status| ContributionView {
            status,
            hash: ResultHash::default(),
            seal: ResultSeal::default(),
            enclave: Address::ZERO,
            share: U256::ZERO,
        });
        Box::pin(async move { Ok(view) })
    }
}

pub(super) struct World {
    pub(super) chain: FakeChain,
    pub(super) winner: Wallet,
    pub(super) blobs: Arc<Memory>,
    pub(super) clock: ManualClock,
    pub(super) folder: TempDir,
    pub(super) client: ResultsClient,
    pub(super) address: SocketAddr,
    _served: Tasks,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}, None).await
    }

    /// A world whose service is set up by `set`, on another store than the memory if one is given.
    pub(super) async fn with(set: impl FnOnce(&mut Config), store: Option<Arc<dyn BlobStore>>) -> Self {
        runtime::tls::install();
        let winner = Wallet::random();
        let deal = Deal { workerpool: Resource { pointer: POOL, ..Resource::default() }, ..Deal::default() };
        let consensus = consensus_on(digest(OUTPUT));
        let phase = Phase::Revealing { consensus, reveal_before: ChainTime(3), winners: 1, revealed: 1 };
        let contributions = HashMap::from([(winner.address(), ContributionStatus::Proved)]);
        let chain = FakeChain(Arc::new(Mutex::new(Facts { phase, deal, contributions })));
        let (folder, blobs) = (tempfile::tempdir().unwrap(), Arc::new(Memory::new()));
        let clock = ManualClock::new(Duration::from_secs(NOW));
        let mut config = Config::new(POOL, folder.path().join("uploads"));
        set(&mut config);
        let store = store.unwrap_or_else(|| blobs.clone());
        let (address, client, served) = serve(&folder, config, chain.clone(), store, &clock).await;
        Self { chain, winner, blobs, clock, folder, client, address, _served: served }
    }

    /// The same after a crash: new service, same folder and blobs.
    pub(super) async fn restarted(mut self) -> Self {
        let config = Config::new(POOL, self.uploads());
        let served = serve(&self.folder, config, self.chain.clone(), self.blobs.clone(), &self.clock).await;
        (self.address, self.client, self._served) = served;
        self
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.folder.path().join("uploads")
    }

    pub(super) fn in_progress(&self) -> usize {
        std::fs::read_dir(self.uploads()).unwrap().count()
    }

    pub(super) fn facts(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.chain.0.lock().unwrap());
    }

    pub(super) async fn upload(&self, who: &Wallet, archive: &[u8]) -> Result<Stored, ApiError> {
        self.upload_as(&token(who, POOL, NOW + 600), archive).await
    }

    pub(super) async fn upload_as(&self, token: &SessionToken, archive: &[u8]) -> Result<Stored, ApiError> {
        let path = self.folder.path().join("archive.zip");
        std::fs::write(&path, archive).unwrap();
        self.client.upload(token, TASK, tokio::fs::File::open(&path).await.unwrap()).await
    }

    /// That the archive is refused with this status, and nothing of it stays.
    pub(super) async fn refuses(&self, archive: &[u8], status: u16, word: &str) {
        refused(self.upload(&self.winner, archive).await, status, word);
        self.holds_nothing().await;
    }

    pub(super) async fn holds_nothing(&self) {
        assert_eq!(self.client.stored(TASK).await.unwrap(), None, "nothing is recorded");
        while self.in_progress() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

async fn serve(
    folder: &TempDir,
    config: Config,
    chain: FakeChain,
    blobs: Arc<dyn BlobStore>,
    clock: &ManualClock,
) -> (SocketAddr, ResultsClient, Tasks) {
    let database = runtime::sqlite::open(&folder.path().join("results.sqlite")).await.unwrap();
    let store = Store::open(database, "1:hub:pool".to_owned()).await.unwrap();
    let results = Results::new(config, Arc::new(chain), blobs, store, Arc::new(clock.clone())).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = Tasks::new();
    tasks.spawn("http", async move { axum::serve(listener, results.router()).await.unwrap() });
    (address, ResultsClient::new(&format!("http://{address}/").parse().unwrap()).unwrap(), tasks)
}

pub(super) fn token(who: &Wallet, pool: Address, expires: u64) -> SessionToken {
    let signature = who.sign_personal(SessionToken::message(pool, who.address(), expires));
    SessionToken { worker: who.address(), expires, signature }
}

pub(super) fn refused(answer: Result<Stored, ApiError>, status: u16, word: &str) {
    match answer {
        Err(ApiError::Refused { status: found, problem, .. }) => {
            assert_eq!(found, status, "{}", problem.message);
            assert!(problem.message.contains(word), "{}", problem.message);
            assert!(!problem.request_id.is_empty());
        }
        other => panic!("expected a refusal with {status}, found {other:?}"),
    }
}

pub(super) fn digest(output: &[u8]) -> ResultDigest {
    ResultDigest(B256::new(Sha256::digest(output).into()))
}

pub(super) fn consensus_on(digest: ResultDigest) -> ResultHash {
    ResultHash::derive(TASK, digest)
}

pub(super) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// An archive whose result is `output`; `note` does not count.
pub(super) fn archive(output: &[u8], note: &[u8]) -> Vec<u8> {
    let computed = br#"{"deterministic-output-path":"/iexec_out/result.txt"}"#;
    zipped(&[("computed.json", computed), ("result.txt", output), ("note.txt", note)])
}
