//! A task's calls, from `initialize` to `finalize` or `claim`. Twin of the hub's task facet; the arrays are loops.

use alloy_primitives::{Address, Bytes, U256, keccak256};

use super::events::Till;
use super::{Event, Hub, Refused};
use crate::deal::Deal;
use crate::hash::{authorization, enclave_message, personal_digest};
use crate::settlement::{KITTY, Ledger, Outcome as Paid, Payout};
use crate::task::{self, Contribution, ContributionStatus, Phase, Task};
use crate::{Amount, ChainTime, DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

/// What a worker shows besides its result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pledge {
    /// Address of the enclave's key; zero for a standard task.
    pub enclave: Address,
    /// The enclave's signature; ignored for a standard task.
    pub enclave_sign: Bytes,
    /// The pool's permission for this worker and task.
    pub authorization: Bytes,
}

/// What is stored with a completed task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Where the result lies, as clients wrote it.
    pub results: Bytes,
    /// What the callback contract receives; empty without one.
    pub callback: Bytes,
}

impl Hub {
    /// Opens one task of a deal. Anybody may; no deadline is checked.
    ///
    /// # Errors
    /// [`Refused::NoSuchTask`], [`Refused::LightTask`], [`Refused::AlreadyInitialized`].
    pub fn initialize(&mut self, deal: DealId, index: U256) -> Result<(TaskId, Vec<Event>), Refused> {
        let known = self.deals.get(&deal).filter(|deal| deal.has_index(index));
        let known = known.ok_or(Refused::NoSuchTask { deal, index })?;
        if known.tag.is_light() {
            return Err(Refused::LightTask { deal, index });
        }
        let id = TaskId::derive(deal, index);
        if self.tasks.contains_key(&id) {
            return Err(Refused::AlreadyInitialized(id));
        }
        let unit = self.unit(known);
        let task = Task::new(id, unit, known.contribute_before(unit), known.final_before(unit));
        let said = vec![Event::TaskInitialize { task: id, workerpool: known.workerpool.pointer }];
        self.tasks.insert(id, (deal, task));
        Ok((id, said))
    }

    /// Counts a worker's vote and locks its stake.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn contribute(
        &mut self,
        caller: Address,
        id: TaskId,
        hash: ResultHash,
        seal: ResultSeal,
        pledge: &Pledge,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let (deal, mut task) = self.load(id)?;
        let full = task.contributions.len() >= task::MAX_CONTRIBUTORS;
        let voted = task.contribute(caller, hash, seal, self.score(caller), deal.trust, now);
        if let Err(refused) = &voted
            && !matches!(refused, task::Refused::Overflow(_))
        {
            return Err(Refused::Task(*refused));
        }
        self.check_pledge(&deal, caller, id, (hash, seal), pledge)?;
        if full {
            return Err(Refused::Full(id));
        }
        let mut ledger = self.ledger.clone();
        ledger.lock(caller, deal.worker_stake)?;
        let mut said = Vec::new();
        Till::new(self.domain.hub, id, &mut said).lock(caller, deal.worker_stake);
        said.push(Event::TaskContribute { task: id, worker: caller, hash });
        said.extend(voted?.then_some(Event::TaskConsensus { task: id, consensus: hash }));
        self.store(ledger, task);
        Ok(said)
    }

    /// Proves that the caller knew the winning result when it voted.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn reveal(
        &mut self,
        caller: Address,
        id: TaskId,
        digest: ResultDigest,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let (_, task) = self.tasks.get_mut(&id).ok_or(Refused::Uninitialized(id))?;
        task.reveal(caller, digest, now)?;
        Ok(vec![Event::TaskReveal { task: id, worker: caller, digest }])
    }

    /// Opens the vote again after a consensus that nobody revealed. For the pool's owner.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn reopen(&mut self, caller: Address, id: TaskId, now: ChainTime) -> Result<Vec<Event>, Refused> {
        let (deal, mut task) = self.load(id)?;
        require_scheduler("reopen", &deal, caller)?;
        task.reopen(now)?;
        self.store(self.ledger.clone(), task);
        Ok(vec![Event::TaskReopen { task: id }])
    }

    /// Completes a revealed task and pays everybody. For the pool's owner.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn finalize(
        &mut self,
        caller: Address,
        id: TaskId,
        outcome: &Outcome,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let (deal, mut task) = self.load(id)?;
        require_scheduler("finalize", &deal, caller)?;
        task.finalize(now)?;
        check_callback(&deal, outcome, task.digest)?;
        let payout = Payout::of(&deal, &task).ok_or(crate::settlement::Broke::Overflow)?;
        let (mut ledger, mut said) = (self.ledger.clone(), Vec::new());
        Self::pay_voters(&mut ledger, &mut Till::new(self.domain.hub, id, &mut said), &deal, &payout)?;
        self.judge_voters(&payout);
        said.push(Event::TaskFinalize { task: id, results: outcome.results.clone() });
        self.store(ledger, task);
        Ok(said)
    }

    /// Fails a task after its final deadline: the payer and all workers get their money back. Anybody may.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn claim(&mut self, id: TaskId, now: ChainTime) -> Result<Vec<Event>, Refused> {
        let (deal, mut task) = self.load(id)?;
        task.claim(now)?;
        let mut ledger = self.ledger.clone();
        ledger.settle_failure(&deal, task.contributions.iter().map(|c| c.worker))?;
        let mut said = Vec::new();
        Till::new(self.domain.hub, id, &mut said).failure(&deal, &task);
        said.push(Event::TaskClaimed { task: id });
        self.store(ledger, task);
        Ok(said)
    }

    /// Votes alone on a task of trust 1 and completes it: no stake, no score.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn contribute_and_finalize(
        &mut self,
        caller: Address,
        id: TaskId,
        digest: ResultDigest,
        outcome: &Outcome,
        pledge: &Pledge,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let (deal, mut task) = self.load(id)?;
        require_open_and_alone(&deal, &task, now)?;
        check_callback(&deal, outcome, Some(digest))?;
        let (hash, seal) = (ResultHash::derive(id, digest), ResultSeal::derive(caller, id, digest));
        self.check_pledge(&deal, caller, id, (hash, seal), pledge)?;
        let (mut ledger, mut said) = (self.ledger.clone(), Vec::new());
        self.complete_alone(&mut ledger, &mut said, &deal, &mut task, caller, digest, &outcome.results)?;
        self.store(ledger, task);
        Ok(said)
    }

    /// Pays a worker who settles a task alone, and says all of its life.
    pub(super) fn complete_alone(
        &self,
        ledger: &mut Ledger,
        said: &mut Vec<Event>,
        deal: &Deal,
        task: &mut Task,
        worker: Address,
        digest: ResultDigest,
        results: &Bytes,
    ) -> Result<(), Refused> {
        let id = task.id;
        let (hash, seal) = (ResultHash::derive(id, digest), ResultSeal::derive(worker, id, digest));
        let status = ContributionStatus::Proved;
        task.contributions.push(Contribution { worker, status, hash, seal, share: U256::ZERO });
        task.phase = Phase::Completed { consensus: hash };
        task.digest = Some(digest);
        let mut till = Till::new(self.domain.hub, id, said);
        let drawn = settle_success(ledger, deal)?;
        till.success(deal, drawn);
        let (_, payout) = Payout::of_one(deal, worker).ok_or(crate::settlement::Broke::Overflow)?;
        for (account, amount) in rewards_of_one(deal, &payout) {
            ledger.reward(account, amount)?;
            till.reward(account, amount);
        }
        said.extend([
            Event::TaskContribute { task: id, worker, hash },
            Event::TaskConsensus { task: id, consensus: hash },
            Event::TaskReveal { task: id, worker, digest },
            Event::TaskFinalize { task: id, results: results.clone() },
        ]);
        Ok(())
    }

    /// Pays everybody for a task that a vote completed.
    pub(super) fn pay_voters(
        ledger: &mut Ledger,
        till: &mut Till<'_>,
        deal: &Deal,
        payout: &Payout,
    ) -> Result<(), Refused> {
        let drawn = settle_success(ledger, deal)?;
        till.success(deal, drawn);
        ledger.settle_workers(deal, payout)?;
        till.workers(deal, payout);
        Ok(())
    }

    /// Scores of the voters of a completed task.
    pub(super) fn judge_voters(&mut self, payout: &Payout) {
        for share in &payout.workers {
            let after = share.score_after(self.score(share.worker), payout.workers.len());
            self.scores.insert(share.worker, after);
        }
    }

    /// The reference time of a deal's category, in seconds.
    pub(super) fn unit(&self, deal: &Deal) -> u64 {
        let category = usize::try_from(deal.category).ok().and_then(|category| self.categories.get(category));
        *category.expect("a deal's category was checked when it was made")
    }

    pub(super) fn load(&self, id: TaskId) -> Result<(Deal, Task), Refused> {
        let (deal, task) = self.tasks.get(&id).ok_or(Refused::Uninitialized(id))?;
        let deal = self.deals.get(deal).expect("a task is initialized from a recorded deal");
        Ok((deal.clone(), task.clone()))
    }

    pub(super) fn store(&mut self, ledger: Ledger, task: Task) {
        self.ledger = ledger;
        if let Some((_, held)) = self.tasks.get_mut(&task.id) {
            *held = task;
        }
    }

    /// Who lets workers contribute: the pool's owner, or for enclaves the broker if there is one.
    pub(super) fn authorizer(&self, scheduler: Address, enclave: Address) -> Address {
        let brokered = enclave != Address::ZERO && self.broker != Address::ZERO;
        if brokered { self.broker } else { scheduler }
    }

    fn check_pledge(
        &self,
        deal: &Deal,
        worker: Address,
        task: TaskId,
        (hash, seal): (ResultHash, ResultSeal),
        pledge: &Pledge,
    ) -> Result<(), Refused> {
        let enclave = pledge.enclave;
        if deal.tag.is_tee() && enclave == Address::ZERO {
            return Err(Refused::EnclaveRequired);
        }
        let authorizer = self.authorizer(deal.workerpool.owner, enclave);
        let permission = personal_digest(authorization(worker, task, enclave));
        if !Self::signed_by(authorizer, permission, &pledge.authorization)? {
            return Err(Refused::NotAuthorized { worker, authorizer, task });
        }
        let sealed = personal_digest(enclave_message(hash, seal));
        if enclave != Address::ZERO && !Self::signed_by(enclave, sealed, &pledge.enclave_sign)? {
            return Err(Refused::NotTheEnclave { enclave });
        }
        Ok(())
    }
}

fn require_scheduler(action: &'static str, deal: &Deal, caller: Address) -> Result<(), Refused> {
    let scheduler = deal.workerpool.owner;
    if caller == scheduler { Ok(()) } else { Err(Refused::NotTheScheduler { action, scheduler, caller }) }
}

fn require_open_and_alone(deal: &Deal, task: &Task, now: ChainTime) -> Result<(), Refused> {
    let action = "contribute and finalize";
    if task.phase != Phase::Active {
        return Err(task::Refused::WrongPhase { action, phase: task.phase.name() }.into());
    }
    if now >= task.contribute_before {
        return Err(task::Refused::TooLate { action, deadline: task.contribute_before, now }.into());
    }
    if !task.contributions.is_empty() {
        return Err(Refused::NotAlone);
    }
    if !deal.allows_contribute_and_finalize() {
        return Err(Refused::NeedsAVote { trust: deal.trust });
    }
    Ok(())
}

fn check_callback(deal: &Deal, outcome: &Outcome, digest: Option<ResultDigest>) -> Result<(), Refused> {
    if fits_callback(deal, &outcome.callback, digest) { Ok(()) } else { Err(Refused::CallbackData) }
}

/// Either there is no callback and no data, or the data is what the digest commits to.
pub(super) fn fits_callback(deal: &Deal, data: &Bytes, digest: Option<ResultDigest>) -> bool {
    let none = deal.callback == Address::ZERO && data.is_empty();
    none || digest.is_some_and(|digest| keccak256(data) == digest.0)
}

/// Settles the deal's side, and tells what the kitty paid if it held anything.
fn settle_success(ledger: &mut Ledger, deal: &Deal) -> Result<Option<Amount>, Refused> {
    let before = ledger.frozen(KITTY);
    ledger.settle_success(deal)?;
    Ok((!before.is_zero()).then(|| before.checked_sub(ledger.frozen(KITTY)).unwrap_or_default()))
}

fn rewards_of_one(deal: &Deal, payout: &Payout) -> Vec<(Address, Amount)> {
    let workers = payout.workers.iter().filter_map(|share| match share.outcome {
        Paid::Paid(reward) => Some((share.worker, reward)),
        Paid::Slashed => None,
    });
    workers.chain([(deal.workerpool.owner, payout.scheduler)]).collect()
}
