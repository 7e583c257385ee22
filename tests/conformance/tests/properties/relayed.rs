//! Votes that somebody else submits, late ends, and places of results, in the book: what may be said about them.
//! Source: contracts/README.md, "Bags at scale".

use alloy::primitives::{Address, U256};
use fairgrid_conformance::abi::Bags::BagsEvents;
use protocol::{ResultHash, TaskId};

use crate::book::{Book, Broken, hold};
use crate::task::{COMPLETED, PROVED, TaskRow};

/// Why a relayed vote is passed over. ABI order.
pub(crate) const SIGNATURE: u8 = 0;
pub(crate) const CLOSED: u8 = 1;
pub(crate) const FULL: u8 = 2;
pub(crate) const VOTED: u8 = 3;
pub(crate) const ENCLAVE: u8 = 4;
pub(crate) const AUTHORIZATION: u8 = 5;
pub(crate) const STAKE: u8 = 6;

/// A vote on its way: what is known about it without looking at its task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) task: TaskId,
    pub(crate) worker: Address,
    pub(crate) hash: ResultHash,
    pub(crate) signed: bool,
    pub(crate) inside: bool,
    pub(crate) authorized: bool,
    pub(crate) vouched: bool,
    /// The tally may not hold it.
    pub(crate) giant: bool,
}

/// Who ended a task that its scheduler left lying, and for how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Late {
    pub(crate) task: TaskId,
    pub(crate) finalizer: Address,
    pub(crate) bounty: U256,
}

impl TaskRow {
    pub(crate) fn proved(&self, worker: Address) -> bool {
        self.vote(worker).is_some_and(|vote| vote.status == PROVED)
    }

    /// From when on somebody may end the task late, and whether as one who has a part in it.
    pub(crate) fn late_from(&self, scheduler: Address, requester: Address, caller: Address) -> (u64, bool) {
        let part = caller == scheduler || caller == requester || self.proved(caller);
        let half = self.unit / 2;
        (if part { self.reveal_before + half } else { self.final_before - half }, part)
    }

    /// Whether the last period has begun, in which others than the scheduler are paid.
    pub(crate) fn is_last_period(&self, now: u64) -> bool {
        now >= self.final_before - self.unit / 2
    }
}

impl Book {
    /// Why a vote is passed over now; `None` when it counts. `locked` is what it has locked already.
    pub(crate) fn verdict(&self, plan: &Planned, now: u64, locked: bool) -> Option<u8> {
        if !plan.signed {
            return Some(SIGNATURE);
        }
        let Some(row) = self.tasks.get(&plan.task).filter(|row| row.takes_votes(now)) else { return Some(CLOSED) };
        let deal = &self.deals[&row.deal];
        let held = self.balance(plan.worker) + if locked { deal.worker_stake } else { 0 };
        if row.vote(plan.worker).is_some() {
            Some(VOTED)
        } else if !plan.inside && deal.view.tag.0[31] & 1 == 1 {
            Some(ENCLAVE)
        } else if !plan.authorized {
            Some(AUTHORIZATION)
        } else if plan.inside && !plan.vouched {
            Some(ENCLAVE)
        } else {
            (held < deal.worker_stake).then_some(STAKE)
        }
    }

    /// A vote counts: was it its turn, and did it deserve it?
    pub(crate) fn counts(&mut self, task: TaskId, worker: Address, hash: ResultHash, now: u64) -> Result<(), Broken> {
        let Some(plan) = self.planned.pop_front() else { return Ok(()) };
        hold!((plan.task, plan.worker, plan.hash) == (task, worker, hash), "{worker} votes on {task}, not {plan:?}");
        let verdict = self.verdict(&plan, now, true);
        hold!(verdict.is_none(), "{plan:?} counts, but should be passed over for {verdict:?}");
        self.mix.count("votes relayed and counted");
        Ok(())
    }

    pub(crate) fn bag_event(&mut self, said: BagsEvents, now: u64) -> Result<(), Broken> {
        match said {
            BagsEvents::VoteSkipped(said) => {
                let plan = self.planned.pop_front().ok_or(format!("{said:?} out of nothing"))?;
                let own = (plan.task.0, plan.worker) == (said.taskid, said.worker);
                hold!(own, "{said:?} instead of {plan:?}");
                let verdict = self.verdict(&plan, now, false);
                let full = said.reason == FULL && plan.giant && !matches!(verdict, Some(SIGNATURE | CLOSED));
                hold!(
                    verdict == Some(said.reason) || full,
                    "{plan:?} is passed over for {}, not {verdict:?}",
                    said.reason
                );
                self.mix.count(match said.reason {
                    SIGNATURE => "votes passed over: signature",
                    CLOSED => "votes passed over: closed",
                    FULL => "votes passed over: full",
                    VOTED => "votes passed over: voted",
                    ENCLAVE => "votes passed over: enclave",
                    AUTHORIZATION => "votes passed over: authorization",
                    _ => "votes passed over: stake",
                });
                Ok(())
            }
            BagsEvents::TaskFinalizeLate(said) => {
                let late = Late { task: TaskId(said.taskid), finalizer: said.finalizer, bounty: said.bounty };
                hold!(self.late.take() == Some(late), "{late:?} does not follow its TaskFinalize");
                if !late.bounty.is_zero() {
                    self.mix.count("bounties");
                }
                Ok(())
            }
            BagsEvents::ResultsPublished(said) => {
                let row = self.tasks.get(&TaskId(said.taskid)).ok_or(format!("{said:?} of an unknown task"))?;
                let scheduler = self.deals[&row.deal].view.workerpool.owner;
                let knows = said.publisher == scheduler || row.proved(said.publisher);
                hold!(row.status == COMPLETED && knows, "{said:?}, but the task is {row:?}");
                Ok(())
            }
        }
    }

    /// Whether a late end keeps to its period, and who gets what of the scheduler's rest.
    pub(crate) fn late_end(&self, row: &TaskRow, late: Late, now: u64) -> Result<bool, Broken> {
        let view = &self.deals[&row.deal].view;
        let (from, part) = row.late_from(view.workerpool.owner, view.requester, late.finalizer);
        hold!(now >= from, "{late:?} at {now}, which is too early: {row:?}");
        hold!(part || row.results.is_empty(), "{late:?} with results of a stranger");
        Ok(late.finalizer != view.workerpool.owner && row.is_last_period(now))
    }
}
