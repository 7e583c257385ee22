//! One worker does whole tasks: opens and ends one in one call, or settles a range under one permit.

use alloy::primitives::{Address, Bytes, U256};
use fairgrid_conformance::abi::{Bags, Hub, RangePermit, SoloResult};
use protocol::bags::{RangeAuthorization, solo_range};
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::book::{Broken, hold};
use crate::dice::Dice;
use crate::task::{TaskRow, digest_of};
use crate::votes::Flaw;
use crate::world::{ENCLAVE, REQUESTERS, STRANGER, WALLET, World, signature, who};

/// What lets a worker settle a range, and whether it suffices.
pub(crate) struct Permit {
    pub(crate) permit: RangePermit,
    pub(crate) enclave: Address,
    pub(crate) valid: bool,
}

/// Mostly none.
pub(crate) fn range_flaw(dice: &mut Dice) -> Flaw {
    match dice.below(100) {
        0..5 => Flaw::Foreign,
        5..10 => Flaw::Borrowed,
        10..16 => Flaw::Enclave,
        16..22 => Flaw::Stale,
        _ => Flaw::None,
    }
}

impl World {
    /// A permit for `count` tasks from `first` on, or for more.
    pub(crate) fn permit(
        &self,
        deal: DealId,
        worker: Address,
        (first, count): (u64, u64),
        (inside, flaw): (bool, Flaw),
        dice: &mut Dice,
    ) -> Permit {
        let row = &self.book.deals[&deal];
        let (first, count) = (U256::from(first), U256::from(count));
        let (first, count) = match (flaw, dice.below(3)) {
            (Flaw::Stale, 0) => (first + U256::from(1), count),
            (Flaw::Stale, _) => (first, count - U256::from(1)),
            (_, 0) => (row.view.botFirst.min(first), U256::MAX),
            (_, 1) if first >= row.view.botFirst => (row.view.botFirst, count + (first - row.view.botFirst)),
            _ => (first, count),
        };
        let enclave = if inside { who(ENCLAVE) } else { Address::ZERO };
        let authorizer = self.authorizer(&row.view, inside);
        let signer = if flaw == Flaw::Foreign { who(REQUESTERS[0]) } else { authorizer };
        let permitted = if flaw == Flaw::Borrowed { who(STRANGER) } else { worker };
        let signed = RangeAuthorization { worker: permitted, deal, first, count, enclave };
        let sign = signature(signer, self.domain.digest(signed.struct_hash()));
        let needed = row.view.tag.0[31] & 1 == 1;
        let agreed = authorizer == WALLET || !matches!(flaw, Flaw::Foreign | Flaw::Borrowed);
        let allowed = worker == authorizer || (agreed && flaw != Flaw::Stale);
        let vouched = !inside || flaw != Flaw::Enclave;
        let valid = allowed && vouched && (inside || !needed);
        Permit { permit: RangePermit { first, count, sign }, enclave, valid }
    }

    /// Whoever signs for the enclave, rightly or not.
    pub(crate) fn vouch(&self, inside: bool, flaw: Flaw, hash: alloy::primitives::B256) -> Bytes {
        let by = if flaw == Flaw::Enclave { who(ENCLAVE + 7) } else { who(ENCLAVE) };
        if inside { signature(by, self.domain.digest(hash)) } else { Bytes::new() }
    }

    /// A worker; sometimes the scheduler itself.
    pub(crate) fn worker_or_scheduler(&self, deal: DealId, dice: &mut Dice) -> Address {
        if dice.chance(25) { self.book.deals[&deal].view.workerpool.owner } else { self.worker(dice) }
    }

    /// Takes votes, or would if it were opened, and has none.
    fn free(&self, deal: DealId, index: u64) -> bool {
        let row = &self.book.deals[&deal];
        let task = self.book.tasks.get(&TaskId::derive(deal, U256::from(index)));
        let inside = index >= row.first() && index < row.first() + row.size;
        let untouched = task.is_none_or(|task| task.takes_votes(self.now()) && task.votes.is_empty());
        row.light.is_none() && inside && untouched && self.now() < row.after(7)
    }

    /// A deal in which one worker alone may have something to do; seldom another.
    fn solo_deal(&self, dice: &mut Dice) -> Option<DealId> {
        let has_free = |deal: &DealId| {
            let row = &self.book.deals[deal];
            let solo = row.view.trust == U256::from(1);
            solo && (row.first()..row.first() + row.size).any(|index| self.free(*deal, index))
        };
        let fit: Vec<_> = self.book.made.iter().copied().filter(has_free).collect();
        let any = dice.chance(10);
        dice.recent(if any { &self.book.made } else { &fit })
    }

    /// A free index, mostly, and how many from it on.
    fn free_range(&self, deal: DealId, dice: &mut Dice) -> (u64, u64) {
        let row = &self.book.deals[&deal];
        let (first, end) = (row.first(), row.first() + row.size);
        let free: Vec<_> = (first..end).filter(|index| self.free(deal, *index)).collect();
        if free.is_empty() || dice.chance(15) {
            // Perhaps partly settled, perhaps beyond the end.
            return (first + dice.below(row.size as usize) as u64, 1 + dice.below(3) as u64);
        }
        let from = dice.pick(&free);
        let most = (from..end).take_while(|index| self.free(deal, *index)).count();
        (from, 1 + dice.below(most) as u64)
    }

    /// What one worker may try: mostly free tasks, sometimes one that was reopened and so has a vote already.
    fn solo_range(&mut self, dice: &mut Dice) -> Option<(DealId, u64, u64)> {
        let (now, one) = (self.now(), U256::from(1));
        let solo = |task: &TaskRow| self.book.deals[&task.deal].view.trust == one;
        let voted = self.task(dice, |task| task.takes_votes(now) && !task.votes.is_empty() && solo(task));
        if let Some(task) = voted.filter(|_| dice.chance(30)) {
            let (row, before) = (&self.book.tasks[&task], dice.below(2) as u64);
            let (deal, index) = (row.deal, row.index.to::<u64>());
            let from = index.saturating_sub(before).max(self.book.deals[&deal].first());
            self.book.mix.count("tried alone on a voted task");
            return Some((deal, from, index + 1 - from));
        }
        let deal = self.solo_deal(dice)?;
        let (first, count) = self.free_range(deal, dice);
        Some((deal, first, count))
    }

    /// Tasks of the book are compared after a call, others must not have been opened.
    fn touch(&mut self, tasks: &[TaskId]) {
        self.book.touched.tasks.extend(tasks.iter().filter(|task| self.book.tasks.contains_key(task)));
    }

    fn unset(&mut self, tasks: &[TaskId]) -> Result<(), Broken> {
        for task in tasks.iter().filter(|task| !self.book.tasks.contains_key(task)) {
            let view = self.market.view(&Hub::viewTaskCall { id: task.0 });
            hold!(view.as_ref().is_ok_and(|view| view.status == 0), "refused task {task} is {view:?}");
        }
        Ok(())
    }

    pub(crate) fn alone_at_once(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let Some((deal, index, _)) = self.solo_range(dice) else { return Ok(()) };
        let task = TaskId::derive(deal, U256::from(index));
        let (worker, result) = (self.worker(dice), dice.below(3) as u8);
        let digest = digest_of(result);
        let (hash, seal) = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
        let flaw = dice.pick(&[Flaw::None, Flaw::None, Flaw::None, Flaw::None, Flaw::Borrowed, Flaw::Enclave]);
        let inside = self.inside(deal, dice);
        let pass = self.pass((deal, task), worker, (hash, seal), inside, flaw);
        self.prepare_callback(deal, task, result, dice)?;
        let view = &self.book.deals[&deal].view;
        let proved = !view.callback.is_zero();
        let may = self.free(deal, index) && view.trust == U256::from(1) && pass.valid;
        self.touch(&[task]);
        let call = Bags::initializeAndContributeAndFinalizeCall {
            dealid: deal.0,
            idx: U256::from(index),
            resultDigest: digest.0,
            results: Bytes::from_static(b"{}"),
            resultsCallback: if proved { Bytes::from(vec![result]) } else { Bytes::new() },
            enclaveChallenge: pass.enclave,
            enclaveSign: pass.enclave_sign,
            authorizationSign: pass.authorization,
        };
        if self.expect(worker, &call, Some(may))? { Ok(()) } else { self.unset(&[task]) }
    }

    /// One result a task, and whether they are what the requester's contract may hear.
    fn entries(&self, deal: DealId, count: u64, dice: &mut Dice) -> (Vec<SoloResult>, bool) {
        let proved = !self.book.deals[&deal].view.callback.is_zero();
        let spoilt = dice.chance(4).then(|| dice.below(count as usize));
        let entry = |number: usize| {
            let result = dice.below(3) as u8;
            let good = spoilt != Some(number);
            let data = match (proved, good) {
                (true, true) => vec![result],
                (_, false) => vec![9],
                (false, true) => Vec::new(),
            };
            let results = vec![7; dice.pick(&[0, 1, 31, 32, 85])];
            SoloResult { resultDigest: digest_of(result).0, results: results.into(), resultsCallback: data.into() }
        };
        ((0..count as usize).map(entry).collect(), spoilt.is_none())
    }

    pub(crate) fn range_call(
        &self,
        deal: DealId,
        worker: Address,
        (first, entries): (u64, Vec<SoloResult>),
        (inside, flaw): (bool, Flaw),
        dice: &mut Dice,
    ) -> (Bags::contributeAndFinalizeRangeCall, bool) {
        let count = entries.len() as u64;
        let Permit { permit, enclave, valid } = self.permit(deal, worker, (first, count), (inside, flaw), dice);
        let digests: Vec<_> = entries.iter().map(|entry| ResultDigest(entry.resultDigest)).collect();
        let first = U256::from(first);
        let enclave_sign = self.vouch(inside, flaw, solo_range(worker, deal, first, &digests));
        let dealid = deal.0;
        let call = Bags::contributeAndFinalizeRangeCall {
            dealid,
            first,
            entries,
            enclaveChallenge: enclave,
            enclaveSign: enclave_sign,
            permit,
        };
        (call, valid)
    }

    pub(crate) fn range(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let Some((deal, first, count)) = self.solo_range(dice) else { return Ok(()) };
        let worker = self.worker_or_scheduler(deal, dice);
        let (inside, flaw) = (self.inside(deal, dice), range_flaw(dice));
        let (entries, fit) = self.entries(deal, count, dice);
        let tasks: Vec<_> = (first..first + count).map(|index| TaskId::derive(deal, U256::from(index))).collect();
        let (call, valid) = self.range_call(deal, worker, (first, entries), (inside, flaw), dice);
        self.prepare_callback(deal, tasks[0], 0, dice)?;
        let free = (first..first + count).all(|index| self.free(deal, index));
        let may = free && fit && valid && self.book.deals[&deal].view.trust == U256::from(1);
        self.touch(&tasks);
        self.book.more_ends = count as usize - 1;
        if self.expect(worker, &call, Some(may))? {
            self.book.mix.count(if worker == self.book.deals[&deal].view.workerpool.owner {
                "ranges of the scheduler itself"
            } else {
                "ranges with a permit"
            });
            if inside {
                self.book.mix.count("ranges in an enclave");
            }
            for _ in &tasks {
                self.book.mix.count("tasks settled in ranges");
            }
            Ok(())
        } else {
            self.unset(&tasks)
        }
    }
}
