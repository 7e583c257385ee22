//! Light deals: settled in ranges, claimed in ranges, and delivered one by one.

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::abi::{Bags, Hub, Light, LightProof, SoloResult};
use protocol::bags::LightRange;
use protocol::range_tree::RangeTree;
use protocol::{DealId, ResultHash, TaskId};

use crate::book::{Broken, hold};
use crate::dice::Dice;
use crate::lights::{OPEN, SETTLED, place};
use crate::solo::{Permit, range_flaw};
use crate::task::digest_of;
use crate::votes::Flaw;
use crate::world::{STRANGER, World, who};

/// Seconds that a deal's end is waited for: others shall not all end by it.
const PATIENCE: u64 = 2_000;

/// What every honest worker computes for an index.
fn result_at(index: u64) -> u8 {
    (index % 3) as u8
}

fn tree(deal: DealId, first: u64, count: u64) -> RangeTree {
    let result = |index| ResultHash::derive(TaskId::derive(deal, U256::from(index)), digest_of(result_at(index)));
    RangeTree::build(&(first..first + count).map(result).collect::<Vec<_>>()).expect("ranges here are small")
}

impl World {
    pub(crate) fn light_deals(&self) -> Vec<DealId> {
        self.book.made.iter().copied().filter(|deal| self.book.deals[deal].light.is_some()).collect()
    }

    fn light_deal(&self, dice: &mut Dice, fits: impl Fn(&crate::book::DealRow) -> bool) -> Option<DealId> {
        let all = self.light_deals();
        let fit: Vec<_> = all.iter().copied().filter(|deal| fits(&self.book.deals[deal])).collect();
        let any = dice.chance(10);
        dice.recent(if any { &all } else { &fit })
    }

    /// A new light deal: nobody opens its tasks, and perhaps somebody settles some.
    pub(crate) fn open_light(&mut self, deal: DealId, dice: &mut Dice) -> Result<(), Broken> {
        let first = self.book.deals[&deal].view.botFirst;
        let (dealid, idx, stranger) = (deal.0, first, who(STRANGER));
        match dice.below(6) {
            0 => self.forbidden(stranger, &Hub::initializeCall { dealid, idx })?,
            1 => self.forbidden(stranger, &Hub::initializeArrayCall { dealids: vec![dealid], idx: vec![idx] })?,
            2 => {
                let call = Hub::initializeAndClaimArrayCall { dealids: vec![dealid], idx: vec![idx] };
                self.forbidden(stranger, &call)?;
            }
            3 => {
                let none = Bytes::new;
                let entry = SoloResult { resultDigest: digest_of(0).0, results: none(), resultsCallback: none() };
                let scheduler = self.book.deals[&deal].view.workerpool.owner;
                let entry = (first.to(), vec![entry]);
                let (call, _): (Bags::contributeAndFinalizeRangeCall, _) =
                    self.range_call(deal, scheduler, entry, (false, Flaw::None), dice);
                self.forbidden(scheduler, &call)?;
            }
            _ => {}
        }
        if dice.chance(40) { self.settle_in(deal, dice) } else { Ok(()) }
    }

    /// Where something is open, mostly; and how many from there on.
    pub(crate) fn open_range(&self, deal: DealId, dice: &mut Dice) -> (u64, u64) {
        let row = &self.book.deals[&deal];
        let states = row.light.as_ref().map(|light| light.states.clone()).unwrap_or_default();
        let open: Vec<_> = (0..row.size).filter(|place| states[*place as usize] == OPEN).collect();
        if open.is_empty() || dice.chance(14) {
            // Perhaps partly settled, perhaps beyond the end.
            return (row.first() + dice.below(row.size as usize) as u64, dice.pick(&[0, 1, 2, 3, 5, 65_537]));
        }
        let from = dice.pick(&open);
        let most = (from..row.size).take_while(|place| states[*place as usize] == OPEN).count();
        let count = if dice.chance(30) { most } else { 1 + dice.below(most) };
        (row.first() + from, count as u64)
    }

    /// The signed call, and whether permit and enclave suffice.
    pub(crate) fn settle_call(
        &self,
        deal: DealId,
        worker: Address,
        (first, count, honest): (u64, u64, bool),
        (inside, flaw): (bool, Flaw),
        dice: &mut Dice,
    ) -> (Light::settleLightCall, bool) {
        // A range of no tasks has no tree, and one of too many is not worth one.
        let sound = honest && (1..=1_000).contains(&count);
        let root = if sound { tree(deal, first, count).root() } else { B256::repeat_byte(dice.below(4) as u8) };
        let flaw = if count == 0 && flaw == Flaw::Stale { Flaw::None } else { flaw };
        let Permit { permit, enclave, valid } = self.permit(deal, worker, (first, count), (inside, flaw), dice);
        let (from, number) = (U256::from(first), U256::from(count));
        let range = LightRange { worker, deal, first: from, count: number, root };
        let call = Light::settleLightCall {
            dealid: deal.0,
            first: from,
            count: number,
            root,
            results: Bytes::from(vec![7; dice.pick(&[0, 85, 4_096])]),
            enclaveChallenge: enclave,
            enclaveSign: self.vouch(inside, flaw, range.struct_hash()),
            permit,
        };
        (call, valid)
    }

    pub(crate) fn settle(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let Some(deal) = self.light_deal(dice, |row| row.settled < row.size && now < row.after(7)) else {
            return if dice.chance(30) { self.attempt_light(dice) } else { Ok(()) };
        };
        self.settle_in(deal, dice)
    }

    fn settle_in(&mut self, deal: DealId, dice: &mut Dice) -> Result<(), Broken> {
        let worker = self.worker_or_scheduler(deal, dice);
        let (first, count) = self.open_range(deal, dice);
        let (inside, flaw) = (self.inside(deal, dice), range_flaw(dice));
        let honest = dice.chance(92);
        let (mut call, valid) = self.settle_call(deal, worker, (first, count, honest), (inside, flaw), dice);
        let long = dice.chance(2);
        if long {
            call.results = Bytes::from(vec![7; 4_097]);
        }
        let may = valid && !long && self.may_settle(deal, call.first, call.count);
        self.book.touched.deals.insert(deal);
        if self.expect(worker, &call, Some(may))? && worker == self.book.deals[&deal].view.workerpool.owner {
            self.book.mix.count("light ranges of the scheduler itself");
        }
        Ok(())
    }

    fn may_settle(&self, deal: DealId, first: U256, count: U256) -> bool {
        let row = &self.book.deals[&deal];
        let Some(light) = &row.light else { return false };
        let within = place(row.first(), row.size, first, count);
        self.now() < row.after(7) && within.is_some_and(|(place, count)| light.count(place, count, OPEN) == count)
    }

    /// Classic deals have no light tasks.
    fn attempt_light(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let Some(deal) = dice.recent(&self.book.made) else { return Ok(()) };
        let row = &self.book.deals[&deal];
        if row.light.is_some() {
            return Ok(());
        }
        let (first, scheduler) = (row.view.botFirst, row.view.workerpool.owner);
        let range = (first.to(), 1, true);
        let (call, _) = self.settle_call(deal, scheduler, range, (false, Flaw::None), dice);
        self.forbidden(scheduler, &call)?;
        self.forbidden(who(STRANGER), &Light::claimLightCall { dealid: deal.0, first, count: U256::from(1) })
    }

    pub(crate) fn claim_light(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let due = self.light_deal(dice, |row| row.settled < row.size && row.after(10) < now + PATIENCE);
        let Some(deal) = due else { return Ok(()) };
        let end = self.book.deals[&deal].after(10);
        if (end < now + PATIENCE && dice.chance(80)) || dice.chance(8) {
            self.wait_until(end - u64::from(dice.chance(25)));
        }
        let row = &self.book.deals[&deal];
        let light = row.light.as_ref().expect("a light deal was asked for");
        let first = dice.below(row.size as usize) as u64;
        let (first, count) = match dice.below(8) {
            0 => (row.first() + first, row.size - first + 1),
            1..4 => (row.first(), row.size),
            _ => (row.first() + first, 1 + dice.below((row.size - first) as usize) as u64),
        };
        let (first, count) = (U256::from(first), U256::from(count));
        let within = place(row.first(), row.size, first, count);
        let open = within.is_some_and(|(place, count)| light.count(place, count, OPEN) > 0);
        let may = open && self.now() >= row.after(10);
        self.book.touched.deals.insert(deal);
        self.expect(who(STRANGER), &Light::claimLightCall { dealid: deal.0, first, count }, Some(may)).map(drop)
    }

    /// A settled task of a light deal, mostly of one with a callback.
    pub(crate) fn settled_light(&self, dice: &mut Dice) -> Option<(DealId, u64)> {
        let ranges = |row: &crate::book::DealRow| row.light.as_ref().is_some_and(|light| !light.ranges.is_empty());
        let deal = self.light_deal(dice, |row| ranges(row) && !row.view.callback.is_zero())?;
        let row = &self.book.deals[&deal];
        let light = row.light.as_ref()?;
        let all: Vec<_> = light.ranges.values().copied().collect();
        let settled: Vec<_> = (0..row.size).filter(|place| light.states[*place as usize] == SETTLED).collect();
        if !settled.is_empty() && dice.chance(75) {
            return Some((deal, row.first() + dice.pick(&settled)));
        }
        let range = (!all.is_empty()).then(|| dice.pick(&all))?;
        Some((deal, range.first.to::<u64>() + dice.below(range.count.to()) as u64))
    }

    /// The proof of an index by an honest tree; `shift` names another result than the true one.
    pub(crate) fn deliver_call(&self, deal: DealId, index: u64, shift: u8) -> Option<Light::deliverLightCall> {
        let light = self.book.deals[&deal].light.as_ref()?;
        let (first, range) = light.ranges.range(..=index).next_back()?;
        let (count, worker) = (range.count.to::<u64>(), range.worker);
        let siblings = tree(deal, *first, count).proof((index - first) as usize)?;
        let proof = LightProof { first: range.first, count: range.count, worker, siblings };
        let data = Bytes::from(vec![result_at(index) + shift]);
        Some(Light::deliverLightCall { dealid: deal.0, idx: U256::from(index), data, proof })
    }

    pub(crate) fn deliver(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let Some((deal, index)) = self.settled_light(dice) else { return Ok(()) };
        let Some(mut call) = self.deliver_call(deal, index, 0) else { return Ok(()) };
        let row = &self.book.deals[&deal];
        let light = row.light.as_ref().expect("it has a settled task");
        let state = light.states[(index - row.first()) as usize];
        let first = call.proof.first.to::<u64>();
        let root = light.ranges[&first].root;
        let mut proved = root == tree(deal, first, call.proof.count.to()).root();
        match dice.below(24) {
            0 => (call.data, proved) = (Bytes::from_static(&[9]), false),
            1 => (call.proof.worker, proved) = (who(STRANGER), false),
            2 => (call.idx, proved) = (call.idx + U256::from(1), false),
            3 => {
                call.proof.siblings.push(B256::ZERO);
                proved = false;
            }
            4 => (call.proof.count, proved) = (call.proof.count + U256::from(1), false),
            _ => {}
        }
        let digest = alloy::primitives::keccak256(&call.data);
        let (dealid, idx, proof) = (call.dealid, call.idx, call.proof.clone());
        let seen = self.market.view(&Light::proveLightCall { dealid, idx, resultDigest: digest, proof });
        hold!(seen.as_ref().ok() == Some(&proved), "proveLight says {seen:?}, not {proved}: {call:?}");
        let may = proved && state == SETTLED && !row.view.callback.is_zero();
        self.prepare_callback(deal, TaskId::derive(deal, U256::from(index)), result_at(index), dice)?;
        self.book.touched.deals.insert(deal);
        self.expect(who(STRANGER), &call, Some(may)).map(drop)
    }

    /// After every deadline: what is open is claimed in one call a deal, and then nothing can be any more.
    pub(crate) fn finish_light(&mut self) -> Result<(), Broken> {
        for deal in self.light_deals() {
            let row = &self.book.deals[&deal];
            let call = Light::claimLightCall { dealid: deal.0, first: row.view.botFirst, count: U256::from(row.size) };
            let open = row.settled < row.size;
            self.expect(who(STRANGER), &call, Some(open))?;
            if open {
                self.forbidden(who(STRANGER), &call)?;
            }
        }
        Ok(())
    }
}
