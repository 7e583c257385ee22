//! One task's life in the book: which event may follow which, and when. Source: `poco-contracts.md` 12.

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::Market;
use fairgrid_conformance::abi::Hub;
use protocol::hub::Event;
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::book::{Book, Broken, Kind, hold, small};
use crate::settlement::{failure, success};

pub(crate) const ACTIVE: u8 = 1;
pub(crate) const REVEALING: u8 = 2;
pub(crate) const COMPLETED: u8 = 3;
pub(crate) const FAILED: u8 = 4;

pub(crate) const CONTRIBUTED: u8 = 1;
pub(crate) const PROVED: u8 = 2;
pub(crate) const REJECTED: u8 = 3;

#[derive(Clone, Debug)]
pub(crate) struct Vote {
    pub(crate) worker: Address,
    pub(crate) hash: ResultHash,
    /// As the hub showed it first.
    pub(crate) seal: Option<ResultSeal>,
    pub(crate) status: u8,
    pub(crate) weight: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct TaskRow {
    pub(crate) deal: DealId,
    pub(crate) index: U256,
    pub(crate) status: u8,
    pub(crate) unit: u64,
    pub(crate) contribute_before: u64,
    pub(crate) reveal_before: u64,
    pub(crate) final_before: u64,
    pub(crate) votes: Vec<Vote>,
    pub(crate) groups: Vec<(ResultHash, U256)>,
    pub(crate) consensus: ResultHash,
    pub(crate) winners: u64,
    pub(crate) revealed: u64,
    pub(crate) digest: ResultDigest,
    pub(crate) results: Bytes,
    /// Contributed and finalized in one call.
    pub(crate) alone: bool,
    /// The view of the final task, which must never change.
    pub(crate) last: Option<fairgrid_conformance::abi::Task>,
}

impl TaskRow {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, ACTIVE | REVEALING)
    }

    pub(crate) fn vote(&self, worker: Address) -> Option<&Vote> {
        self.votes.iter().find(|vote| vote.worker == worker)
    }

    pub(crate) fn may_finalize(&self, now: u64) -> bool {
        let complete = self.revealed == self.winners || (self.revealed > 0 && self.reveal_before <= now);
        self.status == REVEALING && now < self.final_before && complete
    }

    pub(crate) fn may_reopen(&self, now: u64) -> bool {
        self.status == REVEALING && now < self.final_before && self.reveal_before <= now && self.revealed == 0
    }

    pub(crate) fn may_claim(&self, now: u64) -> bool {
        self.is_open() && self.final_before <= now
    }

    pub(crate) fn takes_votes(&self, now: u64) -> bool {
        self.status == ACTIVE && now < self.contribute_before
    }

    /// Counts a vote of weight `weight`; whether its group wins. `None` where 256 bits do not suffice.
    fn tally(&mut self, hash: ResultHash, weight: U256, trust: U256) -> Option<bool> {
        let grown = match self.groups.iter_mut().find(|(group, _)| *group == hash) {
            Some((_, held)) => {
                *held = held.checked_mul(weight)?;
                *held
            }
            None => {
                self.groups.push((hash, weight));
                weight
            }
        };
        let total = self.groups.iter().try_fold(U256::from(1), |sum, (_, held)| sum.checked_add(*held))?;
        Some(grown.checked_mul(trust)? > total.checked_mul(trust - U256::from(1))?)
    }
}

impl Book {
    pub(crate) fn opened(&mut self, market: &mut Market, id: TaskId, workerpool: Address) -> Result<(), Broken> {
        hold!(!self.tasks.contains_key(&id), "task {id} was opened twice");
        let view = market.view(&Hub::viewTaskCall { id: id.0 }).map_err(|reason| format!("viewTask: {reason:?}"))?;
        let deal_id = DealId(view.dealid);
        let Some(deal) = self.deals.get(&deal_id) else { return Err(format!("task {id} of unknown deal {deal_id}")) };
        hold!(TaskId::derive(deal_id, view.idx) == id, "task {id} has not its id: index {} of {deal_id}", view.idx);
        let (first, size) = (deal.view.botFirst, deal.view.botSize);
        hold!(view.idx >= first && view.idx < first + size, "task {id}: index {} is not in the deal", view.idx);
        hold!(deal.light.is_none(), "task {id} of a light deal is opened");
        hold!(deal.view.workerpool.pointer == workerpool, "task {id} is announced to {workerpool}");
        let unit = fairgrid_conformance::UNITS[usize::try_from(deal.view.category).unwrap_or(usize::MAX)];
        let start = u64::try_from(deal.view.startTime).map_err(|_| "a start beyond time")?;
        let row = TaskRow {
            deal: deal_id,
            index: view.idx,
            status: ACTIVE,
            unit,
            contribute_before: start + 7 * unit,
            reveal_before: 0,
            final_before: start + 10 * unit,
            votes: Vec::new(),
            groups: Vec::new(),
            consensus: ResultHash::default(),
            winners: 0,
            revealed: 0,
            digest: ResultDigest::default(),
            results: Bytes::new(),
            alone: false,
            last: None,
        };
        self.tasks.insert(id, row);
        self.opened.push(id);
        self.touched.tasks.insert(id);
        self.mix.count("tasks opened");
        Ok(())
    }

    pub(crate) fn task_event(&mut self, said: Event, now: u64) -> Result<(), Broken> {
        let (Event::TaskContribute { task, .. }
        | Event::TaskConsensus { task, .. }
        | Event::TaskReveal { task, .. }
        | Event::TaskReopen { task }
        | Event::TaskFinalize { task, .. }
        | Event::TaskClaimed { task }) = said
        else {
            return Err(format!("{said:?} is no task's event"));
        };
        let mut row = self.tasks.get(&task).cloned().ok_or(format!("{said:?} of a task that nobody opened"))?;
        self.touched.tasks.insert(task);
        match said {
            Event::TaskContribute { worker, hash, .. } => self.contributed(task, &mut row, worker, hash, now)?,
            Event::TaskConsensus { consensus, .. } => self.agreed(task, &mut row, consensus, now)?,
            Event::TaskReveal { worker, digest, .. } => self.revealed(task, &mut row, worker, digest, now)?,
            Event::TaskReopen { .. } => self.reopened(task, &mut row, now)?,
            Event::TaskFinalize { results, .. } => {
                hold!(row.may_finalize(now), "task {task} is finalized at {now}: {row:?}");
                row.status = COMPLETED;
                row.results = results;
                self.completed(task, &row, now)?;
            }
            Event::TaskClaimed { .. } => {
                hold!(row.may_claim(now), "task {task} is claimed at {now}: {row:?}");
                row.status = FAILED;
                self.failed(task, &row)?;
            }
            _ => unreachable!("named above"),
        }
        self.tasks.insert(task, row);
        Ok(())
    }

    fn contributed(
        &mut self,
        id: TaskId,
        row: &mut TaskRow,
        worker: Address,
        hash: ResultHash,
        now: u64,
    ) -> Result<(), Broken> {
        hold!(row.takes_votes(now), "task {id} takes a vote at {now}: {row:?}");
        self.counts(id, worker, hash, now)?;
        hold!(row.vote(worker).is_none(), "task {id} takes a second vote of {worker}");
        let (stake, trust) = (self.deals[&row.deal].worker_stake, self.deals[&row.deal].view.trust);
        self.touched.accounts.insert(worker);
        let mut vote = Vote { worker, hash, seal: None, status: CONTRIBUTED, weight: 0 };
        if self.pending == [(Kind::Lock, worker, stake)] {
            self.pending.clear();
            let weight = (self.score(worker) / U256::from(3)).max(U256::from(3)) - U256::from(1);
            vote.weight = weight.bit_len() as u64 - 1;
            let won = row.tally(hash, weight, trust).ok_or("a tally beyond 256 bits was accepted")?;
            self.owed = won.then_some(id);
            self.mix.count("votes");
        } else {
            hold!(row.votes.is_empty() && trust == U256::from(1), "task {id}: {worker} votes, but locks no stake");
            row.alone = true;
            self.owed = Some(id);
        }
        row.votes.push(vote);
        Ok(())
    }

    fn agreed(&mut self, id: TaskId, row: &mut TaskRow, consensus: ResultHash, now: u64) -> Result<(), Broken> {
        hold!(self.owed.take() == Some(id), "task {id} has a consensus out of nothing");
        let last = row.votes.last().map(|vote| vote.hash);
        hold!(row.status == ACTIVE && last == Some(consensus), "task {id} agrees on {consensus}: {row:?}");
        row.status = REVEALING;
        row.consensus = consensus;
        row.reveal_before = now + 2 * row.unit;
        row.revealed = 0;
        row.winners =
            row.votes.iter().filter(|vote| vote.hash == consensus && vote.status == CONTRIBUTED).count() as u64;
        self.mix.count("consensus");
        Ok(())
    }

    fn revealed(
        &mut self,
        id: TaskId,
        row: &mut TaskRow,
        worker: Address,
        digest: ResultDigest,
        now: u64,
    ) -> Result<(), Broken> {
        hold!(row.status == REVEALING && now < row.reveal_before, "task {id} takes a reveal at {now}: {row:?}");
        hold!(ResultHash::derive(id, digest) == row.consensus, "task {id}: {worker} reveals what did not win");
        let consensus = row.consensus;
        let alone = row.alone;
        let found = row.votes.iter_mut().find(|vote| vote.worker == worker);
        let vote = found.ok_or(format!("task {id}: {worker} reveals without a vote"))?;
        hold!(vote.status == CONTRIBUTED && vote.hash == consensus, "task {id} takes this vote's reveal: {vote:?}");
        let seal = ResultSeal::derive(worker, id, digest);
        hold!(alone || vote.seal.is_none_or(|known| known == seal), "task {id}: {worker} reveals under a foreign seal");
        vote.status = PROVED;
        self.touched.accounts.insert(worker);
        row.revealed += 1;
        row.digest = digest;
        self.mix.count("reveals");
        Ok(())
    }

    fn reopened(&mut self, id: TaskId, row: &mut TaskRow, now: u64) -> Result<(), Broken> {
        hold!(row.may_reopen(now), "task {id} is reopened at {now}: {row:?}");
        for vote in row.votes.iter_mut().filter(|vote| vote.hash == row.consensus) {
            vote.status = REJECTED;
            self.touched.accounts.insert(vote.worker);
            self.mix.count("votes rejected");
        }
        row.groups.retain(|(group, _)| *group != row.consensus);
        row.status = ACTIVE;
        row.consensus = ResultHash::default();
        (row.reveal_before, row.winners) = (0, 0);
        self.mix.count("reopened");
        Ok(())
    }

    fn completed(&mut self, id: TaskId, row: &TaskRow, now: u64) -> Result<(), Broken> {
        let deal = self.deals[&row.deal].clone();
        let drawn = self.kitty > 0;
        let late = self.late.filter(|late| late.task == id);
        let paid = late.map(|late| self.late_end(row, late, now)).transpose()? == Some(true);
        let finder = late.filter(|_| paid).map(|late| late.finalizer);
        let (mut expected, mut judged) = success(&deal, row, &mut self.kitty, finder);
        if let Some(late) = late {
            let bounty = expected.last().filter(|last| Some(last.1) == finder).map_or(0, |last| last.2);
            hold!(small(late.bounty) == bounty, "{late:?}, not {bounty}");
        }
        self.settle(id, &mut expected)?;
        let mut found = std::mem::take(&mut self.judged);
        judged.sort_unstable();
        found.sort_unstable();
        hold!(found == judged, "task {id} judges {found:?}, not {judged:?}");
        for (worker, right) in judged {
            let score = self.scores.entry(worker).or_default();
            *score = if right { *score + U256::from(1) } else { *score * U256::from(2) / U256::from(3) };
            self.touched.scores.insert(worker);
            self.mix.count(if right { "workers praised" } else { "workers slashed" });
        }
        if drawn {
            self.mix.count("kitty drawn");
        }
        if deal.view.callback != Address::ZERO {
            self.mix.count("completed with a callback");
        }
        self.mix.count(if row.alone { "completed alone" } else { "completed by vote" });
        self.close(row.deal);
        Ok(())
    }

    fn failed(&mut self, id: TaskId, row: &TaskRow) -> Result<(), Broken> {
        let deal = self.deals[&row.deal].clone();
        let mut expected = failure(&deal, row, &mut self.kitty);
        self.settle(id, &mut expected)?;
        self.mix.count(if row.votes.is_empty() { "failed untouched" } else { "failed with votes" });
        self.close(row.deal);
        Ok(())
    }

    pub(crate) fn settle(&mut self, id: TaskId, expected: &mut Vec<crate::book::Entry>) -> Result<(), Broken> {
        let mut found = std::mem::take(&mut self.pending);
        found.sort_unstable();
        expected.sort_unstable();
        let named = std::mem::take(&mut self.named);
        hold!(named.iter().all(|task| *task == id), "task {id} settles in the name of {named:?}");
        hold!(found == *expected, "task {id} settles {found:?}, not {expected:?}");
        Ok(())
    }

    fn close(&mut self, deal: DealId) {
        let row = self.deals.get_mut(&deal).expect("a task's deal is in the book");
        row.settled += 1;
        self.touched.deals.insert(deal);
    }
}

/// What a worker must show to reveal: the digest, or nothing that anybody knows.
pub(crate) fn digest_of(result: u8) -> ResultDigest {
    ResultDigest(alloy::primitives::keccak256([result]))
}

/// Which of the few results a digest stands for.
pub(crate) fn result_of(digest: B256) -> Option<u8> {
    (0..8).find(|result| digest_of(*result).0 == digest)
}
