//! What workers call. Handlers check, write to the store and say "look"; they decide nothing and never wait for a chain.

use std::convert::Infallible;
use std::sync::Arc;

use alloy_primitives::hex;
use api::pool::{
    Accepted, Command, Hello, INFO, MAX_DETAIL_BYTES, MAX_REPORTS, Order, PoolInfo, REPORT, ReplicateStatus,
    ReplicateView, Report, Reports, SILENCE, STREAM, TASKS, TaskStatus,
};
use api::problem::{Code, Problem};
use api::session::SessionToken;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use protocol::{Address, TaskId};
use runtime::{Clock, Stop};
use serde::de::DeserializeOwned;

use crate::store::Store;
use crate::streams::{Running, Streams};
use crate::{Error, Limits};

#[cfg(test)]
mod tests;

/// Tasks that a worker may hold when it connects.
const MAX_HOLDING: usize = 1_000;
/// Slots that one worker may offer.
const MAX_SLOTS: u32 = 10_000;
/// Command numbers above this are no numbers that this pool gave: JSON readers keep integers exact up to here.
const MAX_NUMBER: u64 = 1 << 53;
/// Largest data for a callback, in bytes: it is paid for on chain.
const MAX_CALLBACK_BYTES: usize = 64 * 1024;

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) streams: Streams,
    pub(crate) info: PoolInfo,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Stop,
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(INFO, get(info))
        .route(STREAM, post(stream))
        .route(REPORT, post(report))
        .route(&format!("{TASKS}/{{task}}"), get(task))
        .route("/healthz", get(health))
        .fallback(async || Refusal::new(Code::NotFound, "no such path in the pool's API"))
        .method_not_allowed_fallback(async || Refusal::new(Code::BadRequest, "this path knows another method"))
        .with_state(shared)
}

/// A refusal on its way out: the body that every service uses, with an id that finds it in the log.
struct Refusal(Code, String);

impl Refusal {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self(code, message.into())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a worker's request failed");
        Self::new(Code::Unavailable, "the pool's store does not answer: try again later")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(code, message) = self;
        let request_id = hex::encode(runtime::random::bytes::<8>());
        tracing::debug!(%request_id, code = code.name(), %message, "refused a request");
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(Problem { request_id, ..Problem::new(code, message) })).into_response()
    }
}

async fn info(State(shared): State<Arc<Shared>>) -> Json<PoolInfo> {
    Json(shared.info.clone())
}

async fn health(State(shared): State<Arc<Shared>>) -> Result<&'static str, Refusal> {
    shared.store.cursor().await?;
    Ok("ok")
}

async fn task(State(shared): State<Arc<Shared>>, Path(text): Path<String>) -> Result<Json<TaskStatus>, Refusal> {
    let task: TaskId = text.parse().map_err(|error| Refusal::new(Code::BadRequest, format!("{error}")))?;
    let row = shared.store.task(task).await?;
    let row = row.ok_or_else(|| Refusal::new(Code::NotFound, format!("task {task} is not one of this pool's")))?;
    let copies = shared.store.copies(task).await?;
    let view = |copy: crate::replicate::Replicate| ReplicateView {
        worker: copy.worker,
        state: copy.state.name().to_owned(),
        message: Some([copy.cause, copy.message].join(" ").trim().to_owned()).filter(|text| !text.is_empty()),
    };
    let replicates = copies.into_iter().map(view).collect();
    Ok(Json(TaskStatus { task, deal: row.deal, phase: row.phase, replicates, why: row.why }))
}

async fn report(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Result<Json<Accepted>, Refusal> {
    let worker = shared.caller(&headers)?;
    let reports: Reports = shared.read(body).await?;
    if reports.reports.len() > MAX_REPORTS {
        let message =
            format!("{} reports in one call; at most {MAX_REPORTS}: send them in parts", reports.reports.len());
        return Err(Refusal::new(Code::TooLarge, message));
    }
    for report in &reports.reports {
        check(report)?;
    }
    let mut heard = Vec::new();
    for report in &reports.reports {
        if hear(&shared, worker, report).await? {
            heard.push(report.task);
        }
    }
    // Only now: a crash above makes the worker say all of it again.
    shared.store.acknowledge(worker, reports.acknowledged).await?;
    let accepted = heard.len();
    shared.streams.mark(heard);
    Ok(Json(Accepted { accepted }))
}

fn check(report: &Report) -> Result<(), Refusal> {
    let longest = match &report.status {
        ReplicateStatus::Failed { cause, message } => cause.len().max(message.len()),
        ReplicateStatus::Uploaded { link } => link.len(),
        ReplicateStatus::Started
        | ReplicateStatus::Computed { .. }
        | ReplicateStatus::Contributed
        | ReplicateStatus::Revealed => 0,
    };
    if longest > MAX_DETAIL_BYTES {
        let message =
            format!("a text of {longest} bytes about task {}; at most {MAX_DETAIL_BYTES}: cut it", report.task);
        return Err(Refusal::new(Code::TooLarge, message));
    }
    let data = report.callback.as_ref().map_or(0, |data| data.len());
    if data > MAX_CALLBACK_BYTES {
        let message = format!("{data} bytes for the callback of task {}; at most {MAX_CALLBACK_BYTES}", report.task);
        return Err(Refusal::new(Code::TooLarge, message));
    }
    Ok(())
}

/// Takes one report; `false` when this worker has no copy of the task.
async fn hear(shared: &Shared, worker: Address, report: &Report) -> Result<bool, Error> {
    if !shared.store.has_copy(report.task, worker).await? {
        return Ok(false);
    }
    let status = &report.status;
    let changed = shared.store.change(report.task, worker, |copy| copy.hear(status)).await?;
    tracing::debug!(task = %report.task, %worker, ?status, changed, "report");
    if let Some(data) = &report.callback {
        shared.store.offer_callback(report.task, worker, data).await?;
    }
    Ok(true)
}

async fn stream(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let worker = shared.caller(&headers)?;
    let hello: Hello = shared.read(body).await?;
    if hello.holding.len() > MAX_HOLDING || hello.slots > MAX_SLOTS || hello.after > MAX_NUMBER {
        let message =
            format!("at most {MAX_HOLDING} tasks, {MAX_SLOTS} slots and command number {MAX_NUMBER} can be announced");
        return Err(Refusal::new(Code::BadRequest, message));
    }
    let full = || Refusal::new(Code::Unavailable, "the pool has no seat free: try again later, or another pool");
    let seats = shared.limits.workers;
    if !shared.streams.has_room(worker, seats) {
        return Err(full());
    }
    // First the store: a worker that is handed something must find numbers above the ones it has seen.
    let changed = shared.store.hello(worker, &hello).await?;
    let running = shared.streams.join(worker, &hello, seats).ok_or_else(full)?;
    shared.streams.mark(changed);
    tracing::info!(%worker, slots = hello.slots, after = hello.after, "a worker is connected");
    let feed = Feed { shared, running, worker, sent: hello.after, is_open: false };
    let lines = futures_util::stream::unfold(feed, |mut feed| async move {
        let line = feed.next().await?;
        Some((Ok::<_, Infallible>(line), feed))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

/// One worker's stream: unacknowledged commands first, then new ones, and a beat when there are none.
struct Feed {
    shared: Arc<Shared>,
    running: Running,
    worker: Address,
    sent: u64,
    is_open: bool,
}

impl Feed {
    /// The next lines; `None` ends the stream, and the worker connects again.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.is_open, true) {
            return Some(line(&Command { number: 0, order: Order::Beat }));
        }
        loop {
            if self.shared.stop.is_requested() || !self.running.is_current() {
                return None;
            }
            match self.shared.store.commands(self.worker, self.sent).await {
                Ok(commands) if commands.is_empty() => {}
                Ok(commands) => {
                    self.sent = commands.last().map_or(self.sent, |last| last.number);
                    return Some(commands.iter().flat_map(line).collect());
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, worker = %self.worker, "a stream ends");
                    return None;
                }
            }
            tokio::select! {
                () = self.shared.stop.requested() => return None,
                () = self.running.woken() => {}
                () = self.shared.clock.sleep(SILENCE / 3) => {
                    return Some(line(&Command { number: 0, order: Order::Beat }));
                }
            }
        }
    }
}

fn line(command: &Command) -> Bytes {
    let mut text = serde_json::to_vec(command).expect("a command of plain values is always JSON");
    text.push(b'\n');
    text.into()
}

impl Shared {
    fn caller(&self, headers: &HeaderMap) -> Result<Address, Refusal> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let verified = SessionToken::verify(header, self.info.workerpool, self.clock.unix().as_secs());
        verified.map_err(|error| Refusal::new(Code::Unauthorized, error.to_string()))
    }

    async fn read<T: DeserializeOwned>(&self, body: Body) -> Result<T, Refusal> {
        let limit = self.limits.body_bytes;
        let bytes = tokio::select! {
            bytes = to_bytes(body, limit) => bytes,
            () = self.clock.sleep(self.limits.body_time) => {
                return Err(Refusal::new(Code::BadRequest, "the body came too slowly: send it again"));
            }
        };
        let too_large =
            |_| Refusal::new(Code::TooLarge, format!("the body broke off, or is larger than {limit} bytes"));
        let bytes = bytes.map_err(too_large)?;
        let wrong = |error| Refusal::new(Code::BadRequest, format!("the body is not what this path takes: {error}"));
        serde_json::from_slice(&bytes).map_err(wrong)
    }
}
