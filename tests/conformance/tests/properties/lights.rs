//! Light deals in the book: which index may change how, and what a range moves. Source: contracts/README.md, "Light deals".

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::U256;
use fairgrid_conformance::abi::Light::LightEvents;
use protocol::bags::{LightRange, light_range_id};
use protocol::{DealId, TaskId};

use crate::book::{Book, Broken, hold};
use crate::settlement::{light_failure, light_success};

pub(crate) const OPEN: u8 = 0;
pub(crate) const SETTLED: u8 = 1;
pub(crate) const DELIVERED: u8 = 2;
pub(crate) const REFUNDED: u8 = 3;

/// Deals up to this size are compared index by index.
const SMALL: u64 = 12;

#[derive(Clone, Debug)]
pub(crate) struct LightRow {
    pub(crate) states: Vec<u8>,
    /// By the index of their first task.
    pub(crate) ranges: BTreeMap<u64, LightRange>,
    /// Places in `states` that are worth a look.
    borders: BTreeSet<u64>,
}

impl LightRow {
    pub(crate) fn new(size: u64) -> Self {
        let all = (0..size).filter(|place| size <= SMALL || [0, 255, 256, size - 1].contains(place));
        Self { states: vec![OPEN; size as usize], ranges: BTreeMap::new(), borders: all.collect() }
    }

    pub(crate) fn borders(&self) -> Vec<u64> {
        self.borders.iter().copied().collect()
    }

    /// How many of `count` tasks from `place` on are in a state.
    pub(crate) fn count(&self, place: u64, count: u64, state: u8) -> u64 {
        self.part(place, count).iter().filter(|seen| **seen == state).count() as u64
    }

    fn part(&self, place: u64, count: u64) -> &[u8] {
        self.states.get(place as usize..(place + count) as usize).unwrap_or_default()
    }

    /// Moves all that are in one state to another.
    fn change(&mut self, place: u64, count: u64, from: u8, to: u8) {
        let end = place + count;
        for state in &mut self.states[place as usize..end as usize] {
            if *state == from {
                *state = to;
            }
        }
        let near = [place.wrapping_sub(1), place, end - 1, end];
        self.borders.extend(near.into_iter().filter(|border| *border < self.states.len() as u64));
    }
}

/// The place of a range in its deal; `None` where it leaves the deal.
pub(crate) fn place(first: u64, size: u64, from: U256, count: U256) -> Option<(u64, u64)> {
    let (from, count) = (u64::try_from(from).ok()?, u64::try_from(count).ok()?);
    let place = from.checked_sub(first)?;
    (count > 0 && place.checked_add(count)? <= size).then_some((place, count))
}

impl Book {
    pub(crate) fn light_event(&mut self, said: LightEvents, now: u64) -> Result<(), Broken> {
        let DealId(id) = match &said {
            LightEvents::LightSettled(said) => DealId(said.dealid),
            LightEvents::LightClaimed(said) => DealId(said.dealid),
            LightEvents::LightDelivered(said) => DealId(said.dealid),
        };
        let deal = self.deals.get(&DealId(id)).cloned().ok_or(format!("{said:?} of a deal that nobody made"))?;
        let mut light = deal.light.clone().ok_or(format!("{said:?} of a deal that is not light"))?;
        self.touched.deals.insert(DealId(id));
        let mut settled = 0;
        match said {
            LightEvents::LightSettled(said) => {
                let within = place(deal.first(), deal.size, said.first, said.count);
                let (place, count) = within.ok_or(format!("{said:?} leaves its deal"))?;
                hold!(now < deal.after(7), "{said:?} at {now}, after the contribution deadline");
                hold!(light.count(place, count, OPEN) == count, "{said:?} takes what is not open: {light:?}");
                let mut expected = light_success(&deal, said.worker, count, &mut self.kitty);
                self.settle(TaskId(light_range_id(DealId(id), said.first, said.count)), &mut expected)?;
                light.change(place, count, OPEN, SETTLED);
                let (worker, first, count) = (said.worker, said.first, said.count);
                let range = LightRange { worker, deal: DealId(id), first, count, root: said.root };
                let before = light.ranges.insert(deal.first() + place, range);
                hold!(before.is_none(), "{range:?} is settled over {before:?}");
                settled = count.to();
                self.mix.count("light ranges");
            }
            LightEvents::LightClaimed(said) => {
                let within = place(deal.first(), deal.size, said.first, said.count);
                let (place, count) = within.ok_or(format!("{said:?} leaves its deal"))?;
                hold!(now >= deal.after(10), "{said:?} at {now}, before the final deadline");
                settled = light.count(place, count, OPEN);
                hold!(settled > 0 && said.refunded == U256::from(settled), "{said:?}, but {settled} are open");
                let mut expected = light_failure(&deal, settled, &mut self.kitty);
                self.settle(TaskId(light_range_id(DealId(id), said.first, said.count)), &mut expected)?;
                light.change(place, count, OPEN, REFUNDED);
            }
            LightEvents::LightDelivered(said) => {
                let within = place(deal.first(), deal.size, said.idx, U256::from(1));
                let (place, _) = within.ok_or(format!("{said:?} leaves its deal"))?;
                hold!(!deal.view.callback.is_zero(), "{said:?} without a callback");
                hold!(TaskId::derive(DealId(id), said.idx).0 == said.taskid, "{said:?} of another task");
                hold!(light.count(place, 1, SETTLED) == 1, "{said:?}, but it is {}", light.states[place as usize]);
                hold!(self.pending.is_empty(), "{said:?} moves money: {:?}", self.pending);
                light.change(place, 1, SETTLED, DELIVERED);
            }
        }
        let row = self.deals.get_mut(&DealId(id)).expect("just read");
        row.settled += settled;
        row.light = Some(light);
        Ok(())
    }
}
