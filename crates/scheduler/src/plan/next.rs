//! What the scheduler owes a task now.

use std::collections::BTreeMap;
use std::fmt;

use alloy_primitives::B256;
use protocol::consensus::Tally;
use protocol::task::{ContributionStatus, Phase};
use protocol::{Address, Bytes, ChainTime, ResultHash, TaskId, U256};

use super::{Needs, NoWorker, Refusal, Terms, WorkerView, choose};
use crate::replicate::{DECIDED_WITHOUT, Replicate, State};

/// Now, on both clocks: deadlines are chain time, patience with a worker is wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time of the newest block.
    pub chain: ChainTime,
    /// Wall-clock second.
    pub wall: u64,
}

/// The pool's own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// So many equal failures without a contribution end the attempts.
    pub same_failures: usize,
    /// Seconds that one worker may take to upload before another is asked.
    pub upload_timeout: u64,
    /// Makes the draw among workers unpredictable.
    pub salt: B256,
}

/// One contribution, with the weight that its worker's score gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub worker: Address,
    /// Where it stands.
    pub status: ContributionStatus,
    /// For what.
    pub hash: ResultHash,
    /// At least 2.
    pub weight: U256,
}

/// What the hub says of an initialized task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChain {
    /// Where it stands.
    pub phase: Phase,
    /// In the order in which they came.
    pub votes: Vec<Vote>,
}

/// A result that is in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What `finalize` writes on chain: the JSON text of `offchain.md` 3.11.
    pub link: String,
    /// What `finalize` hands to the callback contract; empty without one.
    pub callback: Bytes,
}

/// All that decides about one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Which.
    pub id: TaskId,
    /// What its deal asks.
    pub terms: Terms,
    /// `None` until it is initialized.
    pub chain: Option<OnChain>,
    /// Every copy that was ever handed out, as the chain last showed them.
    pub copies: Vec<Replicate>,
    /// Where the result is, once the result service has confirmed it.
    pub delivery: Option<Delivery>,
}

/// What the scheduler owes a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open it for contributions.
    Initialize,
    /// Hand out a copy.
    Assign(Address),
    /// Tell winners that the consensus came.
    Look(Vec<Address>),
    /// Tell workers whose vote can no longer count.
    Drop(Vec<Address>),
    /// Ask one revealed worker for the result.
    Upload(Address),
    /// Pay everybody.
    Finalize(Delivery),
    /// Open the vote again: nobody revealed until this deadline.
    Reopen {
        /// The deadline that passed; names the round.
        reveal_before: ChainTime,
    },
    /// Refund everybody.
    Claim,
    /// Initialize and refund at once.
    InitializeAndClaim,
    /// Nothing will ever happen any more.
    Close,
    /// Nothing now.
    Wait(Why),
}

/// Why there is nothing to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The pool does not serve this deal; it is refunded at its end.
    Refused(Refusal),
    /// Enough copies are out.
    Computing {
        /// Copies without a contribution yet.
        pending: usize,
        /// When the oldest of them stops counting.
        until: ChainTime,
    },
    /// A copy is wanted and nobody can take it.
    NoWorker(NoWorker),
    /// Several workers failed in the same way: the task itself is the cause.
    Failing {
        /// Cause code.
        cause: String,
        /// How many.
        workers: usize,
    },
    /// The contribution deadline passed without a consensus.
    TooLate,
    /// Winners still have time to reveal.
    Revealing {
        /// Who should.
        winners: u32,
        /// Who did.
        revealed: u32,
        /// Until when.
        reveal_before: ChainTime,
    },
    /// A worker uploads the result.
    Uploading {
        /// Who.
        worker: Address,
        /// Wall-clock second at which another is asked.
        until: u64,
    },
    /// The hub knows no such deal: a reorganisation took it back.
    DealGone,
    /// The reveals are on chain, but by workers that this pool has no copy of.
    NobodyToUpload,
}

impl Why {
    /// Whether a worker that becomes free changes the answer.
    #[must_use]
    pub fn wants_worker(&self) -> bool {
        matches!(self, Self::NoWorker(_))
    }

    /// Chain time at which the answer changes by itself, the final deadline aside.
    #[must_use]
    pub fn look_at(&self) -> Option<ChainTime> {
        match self {
            Self::Computing { until, .. } => Some(*until),
            Self::Revealing { reveal_before, .. } => Some(*reveal_before),
            Self::Refused(_)
            | Self::NoWorker(_)
            | Self::Failing { .. }
            | Self::TooLate
            | Self::Uploading { .. }
            | Self::DealGone
            | Self::NobodyToUpload => None,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "refused: {refusal}; it is refunded after its final deadline"),
            Self::Computing { pending, .. } => write!(f, "{pending} workers compute it"),
            Self::NoWorker(reason) => reason.fmt(f),
            Self::Failing { cause, workers } => {
                write!(
                    f,
                    "failing: {workers} workers reported {cause}; no more are tried, and it is refunded after its final deadline"
                )
            }
            Self::TooLate => f.write_str(
                "the contribution deadline passed without a consensus; it is refunded after its final deadline",
            ),
            Self::Revealing { winners, revealed, .. } => write!(f, "{revealed} of {winners} winners have revealed"),
            Self::Uploading { worker, .. } => write!(f, "worker {worker} uploads the result"),
            Self::DealGone => f.write_str("the hub does not know its deal any more"),
            Self::NobodyToUpload => f.write_str("no worker of this pool has revealed it"),
        }
    }
}

/// What the scheduler owes `task` now. Carry it out, read again, ask again, until it says [`Action::Wait`].
#[must_use]
pub fn next_action(task: &TaskView, workers: &[WorkerView], rules: &Rules, now: Now) -> Action {
    let terms = &task.terms;
    let is_over = now.chain >= terms.final_before;
    let Some(chain) = &task.chain else {
        return match &terms.needs {
            _ if is_over => Action::InitializeAndClaim,
            Err(refusal) => Action::Wait(Why::Refused(refusal.clone())),
            Ok(_) if now.chain >= terms.contribute_before => Action::Wait(Why::TooLate),
            Ok(_) => Action::Initialize,
        };
    };
    match chain.phase {
        Phase::Completed { .. } | Phase::Failed => Action::Close,
        Phase::Active | Phase::Revealing { .. } if is_over => Action::Claim,
        Phase::Active => match &terms.needs {
            Err(refusal) => Action::Wait(Why::Refused(refusal.clone())),
            Ok(_) if now.chain >= terms.contribute_before => Action::Wait(Why::TooLate),
            Ok(needs) => seek_votes(task, chain, *needs, workers, rules, now),
        },
        Phase::Revealing { consensus, reveal_before, winners, revealed } => {
            let undecided = undecided(task);
            if !undecided.is_empty() {
                return Action::Drop(undecided);
            }
            let untold = untold(task, chain, consensus);
            if !untold.is_empty() {
                return Action::Look(untold);
            }
            let is_late = now.chain >= reveal_before;
            match (&task.delivery, revealed) {
                (_, 0) if is_late => Action::Reopen { reveal_before },
                (_, 0) => Action::Wait(Why::Revealing { winners, revealed, reveal_before }),
                (Some(delivery), _) if is_late || revealed == winners => Action::Finalize(delivery.clone()),
                (Some(_), _) => Action::Wait(Why::Revealing { winners, revealed, reveal_before }),
                (None, _) => seek_upload(task, rules, now),
            }
        }
    }
}

fn seek_votes(
    task: &TaskView,
    chain: &OnChain,
    needs: Needs,
    workers: &[WorkerView],
    rules: &Rules,
    now: Now,
) -> Action {
    if let Some(failing) = failing(task, chain, rules) {
        return Action::Wait(failing);
    }
    let hopes: Vec<&Replicate> = task.copies.iter().filter(|copy| is_hoped_for(copy, &task.terms, now)).collect();
    let weights: Vec<U256> = hopes.iter().map(|copy| weight_of(copy.worker, workers)).collect();
    // With nobody at work and no consensus on chain, another vote is needed whatever today's scores say.
    if !hopes.is_empty() && !tally(chain).needs_more(&weights, task.terms.trust) {
        let oldest = hopes.iter().map(|copy| copy.assigned).min().unwrap_or(now.chain);
        return Action::Wait(Why::Computing { pending: hopes.len(), until: oldest.plus(1, task.terms.unit) });
    }
    match choose(task.id, &task.terms, needs, &task.copies, workers, rules.salt) {
        Ok(worker) => Action::Assign(worker),
        Err(reason) => Action::Wait(Why::NoWorker(reason)),
    }
}

/// A copy that has not voted, and is younger than the category's reference time: older ones are not waited for.
fn is_hoped_for(copy: &Replicate, terms: &Terms, now: Now) -> bool {
    copy.state.is_pending() && now.chain < copy.assigned.plus(1, terms.unit)
}

fn weight_of(worker: Address, workers: &[WorkerView]) -> U256 {
    let known = workers.iter().find(|view| view.address == worker);
    // One that is away for a moment counts as a newcomer.
    protocol::consensus::weight(known.map_or(U256::ZERO, |view| view.score))
}

fn tally(chain: &OnChain) -> Tally {
    let mut tally = Tally::default();
    for vote in chain.votes.iter().filter(|vote| vote.status != ContributionStatus::Rejected) {
        // Trust only decides whether this vote won, which the chain says by its phase. An overflow cannot be on
        // chain; if a score that has grown since makes one here, the vote is left out and one more is asked for.
        let _won_or_too_heavy = tally.vote(vote.hash, vote.weight, U256::from(1));
    }
    tally
}

fn failing(task: &TaskView, chain: &OnChain, rules: &Rules) -> Option<Why> {
    if chain.votes.iter().any(|vote| vote.status != ContributionStatus::Rejected) {
        return None;
    }
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    let failed = task.copies.iter().filter(|copy| copy.state == State::Failed && copy.cause != DECIDED_WITHOUT);
    // A vote that nobody revealed says nothing about the task.
    let failed = failed.filter(|copy| !chain.votes.iter().any(|vote| vote.worker == copy.worker));
    for copy in failed {
        *causes.entry(copy.cause.as_str()).or_default() += 1;
    }
    let (cause, workers) = causes.into_iter().max_by_key(|(_, workers)| *workers)?;
    (workers >= rules.same_failures).then(|| Why::Failing { cause: cause.to_owned(), workers })
}

fn undecided(task: &TaskView) -> Vec<Address> {
    task.copies.iter().filter(|copy| copy.state.is_pending()).map(|copy| copy.worker).collect()
}

fn untold(task: &TaskView, chain: &OnChain, consensus: ResultHash) -> Vec<Address> {
    let waits = |vote: &&Vote| vote.hash == consensus && vote.status == ContributionStatus::Contributed;
    let winners = chain.votes.iter().filter(waits).map(|vote| vote.worker);
    winners.filter(|worker| task.copies.iter().any(|copy| copy.worker == *worker && !copy.told)).collect()
}

fn seek_upload(task: &TaskView, rules: &Rules, now: Now) -> Action {
    let able = || task.copies.iter().filter(|copy| matches!(copy.state, State::Revealed | State::Uploaded));
    let until = |copy: &Replicate| copy.asked.map(|asked| asked.saturating_add(rules.upload_timeout));
    let running = able()
        .filter(|copy| !copy.upload_failed)
        .find_map(|copy| until(copy).filter(|until| now.wall < *until).map(|until| (copy.worker, until)));
    if let Some((worker, until)) = running {
        return Action::Wait(Why::Uploading { worker, until });
    }
    // Those never asked first, then whoever was asked longest ago; one that has just failed gets its pause, too.
    let next = able().min_by_key(|copy| (copy.asked, copy.worker));
    match next.map(|copy| (copy.worker, until(copy))) {
        None => Action::Wait(Why::NobodyToUpload),
        Some((worker, Some(until))) if now.wall < until => Action::Wait(Why::Uploading { worker, until }),
        Some((worker, _)) => Action::Upload(worker),
    }
}
