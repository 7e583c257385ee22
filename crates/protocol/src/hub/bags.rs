//! Many steps of tasks in one call: open and settle, reveal for others, finalize in the scheduler's place. Twin of the
//! hub's `IexecBags`; votes are in `ballots`, ranges in `ranges`.

use alloy_primitives::{Address, Bytes, U256};

use super::events::Till;
use super::tasks::fits_callback;
use super::{BagsRefused, Event, Hub, Outcome, Pledge, Refused};
use crate::deal::Deal;
use crate::settlement::{Broke, Payout};
use crate::task::{ContributionStatus, Phase, Task};
use crate::{Amount, ChainTime, DealId, ResultDigest, TaskId};

/// Most tasks of one `revealFor`.
pub const MAX_REVEALS: u32 = 256;
/// Most bytes that one `publishResults` says.
pub const MAX_PUBLISHED: u32 = 4_096;

/// What a late finalizer may do now.
struct Turn {
    consensus: crate::ResultHash,
    paid: bool,
}

impl Hub {
    /// Opens a task, unless it is open, and completes it alone.
    ///
    /// # Errors
    /// Those of [`Hub::initialize`] and [`Hub::contribute_and_finalize`]; nothing has changed then.
    pub fn initialize_and_contribute_and_finalize(
        &mut self,
        caller: Address,
        (deal, index): (DealId, U256),
        digest: ResultDigest,
        outcome: &Outcome,
        pledge: &Pledge,
        now: ChainTime,
    ) -> Result<(TaskId, Vec<Event>), Refused> {
        let id = TaskId::derive(deal, index);
        let open = self.task(id).is_some_and(|task| task.phase == Phase::Active);
        let mut said = if open { Vec::new() } else { self.initialize(deal, index)?.1 };
        match self.contribute_and_finalize(caller, id, digest, outcome, pledge, now) {
            Ok(more) => said.extend(more),
            Err(refused) => {
                if !open {
                    self.tasks.remove(&id);
                }
                return Err(refused);
            }
        }
        Ok((id, said))
    }

    /// Reveals for every winner whose seal fits; anybody may. What cannot be proved is passed over.
    ///
    /// # Errors
    /// [`BagsRefused::LengthMismatch`], [`BagsRefused::BadCount`], [`BagsRefused::NothingProved`].
    pub fn reveal_for(
        &mut self,
        tasks: &[TaskId],
        digests: &[ResultDigest],
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let (left, right) = (tasks.len(), digests.len());
        if left != right {
            return Err(BagsRefused::LengthMismatch { left, right }.into());
        }
        if left == 0 || left > MAX_REVEALS as usize {
            return Err(BagsRefused::BadCount { count: U256::from(left), most: MAX_REVEALS }.into());
        }
        let mut said = Vec::new();
        for (id, digest) in tasks.iter().zip(digests) {
            let Some((_, task)) = self.tasks.get_mut(id) else { continue };
            let voters: Vec<_> = task.contributions.iter().map(|c| c.worker).collect();
            let proved = voters.into_iter().filter(|worker| task.reveal(*worker, *digest, now).is_ok());
            said.extend(proved.map(|worker| Event::TaskReveal { task: *id, worker, digest: *digest }));
        }
        if said.is_empty() { Err(BagsRefused::NothingProved.into()) } else { Ok(said) }
    }

    /// Completes a revealed task that its scheduler leaves lying; a late finalizer gets half of the scheduler's reward.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn finalize_late(
        &mut self,
        caller: Address,
        id: TaskId,
        outcome: &Outcome,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let (deal, mut task) = self.load(id).map_err(|_| BagsRefused::TaskNotRevealed(id))?;
        let turn = take_turn(&deal, &task, caller, outcome, now)?;
        task.phase = Phase::Completed { consensus: turn.consensus };
        let mut payout = Payout::of(&deal, &task).ok_or(Broke::Overflow)?;
        let half = Amount::from_nrlc(payout.scheduler.to_nrlc() / U256::from(2));
        let bounty = if turn.paid { half } else { Amount::ZERO };
        payout.scheduler = payout.scheduler.checked_sub(bounty).ok_or(Broke::Overflow)?;
        let (mut ledger, mut said) = (self.ledger.clone(), Vec::new());
        let mut till = Till::new(self.domain.hub, id, &mut said);
        Self::pay_voters(&mut ledger, &mut till, &deal, &payout)?;
        if !bounty.is_zero() {
            ledger.reward(caller, bounty)?;
            till.reward(caller, bounty);
        }
        self.judge_voters(&payout);
        said.push(Event::TaskFinalize { task: id, results: outcome.results.clone() });
        said.push(Event::TaskFinalizeLate { task: id, finalizer: caller, bounty });
        self.store(ledger, task);
        Ok(said)
    }

    /// Says where the result of a completed task is; for its scheduler and those who proved it. Nothing is kept.
    ///
    /// # Errors
    /// [`BagsRefused::TaskNotCompleted`], [`BagsRefused::NotAuthorized`], [`BagsRefused::ResultsTooLong`].
    pub fn publish_results(&self, caller: Address, id: TaskId, results: &Bytes) -> Result<Vec<Event>, Refused> {
        let (deal, task) = self.load(id).map_err(|_| BagsRefused::TaskNotCompleted(id))?;
        if !matches!(task.phase, Phase::Completed { .. }) {
            return Err(BagsRefused::TaskNotCompleted(id).into());
        }
        let scheduler = deal.workerpool.owner;
        if caller != scheduler && !is_proved(&task, caller) {
            return Err(BagsRefused::NotAuthorized { worker: caller, authorizer: scheduler }.into());
        }
        if results.len() > MAX_PUBLISHED as usize {
            return Err(BagsRefused::ResultsTooLong { size: results.len(), most: MAX_PUBLISHED }.into());
        }
        Ok(vec![Event::ResultsPublished { task: id, publisher: caller, results: results.clone() }])
    }
}

/// Whether it is the caller's turn to finalize, and with what.
fn take_turn(
    deal: &Deal,
    task: &Task,
    caller: Address,
    outcome: &Outcome,
    now: ChainTime,
) -> Result<Turn, BagsRefused> {
    let Phase::Revealing { consensus, reveal_before, revealed: 1.., .. } = task.phase else {
        return Err(BagsRefused::TaskNotRevealed(task.id));
    };
    let (end, half) = (task.final_before, task.unit / 2);
    if now >= end {
        return Err(BagsRefused::TooLate { deadline: end });
    }
    let is_scheduler = caller == deal.workerpool.owner;
    let has_part = is_scheduler || caller == deal.requester || is_proved(task, caller);
    let last_period = ChainTime(end.0.saturating_sub(half));
    let from = if has_part { reveal_before.plus(1, half) } else { last_period };
    if now < from {
        return Err(BagsRefused::TooEarly { caller, from });
    }
    if !has_part && !outcome.results.is_empty() {
        return Err(BagsRefused::ResultsNotYours { caller });
    }
    if !fits_callback(deal, &outcome.callback, task.digest) {
        return Err(BagsRefused::CallbackMismatch { task: task.id, digest: task.digest.unwrap_or_default() });
    }
    Ok(Turn { consensus, paid: !is_scheduler && now >= last_period })
}

fn is_proved(task: &Task, worker: Address) -> bool {
    task.contribution(worker).is_some_and(|own| own.status == ContributionStatus::Proved)
}
