//! What the hub says while it acts, in its order. Source: `poco-contracts.md` 7.1, 11.2, 12 and 15.1.

use alloy_primitives::{Address, B256, Bytes, U256};

use super::VoteRefusal;
use crate::deal::Deal;
use crate::order::Kind;
use crate::settlement::{KITTY, Outcome, Payout};
use crate::task::Task;
use crate::{Amount, DealId, OrderHash, ResultDigest, ResultHash, Tag, TaskId};

/// One event of the hub. Fields are those of the contracts' event of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the ABI's own; the specification documents each")]
pub enum Event {
    /// Free money moved; from or to zero: it came in or went out.
    Transfer { from: Address, to: Address, value: Amount },
    /// Money was locked.
    Lock { owner: Address, amount: Amount },
    /// Locked money was given back.
    Unlock { owner: Address, amount: Amount },
    /// Seized money was paid out.
    Reward { owner: Address, amount: Amount, task: TaskId },
    /// Locked money was taken.
    Seize { owner: Address, amount: Amount, task: TaskId },
    /// An order was presigned.
    Signed { kind: Kind, order: OrderHash },
    /// An order was closed.
    Closed { kind: Kind, order: OrderHash },
    /// A pool has a new deal.
    SchedulerNotice { workerpool: Address, deal: DealId },
    /// Four orders became a deal.
    OrdersMatched {
        deal: DealId,
        app: OrderHash,
        dataset: OrderHash,
        workerpool: OrderHash,
        request: OrderHash,
        volume: U256,
    },
    /// Somebody else pays.
    DealSponsored { deal: DealId, sponsor: Address },
    /// A pool has a new boost deal.
    SchedulerNoticeBoost {
        workerpool: Address,
        deal: DealId,
        app: Address,
        dataset: Address,
        category: U256,
        tag: Tag,
        params: String,
        beneficiary: Address,
    },
    /// Somebody else pays for a boost deal.
    DealSponsoredBoost { deal: DealId, sponsor: Address },
    /// A task of a boost deal completed.
    ResultPushedBoost { deal: DealId, index: U256, results: Bytes },
    /// A task opened.
    TaskInitialize { task: TaskId, workerpool: Address },
    /// A vote came.
    TaskContribute { task: TaskId, worker: Address, hash: ResultHash },
    /// A result won.
    TaskConsensus { task: TaskId, consensus: ResultHash },
    /// A winner revealed.
    TaskReveal { task: TaskId, worker: Address, digest: ResultDigest },
    /// The vote opened again.
    TaskReopen { task: TaskId },
    /// A task completed.
    TaskFinalize { task: TaskId, results: Bytes },
    /// A task failed.
    TaskClaimed { task: TaskId },
    /// A worker was right among several.
    AccurateContribution { worker: Address, task: TaskId },
    /// A worker was wrong.
    FaultyContribution { worker: Address, task: TaskId },
    /// A relayed vote was not counted.
    VoteSkipped { task: TaskId, worker: Address, reason: VoteRefusal },
    /// Somebody ended a task in the scheduler's place.
    TaskFinalizeLate { task: TaskId, finalizer: Address, bounty: Amount },
    /// Where the result of a completed task is.
    ResultsPublished { task: TaskId, publisher: Address, results: Bytes },
    /// A range of a light deal was settled.
    LightSettled { deal: DealId, worker: Address, first: U256, count: U256, root: B256, results: Bytes },
    /// What was open of a range of a light deal was refunded.
    LightClaimed { deal: DealId, first: U256, count: U256, refunded: U256 },
    /// The callback of a light deal's task was called.
    LightDelivered { deal: DealId, index: U256, task: TaskId },
}

/// The escrow's part of a story: who is the hub, and which task pays.
pub(super) struct Till<'a> {
    hub: Address,
    task: TaskId,
    said: &'a mut Vec<Event>,
}

impl<'a> Till<'a> {
    pub(super) fn new(hub: Address, task: TaskId, said: &'a mut Vec<Event>) -> Self {
        Self { hub, task, said }
    }

    pub(super) fn lock(&mut self, owner: Address, amount: Amount) {
        self.said.extend([Event::Transfer { from: owner, to: self.hub, value: amount }, Event::Lock { owner, amount }]);
    }

    pub(super) fn unlock(&mut self, owner: Address, amount: Amount) {
        let back = Event::Transfer { from: self.hub, to: owner, value: amount };
        self.said.extend([back, Event::Unlock { owner, amount }]);
    }

    pub(super) fn reward(&mut self, owner: Address, amount: Amount) {
        let paid = Event::Transfer { from: self.hub, to: owner, value: amount };
        self.said.extend([paid, Event::Reward { owner, amount, task: self.task }]);
    }

    pub(super) fn seize(&mut self, owner: Address, amount: Amount) {
        self.said.push(Event::Seize { owner, amount, task: self.task });
    }

    /// `drawn` is what the kitty paid, if it held anything.
    pub(super) fn success(&mut self, deal: &Deal, drawn: Option<Amount>) {
        self.seize(deal.sponsor, deal.price().unwrap_or_default());
        if !deal.app.price.is_zero() {
            self.reward(deal.app.owner, deal.app.price);
        }
        if !deal.dataset.price.is_zero() && deal.dataset.pointer != Address::ZERO {
            self.reward(deal.dataset.owner, deal.dataset.price);
        }
        self.unlock(deal.workerpool.owner, deal.pool_stake().unwrap_or_default());
        if let Some(drawn) = drawn {
            self.seize(KITTY, drawn);
            self.reward(deal.workerpool.owner, drawn);
        }
    }

    pub(super) fn workers(&mut self, deal: &Deal, payout: &Payout) {
        let several = payout.workers.len() > 1;
        for share in &payout.workers {
            let (worker, task) = (share.worker, self.task);
            match share.outcome {
                Outcome::Paid(reward) => {
                    self.unlock(worker, deal.worker_stake);
                    self.reward(worker, reward);
                    self.said.extend(several.then_some(Event::AccurateContribution { worker, task }));
                }
                Outcome::Slashed => {
                    self.seize(worker, deal.worker_stake);
                    self.said.push(Event::FaultyContribution { worker, task });
                }
            }
        }
        self.reward(deal.workerpool.owner, payout.scheduler);
    }

    /// The deal's side of a failure.
    pub(super) fn refund(&mut self, deal: &Deal) {
        self.unlock(deal.sponsor, deal.price().unwrap_or_default());
        self.feed_kitty(deal.workerpool.owner, deal.pool_stake().unwrap_or_default());
    }

    /// The kitty's stake comes without a `Transfer`: the money stays in the hub.
    pub(super) fn feed_kitty(&mut self, scheduler: Address, stake: Amount) {
        self.seize(scheduler, stake);
        self.said.push(Event::Reward { owner: KITTY, amount: stake, task: self.task });
        self.said.push(Event::Lock { owner: KITTY, amount: stake });
    }

    pub(super) fn failure(&mut self, deal: &Deal, task: &Task) {
        self.refund(deal);
        for contribution in &task.contributions {
            self.unlock(contribution.worker, deal.worker_stake);
        }
    }
}
