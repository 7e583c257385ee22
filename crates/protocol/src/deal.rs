//! A deal: the price, the trust and the deadlines that a match fixed for a range of tasks.

use alloy_primitives::{Address, U256};

use crate::{Amount, ChainTime, DealId, Tag, TaskId};

/// Deadlines in units of the category's reference time. Source: hub constants.
pub const CONTRIBUTION_RATIO: u64 = 7;
/// Time to reveal after a consensus, in units of the reference time.
pub const REVEAL_RATIO: u64 = 2;
/// From here on anybody may claim, in units of the reference time.
pub const FINAL_RATIO: u64 = 10;
/// Share of its price that a pool locks per task, in percent.
pub const POOL_STAKE_PERCENT: u64 = 30;
/// Share of the kitty that a finalized task draws, in percent.
pub const KITTY_PERCENT: u64 = 10;
/// Least that a finalized task draws while the kitty holds it: 1 RLC.
pub const KITTY_MIN_NRLC: u64 = 1_000_000_000;

/// What is sold in a deal: a contract, its owner at match time, and the price of one task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// The app, dataset or workerpool contract; zero when there is none.
    pub pointer: Address,
    /// Who earns.
    pub owner: Address,
    /// Price of one task.
    pub price: Amount,
}

/// A match, as the hub recorded it; never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deal {
    /// What runs.
    pub app: Resource,
    /// What it reads; all zero without a dataset.
    pub dataset: Resource,
    /// Who computes.
    pub workerpool: Resource,
    /// At least 1.
    pub trust: U256,
    /// Category number.
    pub category: U256,
    /// Features of all orders together.
    pub tag: Tag,
    /// Who ordered.
    pub requester: Address,
    /// Who may read an encrypted result.
    pub beneficiary: Address,
    /// Contract that receives the result; zero is none.
    pub callback: Address,
    /// Deal parameters as JSON text: [`crate::params::DealParams`].
    pub params: String,
    /// Block time of the match.
    pub start: ChainTime,
    /// Index of the first task.
    pub bot_first: U256,
    /// Number of tasks.
    pub bot_size: U256,
    /// What every contributing worker locks.
    pub worker_stake: Amount,
    /// The pool owner's share of the reward, in percent.
    pub scheduler_reward_ratio: U256,
    /// Who pays.
    pub sponsor: Address,
}

impl Deal {
    /// Price of one task; `None` when it passes 2^256 - 1 (the hub never records such a deal).
    #[must_use]
    pub fn price(&self) -> Option<Amount> {
        self.app.price.checked_add(self.dataset.price)?.checked_add(self.workerpool.price)
    }

    /// What the pool's owner locked for one task: rounded down before any multiplication.
    #[must_use]
    pub fn pool_stake(&self) -> Option<Amount> {
        self.workerpool.price.percent(U256::from(POOL_STAKE_PERCENT))
    }

    /// Whether `index` is one of this deal's tasks.
    #[must_use]
    pub fn has_index(&self, index: U256) -> bool {
        index >= self.bot_first && index - self.bot_first < self.bot_size
    }

    /// The tasks of the deal that `id` names, in order, with their indices.
    pub fn tasks(&self, id: DealId) -> impl Iterator<Item = (U256, TaskId)> + use<> {
        let (first, size) = (self.bot_first, self.bot_size);
        let mut offset = U256::ZERO;
        std::iter::from_fn(move || {
            (offset < size).then(|| {
                let index = first + offset;
                offset += U256::from(1);
                (index, TaskId::derive(id, index))
            })
        })
    }

    /// Last moment (exclusive) to contribute, `unit` being the category's reference time in seconds.
    #[must_use]
    pub fn contribute_before(&self, unit: u64) -> ChainTime {
        self.start.plus(CONTRIBUTION_RATIO, unit)
    }

    /// From here on nothing can be finalized and anybody may claim.
    #[must_use]
    pub fn final_before(&self, unit: u64) -> ChainTime {
        self.start.plus(FINAL_RATIO, unit)
    }

    /// Whether one worker may contribute and finalize in one call.
    #[must_use]
    pub fn allows_contribute_and_finalize(&self) -> bool {
        self.trust == U256::from(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deal_may_start_above_index_zero() {
        let deal = Deal { bot_first: U256::from(3), bot_size: U256::from(2), ..Deal::default() };
        let id = DealId::default();
        let tasks: Vec<_> = deal.tasks(id).collect();
        assert_eq!(tasks.len(), 2);
        assert_eq!(tasks[1], (U256::from(4), TaskId::derive(id, U256::from(4))));
        assert!(deal.has_index(U256::from(3)) && deal.has_index(U256::from(4)));
        assert!(!deal.has_index(U256::from(2)) && !deal.has_index(U256::from(5)));
    }

    #[test]
    fn the_pool_stake_is_rounded_down_per_task() {
        let deal = Deal { workerpool: Resource { price: Amount::nrlc(7), ..Resource::default() }, ..Deal::default() };
        assert_eq!(deal.pool_stake(), Some(Amount::nrlc(2)));
    }
}
