//! Tasks that are opened late, claimed one by one or in bulk, and the end of a sequence.

use alloy::primitives::U256;
use fairgrid_conformance::abi::Hub;
use protocol::settlement::KITTY;
use protocol::{DealId, TaskId};

use crate::book::{Broken, Nrlc, hold};
use crate::dice::Dice;
use crate::world::{CALLBACKS, STRANGER, World, who};

/// Items of one array call at most: far below what a block holds.
const BATCH: usize = 40;

impl World {
    /// Every index of a deal that nobody opened, but could.
    pub(crate) fn unopened(&self, deal: DealId) -> Vec<U256> {
        let row = &self.book.deals[&deal];
        if row.light.is_some() {
            return Vec::new();
        }
        let all = (0..row.size).map(|number| row.view.botFirst + U256::from(number));
        all.filter(|index| !self.book.tasks.contains_key(&TaskId::derive(deal, *index))).collect()
    }

    pub(crate) fn initialize(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let waiting: Vec<_> = self.book.made.iter().copied().filter(|deal| !self.unopened(*deal).is_empty()).collect();
        let Some(deal) = dice.recent(&waiting) else { return Ok(()) };
        let idx = self.unopened(deal);
        if dice.chance(50) {
            return self
                .expect(who(STRANGER), &Hub::initializeCall { dealid: deal.0, idx: idx[0] }, Some(true))
                .map(drop);
        }
        let doubled = dice.chance(20);
        let idx = if doubled { [&idx[..], &idx[..1]].concat() } else { idx };
        let dealids = vec![deal.0; idx.len()];
        self.expect(who(STRANGER), &Hub::initializeArrayCall { dealids, idx }, Some(!doubled)).map(drop)
    }

    pub(crate) fn claim(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let due = self.task(dice, |task| task.may_claim(now));
        let Some(task) = due.or_else(|| self.task(dice, |task| task.is_open())) else { return Ok(()) };
        if dice.chance(40) {
            self.market.evm.now = now.max(self.book.tasks[&task].final_before);
        }
        let may = self.book.tasks[&task].may_claim(self.now());
        self.book.touched.tasks.insert(task);
        self.expect(who(STRANGER), &Hub::claimCall { taskid: task.0 }, Some(may)).map(drop)
    }

    /// All that is due in one call; with a double, or one that is not due, nothing happens at all.
    pub(crate) fn claim_several(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let tasks = self.book.tasks.iter();
        let mut taskids: Vec<_> = tasks.filter(|(_, task)| task.may_claim(now)).map(|(id, _)| id.0).collect();
        let spoilt = match (dice.below(4), taskids.first().copied()) {
            (0, Some(first)) => Some(first),
            (1, _) => self.task(dice, |task| !task.may_claim(now)).map(|task| task.0),
            _ => None,
        };
        taskids.extend(spoilt);
        self.book.touched.tasks.extend(taskids.iter().map(|id| TaskId(*id)));
        self.expect(who(STRANGER), &Hub::claimArrayCall { taskids }, Some(spoilt.is_none()))?;
        let Some(deal) = dice.recent(&self.book.made) else { return Ok(()) };
        let idx = self.unopened(deal);
        let due = self.final_of(deal) <= now;
        let dealids = vec![deal.0; idx.len()];
        let foretold = Some(due || idx.is_empty());
        self.expect(who(STRANGER), &Hub::initializeAndClaimArrayCall { dealids, idx }, foretold).map(drop)
    }

    fn final_of(&self, deal: DealId) -> u64 {
        let view = &self.book.deals[&deal].view;
        let unit = fairgrid_conformance::UNITS[view.category.to::<usize>()];
        view.startTime.to::<u64>() + 10 * unit
    }

    /// Nothing stays locked: after the last deadline everybody gets everything back but what went to the kitty.
    pub(crate) fn finish(&mut self) -> Result<(), Broken> {
        self.check_all()?;
        let last = self.book.made.iter().map(|deal| self.final_of(*deal)).max().unwrap_or_default();
        self.market.evm.now = self.now().max(last);
        let open = self.book.tasks.iter().filter(|(_, task)| task.is_open());
        let open: Vec<_> = open.map(|(id, _)| id.0).collect();
        for taskids in open.chunks(BATCH) {
            self.expect(who(STRANGER), &Hub::claimArrayCall { taskids: taskids.to_vec() }, Some(true))?;
        }
        let unopened: Vec<_> = self
            .book
            .made
            .iter()
            .flat_map(|deal| self.unopened(*deal).into_iter().map(|index| (deal.0, index)))
            .collect();
        for items in unopened.chunks(BATCH) {
            let (dealids, idx) = items.iter().copied().unzip();
            self.expect(who(STRANGER), &Hub::initializeAndClaimArrayCall { dealids, idx }, Some(true))?;
        }
        self.finish_light()?;
        self.check_touched()?;
        let locked: Vec<_> = self.book.frozen.iter().filter(|(who, amount)| **who != KITTY && **amount > 0).collect();
        hold!(locked.is_empty(), "still locked after every deadline: {locked:?}");
        let unsettled = self.book.deals.values().filter(|deal| deal.settled != deal.size).count();
        hold!(unsettled == 0, "{unsettled} deals are not settled");
        self.withdraw_all()?;
        self.check_all()?;
        self.check_rest()
    }

    /// What is left is the kitty, what was given away, and what the idle never moved.
    fn check_rest(&self) -> Result<(), Broken> {
        let book = &self.book;
        let keyless = book.balance(KITTY) + book.balance(CALLBACKS[0]);
        let expected: Nrlc = book.kitty + book.donated + keyless + Self::idle_money();
        hold!(book.supply == expected, "{} is left, {expected} should be", book.supply);
        Ok(())
    }
}
