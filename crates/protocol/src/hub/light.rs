//! Light deals: ranges of tasks are settled by the root of a tree, results are proved on demand. Twin of the hub's
//! `IexecLight`; that the callback of a delivered result is called is not part of it.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use super::books::Books;
use super::events::Till;
use super::ranges::{Permit, check_range};
use super::{BagsRefused, Event, Hub, Refused};
use crate::bags::{LightRange, light_range_id};
use crate::deal::Deal;
use crate::range_tree::{MAX_LIGHT_RANGE, depth, leaf, root_over};
use crate::settlement::{Broke, Payout};
use crate::{Amount, ChainTime, DealId, ResultDigest, ResultHash, TaskId};

/// Most tasks of one call.
const MAX_TASKS: u32 = 65_536;
const _: () = assert!(MAX_TASKS as usize == MAX_LIGHT_RANGE);
/// Most bytes that `settleLight` says about where the results are.
pub const MAX_LIGHT_RESULTS: u32 = 4_096;

/// Where a task of a light deal stands. In the order of the contracts' enum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum LightStatus {
    /// Nothing happened, or there is no such task.
    #[default]
    Open,
    /// A worker settled it.
    Settled,
    /// The callback was called with its result.
    Delivered,
    /// Its price was given back.
    Refunded,
}

/// What one worker settles in one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LightSettlement {
    /// The deal.
    pub deal: DealId,
    /// Index of the first task.
    pub first: U256,
    /// Tasks.
    pub count: U256,
    /// Of the tree over the tasks' result hashes.
    pub root: B256,
    /// Where the results are.
    pub results: Bytes,
    /// Vouches for the root; zero for none.
    pub enclave: Address,
    /// Its signature over [`LightRange`].
    pub enclave_sign: Bytes,
    /// That the worker may.
    pub permit: Permit,
}

/// Place of a result in the tree of its range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LightProof {
    /// First task of the range, as settled.
    pub first: U256,
    /// Tasks of the range, as settled.
    pub count: U256,
    /// Who settled the range.
    pub worker: Address,
    /// From the leaf up.
    pub siblings: Vec<B256>,
}

impl Hub {
    /// Settles and pays a range of a light deal; the caller is the worker of all tasks.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn settle_light(
        &mut self,
        caller: Address,
        settled: &LightSettlement,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let LightSettlement { deal: id, first, count, root, .. } = *settled;
        let deal = self.light_deal(id)?;
        let range = LightRange { worker: caller, deal: id, first, count, root };
        self.admit_light(&deal, &range, settled, now)?;
        let indices = indices(first, count);
        if let Some(index) = indices.clone().find(|index| self.light_status(id, *index) != LightStatus::Open) {
            return Err(BagsRefused::LightNotOpen { deal: id, index }.into());
        }
        let mut said = Vec::new();
        let reference = TaskId(light_range_id(id, first, count));
        let till = Till::new(self.domain.hub, reference, &mut said);
        let mut books = Books { ledger: self.ledger.clone(), till };
        succeed(&mut books, &deal, caller, count)?;
        self.ledger = books.ledger;
        self.light_ranges.insert((id, first), range.struct_hash());
        self.light_tasks.extend(indices.map(|index| ((id, index), LightStatus::Settled)));
        let results = settled.results.clone();
        said.push(Event::LightSettled { deal: id, worker: caller, first, count, root, results });
        Ok(said)
    }

    /// Fails and refunds what is open of a range, from the final deadline on. Anybody may.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn claim_light(&mut self, id: DealId, first: U256, count: U256, now: ChainTime) -> Result<Vec<Event>, Refused> {
        let deal = self.light_deal(id)?;
        check_range(&deal, first, count, MAX_TASKS)?;
        let deadline = deal.final_before(self.unit(&deal));
        if now < deadline {
            return Err(BagsRefused::NotExpired { deadline }.into());
        }
        let is_open = |index: &U256| self.light_status(id, *index) == LightStatus::Open;
        let open: Vec<_> = indices(first, count).filter(is_open).collect();
        if open.is_empty() {
            return Err(BagsRefused::NothingToClaim { deal: id, first, count }.into());
        }
        let refunded = U256::from(open.len());
        let mut said = Vec::new();
        let till = Till::new(self.domain.hub, TaskId(light_range_id(id, first, count)), &mut said);
        let mut books = Books { ledger: self.ledger.clone(), till };
        books.unlock(deal.sponsor, times(deal.price(), refunded)?)?;
        books.feed(deal.workerpool.owner, times(deal.pool_stake(), refunded)?)?;
        self.ledger = books.ledger;
        self.light_tasks.extend(open.into_iter().map(|index| ((id, index), LightStatus::Refunded)));
        said.push(Event::LightClaimed { deal: id, first, count, refunded });
        Ok(said)
    }

    /// Has the requester's contract called with the proved result of one task, once. Anybody may.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn deliver_light(
        &mut self,
        id: DealId,
        index: U256,
        data: &[u8],
        proof: &LightProof,
    ) -> Result<Vec<Event>, Refused> {
        let deal = self.light_deal(id)?;
        if deal.callback == Address::ZERO {
            return Err(BagsRefused::NoCallback(id).into());
        }
        if !self.prove_light(id, index, ResultDigest(keccak256(data)), proof) {
            return Err(BagsRefused::NotProved { deal: id, index }.into());
        }
        if self.light_status(id, index) == LightStatus::Delivered {
            return Err(BagsRefused::AlreadyDelivered { deal: id, index }.into());
        }
        self.light_tasks.insert((id, index), LightStatus::Delivered);
        Ok(vec![Event::LightDelivered { deal: id, index, task: TaskId::derive(id, index) }])
    }

    /// Whether a worker settled a task with this digest.
    #[must_use]
    pub fn prove_light(&self, deal: DealId, index: U256, digest: ResultDigest, proof: &LightProof) -> bool {
        let LightProof { first, count, worker, .. } = *proof;
        let Some(position) = index.checked_sub(first).filter(|position| *position < count) else { return false };
        // No range has more, so nothing is proved by a larger one.
        let (Ok(position), Ok(tasks)) = (usize::try_from(position), usize::try_from(count)) else { return false };
        if tasks > MAX_LIGHT_RANGE || proof.siblings.len() != depth(tasks) {
            return false;
        }
        let result = ResultHash::derive(TaskId::derive(deal, index), digest);
        let root = root_over(leaf(result), position, &proof.siblings);
        let shown = LightRange { worker, deal, first, count, root };
        self.light_ranges.get(&(deal, first)) == Some(&shown.struct_hash())
    }

    /// Where a task of a light deal stands.
    #[must_use]
    pub fn light_status(&self, deal: DealId, index: U256) -> LightStatus {
        self.light_tasks.get(&(deal, index)).copied().unwrap_or_default()
    }

    /// Struct hash of the range that was settled from `first` on.
    #[must_use]
    pub fn light_range(&self, deal: DealId, first: U256) -> Option<B256> {
        self.light_ranges.get(&(deal, first)).copied()
    }

    fn light_deal(&self, id: DealId) -> Result<Deal, BagsRefused> {
        let known = self.deals.get(&id).filter(|deal| deal.tag.is_light());
        known.cloned().ok_or(BagsRefused::NotLight(id))
    }

    /// Refuses with the first thing that is wrong with the call, but for the state of its tasks.
    fn admit_light(
        &self,
        deal: &Deal,
        range: &LightRange,
        settled: &LightSettlement,
        now: ChainTime,
    ) -> Result<(), Refused> {
        let LightRange { worker, deal: id, first, count, .. } = *range;
        check_range(deal, first, count, MAX_TASKS)?;
        let deadline = deal.contribute_before(self.unit(deal));
        if now >= deadline {
            return Err(BagsRefused::TooLate { deadline }.into());
        }
        let size = settled.results.len();
        if size > MAX_LIGHT_RESULTS as usize {
            return Err(BagsRefused::ResultsTooLong { size, most: MAX_LIGHT_RESULTS }.into());
        }
        let enclave = settled.enclave;
        if enclave == Address::ZERO && deal.tag.is_tee() {
            return Err(BagsRefused::EnclaveRequired(id).into());
        }
        self.check_permit(deal, worker, (id, first, count), enclave, &settled.permit)?;
        let vouched = self.domain.digest(range.struct_hash());
        if enclave != Address::ZERO && !Self::signed_by(enclave, vouched, &settled.enclave_sign)? {
            return Err(BagsRefused::BadEnclaveSignature { enclave }.into());
        }
        Ok(())
    }
}

/// Pays for `count` tasks: rounded per task, then multiplied; the kitty gives one part for all.
fn succeed(books: &mut Books<'_>, deal: &Deal, worker: Address, count: U256) -> Result<(), Broke> {
    let scheduler = deal.workerpool.owner;
    books.seize(deal.sponsor, times(deal.price(), count)?)?;
    for seller in [deal.app, deal.dataset] {
        if !seller.price.is_zero() && seller.pointer != Address::ZERO {
            books.reward(seller.owner, times(Some(seller.price), count)?)?;
        }
    }
    books.unlock(scheduler, times(deal.pool_stake(), count)?)?;
    if let Some(drawn) = books.draw()? {
        books.reward(scheduler, drawn)?;
    }
    let (reward, payout) = Payout::of_one(deal, worker).ok_or(Broke::Overflow)?;
    books.reward(worker, times(Some(reward), count)?)?;
    books.reward(scheduler, times(Some(payout.scheduler), count)?)
}

fn times(amount: Option<Amount>, count: U256) -> Result<Amount, Broke> {
    amount.and_then(|amount| amount.checked_mul(count)).ok_or(Broke::Overflow)
}

/// Indices of a range that was checked to be no longer than [`MAX_TASKS`].
fn indices(first: U256, count: U256) -> impl Iterator<Item = U256> + Clone {
    (0..count.saturating_to::<u32>()).map(move |offset| first + U256::from(offset))
}
