//! The command stream: opened again whenever it breaks, every command on disk before the next is read.

use std::sync::Arc;
use std::time::Duration;

use api::http::Error as ApiError;
use api::pool::{Capabilities, Command, Hello, Order, PoolClient, ReplicateStatus, Report, SILENCE};
use futures_util::StreamExt as _;
use protocol::TaskId;
use runtime::{Clock, Stop};
use tokio::sync::{Notify, broadcast};

use crate::crew::Crew;
use crate::link::Tokens;
use crate::replicate::{Replicate, Stage};
use crate::store::{Change, Store};
use crate::{Cause, Error, WorkerEvent};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Most tasks in hand; a pool that sends more gets them back.
const MAX_IN_HAND: usize = 10_000;

/// Listens to the pool.
pub(crate) struct Listener {
    pub(crate) pool: PoolClient,
    pub(crate) tokens: Tokens,
    pub(crate) store: Store,
    pub(crate) crew: Arc<Crew>,
    pub(crate) slots: u32,
    pub(crate) capabilities: Capabilities,
    pub(crate) events: broadcast::Sender<WorkerEvent>,
    /// Rung when something was heard.
    pub(crate) bell: Arc<Notify>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Stop,
}

impl Listener {
    pub(crate) async fn run(self) {
        let mut pause = FIRST_PAUSE;
        while !self.stop.is_requested() {
            let mut heard = false;
            let ended = tokio::select! {
                () = self.stop.requested() => return,
                ended = self.listen(&mut heard) => ended,
            };
            pause = if heard { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            let reason = match &ended {
                Ok(reason) => (*reason).to_owned(),
                Err(error) => {
                    if let Error::Pool(ApiError::Refused { status: 401, .. }) = error {
                        self.tokens.renew();
                    }
                    tracing::warn!(error = error as &dyn std::error::Error, "the command stream broke");
                    error.to_string()
                }
            };
            // Nobody has to listen.
            let _ = self.events.send(WorkerEvent::Disconnected { reason });
            tokio::select! {
                () = self.stop.requested() => return,
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    /// Reads one stream to its end; answers why it ended.
    async fn listen(&self, heard: &mut bool) -> Result<&'static str, Error> {
        let hello = self.hello().await?;
        let mut commands = self.pool.stream(&self.tokens.token(), &hello).await?;
        let _ = self.events.send(WorkerEvent::Connected);
        loop {
            let next = tokio::select! {
                next = commands.next() => next,
                () = self.clock.sleep(SILENCE) => return Ok("the pool fell silent"),
            };
            match next {
                None => return Ok("the pool closed the stream"),
                Some(command) => {
                    self.obey(command?).await?;
                    *heard = true;
                }
            }
        }
    }

    async fn hello(&self) -> Result<Hello, Error> {
        let holding = self.store.live().await?.into_iter().map(|replicate| replicate.task).collect();
        Ok(Hello {
            slots: self.slots,
            capabilities: self.capabilities.clone(),
            after: self.store.heard().await?,
            holding,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// Puts one command on disk and wakes whom it concerns. Safe to repeat.
    pub(crate) async fn obey(&self, Command { number, order }: Command) -> Result<(), Error> {
        let task = match order {
            Order::Beat => return Ok(()),
            Order::Work { task, deal, index, authorization } => {
                let fresh = Replicate::assigned(task, deal, index, authorization, number);
                self.work(number, fresh).await?;
                task
            }
            Order::Look { task } => {
                self.store.obey(number, task, unchanged).await?;
                task
            }
            Order::Upload { task } => {
                self.store.obey(number, task, |found| upload(task, found)).await?;
                task
            }
            Order::Drop { task, reason } => {
                let reason = reason.chars().take(500).collect();
                let drop = |found: Option<Replicate>| {
                    let keep = found.filter(Replicate::is_live);
                    let keep = keep.map(|replicate| Replicate { dropped: Some(reason), ..replicate });
                    Change { keep, report: None, answer: () }
                };
                self.store.obey(number, task, drop).await?;
                task
            }
        };
        self.bell.notify_one();
        self.crew.nudge(task);
        Ok(())
    }

    async fn work(&self, number: u64, fresh: Replicate) -> Result<(), Error> {
        let (task, room) = (fresh.task, self.crew.len() < MAX_IN_HAND);
        let assigned = self.store.obey(number, task, |found| assign(found, fresh, room)).await?;
        if assigned {
            // Nobody has to listen.
            let _ = self.events.send(WorkerEvent::Assigned { task });
        }
        Ok(())
    }
}

fn unchanged(_: Option<Replicate>) -> Change<()> {
    Change { keep: None, report: None, answer: () }
}

/// Takes a task on, unless this is the repetition of a command that was heard before.
fn assign(found: Option<Replicate>, fresh: Replicate, room: bool) -> Change<bool> {
    let (task, number) = (fresh.task, fresh.number);
    let report = |status| Some(Report { task, status, callback: None });
    match found {
        Some(known) if !known.is_live() && known.number == number => Change { keep: None, report: None, answer: false },
        Some(known) if known.is_live() => {
            let keep = Replicate { dropped: None, number, ..known };
            Change { keep: Some(keep), report: None, answer: false }
        }
        Some(_) | None if TaskId::derive(fresh.deal, fresh.index) != task => {
            let message = "the task's id is not that of its deal and index".to_owned();
            let cause = Cause::TaskDescriptionInvalid.to_string();
            Change { keep: None, report: report(ReplicateStatus::Failed { cause, message }), answer: false }
        }
        Some(_) | None if !room => {
            let message = format!("this worker has {MAX_IN_HAND} tasks in hand already");
            let cause = Cause::Unknown.to_string();
            Change { keep: None, report: report(ReplicateStatus::Failed { cause, message }), answer: false }
        }
        Some(_) | None => Change { keep: Some(fresh), report: report(ReplicateStatus::Started), answer: true },
    }
}

/// Notes that the archive is wanted; one that was uploaded before is handed over again, for the report may be lost.
fn upload(task: TaskId, found: Option<Replicate>) -> Change<()> {
    let Some(replicate) = found.filter(Replicate::is_live) else {
        let message = "this worker has nothing of the task".to_owned();
        let status = ReplicateStatus::Failed { cause: Cause::Unknown.to_string(), message };
        return Change { keep: None, report: Some(Report { task, status, callback: None }), answer: () };
    };
    let stage = match replicate.stage {
        Stage::Uploaded { commitment, .. } => Stage::Revealed { commitment },
        other => other,
    };
    Change { keep: Some(Replicate { stage, upload: true, ..replicate }), report: None, answer: () }
}
