//! Tasks that their scheduler leaves lying, and places of results that are told afterwards.

use alloy::primitives::{Address, Bytes};
use fairgrid_conformance::abi::Bags;
use protocol::TaskId;

use crate::book::Broken;
use crate::dice::Dice;
use crate::task::{COMPLETED, REVEALING, result_of};
use crate::world::{REQUESTERS, STRANGER, WORKERS, World, who};

impl World {
    pub(crate) fn late(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        if dice.chance(15) { self.publish(dice) } else { self.finalize_late(dice) }
    }

    /// A party of the task, or nobody to it.
    fn caller(&self, task: TaskId, dice: &mut Dice) -> Address {
        let (row, view) = (&self.book.tasks[&task], &self.book.deal_of(task).view);
        let voters: Vec<_> = row.votes.iter().map(|vote| vote.worker).collect();
        let proved: Vec<_> = voters.iter().copied().filter(|worker| row.proved(*worker)).collect();
        if row.is_last_period(self.now()) && dice.chance(40) {
            return who(STRANGER);
        }
        match dice.below(10) {
            0..4 if !proved.is_empty() => dice.pick(&proved),
            4 if !voters.is_empty() => dice.pick(&voters),
            5 => view.requester,
            6 => view.workerpool.owner,
            7 => who(dice.pick(&[REQUESTERS[1], WORKERS.start])),
            8 if dice.chance(50) => who(STRANGER),
            _ => proved.first().copied().unwrap_or(view.requester),
        }
    }

    fn finalize_late(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let fits =
            |task: &crate::task::TaskRow| task.status == REVEALING && task.revealed > 0 && now < task.final_before;
        // Those that end soon, mostly: far ends are seldom waited for.
        let soon = self.task(dice, |task| fits(task) && task.unit <= 1_200);
        let shown = soon.filter(|_| dice.chance(70)).or_else(|| self.task(dice, fits));
        let any = dice.chance(12);
        let shown = shown.or_else(|| self.task(dice, |task| any && task.status == REVEALING));
        let Some(task) = shown else { return Ok(()) };
        let row = &self.book.tasks[&task];
        let half = row.unit / 2;
        let moment = match dice.below(10) {
            0..4 => row.reveal_before + half,
            4..7 => row.final_before - half,
            7 => row.final_before,
            _ => now,
        };
        let early = u64::from(dice.chance(20));
        // Far ends are seldom waited for: all else would end by them.
        if row.revealed > 0 && (moment < now + 6_000 || dice.chance(20)) {
            self.wait_until(moment - early);
        }
        let result = result_of(self.book.tasks[&task].digest.0);
        let deal = self.book.tasks[&task].deal;
        self.prepare_callback(deal, task, result.unwrap_or_default(), dice)?;
        let (caller, now) = (self.caller(task, dice), self.now());
        let (row, view) = (&self.book.tasks[&task], &self.book.deals[&deal].view);
        let (from, part) = row.late_from(view.workerpool.owner, view.requester, caller);
        let results = Bytes::from(vec![7; if part && dice.chance(80) || dice.chance(15) { 31 } else { 0 }]);
        let data = match result {
            Some(result) if !view.callback.is_zero() => vec![if dice.chance(95) { result } else { 9 }],
            _ => vec![9; usize::from(dice.chance(4))],
        };
        let fits = (view.callback.is_zero() && data.is_empty()) || result.is_some_and(|result| data == [result]);
        let shown = row.status == REVEALING && row.revealed > 0;
        let may = shown && now < row.final_before && now >= from && (part || results.is_empty()) && fits;
        self.book.touched.tasks.insert(task);
        let call = Bags::finalizeLateCall { taskid: task.0, results, resultsCallback: data.into() };
        if self.expect(caller, &call, Some(may))? {
            let scheduler = self.book.deals[&deal].view.workerpool.owner;
            self.book.mix.count(match (caller == scheduler, part) {
                (true, _) => "finalized late by the scheduler",
                (_, true) => "finalized late by a party",
                _ => "finalized late by a stranger",
            });
        }
        Ok(())
    }

    fn publish(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let done = self.task(dice, |task| task.status == COMPLETED);
        let fit = if dice.chance(85) { done } else { None };
        let Some(task) = fit.or_else(|| self.task(dice, |_| true)) else { return Ok(()) };
        let caller = self.caller(task, dice);
        let row = &self.book.tasks[&task];
        let size = dice.pick(&[0, 85, 4_096, 4_097]);
        let knows = caller == self.book.deal_of(task).view.workerpool.owner || row.proved(caller);
        let may = row.status == COMPLETED && knows && size <= 4_096;
        self.book.touched.tasks.insert(task);
        let call = Bags::publishResultsCall { taskid: task.0, results: vec![7; size].into() };
        self.expect(caller, &call, Some(may)).map(drop)
    }
}
