//! Workers and their pool: one long-lived stream of numbered commands down, reports up.
//!
//! The stream delivers at least once: a command stays until it is acknowledged, and a worker that reconnects names
//! the last number it has acted on. Nothing here can cost a stake: contributions and reveals follow the chain.

use std::collections::VecDeque;
use std::time::Duration;

use alloy_primitives::{Address, Bytes};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use protocol::{DealId, TaskId};
use reqwest::{Method, header};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::{Client, Error};
use crate::session::SessionToken;

/// `GET`: what a worker must know before it joins.
pub const INFO: &str = "/v1/pool";
/// `POST` [`Hello`], answered by a stream of [`Command`], one JSON object a line.
pub const STREAM: &str = "/v1/workers/stream";
/// `POST` [`Reports`], answered by [`Accepted`].
pub const REPORT: &str = "/v1/workers/reports";
/// `GET /v1/tasks/{task}`: what the pool knows of a task, [`TaskStatus`].
pub const TASKS: &str = "/v1/tasks";
/// A stream without a line for longer than this is dead. The pool sends [`Order::Beat`] three times as often.
pub const SILENCE: Duration = Duration::from_secs(15);
/// Longest line of the stream, in bytes.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// Most reports in one call.
pub const MAX_REPORTS: usize = 1_000;
/// Longest text of one report, in bytes; longer ones are cut by the sender and refused by the pool.
pub const MAX_DETAIL_BYTES: usize = 8 * 1024;

/// What a worker must know before it joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolInfo {
    /// The workerpool contract.
    pub workerpool: Address,
    /// The hub.
    pub hub: Address,
    /// Chain id.
    pub chain_id: u64,
    /// Where results are uploaded.
    pub results: Url,
    /// Where content-addressed files are fetched, in order of preference.
    pub gateways: Vec<Url>,
    /// Version of the pool server.
    pub version: String,
}

/// What a worker says when it (re)connects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Tasks that it computes at the same time.
    pub slots: u32,
    /// What it can run.
    pub capabilities: Capabilities,
    /// Number of the last command it has acted on; 0 for none.
    pub after: u64,
    /// Tasks that it still works on, so that the pool forgets none and repeats none.
    pub holding: Vec<TaskId>,
    /// Version of the worker.
    pub version: String,
}

/// What a worker can run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// WebAssembly apps.
    pub wasm: bool,
    /// Container images.
    pub containers: bool,
    /// Tasks with the GPU tag.
    pub gpu: bool,
}

/// One line of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Counts up per worker; 0 for lines that need no acknowledgement.
    pub number: u64,
    /// What to do.
    pub order: Order,
}

/// What the pool asks of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Order {
    /// Nothing: the stream lives.
    Beat,
    /// Compute a task and contribute.
    Work {
        /// Which.
        task: TaskId,
        /// Of which deal.
        deal: DealId,
        /// Its index, counted over the whole request order.
        #[serde(with = "protocol::order::wire::uint")]
        index: alloy_primitives::U256,
        /// The pool owner's signature that lets this worker contribute.
        authorization: Bytes,
    },
    /// The task moved on chain: look now instead of at the next round.
    Look {
        /// Which.
        task: TaskId,
    },
    /// Upload the result of a revealed task.
    Upload {
        /// Which.
        task: TaskId,
    },
    /// Stop working on a task and forget it.
    Drop {
        /// Which.
        task: TaskId,
        /// Why, for the log.
        reason: String,
    },
}

/// Where one worker's copy of a task stands, as the worker tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ReplicateStatus {
    /// The command arrived; the work begins.
    Started,
    /// The app ended and its result is on this worker's disk.
    Computed {
        /// Exit code of the app.
        exit_code: i32,
        /// Wall time of the app, in milliseconds.
        wall_ms: u64,
        /// Fuel burnt, for deterministic sandboxes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fuel: Option<u64>,
    },
    /// The contribution is on chain.
    Contributed,
    /// The reveal is on chain.
    Revealed,
    /// The result is in the pool's store.
    Uploaded {
        /// The link that finalization writes on chain: the JSON text of `offchain.md` 3.11.
        link: String,
    },
    /// This worker will not contribute to this task.
    Failed {
        /// One of the cause codes of `offchain.md` 3.15.
        cause: String,
        /// In words.
        message: String,
    },
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// About which task.
    pub task: TaskId,
    /// What happened.
    #[serde(flatten)]
    pub status: ReplicateStatus,
    /// With `uploaded`, for deals with a callback: what `finalize` hands to it. Its keccak-256 is the revealed digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Bytes>,
}

/// Reports of one worker, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reports {
    /// Number of the last command it has acted on.
    pub acknowledged: u64,
    /// What happened since.
    pub reports: Vec<Report>,
}

/// The pool's answer to reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// How many were taken.
    pub accepted: usize,
}

/// One worker's copy of a task, as the pool sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicateView {
    /// Who.
    pub worker: Address,
    /// One word: assigned, started, computed, contributed, revealed, uploaded, failed, lost.
    pub state: String,
    /// What the worker said about a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What the pool knows of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStatus {
    /// Which.
    pub task: TaskId,
    /// Of which deal.
    pub deal: DealId,
    /// One word: waiting, active, revealing, completed, failed.
    pub phase: String,
    /// The copies.
    pub replicates: Vec<ReplicateView>,
    /// What the task waits for, or why it gets nowhere, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A worker's side of the wire.
#[derive(Clone, Debug)]
pub struct PoolClient {
    http: Client,
}

impl PoolClient {
    /// A client of the pool at `base`.
    ///
    /// # Errors
    /// [`Error::BadUrl`].
    pub fn new(base: &Url) -> Result<Self, Error> {
        Ok(Self { http: Client::new(base)? })
    }

    /// What a worker must know before it joins.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn info(&self) -> Result<PoolInfo, Error> {
        self.http.get(INFO, &[]).await
    }

    /// What the pool knows of a task.
    ///
    /// # Errors
    /// [`Error`]; a task of another pool is `not_found`.
    pub async fn task(&self, task: TaskId) -> Result<TaskStatus, Error> {
        self.http.get(&format!("{TASKS}/{task}"), &[]).await
    }

    /// Hands over what happened.
    ///
    /// # Errors
    /// [`Error`]; on [`Error::is_temporary`] send the same again.
    pub async fn report(&self, token: &SessionToken, reports: &Reports) -> Result<Accepted, Error> {
        let request = self.http.request(Method::POST, REPORT)?;
        self.http.json(request.header(header::AUTHORIZATION, token.to_header()).json(reports)).await
    }

    /// Opens the command stream. It ends with an item that is an error, or when the pool closes it; the caller
    /// watches for [`SILENCE`].
    ///
    /// # Errors
    /// [`Error`].
    pub async fn stream(
        &self,
        token: &SessionToken,
        hello: &Hello,
    ) -> Result<BoxStream<'static, Result<Command, Error>>, Error> {
        let request = self.http.request(Method::POST, STREAM)?;
        let request = request.header(header::AUTHORIZATION, token.to_header()).json(hello);
        let response = self.http.accepted(request).await?;
        let reader = Lines {
            http: self.http.clone(),
            chunks: response.bytes_stream().boxed(),
            held: Vec::new(),
            lines: VecDeque::new(),
        };
        Ok(futures_util::stream::unfold(Some(reader), |reader| async move {
            let mut reader = reader?;
            match reader.next().await {
                Ok(Some(command)) => Some((Ok(command), Some(reader))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed())
    }
}

struct Lines {
    http: Client,
    chunks: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    held: Vec<u8>,
    lines: VecDeque<Vec<u8>>,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Command>, Error> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return serde_json::from_slice(&line).map(Some).map_err(|error| self.http.nonsense(error));
            }
            match self.chunks.next().await {
                None => return Ok(None),
                Some(chunk) => self.take(&chunk.map_err(|cause| self.http.unanswered(cause))?)?,
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), Error> {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.held.extend_from_slice(piece);
            if self.held.len() > MAX_LINE_BYTES {
                return Err(self.http.nonsense(format!("a line of more than {MAX_LINE_BYTES} bytes")));
            }
            if self.held.last() == Some(&b'\n') {
                self.lines.push_back(std::mem::take(&mut self.held));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_reports_keep_their_wire_form() {
        let command = Command { number: 7, order: Order::Look { task: TaskId::default() } };
        let json = serde_json::to_value(&command).unwrap();
        assert_eq!(json["order"]["do"], "look");
        let report = Report { task: TaskId::default(), status: ReplicateStatus::Contributed, callback: None };
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["status"], "contributed");
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
    }
}
