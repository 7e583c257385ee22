//! What the hub must know by now, written down from its events alone, by the rules of the specification (7, 11, 12).
//! Every event is checked against what was known before it; views are compared with the book elsewhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alloy::primitives::{Address, B256, Log, U256};
use fairgrid_conformance::abi::Bags::BagsEvents;
use fairgrid_conformance::abi::{Deal, Hub};
use fairgrid_conformance::{Market, UNITS};
use protocol::hub::Event;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId, OrderHash, Tag, TaskId};

use crate::lights::LightRow;
use crate::relayed::{Late, Planned};
use crate::said::{Said, said};
use crate::task::TaskRow;

/// A rule was broken; the text says which.
pub(crate) type Broken = String;

/// Fails with a text unless a condition holds.
macro_rules! hold {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use hold;

/// nRLC. More than all RLC does not occur.
pub(crate) type Nrlc = u128;

pub(crate) fn nrlc(amount: Amount) -> Nrlc {
    small(amount.to_nrlc())
}

pub(crate) fn small(amount: U256) -> Nrlc {
    Nrlc::try_from(amount).unwrap_or(Nrlc::MAX)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Lock,
    Unlock,
    Seize,
    Reward,
}

/// One movement of the escrow; the task is named by seizures and rewards only.
pub(crate) type Entry = (Kind, Address, Nrlc);

#[derive(Clone, Debug)]
pub(crate) struct DealRow {
    pub(crate) view: Deal,
    pub(crate) price: Nrlc,
    pub(crate) pool_stake: Nrlc,
    pub(crate) worker_stake: Nrlc,
    pub(crate) size: u64,
    pub(crate) settled: u64,
    /// Of light deals only.
    pub(crate) light: Option<LightRow>,
}

impl DealRow {
    /// Index of the first task.
    pub(crate) fn first(&self) -> u64 {
        self.view.botFirst.to()
    }

    /// The moment so many units after the start.
    pub(crate) fn after(&self, units: u64) -> u64 {
        self.view.startTime.to::<u64>() + units * UNITS[self.view.category.to::<usize>()]
    }
}

/// How often something happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mix {
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

impl Mix {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    pub(crate) hub: Address,
    pub(crate) balances: BTreeMap<Address, Nrlc>,
    pub(crate) frozen: BTreeMap<Address, Nrlc>,
    pub(crate) supply: Nrlc,
    /// RLC of the hub that nobody's stake stands for: sent by mistake, until recovered.
    pub(crate) gifts: Nrlc,
    /// Stake that was given to the hub itself, and is nobody's any more.
    pub(crate) donated: Nrlc,
    /// What the kitty must have locked, by the formulas.
    pub(crate) kitty: Nrlc,
    pub(crate) deals: BTreeMap<DealId, DealRow>,
    pub(crate) made: Vec<DealId>,
    pub(crate) tasks: BTreeMap<TaskId, TaskRow>,
    pub(crate) opened: Vec<TaskId>,
    pub(crate) scores: BTreeMap<Address, U256>,
    pub(crate) consumed: BTreeMap<OrderHash, U256>,
    pub(crate) mix: Mix,
    pub(crate) touched: Touched,
    // Within one transaction:
    pub(crate) pending: Vec<Entry>,
    pub(crate) judged: Vec<(Address, bool)>,
    /// Tasks that rewards and seizures refer to.
    pub(crate) named: BTreeSet<TaskId>,
    /// The vote before won, so the next event must say so.
    pub(crate) owed: Option<TaskId>,
    /// Votes that were handed in together, and of which the hub has not spoken yet.
    pub(crate) planned: VecDeque<Planned>,
    /// The late end that follows its `TaskFinalize`.
    pub(crate) late: Option<Late>,
    /// Ends of a call besides its last, before anybody is called back.
    pub(crate) more_ends: usize,
    unpaired: Vec<(Address, Address, Nrlc)>,
}

/// What a transaction had to do with: compared with the views after it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    pub(crate) accounts: BTreeSet<Address>,
    pub(crate) scores: BTreeSet<Address>,
    pub(crate) tasks: BTreeSet<TaskId>,
    pub(crate) deals: BTreeSet<DealId>,
    pub(crate) orders: BTreeSet<OrderHash>,
}

impl Book {
    pub(crate) fn new(hub: Address) -> Self {
        Self { hub, ..Self::default() }
    }

    /// Writes down one transaction's events.
    pub(crate) fn absorb(&mut self, market: &mut Market, logs: &[Log]) -> Result<(), Broken> {
        let hub = self.hub;
        let told: Vec<_> = logs.iter().filter(|log| log.address == hub).filter_map(said).collect();
        let mut ends = 1 + std::mem::take(&mut self.more_ends);
        for (at, said) in told.iter().enumerate() {
            if let (0, Some(inside)) = (ends, said.inside()) {
                self.mix.count(inside);
            }
            if said.calls_back() {
                ends = ends.saturating_sub(1);
            }
            if let Some(task) = self.owed {
                hold!(said.is_consensus_of(task), "task {task} has a consensus, but the hub says {said:?}");
            }
            if let (
                Said::Classic(Event::TaskFinalize { task, .. }),
                Some(Said::Bags(BagsEvents::TaskFinalizeLate(late))),
            ) = (said, told.get(at + 1))
            {
                self.late = Some(Late { task: *task, finalizer: late.finalizer, bounty: late.bounty });
            }
            match said.clone() {
                Said::Classic(said) => self.note(market, said)?,
                Said::Bags(said) => self.bag_event(said, market.evm.now)?,
                Said::Light(said) => self.light_event(said, market.evm.now)?,
            }
        }
        hold!(self.planned.is_empty(), "votes were left out: {:?}", self.planned);
        hold!(self.owed.is_none(), "a consensus was not announced: {:?}", self.owed);
        hold!(self.pending.is_empty(), "money moved without a reason: {:?}", self.pending);
        hold!(self.judged.is_empty(), "scores changed without a final task: {:?}", self.judged);
        self.moved_freely()
    }

    fn note(&mut self, market: &mut Market, said: Event) -> Result<(), Broken> {
        let now = market.evm.now;
        match said {
            Event::Transfer { from, to, value } => self.transfer(from, to, nrlc(value)),
            Event::Lock { owner, amount } => self.locked(owner, nrlc(amount)),
            Event::Unlock { owner, amount } => {
                self.paired(self.hub, owner, nrlc(amount))?;
                self.thaw(owner, nrlc(amount))?;
                self.pending.push((Kind::Unlock, owner, nrlc(amount)));
                Ok(())
            }
            Event::Reward { owner, amount, task } => {
                self.named.insert(task);
                if owner != KITTY {
                    self.paired(self.hub, owner, nrlc(amount))?;
                }
                self.pending.push((Kind::Reward, owner, nrlc(amount)));
                Ok(())
            }
            Event::Seize { owner, amount, task } => {
                self.named.insert(task);
                self.thaw(owner, nrlc(amount))?;
                self.pending.push((Kind::Seize, owner, nrlc(amount)));
                Ok(())
            }
            Event::Signed { order, .. } => {
                self.touched.orders.insert(order);
                Ok(())
            }
            Event::Closed { order, .. } => {
                self.touched.orders.insert(order);
                self.mix.count("orders closed");
                // The whole volume is used up; which that is, the view says.
                let used = market.view(&Hub::viewConsumedCall { id: order.0 });
                self.consumed.insert(order, used.map_err(|reason| format!("viewConsumed: {reason:?}"))?);
                Ok(())
            }
            Event::SchedulerNotice { .. } => Ok(()),
            Event::SchedulerNoticeBoost { .. } | Event::DealSponsoredBoost { .. } | Event::ResultPushedBoost { .. } => {
                Err(format!("nobody plays boost here, but the hub says {said:?}"))
            }
            Event::VoteSkipped { .. } | Event::TaskFinalizeLate { .. } | Event::ResultsPublished { .. } => {
                Err(format!("nobody relays or finalizes late here, but the hub says {said:?}"))
            }
            Event::LightSettled { .. } | Event::LightClaimed { .. } | Event::LightDelivered { .. } => {
                Err(format!("no deal is light here, but the hub says {said:?}"))
            }
            Event::OrdersMatched { deal, app, dataset, workerpool, request, volume } => {
                self.matched(market, deal, volume)?;
                for order in [app, dataset, workerpool, request] {
                    if order != OrderHash::default() {
                        *self.consumed.entry(order).or_default() += volume;
                        self.touched.orders.insert(order);
                    }
                }
                Ok(())
            }
            Event::DealSponsored { deal, sponsor } => {
                let paid = self.deals.get(&deal).map(|row| row.view.sponsor);
                hold!(paid == Some(sponsor), "deal {deal}: sponsored by {sponsor}, recorded {paid:?}");
                self.mix.count("deals sponsored");
                Ok(())
            }
            Event::TaskInitialize { task, workerpool } => self.opened(market, task, workerpool),
            Event::AccurateContribution { worker, task } => {
                self.named.insert(task);
                self.judged.push((worker, true));
                Ok(())
            }
            Event::FaultyContribution { worker, task } => {
                self.named.insert(task);
                self.judged.push((worker, false));
                Ok(())
            }
            Event::TaskContribute { .. }
            | Event::TaskConsensus { .. }
            | Event::TaskReveal { .. }
            | Event::TaskReopen { .. }
            | Event::TaskFinalize { .. }
            | Event::TaskClaimed { .. } => self.task_event(said, now),
        }
    }

    fn transfer(&mut self, from: Address, to: Address, value: Nrlc) -> Result<(), Broken> {
        if from == Address::ZERO {
            self.supply += value;
        } else {
            self.touched.accounts.insert(from);
            let held = self.balances.entry(from).or_default();
            *held = held.checked_sub(value).ok_or(format!("{from} spends {value}, more than it has"))?;
        }
        if to == Address::ZERO {
            self.supply = self.supply.checked_sub(value).ok_or("more burnt than there is")?;
        } else {
            self.touched.accounts.insert(to);
            *self.balances.entry(to).or_default() += value;
        }
        self.unpaired.push((from, to, value));
        Ok(())
    }

    fn locked(&mut self, owner: Address, amount: Nrlc) -> Result<(), Broken> {
        // The kitty's money lies in the hub already.
        if owner != KITTY {
            self.paired(owner, self.hub, amount)?;
        }
        self.touched.accounts.insert(owner);
        *self.frozen.entry(owner).or_default() += amount;
        self.pending.push((Kind::Lock, owner, amount));
        Ok(())
    }

    fn thaw(&mut self, owner: Address, amount: Nrlc) -> Result<(), Broken> {
        self.touched.accounts.insert(owner);
        let held = self.frozen.entry(owner).or_default();
        *held = held.checked_sub(amount).ok_or(format!("{owner} is freed of {amount}, more than is locked"))?;
        Ok(())
    }

    /// The movement that was announced just before.
    fn paired(&mut self, from: Address, to: Address, amount: Nrlc) -> Result<(), Broken> {
        let last = self.unpaired.pop();
        hold!(last == Some((from, to, amount)), "{amount} from {from} to {to} without its Transfer, but {last:?}");
        Ok(())
    }

    /// Transfers that belong to no lock, unlock or reward.
    fn moved_freely(&mut self) -> Result<(), Broken> {
        for (from, to, value) in std::mem::take(&mut self.unpaired) {
            hold!(from != self.hub || value == 0, "{value} left the hub's own balance for {to} without a reason");
            if to == self.hub && value > 0 {
                self.donated += value;
                self.mix.count("stake given to the hub");
            }
        }
        Ok(())
    }

    fn matched(&mut self, market: &mut Market, id: DealId, volume: U256) -> Result<(), Broken> {
        hold!(!self.deals.contains_key(&id), "deal {id} was made twice");
        let view = market.view(&Hub::viewDealCall { id: id.0 }).map_err(|reason| format!("viewDeal: {reason:?}"))?;
        let [app, dataset, pool] = [&view.app, &view.dataset, &view.workerpool].map(|side| small(side.price));
        let size = u64::try_from(volume).map_err(|_| format!("deal {id} of {volume} tasks"))?;
        hold!(view.botSize == volume, "deal {id}: {} tasks recorded, {volume} announced", view.botSize);
        let (price, pool_stake) = (app + dataset + pool, pool * 30 / 100);
        let mut expected = vec![
            (Kind::Lock, view.sponsor, price * Nrlc::from(size)),
            (Kind::Lock, view.workerpool.owner, pool_stake * Nrlc::from(size)),
        ];
        let mut found = std::mem::take(&mut self.pending);
        expected.sort_unstable();
        found.sort_unstable();
        hold!(found == expected, "deal {id} locks {found:?}, not {expected:?}");
        let worker_stake = small(view.workerStake);
        let light = Tag(view.tag).is_light().then(|| LightRow::new(size));
        if light.is_some() {
            hold!(view.trust == U256::from(1), "light deal {id} has trust {}", view.trust);
            self.mix.count("deals light");
        }
        self.deals.insert(id, DealRow { view, price, pool_stake, worker_stake, size, settled: 0, light });
        self.made.push(id);
        self.touched.deals.insert(id);
        self.mix.count("deals");
        Ok(())
    }

    /// What everybody must have locked: prices and stakes of what is not settled, and the kitty.
    pub(crate) fn obligations(&self) -> BTreeMap<Address, Nrlc> {
        let mut owed: BTreeMap<Address, Nrlc> = BTreeMap::new();
        for deal in self.deals.values() {
            let left = Nrlc::from(deal.size - deal.settled);
            *owed.entry(deal.view.sponsor).or_default() += left * deal.price;
            *owed.entry(deal.view.workerpool.owner).or_default() += left * deal.pool_stake;
        }
        for task in self.tasks.values().filter(|task| task.is_open()) {
            let stake = self.deals[&task.deal].worker_stake;
            for vote in &task.votes {
                *owed.entry(vote.worker).or_default() += stake;
            }
        }
        *owed.entry(KITTY).or_default() += self.kitty;
        owed.retain(|_, amount| *amount > 0);
        owed
    }

    pub(crate) fn balance(&self, account: Address) -> Nrlc {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    pub(crate) fn frozen(&self, account: Address) -> Nrlc {
        self.frozen.get(&account).copied().unwrap_or_default()
    }

    pub(crate) fn score(&self, worker: Address) -> U256 {
        self.scores.get(&worker).copied().unwrap_or_default()
    }

    pub(crate) fn used(&self, order: OrderHash) -> U256 {
        self.consumed.get(&order).copied().unwrap_or_default()
    }

    /// A task's deal.
    pub(crate) fn deal_of(&self, task: TaskId) -> &DealRow {
        &self.deals[&self.tasks[&task].deal]
    }

    pub(crate) fn callback_hash(data: &[u8]) -> B256 {
        alloy::primitives::keccak256(data)
    }
}
