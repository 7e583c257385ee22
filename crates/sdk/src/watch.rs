//! Watching a purchase: what happened to each task since the last look, from the chain, with hints from the pool.
//!
//! The chain alone decides; the pool only tells earlier that somebody is computing.

use std::collections::BTreeSet;
use std::time::Duration;

use chain::{Batch, ContributionView, Cursor, EventFilter, EventKind, Follower, TaskView};
use protocol::consensus::{Tally, weight};
use protocol::deal::Deal;
use protocol::task::Phase;
use protocol::{Address, DealId, ResultHash, TaskId, U256};
use runtime::Stop;
use serde::Serialize;

use crate::{Error, Session};

/// How often the pool is asked.
const POOL_EVERY: Duration = Duration::from_millis(250);
/// Tasks that the pool is asked about at a time: the oldest unfinished ones.
const POOL_TASKS: usize = 24;

/// Something that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Update {
    /// Which task.
    pub task: TaskId,
    /// Its index in the request.
    pub index: u64,
    /// When, on this machine's clock since the watch began.
    #[serde(rename = "at_ms", serialize_with = "as_millis")]
    pub at: Duration,
    /// What.
    #[serde(flatten)]
    pub step: Step,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The task is open for contributions.
    Initialized,
    /// The pool gave it to workers.
    Assigned {
        /// How many work on it or have worked on it.
        workers: usize,
    },
    /// A worker gave up on it.
    WorkerFailed {
        /// Who.
        worker: Address,
        /// What it said.
        message: String,
    },
    /// A worker committed to a result.
    Contributed {
        /// Who.
        worker: Address,
        /// To what.
        hash: ResultHash,
        /// Weight of this vote.
        weight: u64,
        /// Contributions so far.
        contributions: usize,
        /// Weight of the leading result.
        agreeing: u64,
        /// The leading result wins above this weight.
        needed: u64,
    },
    /// A result won.
    Consensus {
        /// Those who contributed it.
        winners: u32,
        /// Contributions that say otherwise.
        dissenting: usize,
    },
    /// A winner revealed.
    Revealed {
        /// How many did.
        revealed: u32,
        /// How many should.
        winners: u32,
    },
    /// Finalized and paid.
    Completed,
    /// Claimed: the payer has the price back.
    Refunded,
}

/// A task under watch.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Which.
    pub id: TaskId,
    /// Its index in the request.
    pub index: u64,
    /// Its deal.
    pub deal: DealId,
    /// Where it stood at the last look; `None` before `initialize`.
    pub view: Option<TaskView>,
    votes: Vec<Address>,
    tally: Tally,
    assigned: usize,
    failed: BTreeSet<Address>,
    finished: bool,
}

/// Watches the tasks of deals until all are final.
pub struct Watcher {
    session: Session,
    deals: Vec<(DealId, Deal)>,
    tasks: Vec<Watched>,
    follower: Follower,
    started: Duration,
    pool_asked: Duration,
    /// Positions of the tasks that may have moved since they were read.
    dirty: BTreeSet<usize>,
}

impl Watcher {
    /// Starts to watch; the first [`Watcher::next`] tells all that has happened before.
    ///
    /// # Errors
    /// [`Error::Usage`] when a deal does not exist; [`Error::Chain`].
    pub async fn start(session: &Session, deals: &[DealId]) -> Result<Self, Error> {
        let head = session.chain.head().await?;
        let mut known = Vec::with_capacity(deals.len());
        let mut tasks = Vec::new();
        for id in deals {
            let deal = session.chain.deal(*id).await?;
            let deal = deal.ok_or_else(|| Error::Usage(format!("there is no deal {id} on this hub")))?;
            tasks.extend(deal.tasks(*id).map(|(index, task)| Watched::new(*id, index, task)));
            known.push((*id, deal));
        }
        let kinds = [
            EventKind::TaskInitialize,
            EventKind::TaskContribute,
            EventKind::TaskConsensus,
            EventKind::TaskReveal,
            EventKind::TaskReopen,
            EventKind::TaskFinalize,
            EventKind::TaskClaimed,
        ];
        let filter = EventFilter::all().kinds(kinds);
        let clock = std::sync::Arc::clone(&session.clock);
        let follower = Follower::start(session.chain.clone(), Cursor::at(head.number + 1), filter, clock);
        let started = session.clock.monotonic();
        let dirty = (0..tasks.len()).collect();
        Ok(Self { session: session.clone(), deals: known, tasks, follower, started, pool_asked: started, dirty })
    }

    /// Watches a single task.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is not initialized; [`Error::Chain`].
    pub async fn of_task(session: &Session, task: TaskId) -> Result<Self, Error> {
        let view = session.chain.task(task).await?;
        let view = view.ok_or_else(|| {
            Error::Usage(format!("task {task} is not initialized: 'fairgrid deal show DEAL' lists the tasks of a deal"))
        })?;
        let mut watcher = Self::start(session, &[view.deal]).await?;
        watcher.tasks.retain(|watched| watched.id == task);
        watcher.dirty = (0..watcher.tasks.len()).collect();
        Ok(watcher)
    }

    /// The tasks, by deal and index.
    #[must_use]
    pub fn tasks(&self) -> &[Watched] {
        &self.tasks
    }

    /// The deals.
    #[must_use]
    pub fn deals(&self) -> &[(DealId, Deal)] {
        &self.deals
    }

    /// Whether every task is final.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.tasks.iter().all(|task| task.finished)
    }

    /// What happened since the last call; waits until something did, or nothing more can. A node that is away for a
    /// while only delays.
    ///
    /// # Errors
    /// [`Error::Interrupted`] once `stop` is requested; [`Error::Chain`].
    pub async fn next(&mut self, stop: &Stop) -> Result<Vec<Update>, Error> {
        let mut updates = Vec::new();
        loop {
            self.look(&mut updates).await?;
            if !updates.is_empty() || self.is_done() {
                return Ok(updates);
            }
            let clock = std::sync::Arc::clone(&self.session.clock);
            let moved = tokio::select! {
                batch = self.follower.next(stop) => batch.map(Some),
                () = clock.sleep(POOL_EVERY) => Ok(None),
            };
            match moved {
                Ok(Some(batch)) => self.mark(&batch),
                Ok(None) => self.ask_pool(&mut updates).await,
                Err(chain::Error::Stopped { .. }) => return Err(Error::Interrupted),
                Err(error) => return Err(error.into()),
            }
            if self.session.clock.monotonic().saturating_sub(self.pool_asked) >= POOL_EVERY {
                self.ask_pool(&mut updates).await;
            }
        }
    }

    fn mark(&mut self, batch: &Batch) {
        let moved: BTreeSet<TaskId> = batch.events.iter().filter_map(|event| event.event.task()).collect();
        let rolled_back = batch.rolled_back_to.is_some();
        let may_have_moved = |(_, task): &(usize, &Watched)| rolled_back || moved.contains(&task.id);
        self.dirty.extend(self.tasks.iter().enumerate().filter(may_have_moved).map(|(position, _)| position));
    }

    async fn look(&mut self, updates: &mut Vec<Update>) -> Result<(), Error> {
        while let Some(position) = self.dirty.first().copied() {
            match self.look_at(position, updates).await {
                Ok(()) => self.dirty.remove(&position),
                // What could not be read stays marked, and is read at the next look.
                Err(Error::Chain(error)) if error.is_retryable() => return Ok(()),
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    async fn look_at(&mut self, position: usize, updates: &mut Vec<Update>) -> Result<(), Error> {
        let (id, seen) = (self.tasks[position].id, self.tasks[position].votes.len());
        let Some(view) = self.session.chain.task(id).await? else { return Ok(()) };
        let mut votes = Vec::new();
        for worker in view.contributors.iter().skip(seen) {
            let chain = &self.session.chain;
            votes.push((*worker, tokio::try_join!(chain.contribution(id, *worker), chain.score(*worker))?));
        }
        // All is read: nothing below can fail, so a look counts as a whole or not at all.
        let at = self.session.clock.monotonic().saturating_sub(self.started);
        let trust = self.trust_of(self.tasks[position].deal);
        let task = &mut self.tasks[position];
        let mut steps = Vec::new();
        if task.view.is_none() {
            steps.push(Step::Initialized);
        }
        steps.extend(votes.into_iter().filter_map(|(worker, (vote, score))| task.count(worker, vote, score, trust)));
        steps.extend(phase_steps(task, &view));
        task.finished = view.phase.is_final();
        task.view = Some(view);
        updates.extend(steps.into_iter().map(|step| Update { task: id, index: task.index, at, step }));
        Ok(())
    }

    async fn ask_pool(&mut self, updates: &mut Vec<Update>) {
        self.pool_asked = self.session.clock.monotonic();
        let Some(pool) = self.session.pool.clone() else { return };
        let at = self.pool_asked.saturating_sub(self.started);
        for task in self.tasks.iter_mut().filter(|task| !task.finished).take(POOL_TASKS) {
            // Hints only: a pool that does not answer delays nothing.
            let Ok(status) = pool.task(task.id).await else { return };
            if status.replicates.len() > task.assigned {
                task.assigned = status.replicates.len();
                let step = Step::Assigned { workers: task.assigned };
                updates.push(Update { task: task.id, index: task.index, at, step });
            }
            for replicate in status.replicates {
                let Some(message) = replicate.message else { continue };
                if task.failed.insert(replicate.worker) {
                    let step = Step::WorkerFailed { worker: replicate.worker, message };
                    updates.push(Update { task: task.id, index: task.index, at, step });
                }
            }
        }
    }

    fn trust_of(&self, deal: DealId) -> U256 {
        self.deals.iter().find(|(id, _)| *id == deal).map_or(U256::from(1), |(_, deal)| deal.trust)
    }
}

impl Watched {
    fn new(deal: DealId, index: U256, id: TaskId) -> Self {
        Self {
            id,
            index: shown(index),
            deal,
            view: None,
            votes: Vec::new(),
            tally: Tally::default(),
            assigned: 0,
            failed: BTreeSet::new(),
            finished: false,
        }
    }

    fn count(&mut self, worker: Address, vote: Option<ContributionView>, score: U256, trust: U256) -> Option<Step> {
        self.votes.push(worker);
        let vote = vote?;
        let weight = weight(score);
        // The hub counted this vote already; one that cannot be counted here is shown as the hub left it.
        let _counted_on_chain = self.tally.vote(vote.hash, weight, trust);
        let agreeing = self.tally.leader().map_or(U256::ZERO, |(_, weight)| weight);
        Some(Step::Contributed {
            worker,
            hash: vote.hash,
            weight: shown(weight),
            contributions: self.votes.len(),
            agreeing: shown(agreeing),
            needed: shown(self.tally.threshold(trust)),
        })
    }

    /// One word for where it stands.
    #[must_use]
    pub fn phase(&self) -> &'static str {
        self.view.as_ref().map_or("waiting", |view| view.phase.name())
    }
}

/// What changed between the last look and `view`, contributions aside.
fn phase_steps(task: &Watched, view: &TaskView) -> Vec<Step> {
    let before = task.view.as_ref().map(|view| view.phase);
    let (seen_consensus, seen_reveals) = match before {
        Some(Phase::Revealing { revealed, .. }) => (true, revealed),
        Some(Phase::Completed { .. }) => (true, u32::MAX),
        Some(Phase::Active | Phase::Failed) | None => (false, 0),
    };
    let mut steps = Vec::new();
    match view.phase {
        Phase::Active => {}
        Phase::Revealing { winners, revealed, .. } => {
            if !seen_consensus {
                let dissenting = view.contributors.len().saturating_sub(winners as usize);
                steps.push(Step::Consensus { winners, dissenting });
            }
            if revealed > seen_reveals {
                steps.push(Step::Revealed { revealed, winners });
            }
        }
        Phase::Completed { consensus } => {
            if !seen_consensus {
                let winners = u32::try_from(winners_of(task, consensus)).unwrap_or(u32::MAX);
                steps.push(Step::Consensus {
                    winners,
                    dissenting: view.contributors.len().saturating_sub(winners as usize),
                });
            }
            if !task.finished {
                steps.push(Step::Completed);
            }
        }
        Phase::Failed if !task.finished => steps.push(Step::Refunded),
        Phase::Failed => {}
    }
    steps
}

/// Contributors of a completed task that agreed; all of them when they were not seen one by one.
fn winners_of(task: &Watched, consensus: ResultHash) -> usize {
    let dissent = task.tally.leader().is_some_and(|(hash, _)| hash != consensus);
    if dissent { 0 } else { task.votes.len() }
}

/// For displays: a number too great to show is shown as the greatest that can be.
fn shown(value: U256) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn as_millis<S: serde::Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(at.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use protocol::{B256, ChainTime};

    use super::*;

    fn view(phase: Phase) -> TaskView {
        TaskView {
            id: TaskId::default(),
            deal: DealId::default(),
            index: U256::ZERO,
            phase,
            unit: 1,
            contribute_before: ChainTime(7),
            final_before: ChainTime(10),
            contributors: vec![Address::repeat_byte(1), Address::repeat_byte(2)],
            digest: None,
            results: protocol::Bytes::new(),
            callback_results: protocol::Bytes::new(),
        }
    }

    fn revealing(revealed: u32) -> Phase {
        let consensus = ResultHash(B256::repeat_byte(1));
        Phase::Revealing { consensus, reveal_before: ChainTime(5), winners: 2, revealed }
    }

    #[test]
    fn each_change_is_told_once() {
        let mut task = Watched::new(DealId::default(), U256::ZERO, TaskId::default());
        task.view = Some(view(Phase::Active));
        let told = phase_steps(&task, &view(revealing(1)));
        assert_eq!(told, [Step::Consensus { winners: 2, dissenting: 0 }, Step::Revealed { revealed: 1, winners: 2 }]);
        task.view = Some(view(revealing(1)));
        assert_eq!(phase_steps(&task, &view(revealing(1))), []);
        assert_eq!(phase_steps(&task, &view(revealing(2))), [Step::Revealed { revealed: 2, winners: 2 }]);
        let done = view(Phase::Completed { consensus: ResultHash::default() });
        assert_eq!(phase_steps(&task, &done), [Step::Completed]);
        task.finished = true;
        assert_eq!(phase_steps(&task, &done), []);
    }

    #[test]
    fn a_claim_is_told_as_a_refund() {
        let task = Watched::new(DealId::default(), U256::ZERO, TaskId::default());
        assert_eq!(phase_steps(&task, &view(Phase::Failed)), [Step::Refunded]);
    }
}
