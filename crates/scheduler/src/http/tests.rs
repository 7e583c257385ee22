//! The HTTP surface over real TCP, with a fake worker on the other end and the store in a file.

use std::time::Duration;

use alloy_primitives::B256;
use api::pool::{Capabilities, MAX_REPORTS, PoolClient};
use chain::Wallet;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use protocol::{ChainTime, DealId, U256};
use runtime::clock::ManualClock;
use runtime::{Stopper, Tasks};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::replicate::Replicate;

const NOW: u64 = 1_000_000;

struct Pool {
    shared: Arc<Shared>,
    base: Url,
    clock: ManualClock,
    stopper: Stopper,
    _tasks: Tasks,
    _folder: tempfile::TempDir,
}

struct Worker {
    wallet: Wallet,
    token: SessionToken,
    client: PoolClient,
}

async fn pool(limits: Limits) -> Pool {
    runtime::tls::install();
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(folder.path().join("pool.db")).create_if_missing(true);
    let database = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.unwrap();
    let (clock, stopper) = (ManualClock::new(Duration::from_secs(NOW)), Stopper::new());
    let nowhere: Url = "http://127.0.0.1:9/".parse().unwrap();
    let shared = Arc::new(Shared {
        store: Store::open(database, "pool".to_owned()).await.unwrap(),
        streams: Streams::new(Arc::new(clock.clone())),
        info: PoolInfo {
            workerpool: Address::repeat_byte(9),
            hub: Address::repeat_byte(8),
            chain_id: 65_535,
            results: nowhere,
            gateways: Vec::new(),
            version: "test".to_owned(),
        },
        limits,
        clock: Arc::new(clock.clone()),
        stop: stopper.stop(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let mut tasks = Tasks::new();
    let app = router(Arc::clone(&shared));
    tasks.spawn("http", async move { axum::serve(listener, app).await.unwrap() });
    Pool { shared, base, clock, stopper, _tasks: tasks, _folder: folder }
}

impl Pool {
    fn worker(&self) -> Worker {
        let wallet = Wallet::random();
        let expires = NOW + 600;
        let message = SessionToken::message(self.shared.info.workerpool, wallet.address(), expires);
        let signature = wallet.sign_personal(message);
        let token = SessionToken { worker: wallet.address(), expires, signature };
        Worker { wallet, token, client: PoolClient::new(&self.base).unwrap() }
    }

    async fn hand_out(&self, byte: u8, worker: &Worker) -> TaskId {
        let (task, deal) = (TaskId(B256::repeat_byte(byte)), DealId(B256::repeat_byte(byte)));
        let index = U256::from(byte);
        let store = &self.shared.store;
        store.add_deal(deal, 1).await.unwrap();
        store.add_tasks(deal, &[(index, task)], 1).await.unwrap();
        let authorization = protocol::Bytes::from_static(&[7; 65]);
        let order = Order::Work { task, deal, index, authorization };
        let copy = Replicate::assigned(worker.wallet.address(), ChainTime(1));
        assert!(store.assign(task, &copy, &order).await.unwrap());
        self.shared.streams.wake(worker.wallet.address());
        task
    }
}

impl Worker {
    async fn connect(&self, after: u64, holding: &[TaskId]) -> BoxStream<'static, Result<Command, api::http::Error>> {
        let hello = Hello {
            slots: 2,
            capabilities: Capabilities { wasm: true, ..Capabilities::default() },
            after,
            holding: holding.to_vec(),
            version: "test".to_owned(),
        };
        let mut stream = self.client.stream(&self.token, &hello).await.unwrap();
        assert_eq!(next(&mut stream).await.order, Order::Beat, "a stream opens with a beat");
        stream
    }

    async fn report(&self, acknowledged: u64, reports: Vec<Report>) -> Result<usize, api::http::Error> {
        let sent = self.client.report(&self.token, &Reports { acknowledged, reports }).await;
        sent.map(|accepted| accepted.accepted)
    }
}

async fn next(stream: &mut BoxStream<'static, Result<Command, api::http::Error>>) -> Command {
    stream.next().await.expect("the stream runs").expect("a command")
}

fn says(task: TaskId, status: ReplicateStatus) -> Report {
    Report { task, status, callback: None }
}

fn code(error: &api::http::Error) -> &str {
    match error {
        api::http::Error::Refused { problem, .. } => {
            assert!(!problem.request_id.is_empty() && !problem.message.is_empty(), "{problem:?}");
            &problem.code
        }
        other => panic!("expected a refusal, got {other}"),
    }
}

#[tokio::test]
async fn a_worker_gets_its_work_reports_it_and_everybody_can_read_how_it_stands() {
    let pool = pool(Limits::default()).await;
    let worker = pool.worker();
    assert_eq!(worker.client.info().await.unwrap(), pool.shared.info);
    let mut stream = worker.connect(0, &[]).await;
    let task = pool.hand_out(1, &worker).await;
    let command = next(&mut stream).await;
    assert_eq!(command.number, 1);
    assert!(matches!(command.order, Order::Work { task: given, .. } if given == task));
    let computed = ReplicateStatus::Computed { exit_code: 0, wall_ms: 5, fuel: Some(9) };
    let stranger = says(TaskId(B256::repeat_byte(99)), ReplicateStatus::Started);
    let reports = vec![says(task, ReplicateStatus::Started), says(task, computed), stranger];
    assert_eq!(worker.report(1, reports).await.unwrap(), 2, "a task it never got does not count");
    assert!(pool.shared.store.commands(worker.wallet.address(), 0).await.unwrap().is_empty(), "acknowledged");
    assert_eq!(pool.shared.streams.take_dirty().into_iter().collect::<Vec<_>>(), [task]);
    pool.shared.store.set_why(task, Some("1 workers compute it")).await.unwrap();
    let status = worker.client.task(task).await.unwrap();
    assert_eq!((status.phase.as_str(), status.why.as_deref()), ("waiting", Some("1 workers compute it")));
    assert_eq!(status.replicates[0].state, "computed");
}

#[tokio::test]
async fn s4_a_reconnecting_worker_gets_the_unacknowledged_commands_again() {
    let pool = pool(Limits::default()).await;
    let worker = pool.worker();
    let mut stream = worker.connect(0, &[]).await;
    let tasks = [pool.hand_out(1, &worker).await, pool.hand_out(2, &worker).await, pool.hand_out(3, &worker).await];
    for number in 1..=3 {
        assert_eq!(next(&mut stream).await.number, number);
    }
    drop(stream);
    let mut stream = worker.connect(1, &tasks[..1]).await;
    assert_eq!(next(&mut stream).await.number, 2);
    assert_eq!(next(&mut stream).await.number, 3);
    // What it acted on by report is not said again, either.
    worker.report(2, Vec::new()).await.unwrap();
    let mut stream = worker.connect(0, &tasks[..2]).await;
    assert_eq!(next(&mut stream).await.number, 3);
}

#[tokio::test]
async fn a_second_stream_ends_the_first_and_a_stop_ends_all() {
    let pool = pool(Limits::default()).await;
    let worker = pool.worker();
    let mut first = worker.connect(0, &[]).await;
    let mut second = worker.connect(0, &[]).await;
    assert!(first.next().await.is_none());
    assert_eq!(pool.shared.streams.connected().len(), 1);
    pool.stopper.request();
    assert!(second.next().await.is_none());
}

#[tokio::test]
async fn a_silent_stream_beats_three_times_as_often_as_its_silence_ends() {
    let pool = pool(Limits::default()).await;
    let worker = pool.worker();
    let mut stream = worker.connect(0, &[]).await;
    // The server begins to sleep at some moment after the first line: turn the clock until the beat is there.
    let beat = loop {
        pool.clock.advance(SILENCE / 3);
        tokio::select! {
            biased;
            command = next(&mut stream) => break command,
            () = tokio::task::yield_now() => {}
        }
    };
    assert_eq!((beat.number, beat.order), (0, Order::Beat));
}

#[tokio::test]
async fn a_worker_whose_stream_ended_is_counted_as_gone() {
    let pool = pool(Limits::default()).await;
    let worker = pool.worker();
    let stream = worker.connect(0, &[]).await;
    assert_eq!(pool.shared.streams.connected().len(), 1);
    drop(stream);
    while !pool.shared.streams.connected().is_empty() {
        // A write to the closed connection, or its end, tells the server.
        pool.clock.advance(SILENCE / 3);
        tokio::task::yield_now().await;
    }
    pool.clock.advance(Duration::from_secs(61));
    assert_eq!(pool.shared.streams.lost(Duration::from_secs(60)), [worker.wallet.address()]);
}

#[tokio::test]
async fn every_bad_request_is_refused_with_a_code_and_changes_nothing() {
    let limits = Limits { workers: 1, body_bytes: 20_000, ..Limits::default() };
    let pool = pool(limits).await;
    let (worker, other) = (pool.worker(), pool.worker());
    let forged =
        Worker { token: SessionToken { worker: other.wallet.address(), ..worker.token.clone() }, ..pool.worker() };
    assert_eq!(code(&forged.report(0, Vec::new()).await.unwrap_err()), "unauthorized");
    let task = pool.hand_out(1, &worker).await;
    let long = ReplicateStatus::Failed { cause: "UNKNOWN".to_owned(), message: "x".repeat(MAX_DETAIL_BYTES + 1) };
    assert_eq!(code(&worker.report(0, vec![says(task, long)]).await.unwrap_err()), "too_large");
    let huge = ReplicateStatus::Failed { cause: "UNKNOWN".to_owned(), message: "x".repeat(20_000) };
    assert_eq!(code(&worker.report(0, vec![says(task, huge)]).await.unwrap_err()), "too_large");
    assert_eq!(code(&worker.client.task(TaskId(B256::repeat_byte(77))).await.unwrap_err()), "not_found");
    let http = api::http::Client::new(&pool.base).unwrap();
    let wrong = http.get::<TaskStatus>(&format!("{TASKS}/nonsense"), &[]).await.unwrap_err();
    assert_eq!(code(&wrong), "bad_request");
    assert_eq!(code(&http.get::<TaskStatus>("/v1/nothing", &[]).await.unwrap_err()), "not_found");
    assert_eq!(code(&http.get::<TaskStatus>(STREAM, &[]).await.unwrap_err()), "bad_request");
    let _seat = worker.connect(0, &[task]).await;
    let hello = Hello {
        slots: 1,
        capabilities: Capabilities::default(),
        after: 0,
        holding: Vec::new(),
        version: String::new(),
    };
    let full = other.client.stream(&other.token, &hello).await.err().unwrap();
    assert_eq!(code(&full), "unavailable");
    let greedy = Hello { holding: vec![task; MAX_HOLDING + 1], ..hello };
    let _ = code(&worker.client.stream(&worker.token, &greedy).await.err().unwrap());
    let status = worker.client.task(task).await.unwrap();
    assert_eq!(status.replicates[0].state, "assigned");
}

#[tokio::test]
async fn too_many_reports_in_one_call_are_refused_whole() {
    let pool = pool(Limits::default()).await;
    let worker = pool.worker();
    let task = pool.hand_out(1, &worker).await;
    let reports = vec![says(task, ReplicateStatus::Started); MAX_REPORTS + 1];
    assert_eq!(code(&worker.report(0, reports).await.unwrap_err()), "too_large");
    assert_eq!(worker.client.task(task).await.unwrap().replicates[0].state, "assigned");
}
