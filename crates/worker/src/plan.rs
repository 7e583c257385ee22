//! What a worker owes a task now: a pure function of what it remembers, what the chain says, and chain time.
//!
//! Every decision about stakes is here. The rules of eligibility and their order are `offchain.md` 6.4.

use alloy_primitives::Address;
use chain::{ContributionView, TaskView};
use protocol::task::{ContributionStatus, Phase};
use protocol::{Amount, ChainTime, ResultHash, ResultSeal};

use crate::Cause;
use crate::replicate::{Commitment, Replicate, Stage};

/// Seconds of chain time for which an unknown task may still appear: nodes lag behind each other.
const PATIENCE: u64 = 60;
/// Refusals without a visible reason after which a contribution is given up.
const MAX_REFUSALS: u32 = 3;

/// What the chain says about one task and one worker.
#[derive(Clone, Debug)]
pub struct View {
    /// Chain time.
    pub now: ChainTime,
    /// The worker.
    pub worker: Address,
    /// The task; `None` while the hub does not know it.
    pub task: Option<TaskView>,
    /// The worker's contribution.
    pub contribution: Option<ContributionView>,
    /// The worker's free stake.
    pub free: Amount,
    /// What a contribution to the deal locks.
    pub worker_stake: Amount,
    /// Whether the deal's pool owner signed the authorization.
    pub authorized: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now: look again when something moves.
    Wait,
    /// Run the app.
    Compute,
    /// Commit to the result on chain.
    Contribute(Commitment),
    /// Prove the contribution on chain.
    Reveal(Commitment),
    /// Hand the archive to the pool.
    Upload(Commitment),
    /// Remember what the chain says.
    Note(Stage),
    /// The task ended on chain: clean up.
    Finish {
        /// Completed, or claimed.
        completed: bool,
    },
    /// Give up and say why.
    Fail(Cause, String),
    /// Forget it, as the pool wishes: nothing is at stake.
    Forget,
}

/// What `replicate` needs now. Same replicate, same view, same step.
#[must_use]
pub fn next_step(replicate: &Replicate, view: &View) -> Step {
    match (&replicate.stage, ended(view)) {
        (Stage::Done { .. } | Stage::Failed { .. } | Stage::Dropped, _) => Step::Wait,
        // Nothing was at stake: the obstacle says why.
        (Stage::Assigned | Stage::Computed { .. }, Some(_)) if view.contribution.is_none() => live(replicate, view),
        (_, Some(completed)) => Step::Finish { completed },
        (_, None) => live(replicate, view),
    }
}

fn live(replicate: &Replicate, view: &View) -> Step {
    match &replicate.stage {
        Stage::Done { .. } | Stage::Failed { .. } | Stage::Dropped => Step::Wait,
        Stage::Assigned => assigned(replicate, view),
        Stage::Computed { commitment } => computed(replicate, *commitment, view),
        Stage::Contributing { commitment } => contributing(*commitment, view),
        Stage::Contributed { commitment } => contributed(replicate, *commitment, view),
        Stage::Revealed { commitment } => revealed(replicate, *commitment, view),
        Stage::Uploaded { .. } => Step::Wait,
    }
}

/// Whether the task ended, and how.
fn ended(view: &View) -> Option<bool> {
    match view.task.as_ref()?.phase {
        Phase::Completed { .. } => Some(true),
        Phase::Failed => Some(false),
        Phase::Active | Phase::Revealing { .. } => None,
    }
}

fn assigned(replicate: &Replicate, view: &View) -> Step {
    // A contribution without a result here: an earlier store was lost. Computing again may still save the stake.
    if view.contribution.is_some() {
        return Step::Compute;
    }
    if replicate.dropped.is_some() {
        return Step::Forget;
    }
    obstacle(replicate, view).unwrap_or(Step::Compute)
}

fn computed(replicate: &Replicate, commitment: Commitment, view: &View) -> Step {
    if view.contribution.is_some() {
        return Step::Note(Stage::Contributed { commitment });
    }
    if replicate.dropped.is_some() {
        return Step::Forget;
    }
    if replicate.refusals >= MAX_REFUSALS && view.task.is_some() {
        let text =
            format!("the hub refused the contribution {} times although it should be welcome", replicate.refusals);
        return obstacle(replicate, view).unwrap_or(Step::Fail(Cause::ChainReceiptNotValid, text));
    }
    obstacle(replicate, view).unwrap_or(Step::Contribute(commitment))
}

/// What keeps the worker from contributing, in the order of `offchain.md` 6.4.
fn obstacle(replicate: &Replicate, view: &View) -> Option<Step> {
    let fail = |cause, text: String| Some(Step::Fail(cause, text));
    if !view.authorized {
        let text = "the authorization is not signed by the owner of the deal's workerpool";
        return fail(Cause::WorkerpoolAuthorizationNotFound, text.to_owned());
    }
    let Some(task) = &view.task else {
        let since = replicate.first_look.unwrap_or(view.now);
        if since.until(view.now) > PATIENCE {
            return fail(Cause::TaskDescriptionNotFound, format!("the hub does not know the task after {PATIENCE} s"));
        }
        return Some(Step::Wait);
    };
    if view.free < view.worker_stake {
        let (free, stake) = (view.free, view.worker_stake);
        return fail(Cause::StakeTooLow, format!("the task locks {stake}, free are {free}: deposit more on the hub"));
    }
    match task.phase {
        Phase::Active => {}
        Phase::Revealing { .. } => {
            return fail(Cause::ConsensusReached, "the others agreed before this worker contributed".to_owned());
        }
        Phase::Completed { .. } | Phase::Failed => {
            return fail(Cause::TaskNotActive, format!("the task is {}", task.phase.name()));
        }
    }
    if view.now >= task.contribute_before {
        let deadline = task.contribute_before;
        return fail(Cause::ContributionTimeout, format!("contributions closed at {deadline}, it is {}", view.now));
    }
    None
}

/// Submitting again is safe whatever happened before: one intent is one transaction.
fn contributing(commitment: Commitment, view: &View) -> Step {
    match view.contribution {
        Some(_) => Step::Note(Stage::Contributed { commitment }),
        None => Step::Contribute(commitment),
    }
}

fn contributed(replicate: &Replicate, commitment: Commitment, view: &View) -> Step {
    let (Some(task), Some(contribution)) = (&view.task, &view.contribution) else {
        // Gone after a reorganisation, or a node that lags; the outbox knows which.
        return Step::Note(Stage::Contributing { commitment });
    };
    match (contribution.status, task.phase) {
        (ContributionStatus::Proved, _) => Step::Note(Stage::Revealed { commitment }),
        // Rejected: nothing can be saved any more, but the stake comes back should the task be claimed.
        (ContributionStatus::Rejected, _) => Step::Wait,
        (ContributionStatus::Contributed, Phase::Revealing { consensus, reveal_before, .. }) => {
            reveal(replicate, commitment, contribution, view, consensus, reveal_before)
        }
        // Another result may win, and be reopened: only the end of the task frees the archive.
        (ContributionStatus::Contributed, Phase::Active | Phase::Completed { .. } | Phase::Failed) => Step::Wait,
    }
}

fn reveal(
    replicate: &Replicate,
    commitment: Commitment,
    contribution: &ContributionView,
    view: &View,
    consensus: ResultHash,
    reveal_before: ChainTime,
) -> Step {
    if contribution.hash != consensus {
        return Step::Wait;
    }
    let hash = ResultHash::derive(replicate.task, commitment.digest);
    let seal = ResultSeal::derive(view.worker, replicate.task, commitment.digest);
    if (contribution.hash, contribution.seal) != (hash, seal) {
        let text = "the contribution on chain was not made from the result on this disk: the stake is lost";
        return Step::Fail(Cause::CannotReveal, text.to_owned());
    }
    if view.now >= reveal_before { Step::Wait } else { Step::Reveal(commitment) }
}

fn revealed(replicate: &Replicate, commitment: Commitment, view: &View) -> Step {
    match view.contribution.as_ref().map(|contribution| contribution.status) {
        Some(ContributionStatus::Proved) | None => {}
        Some(ContributionStatus::Contributed | ContributionStatus::Rejected) => {
            return Step::Note(Stage::Contributed { commitment });
        }
    }
    if replicate.upload { Step::Upload(commitment) } else { Step::Wait }
}
