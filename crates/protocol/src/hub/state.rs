//! What the hub remembers, and the parts of it that tests and forecasts may set from outside.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};

use super::{BoostDeal, BoostEnd, Event, LightStatus, Refused};
use crate::deal::Deal;
use crate::hash::signer_of;
use crate::order::Domain;
use crate::settlement::{Broke, Ledger};
use crate::task::Task;
use crate::{Amount, B256, DealId, OrderHash, TaskId};

/// A pool's terms, read at match time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Stake of a worker per contribution, in percent of the pool's price.
    pub worker_stake_percent: U256,
    /// The pool owner's part of the reward, in percent; at most 100.
    pub scheduler_reward_percent: U256,
}

impl Default for Policy {
    /// What a new pool starts with.
    fn default() -> Self {
        Self { worker_stake_percent: U256::from(30), scheduler_reward_percent: U256::from(1) }
    }
}

/// A registered resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Owner of its token, who signs and earns.
    pub owner: Address,
    /// Terms, if it is a pool.
    pub policy: Policy,
}

/// One hub: accounts, market and tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    pub(super) domain: Domain,
    pub(super) ledger: Ledger,
    pub(super) categories: Vec<u64>,
    pub(super) entries: BTreeMap<Address, Entry>,
    pub(super) groups: BTreeSet<(Address, Address)>,
    pub(super) broker: Address,
    pub(super) consumed: BTreeMap<OrderHash, U256>,
    pub(super) presigned: BTreeMap<OrderHash, Address>,
    pub(super) deals: BTreeMap<DealId, Deal>,
    pub(super) tasks: BTreeMap<TaskId, (DealId, Task)>,
    pub(super) scores: BTreeMap<Address, U256>,
    /// Struct hash of the range that begins at an index.
    pub(super) light_ranges: BTreeMap<(DealId, U256), B256>,
    /// Tasks that are not open.
    pub(super) light_tasks: BTreeMap<(DealId, U256), LightStatus>,
    pub(super) boost_deals: BTreeMap<DealId, BoostDeal>,
    pub(super) boost_ends: BTreeMap<TaskId, BoostEnd>,
}

impl Hub {
    /// An empty hub whose categories last `categories` seconds per unit.
    #[must_use]
    pub fn new(domain: Domain, categories: Vec<u64>) -> Self {
        Self {
            ledger: Ledger::new(domain.hub),
            domain,
            categories,
            entries: BTreeMap::new(),
            groups: BTreeSet::new(),
            broker: Address::ZERO,
            consumed: BTreeMap::new(),
            presigned: BTreeMap::new(),
            deals: BTreeMap::new(),
            tasks: BTreeMap::new(),
            scores: BTreeMap::new(),
            light_ranges: BTreeMap::new(),
            light_tasks: BTreeMap::new(),
            boost_deals: BTreeMap::new(),
            boost_ends: BTreeMap::new(),
        }
    }

    /// Registers an app, dataset or pool, or changes its owner or terms.
    pub fn register(&mut self, resource: Address, entry: Entry) {
        self.entries.insert(resource, entry);
    }

    /// Makes `account` a member of the group contract `group`.
    pub fn admit(&mut self, group: Address, account: Address) {
        self.groups.insert((group, account));
    }

    /// Names who authorizes enclave contributions; zero is the pool's owner.
    pub fn set_broker(&mut self, broker: Address) {
        self.broker = broker;
    }

    /// Sets a score, as an import from an older hub does.
    pub fn set_score(&mut self, worker: Address, score: U256) {
        self.scores.insert(worker, score);
    }

    /// Brings money in.
    ///
    /// # Errors
    /// [`Broke::Overflow`], as [`Refused::Money`].
    pub fn deposit(&mut self, caller: Address, amount: Amount) -> Result<Vec<Event>, Refused> {
        self.ledger.deposit(caller, amount)?;
        Ok(vec![Event::Transfer { from: Address::ZERO, to: caller, value: amount }])
    }

    /// Takes free money out.
    ///
    /// # Errors
    /// [`Refused::Overdrawn`].
    pub fn withdraw(&mut self, caller: Address, amount: Amount) -> Result<Vec<Event>, Refused> {
        self.ledger.withdraw(caller, amount).map_err(|broke| match broke {
            Broke::Balance { held, needed, .. } => Refused::Overdrawn { held, wanted: needed },
            Broke::Frozen { .. } | Broke::Overflow => Refused::Money(broke),
        })?;
        Ok(vec![Event::Transfer { from: caller, to: Address::ZERO, value: amount }])
    }

    /// The domain that orders are signed for.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Free and locked money of everybody.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A worker's score; zero for a newcomer.
    #[must_use]
    pub fn score(&self, worker: Address) -> U256 {
        self.scores.get(&worker).copied().unwrap_or_default()
    }

    /// How much of an order is used.
    #[must_use]
    pub fn consumed(&self, order: OrderHash) -> U256 {
        self.consumed.get(&order).copied().unwrap_or_default()
    }

    /// A deal, if it was made.
    #[must_use]
    pub fn deal(&self, deal: DealId) -> Option<&Deal> {
        self.deals.get(&deal)
    }

    /// The deal of a task, if that was initialized.
    #[must_use]
    pub fn deal_of(&self, task: TaskId) -> Option<&Deal> {
        self.tasks.get(&task).and_then(|(deal, _)| self.deals.get(deal))
    }

    /// A task, if it was initialized.
    #[must_use]
    pub fn task(&self, task: TaskId) -> Option<&Task> {
        self.tasks.get(&task).map(|(_, task)| task)
    }

    /// Whether `signature` over `digest` is by the key of `account`.
    pub(super) fn signed_by(account: Address, digest: B256, signature: &[u8]) -> Result<bool, Refused> {
        match signature.len() {
            64 | 65 => Ok(account != Address::ZERO && signer_of(digest, signature) == Some(account)),
            length => Err(Refused::SignatureFormat { length }),
        }
    }
}
