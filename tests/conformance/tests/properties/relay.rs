//! Votes and reveals that somebody else submits.

use std::collections::BTreeSet;

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::{Bags, Ballot, Light, SoloResult, Vote};
use fairgrid_conformance::bags::ballot_digest;
use protocol::{ResultHash, ResultSeal, TaskId};

use crate::book::{Broken, hold};
use crate::dice::Dice;
use crate::relayed::Planned;
use crate::task::{CONTRIBUTED, REVEALING, digest_of};
use crate::votes::Flaw;
use crate::world::{BROKER, STRANGER, WALLET, WORKERS, World, signature, who};

impl World {
    /// Up to `most` tasks that fit, or seldom others.
    fn several(&self, most: usize, dice: &mut Dice, fits: impl Fn(&crate::task::TaskRow) -> bool) -> Vec<TaskId> {
        if dice.chance(85) && self.task(dice, &fits).is_none() {
            return Vec::new();
        }
        let count = 1 + dice.below(most);
        let tasks = (0..count).filter_map(|_| {
            let fit = if dice.chance(92) { self.task(dice, &fits) } else { None };
            fit.or_else(|| self.task(dice, |_| true))
        });
        tasks.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn relayed_vote(&self, task: TaskId, worker: Address, sender: Address, dice: &mut Dice) -> (Vote, Planned) {
        let flaw = match dice.below(100) {
            0..4 => Flaw::Foreign,
            4..8 => Flaw::Borrowed,
            8..13 => Flaw::Enclave,
            13..18 => Flaw::Copied,
            _ => Flaw::None,
        };
        let digest = digest_of(if dice.chance(85) { 0 } else { 1 + dice.below(2) as u8 });
        let sealed = if flaw == Flaw::Copied { who(STRANGER) } else { worker };
        let (hash, seal) = (ResultHash::derive(task, digest), ResultSeal::derive(sealed, task, digest));
        let deal = self.book.tasks[&task].deal;
        let inside = self.inside(deal, dice);
        let pass = self.pass((deal, task), worker, (hash, seal), inside, flaw);
        let authorizer = self.authorizer(&self.book.deals[&deal].view, inside);
        let plan = Planned {
            task,
            worker,
            hash,
            signed: true,
            inside,
            authorized: pass.permitted || sender == authorizer,
            vouched: pass.sealed,
            giant: self.giants,
        };
        let silent = sender == authorizer && dice.chance(70);
        let vote = Vote {
            taskid: task.0,
            resultHash: hash.0,
            resultSeal: seal.0,
            enclaveChallenge: pass.enclave,
            enclaveSign: pass.enclave_sign,
            authorizationSign: if silent { Bytes::new() } else { pass.authorization },
        };
        (vote, plan)
    }

    pub(crate) fn relay(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let tasks = self.several(4, dice, |task| task.takes_votes(now));
        let Some(first) = tasks.first() else { return Ok(()) };
        let scheduler = self.book.deal_of(*first).view.workerpool.owner;
        let sender = dice.pick(&[scheduler, scheduler, who(STRANGER), who(STRANGER), who(BROKER), WALLET]);
        let (mut ballots, mut plans) = (Vec::new(), Vec::new());
        let (start, few) = (dice.below(12) as u64, dice.chance(25));
        for number in 0..1 + dice.below(if few { 2 } else { 7 }) as u64 {
            let usual = who(WORKERS.start + (start + number) % 12);
            let worker = if dice.chance(85) { usual } else { self.worker(dice) };
            let chosen: Vec<_> = tasks.iter().copied().filter(|_| dice.chance(80)).collect();
            let doubled = chosen.first().copied().filter(|_| dice.chance(6));
            let votes = chosen.iter().copied().chain(doubled);
            let cast: Vec<_> = votes.map(|task| self.relayed_vote(task, worker, sender, dice)).collect();
            let (mut votes, mut cast): (Vec<_>, Vec<_>) = cast.into_iter().unzip();
            // Somebody else signs, or a vote is changed after its worker signed.
            let forged = dice.chance(4);
            let signer = if forged { who(STRANGER) } else { worker };
            let worker_sign = signature(signer, ballot_digest(worker, &self.domain, &votes));
            let changed = !votes.is_empty() && dice.chance(3);
            if changed {
                votes[0].resultSeal = ResultHash::derive(cast[0].task, digest_of(77)).0;
            }
            let signed = worker == WALLET || !(forged || changed);
            cast.iter_mut().for_each(|plan: &mut Planned| plan.signed = signed);
            // An enclave vouched for the seal that was there before.
            if changed {
                cast[0].vouched = false;
            }
            plans.extend(cast);
            ballots.push(Ballot { worker, votes, workerSign: worker_sign });
        }
        let good = plans.iter().any(|plan| self.book.verdict(plan, now, false).is_none());
        // Nobody's vote changes anything before the first one that counts.
        let foretold = if good && self.giants { None } else { Some(good) };
        self.book.touched.tasks.extend(&tasks);
        self.book.planned = plans.into();
        let counted = self.expect(sender, &Bags::contributeForCall { ballots }, foretold)?;
        // Seals must be known before they can be revealed.
        if counted { self.check_touched() } else { Ok(()) }
    }

    /// Winners of a task whose seal fits a result.
    fn provable(&self, task: TaskId, result: u8) -> Vec<Address> {
        let (row, digest) = (&self.book.tasks[&task], digest_of(result));
        let open = row.status == REVEALING && self.now() < row.reveal_before;
        let hash = ResultHash::derive(task, digest);
        let fits = |vote: &&crate::task::Vote| {
            let seal = ResultSeal::derive(vote.worker, task, digest);
            vote.status == CONTRIBUTED && vote.hash == hash && vote.seal == Some(seal)
        };
        let known = open && hash == row.consensus;
        row.votes.iter().filter(|vote| known && fits(vote)).map(|vote| vote.worker).collect()
    }

    pub(crate) fn reveal_for(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let open = |task: &crate::task::TaskRow| task.status == REVEALING && now < task.reveal_before;
        // Reveals come in rounds, each task's winners mostly together.
        let mut tasks = self.several(4, dice, |task| open(task) && task.revealed < task.winners);
        if tasks.is_empty() && dice.chance(85) {
            return Ok(());
        }
        if let (Some(first), true) = (tasks.first().copied(), dice.chance(10)) {
            tasks.push(first);
        }
        let result = |task: &TaskId, dice: &mut Dice| {
            let known = self.winners(*task).first().map_or(0, |(_, result)| *result);
            if dice.chance(93) { known } else { 5 }
        };
        let results: Vec<_> = tasks.iter().map(|task| result(task, dice)).collect();
        let pairs: Vec<_> = tasks.iter().copied().zip(results.iter().copied()).collect();
        let due: BTreeSet<_> = pairs
            .iter()
            .flat_map(|(task, result)| self.provable(*task, *result).into_iter().map(|worker| (*task, worker)))
            .collect();
        let mut digests: Vec<_> = results.iter().map(|result| digest_of(*result).0).collect();
        let uneven = dice.chance(4);
        if uneven {
            digests.push(digest_of(0).0);
        }
        let proved = |world: &Self| -> BTreeSet<(TaskId, Address)> {
            let votes = |task: &TaskId| {
                let row = &world.book.tasks[task];
                row.votes.iter().map(|vote| vote.worker).filter(|worker| row.proved(*worker)).collect::<Vec<_>>()
            };
            tasks.iter().flat_map(|task| votes(task).into_iter().map(|worker| (*task, worker))).collect()
        };
        let before = proved(self);
        self.book.touched.tasks.extend(&tasks);
        let taskids = tasks.iter().map(|task| task.0).collect();
        let sender = dice.pick(&[who(STRANGER), who(WORKERS.start), WALLET]);
        let call = Bags::revealForCall { taskids, resultDigests: digests };
        if self.expect(sender, &call, Some(!uneven && !due.is_empty()))? {
            let fresh: BTreeSet<_> = proved(self).difference(&before).copied().collect();
            hold!(fresh == due, "revealFor proves {fresh:?}, not {due:?}");
        }
        Ok(())
    }

    /// What the wallet tries with the calls for many tasks when it hears a result.
    pub(crate) fn bag_mischief(&self, dice: &mut Dice) -> Option<Bytes> {
        let zero = digest_of(0).0;
        Some(Bytes::from(match dice.below(6) {
            0 => {
                let task = self.task(dice, |task| task.status == REVEALING)?;
                Bags::revealForCall { taskids: vec![task.0], resultDigests: vec![zero] }.abi_encode()
            }
            1 => {
                let taskid = self.task(dice, |task| task.revealed > 0)?.0;
                let data = Bytes::from_static(&[0]);
                Bags::finalizeLateCall { taskid, results: Bytes::new(), resultsCallback: data }.abi_encode()
            }
            2 => {
                let task = self.task(dice, |task| task.is_open())?;
                let row = &self.book.tasks[&task];
                let data = if self.book.deal_of(task).view.callback.is_zero() { &[][..] } else { &[0] };
                let data = Bytes::from_static(data);
                let entry = SoloResult { resultDigest: zero, results: Bytes::new(), resultsCallback: data };
                let (first, deal) = (row.index.to(), row.deal);
                self.range_call(deal, WALLET, (first, vec![entry]), (false, Flaw::None), dice).0.abi_encode()
            }
            3 => {
                let deal = dice.recent(&self.light_deals())?;
                let row = &self.book.deals[&deal];
                Light::claimLightCall { dealid: deal.0, first: row.view.botFirst, count: U256::from(row.size) }
                    .abi_encode()
            }
            4 => {
                let deal = dice.recent(&self.light_deals())?;
                let (first, count) = self.open_range(deal, dice);
                self.settle_call(deal, WALLET, (first, count, true), (false, Flaw::None), dice).0.abi_encode()
            }
            _ => {
                let (deal, index) = self.settled_light(dice)?;
                self.deliver_call(deal, index, 0)?.abi_encode()
            }
        }))
    }
}
