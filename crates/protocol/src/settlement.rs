//! Money: the escrow's four primitives, and who gets what when a task ends. Twin of the hub's escrow.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256, address};

use crate::Amount;
use crate::consensus::slashed;
use crate::deal::{Deal, KITTY_MIN_NRLC, KITTY_PERCENT};
use crate::task::{ContributionStatus, Task};

/// Where the stakes of pools that failed a task wait for the next pool that finalizes one.
pub const KITTY: Address = address!("99c2268479b93fDe36232351229815DF80837e23");

/// Why the escrow refuses to move money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broke {
    /// More than the account holds.
    #[error("account {account} holds {held}, {needed} are needed")]
    Balance {
        /// Whose.
        account: Address,
        /// Free money.
        held: Amount,
        /// What the move takes.
        needed: Amount,
    },
    /// More than the account has locked.
    #[error("account {account} has {held} locked, {needed} are to be released")]
    Frozen {
        /// Whose.
        account: Address,
        /// Locked money.
        held: Amount,
        /// What the release takes.
        needed: Amount,
    },
    /// A sum passed 2^256 - 1.
    #[error("an amount passes 2^256 - 1")]
    Overflow,
}

/// Balances as the hub keeps them: locked money sits in the hub's own balance and is remembered as frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    hub: Address,
    balances: BTreeMap<Address, Amount>,
    frozen: BTreeMap<Address, Amount>,
}

impl Ledger {
    /// An empty escrow of the hub at `hub`.
    #[must_use]
    pub fn new(hub: Address) -> Self {
        Self { hub, balances: BTreeMap::new(), frozen: BTreeMap::new() }
    }

    /// Free money of an account.
    #[must_use]
    pub fn balance(&self, account: Address) -> Amount {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    /// Locked money of an account.
    #[must_use]
    pub fn frozen(&self, account: Address) -> Amount {
        self.frozen.get(&account).copied().unwrap_or_default()
    }

    /// All money in the escrow: what no settlement may change.
    #[must_use]
    pub fn supply(&self) -> Option<Amount> {
        self.balances.values().try_fold(Amount::ZERO, |sum, held| sum.checked_add(*held))
    }

    /// Brings money in.
    ///
    /// # Errors
    /// [`Broke::Overflow`].
    pub fn deposit(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        let grown = self.balance(account).checked_add(amount).ok_or(Broke::Overflow)?;
        self.balances.insert(account, grown);
        Ok(())
    }

    /// Takes free money out.
    ///
    /// # Errors
    /// [`Broke::Balance`].
    pub fn withdraw(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        let held = self.balance(account);
        let left = held.checked_sub(amount).ok_or(Broke::Balance { account, held, needed: amount })?;
        self.balances.insert(account, left);
        Ok(())
    }

    /// Locks free money.
    ///
    /// # Errors
    /// [`Broke::Balance`], [`Broke::Overflow`].
    pub fn lock(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        self.transfer(account, self.hub, amount)?;
        self.freeze(account, amount)
    }

    /// Gives locked money back.
    ///
    /// # Errors
    /// [`Broke::Frozen`], [`Broke::Balance`], [`Broke::Overflow`].
    pub fn unlock(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        self.transfer(self.hub, account, amount)?;
        self.thaw(account, amount)
    }

    /// Takes locked money for good; it stays in the hub until rewarded.
    ///
    /// # Errors
    /// [`Broke::Frozen`].
    pub fn seize(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        self.thaw(account, amount)
    }

    /// Pays from what was seized.
    ///
    /// # Errors
    /// [`Broke::Balance`], [`Broke::Overflow`].
    pub fn reward(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        self.transfer(self.hub, account, amount)
    }

    fn transfer(&mut self, from: Address, to: Address, amount: Amount) -> Result<(), Broke> {
        self.withdraw(from, amount)?;
        self.deposit(to, amount)
    }

    fn freeze(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        let grown = self.frozen(account).checked_add(amount).ok_or(Broke::Overflow)?;
        self.frozen.insert(account, grown);
        Ok(())
    }

    fn thaw(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        let held = self.frozen(account);
        let left = held.checked_sub(amount).ok_or(Broke::Frozen { account, held, needed: amount })?;
        self.frozen.insert(account, left);
        Ok(())
    }

    /// Locks what a match of `volume` tasks locks: the payer's price and the pool owner's stake.
    ///
    /// # Errors
    /// [`Broke`] where the hub reverts; the ledger may be half changed then, as before a rollback.
    pub fn settle_match(&mut self, deal: &Deal, volume: U256) -> Result<(), Broke> {
        let price = deal.price().and_then(|price| price.checked_mul(volume)).ok_or(Broke::Overflow)?;
        let stake = deal.pool_stake().and_then(|stake| stake.checked_mul(volume)).ok_or(Broke::Overflow)?;
        self.lock(deal.sponsor, price)?;
        self.lock(deal.workerpool.owner, stake)
    }

    /// The deal's side of a completed task: payer charged, app and dataset paid, pool stake back, kitty drawn.
    ///
    /// # Errors
    /// [`Broke`] where the hub reverts.
    pub fn settle_success(&mut self, deal: &Deal) -> Result<(), Broke> {
        self.seize(deal.sponsor, deal.price().ok_or(Broke::Overflow)?)?;
        self.reward(deal.app.owner, deal.app.price)?;
        if deal.dataset.pointer != Address::ZERO {
            self.reward(deal.dataset.owner, deal.dataset.price)?;
        }
        self.unlock(deal.workerpool.owner, deal.pool_stake().ok_or(Broke::Overflow)?)?;
        if let Some(drawn) = self.kitty_part()? {
            self.seize(KITTY, drawn)?;
            self.reward(deal.workerpool.owner, drawn)?;
        }
        Ok(())
    }

    /// What a completed task draws from the kitty; nothing from an empty one.
    ///
    /// # Errors
    /// [`Broke::Overflow`].
    pub fn kitty_part(&self) -> Result<Option<Amount>, Broke> {
        let kitty = self.frozen(KITTY);
        let tenth = kitty.percent(U256::from(KITTY_PERCENT)).ok_or(Broke::Overflow)?;
        let part = tenth.max(Amount::nrlc(KITTY_MIN_NRLC)).min(kitty);
        Ok((!kitty.is_zero()).then_some(part))
    }

    /// The locked stake of a pool's owner who failed goes to the kitty.
    ///
    /// # Errors
    /// [`Broke`] where the hub reverts.
    pub fn feed_kitty(&mut self, scheduler: Address, stake: Amount) -> Result<(), Broke> {
        self.seize(scheduler, stake)?;
        self.freeze(KITTY, stake)
    }

    /// A claimed task: payer refunded, pool stake to the kitty, every worker's stake back.
    ///
    /// # Errors
    /// [`Broke`] where the hub reverts.
    pub fn settle_failure(&mut self, deal: &Deal, workers: impl Iterator<Item = Address>) -> Result<(), Broke> {
        self.unlock(deal.sponsor, deal.price().ok_or(Broke::Overflow)?)?;
        self.feed_kitty(deal.workerpool.owner, deal.pool_stake().ok_or(Broke::Overflow)?)?;
        for worker in workers {
            self.unlock(worker, deal.worker_stake)?;
        }
        Ok(())
    }

    /// The workers' side of a finalized task.
    ///
    /// # Errors
    /// [`Broke`] where the hub reverts.
    pub fn settle_workers(&mut self, deal: &Deal, payout: &Payout) -> Result<(), Broke> {
        for share in &payout.workers {
            match share.outcome {
                Outcome::Paid(reward) => {
                    self.unlock(share.worker, deal.worker_stake)?;
                    self.reward(share.worker, reward)?;
                }
                Outcome::Slashed => self.seize(share.worker, deal.worker_stake)?,
            }
        }
        self.reward(deal.workerpool.owner, payout.scheduler)
    }
}

/// What one worker gets for one finalized task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stake back and a reward.
    Paid(Amount),
    /// Stake lost, score cut by a third.
    Slashed,
}

/// One worker's line of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Who.
    pub worker: Address,
    /// What.
    pub outcome: Outcome,
}

impl Share {
    /// The worker's score afterwards; being right alone proves nothing and changes nothing.
    #[must_use]
    pub fn score_after(&self, score: U256, contributors: usize) -> U256 {
        match self.outcome {
            Outcome::Paid(_) if contributors > 1 => score.saturating_add(U256::from(1)),
            Outcome::Paid(_) => score,
            Outcome::Slashed => slashed(score),
        }
    }
}

/// How the reward of one task is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// In the order of the contributions.
    pub workers: Vec<Share>,
    /// The pool owner's part: percentage, rounding dust, and a share of the seized stakes.
    pub scheduler: Amount,
}

impl Payout {
    /// The division among the contributors of a task that is being finalized. Source: hub `finalize`.
    ///
    /// `None` when an amount passes 2^256 - 1.
    #[must_use]
    pub fn of(deal: &Deal, task: &Task) -> Option<Self> {
        let proved = |status| status == ContributionStatus::Proved;
        let losers = task.contributions.iter().filter(|c| !proved(c.status)).count();
        let seized = deal.worker_stake.checked_mul(U256::from(losers))?;
        let total = deal.workerpool.price.checked_add(seized)?;
        let kept = U256::from(100).checked_sub(deal.scheduler_reward_ratio)?;
        let pot = total.percent(kept)?;
        let shares: U256 = task.contributions.iter().filter(|c| proved(c.status)).map(|c| c.share).sum();
        let mut scheduler = total;
        let mut workers = Vec::with_capacity(task.contributions.len());
        for contribution in &task.contributions {
            let outcome = if proved(contribution.status) {
                let reward = pot.mul_div(contribution.share, shares)?;
                scheduler = scheduler.checked_sub(reward)?;
                Outcome::Paid(reward)
            } else {
                Outcome::Slashed
            };
            workers.push(Share { worker: contribution.worker, outcome });
        }
        Some(Self { workers, scheduler })
    }

    /// The division of `contributeAndFinalize`: one worker, no stake, no score.
    #[must_use]
    pub fn of_one(deal: &Deal, worker: Address) -> Option<(Amount, Self)> {
        let kept = U256::from(100).checked_sub(deal.scheduler_reward_ratio)?;
        let reward = deal.workerpool.price.percent(kept)?;
        let scheduler = deal.workerpool.price.checked_sub(reward)?;
        Some((reward, Self { workers: vec![Share { worker, outcome: Outcome::Paid(reward) }], scheduler }))
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use proptest::prelude::*;

    use super::*;
    use crate::deal::Resource;
    use crate::{ChainTime, ResultDigest, ResultHash, ResultSeal, TaskId};

    const HUB: Address = Address::repeat_byte(0xaa);
    const PAYER: Address = Address::repeat_byte(0x01);
    const POOL: Address = Address::repeat_byte(0x02);
    const APP: Address = Address::repeat_byte(0x03);

    fn deal(app: u64, pool: u64, stake: u64) -> Deal {
        Deal {
            app: Resource { pointer: APP, owner: APP, price: Amount::nrlc(app) },
            workerpool: Resource { pointer: POOL, owner: POOL, price: Amount::nrlc(pool) },
            trust: U256::from(3),
            worker_stake: Amount::nrlc(stake),
            scheduler_reward_ratio: U256::from(1),
            sponsor: PAYER,
            bot_size: U256::from(1),
            ..Deal::default()
        }
    }

    fn worker(n: usize) -> Address {
        Address::from_word(B256::from(U256::from(0x1000 + n)))
    }

    /// A task after a vote of `votes` (result, revealed) with every status set as the phases would leave it.
    fn voted(votes: &[(u8, bool)], consensus: u8) -> Task {
        let mut task = Task::new(TaskId::default(), 10, ChainTime(70), ChainTime(100));
        for (n, (digest, revealed)) in votes.iter().enumerate() {
            let proof = ResultDigest(B256::repeat_byte(*digest));
            let hash = ResultHash::derive(task.id, proof);
            let status = if *digest == consensus && *revealed {
                ContributionStatus::Proved
            } else {
                ContributionStatus::Contributed
            };
            let seal = ResultSeal::default();
            task.contributions.push(crate::task::Contribution {
                worker: worker(n),
                status,
                hash,
                seal,
                share: U256::from(n % 3 + 1),
            });
        }
        task
    }

    #[test]
    fn the_worked_example_of_the_specification_holds() {
        let mut task = voted(&[(1, true), (2, false), (1, true), (1, true)], 1);
        for contribution in &mut task.contributions {
            contribution.share = U256::from(1);
        }
        let payout = Payout::of(&deal(0, 1_000_000_000, 300_000_000), &task).unwrap();
        assert_eq!(payout.scheduler, Amount::nrlc(13_000_000));
        assert_eq!(payout.workers[0].outcome, Outcome::Paid(Amount::nrlc(429_000_000)));
        assert_eq!(payout.workers[1].outcome, Outcome::Slashed);
    }

    #[test]
    fn the_kitty_pays_a_tenth_but_at_least_one_rlc_and_never_more_than_it_has() {
        for (held, drawn) in
            [(500_000_000_u64, 500_000_000_u64), (5_000_000_000, 1_000_000_000), (50_000_000_000, 5_000_000_000)]
        {
            let mut ledger = Ledger::new(HUB);
            ledger.deposit(HUB, Amount::nrlc(held)).unwrap();
            ledger.freeze(KITTY, Amount::nrlc(held)).unwrap();
            ledger.settle_success(&deal(0, 0, 0)).unwrap();
            assert_eq!(ledger.balance(POOL), Amount::nrlc(drawn), "kitty of {held}");
        }
    }

    #[test]
    fn the_kitty_is_the_address_of_its_name() {
        let hash = alloy_primitives::keccak256("iExecKitty");
        let number = U256::from_be_slice(&hash[..20]) - U256::from(1);
        assert_eq!(KITTY, Address::from_word(B256::from(number)));
    }

    proptest! {
        #[test]
        fn no_settlement_creates_or_loses_one_nrlc(
            prices in (0_u64..1 << 40, 0_u64..1 << 40),
            stake in 0_u64..1 << 40,
            votes in prop::collection::vec((0_u8..3, any::<bool>()), 1..12),
            completes in any::<bool>(),
        ) {
            let deal = deal(prices.0, prices.1, stake);
            let mut task = voted(&votes, 0);
            // Somebody must have revealed, or the hub could not finalize.
            task.contributions[0].status = ContributionStatus::Proved;
            let mut ledger = Ledger::new(HUB);
            let much = Amount::nrlc(u64::MAX / 64);
            for account in [PAYER, POOL].into_iter().chain((0..votes.len()).map(worker)) {
                ledger.deposit(account, much).unwrap();
            }
            let supply = ledger.supply();
            ledger.settle_match(&deal, U256::from(1)).unwrap();
            for n in 0..votes.len() {
                ledger.lock(worker(n), deal.worker_stake).unwrap();
            }
            if completes {
                ledger.settle_success(&deal).unwrap();
                ledger.settle_workers(&deal, &Payout::of(&deal, &task).unwrap()).unwrap();
                prop_assert!(ledger.frozen.values().all(|held| held.is_zero()), "nothing stays locked");
                prop_assert!(ledger.balance(HUB).is_zero());
            } else {
                ledger.settle_failure(&deal, task.contributions.iter().map(|c| c.worker)).unwrap();
                prop_assert_eq!(ledger.balance(PAYER), much);
                prop_assert_eq!(ledger.frozen(KITTY), ledger.balance(HUB));
            }
            prop_assert_eq!(ledger.supply(), supply);
        }
    }
}
