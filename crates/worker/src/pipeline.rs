//! A replicate's life, carried out: look at store and chain, plan, act, start over. Every act is safe to repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use api::pool::{MAX_DETAIL_BYTES, ReplicateStatus, Report};
use protocol::deal::Deal;
use protocol::hash::{authorization, personal_digest, signer_of};
use protocol::{Address, TaskId};
use runtime::{Clock, Stop};
use tokio::sync::{Notify, Semaphore, broadcast};

use crate::compute::{Computed, Order, Workshop};
use crate::ledger::Ledger;
use crate::link::Uploader;
use crate::plan::{Step, View, next_step};
use crate::replicate::{Commitment, Replicate, Stage};
use crate::store::{Change, Store};
use crate::trouble::Trouble;
use crate::{Cause, Error, Fault, WorkerEvent};

/// Everything that replicates of one worker share.
pub(crate) struct Pipeline {
    pub(crate) worker: Address,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) store: Store,
    pub(crate) workshop: Workshop,
    pub(crate) uploader: Uploader,
    pub(crate) slots: Semaphore,
    pub(crate) events: broadcast::Sender<WorkerEvent>,
    /// Rung when a report was queued.
    pub(crate) reports: Arc<Notify>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Stop,
    /// Results committed to since the start, for [`Fault`].
    pub(crate) commitments: AtomicU32,
}

/// What came of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something changed: plan again at once.
    Again,
    /// Nothing to do until something moves.
    Wait,
    /// Nothing is left to do.
    Ended,
}

impl Pipeline {
    /// How long to wait when nothing says that something moved.
    pub(crate) fn poll(&self) -> Duration {
        self.workshop.config.reveal_poll
    }

    /// One round for `task`; `wake` is rung when it may have moved.
    pub(crate) async fn advance(&self, task: TaskId, wake: &Notify) -> Result<Progress, Error> {
        let Some(replicate) = self.store.replicate(task).await?.filter(Replicate::is_live) else {
            return Ok(Progress::Ended);
        };
        let deal = self.ledger.deal(replicate.deal).await?;
        let view = self.view(&replicate, deal.as_ref()).await?;
        match next_step(&replicate, &view) {
            Step::Wait => self.wait(&replicate, &view).await,
            Step::Compute => self.compute(&replicate, deal.unwrap_or_default(), &view, wake).await,
            Step::Contribute(commitment) => self.contribute(replicate, commitment).await,
            Step::Reveal(commitment) => self.reveal(task, commitment).await,
            Step::Upload(commitment) => self.upload(task, commitment, &deal.unwrap_or_default()).await,
            Step::Note(stage) => self.note(task, stage).await,
            Step::Finish { completed } => self.finish(task, completed).await,
            Step::Fail(cause, message) => self.fail(task, cause, message).await,
            Step::Forget => self.forget(task).await,
        }
    }

    async fn view(&self, replicate: &Replicate, deal: Option<&Deal>) -> Result<View, Error> {
        let Some(deal) = deal else {
            return Ok(self.ledger.view(replicate.task, &Deal::default(), true).await?);
        };
        let message = authorization(self.worker, replicate.task, Address::ZERO);
        let signer = signer_of(personal_digest(message), &replicate.authorization);
        let authorized = signer == Some(deal.workerpool.owner);
        Ok(self.ledger.view(replicate.task, deal, authorized).await?)
    }

    /// Remembers since when a task is unknown.
    async fn wait(&self, replicate: &Replicate, view: &View) -> Result<Progress, Error> {
        if view.task.is_none() && replicate.first_look.is_none() {
            let now = view.now;
            let first = move |replicate: Replicate| Replicate { first_look: Some(now), ..replicate };
            self.update(replicate.task, first, None).await?;
        }
        Ok(Progress::Wait)
    }

    async fn compute(&self, replicate: &Replicate, deal: Deal, view: &View, wake: &Notify) -> Result<Progress, Error> {
        let task = replicate.task;
        let unit = view.task.as_ref().map_or(0, |task| task.unit);
        let Some(order) = self.order(deal, unit).await? else {
            let text = "the hub does not know the deal's app or dataset";
            return self.fail(task, Cause::TaskDescriptionInvalid, text.to_owned()).await;
        };
        match self.run(replicate, &order, wake).await {
            Ok(computed) => self.computed(task, computed).await,
            Err(Trouble::Mine { cause, message }) => self.fail(task, cause, message).await,
            Err(Trouble::Stopped) if self.stop.is_requested() => Ok(Progress::Ended),
            Err(Trouble::Stopped) => Ok(Progress::Again),
            Err(Trouble::Everyones(complaint)) => {
                self.fail(task, Cause::PostComputeFailedUnknownIssue, complaint.what).await
            }
        }
    }

    async fn order(&self, deal: Deal, unit: u64) -> Result<Option<Order>, Error> {
        let Some(app) = self.ledger.app(deal.app.pointer).await? else { return Ok(None) };
        let dataset = match deal.dataset.pointer {
            Address::ZERO => None,
            address => match self.ledger.dataset(address).await? {
                Some(dataset) => Some(dataset),
                None => return Ok(None),
            },
        };
        Ok(Some(Order { deal, app, dataset, unit }))
    }

    /// Computes, and stops early when the task is not wanted any more.
    async fn run(&self, replicate: &Replicate, order: &Order, wake: &Notify) -> Result<Computed, Trouble> {
        let stopper = self.stop.child();
        let work = self.in_a_slot(replicate, order, stopper.stop());
        tokio::pin!(work);
        loop {
            tokio::select! {
                computed = &mut work => return computed,
                () = wake.notified() => {
                    if !self.is_wanted(replicate.task, &order.deal).await {
                        stopper.request();
                    }
                }
            }
        }
    }

    async fn in_a_slot(&self, replicate: &Replicate, order: &Order, stop: Stop) -> Result<Computed, Trouble> {
        let _slot = tokio::select! {
            () = stop.requested() => return Err(Trouble::Stopped),
            slot = self.slots.acquire() => slot.map_err(|_| Trouble::Stopped)?,
        };
        self.tell(WorkerEvent::Computing { task: replicate.task });
        self.workshop.compute(replicate, order, stop).await
    }

    async fn is_wanted(&self, task: TaskId, deal: &Deal) -> bool {
        let Ok(Some(replicate)) = self.store.replicate(task).await else { return true };
        match self.view(&replicate, Some(deal)).await {
            Ok(view) => next_step(&replicate, &view) == Step::Compute,
            Err(_) => true,
        }
    }

    async fn computed(&self, task: TaskId, computed: Computed) -> Result<Progress, Error> {
        let Computed { digest, exit_code, wall, fuel, error } = computed;
        let commitment = self.commit(task, digest);
        let wall_ms = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        let status = ReplicateStatus::Computed { exit_code, wall_ms, fuel };
        self.update(task, at(Stage::Computed { commitment }), Some(status)).await?;
        self.tell(WorkerEvent::Computed { task, digest, exit_code, wall, fuel, error });
        Ok(Progress::Again)
    }

    fn commit(&self, task: TaskId, digest: protocol::ResultDigest) -> Commitment {
        let nth = self.commitments.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        match self.workshop.config.fault {
            Fault::WrongResult { from_task } if nth >= from_task => {
                Commitment::lie(self.worker, task, digest, runtime::random::bytes().into())
            }
            Fault::None | Fault::WrongResult { .. } => Commitment::honest(self.worker, task, digest),
        }
    }

    async fn contribute(&self, replicate: Replicate, commitment: Commitment) -> Result<Progress, Error> {
        let task = replicate.task;
        // On disk first: from here on a contribution may exist, whatever happens to this process.
        self.update(task, at(Stage::Contributing { commitment }), None).await?;
        match self.ledger.contribute(task, commitment, replicate.authorization).await {
            Ok(()) => self.note(task, Stage::Contributed { commitment }).await,
            Err(chain::Error::Stopped { .. }) => Ok(Progress::Ended),
            Err(error @ chain::Error::Funds { .. }) => self.fail(task, Cause::OutOfGas, error.to_string()).await,
            Err(error @ chain::Error::Refused { .. }) => self.refused(task, commitment, &error).await,
            Err(error) => Err(error.into()),
        }
    }

    /// The hub said no: because it has the contribution already, or for a reason that the next plan sees.
    async fn refused(&self, task: TaskId, commitment: Commitment, error: &chain::Error) -> Result<Progress, Error> {
        let view = self.ledger.view(task, &Deal::default(), true).await?;
        if view.contribution.is_some() {
            return self.note(task, Stage::Contributed { commitment }).await;
        }
        tracing::warn!(%task, %error, reason = ?error.revert(), "contribution refused");
        let back = move |replicate: Replicate| {
            let refusals = replicate.refusals.saturating_add(1);
            Replicate { refusals, stage: Stage::Computed { commitment }, ..replicate }
        };
        self.update(task, back, None).await?;
        Ok(Progress::Again)
    }

    async fn reveal(&self, task: TaskId, commitment: Commitment) -> Result<Progress, Error> {
        match self.ledger.reveal(task, commitment.digest).await {
            Ok(()) => self.note(task, Stage::Revealed { commitment }).await,
            Err(chain::Error::Stopped { .. }) => Ok(Progress::Ended),
            Err(error @ chain::Error::Refused { .. }) => {
                tracing::warn!(%task, %error, reason = ?error.revert(), "reveal refused: looking again");
                Ok(Progress::Wait)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn upload(&self, task: TaskId, commitment: Commitment, deal: &Deal) -> Result<Progress, Error> {
        let (link, callback) = self.uploader.upload(task, deal, &self.workshop.folders(task)).await?;
        let stage = Stage::Uploaded { commitment, link: link.clone() };
        let status = ReplicateStatus::Uploaded { link: link.clone() };
        let report = Report { task, status, callback };
        self.update_with(task, at(stage), Some(report)).await?;
        self.tell(WorkerEvent::Uploaded { task, link });
        Ok(Progress::Again)
    }

    /// Remembers what the chain says; tells the pool when it is news.
    async fn note(&self, task: TaskId, stage: Stage) -> Result<Progress, Error> {
        let (status, event) = match &stage {
            Stage::Contributed { commitment } => {
                let event = WorkerEvent::Contributed { task, hash: commitment.hash };
                (Some(ReplicateStatus::Contributed), Some(event))
            }
            Stage::Revealed { .. } => (Some(ReplicateStatus::Revealed), Some(WorkerEvent::Revealed { task })),
            Stage::Assigned
            | Stage::Computed { .. }
            | Stage::Contributing { .. }
            | Stage::Uploaded { .. }
            | Stage::Done { .. }
            | Stage::Failed { .. }
            | Stage::Dropped => (None, None),
        };
        self.update(task, at(stage), status).await?;
        event.into_iter().for_each(|event| self.tell(event));
        Ok(Progress::Again)
    }

    async fn finish(&self, task: TaskId, completed: bool) -> Result<Progress, Error> {
        self.update(task, at(Stage::Done { completed }), None).await?;
        self.tell(WorkerEvent::Finished { task, completed });
        self.clean(task).await
    }

    async fn fail(&self, task: TaskId, cause: Cause, message: String) -> Result<Progress, Error> {
        tracing::warn!(%task, %cause, message, "replicate failed");
        let message = shortened(message);
        let status = ReplicateStatus::Failed { cause: cause.to_string(), message: message.clone() };
        self.update(task, at(Stage::Failed { cause, message: message.clone() }), Some(status)).await?;
        self.tell(WorkerEvent::Failed { task, cause, message });
        self.clean(task).await
    }

    async fn forget(&self, task: TaskId) -> Result<Progress, Error> {
        let reason = self.store.replicate(task).await?.and_then(|replicate| replicate.dropped).unwrap_or_default();
        self.update(task, at(Stage::Dropped), None).await?;
        self.tell(WorkerEvent::Dropped { task, reason });
        self.clean(task).await
    }

    /// Removes the task's files; what cannot be removed now is removed at the next start.
    async fn clean(&self, task: TaskId) -> Result<Progress, Error> {
        let folders = self.workshop.folders(task);
        let removed = tokio::task::spawn_blocking(move || folders.remove()).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%task, %error, "cannot remove the task's folder now");
        }
        Ok(Progress::Ended)
    }

    async fn update(
        &self,
        task: TaskId,
        change: impl FnOnce(Replicate) -> Replicate,
        status: Option<ReplicateStatus>,
    ) -> Result<(), Error> {
        self.update_with(task, change, status.map(|status| Report { task, status, callback: None })).await
    }

    async fn update_with(
        &self,
        task: TaskId,
        change: impl FnOnce(Replicate) -> Replicate,
        report: Option<Report>,
    ) -> Result<(), Error> {
        let reports = report.is_some();
        self.store.change(task, |found| Change { keep: found.map(change), report, answer: () }).await?;
        if reports {
            self.reports.notify_one();
        }
        Ok(())
    }

    pub(crate) fn tell(&self, event: WorkerEvent) {
        // Nobody has to listen.
        let _ = self.events.send(event);
    }
}

fn at(stage: Stage) -> impl FnOnce(Replicate) -> Replicate {
    move |replicate| Replicate { stage, ..replicate }
}

fn shortened(mut text: String) -> String {
    let mut end = text.len().min(MAX_DETAIL_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
