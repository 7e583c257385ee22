//! Calls for many tasks, on both sides.

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::Actor;
use fairgrid_conformance::abi::{Bags, Ballot, Vote};
use fairgrid_conformance::bags::{ballot, vote, vote_inside};
use protocol::deal::Deal;
use protocol::hub::{Outcome, RelayedBallot, RelayedVote};
use protocol::task::Phase;
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::act::Act;
use crate::bags_act::BagAct;
use crate::pair::{GIANT, POOR, Pair, digest, pick, worker};

/// A ballot in the twin's words.
fn relayed(ballot: &Ballot) -> RelayedBallot {
    let votes = ballot.votes.iter().map(|vote| RelayedVote {
        vote: protocol::bags::Vote {
            task: TaskId(vote.taskid),
            hash: ResultHash(vote.resultHash),
            seal: ResultSeal(vote.resultSeal),
            enclave: vote.enclaveChallenge,
        },
        enclave_sign: vote.enclaveSign.clone(),
        authorization: vote.authorizationSign.clone(),
    });
    RelayedBallot { worker: ballot.worker, votes: votes.collect(), sign: ballot.workerSign.clone() }
}

impl Pair {
    pub(crate) fn bag(&mut self, act: &Act, bag: &BagAct) {
        match *bag {
            BagAct::Open { pick: number, index, worker, result, flaw } => {
                if let Some(deal) = self.deal_of_one(number, false) {
                    self.open(act, deal, index, (worker, result, flaw));
                }
            }
            BagAct::Settle { pick: number, first, count, worker, flaw } => {
                if let Some(deal) = self.deal_of_one(number, false) {
                    self.settle(act, deal, (first, count), worker, flaw);
                }
            }
            BagAct::SettleLight { pick: number, first, count, worker, flaw } => {
                if let Some(deal) = self.deal_of_one(number, true) {
                    self.settle_light(act, deal, (first, count), worker, flaw);
                }
            }
            BagAct::ClaimLight { pick: number, first, count, flaw } => {
                if let Some(deal) = self.deal_of_one(number, true) {
                    self.claim_light(act, deal, (first, count), flaw);
                }
            }
            BagAct::Deliver { pick: number, offset, flaw } => self.deliver(act, number, offset, flaw),
            BagAct::Relay { pick, .. } => self.bag_of(act, bag, pick, |phase| *phase == Phase::Active),
            BagAct::Reveal { pick, .. } => {
                self.bag_of(act, bag, pick, |phase| matches!(phase, Phase::Revealing { .. }))
            }
            BagAct::Late { pick, .. } => {
                self.bag_of(act, bag, pick, |phase| matches!(phase, Phase::Revealing { revealed: 1.., .. }));
            }
            BagAct::Publish { pick, .. } => {
                self.bag_of(act, bag, pick, |phase| matches!(phase, Phase::Completed { .. }));
            }
        }
    }

    /// Mostly the last deal that one worker settles alone, light or not.
    pub(crate) fn deal_of_one(&self, number: u8, light: bool) -> Option<DealId> {
        let fits = |deal: &Deal| deal.trust == U256::from(1) && deal.tag.is_light() == light;
        let fitting = |id: &&DealId| self.twin.deal(**id).is_some_and(fits);
        let deal = if number < 220 { self.deals.iter().rev().find(fitting).copied() } else { None };
        deal.or_else(|| pick(&self.deals, number))
    }

    /// Mostly on a task in the phase that the call is for.
    fn bag_of(&mut self, act: &Act, bag: &BagAct, number: u8, wanted: impl Fn(&Phase) -> bool) {
        let fitting = |task: &&TaskId| self.twin.task(**task).is_some_and(|task| wanted(&task.phase));
        let task = if number < 200 { self.tasks.iter().rev().find(fitting).copied() } else { None };
        if let Some(task) = task.or_else(|| pick(&self.tasks, number)) {
            self.touched.push(task);
            self.bag_on(act, bag, task);
        }
    }

    fn bag_on(&mut self, act: &Act, bag: &BagAct, task: TaskId) {
        match *bag {
            BagAct::Relay { workers, liars, flaw, pool, .. } => self.relay(act, task, (workers, liars), flaw, pool),
            BagAct::Reveal { result, flaw, .. } => self.reveal_many(act, task, result, flaw),
            BagAct::Late { pick, who, period, late, results, data, bring } => {
                if bring {
                    self.bring(task, pick);
                }
                self.linger(task, period, u64::from(late));
                self.finalize_late(act, task, self.anybody(who), results, data);
            }
            BagAct::Publish { who, long, .. } => {
                // Who may publish at all is tested with short results.
                let caller = self.anybody(if long { 6 } else { who });
                let results = Bytes::from(vec![7; if long { 4_097 } else { 4_096 }]);
                let call = Bags::publishResultsCall { taskid: task.0, results: results.clone() };
                let hub = self.stage.market.call(caller, &call);
                let twin = self.twin.publish_results(caller, task, &results);
                self.compare(act, hub, twin);
            }
            BagAct::Open { .. }
            | BagAct::Settle { .. }
            | BagAct::SettleLight { .. }
            | BagAct::ClaimLight { .. }
            | BagAct::Deliver { .. } => unreachable!("acts on no task"),
        }
    }

    /// Votes and reveals, so that there is something to end.
    fn bring(&mut self, task: TaskId, pick: u8) {
        let (workers, liars, flaw, pool) = (63, pick % 2, u8::MAX, false);
        let relay = Act::Bag(BagAct::Relay { pick, workers, liars, flaw, pool });
        self.relay(&relay, task, (workers, liars), flaw, pool);
        let reveal = Act::Bag(BagAct::Reveal { pick, result: 0, flaw });
        self.reveal_many(&reveal, task, 0, flaw);
    }

    /// Six workers, then scheduler, requester and strangers.
    fn anybody(&self, who: u8) -> Address {
        match who {
            0..6 => worker(who).address(),
            6 => self.stage.scheduler.address(),
            7 => self.stage.requester.address(),
            _ => self.caller(true),
        }
    }

    /// Index of a task, from the deal's first on; 4 is below it where that is possible.
    pub(crate) fn index(&self, deal: DealId, offset: u8) -> U256 {
        let first = self.twin.deal(deal).map_or(U256::ZERO, |deal| deal.bot_first);
        if offset == 4 { first.saturating_sub(U256::from(1)) } else { first + U256::from(offset) }
    }

    fn open(&mut self, act: &Act, deal: DealId, offset: u8, (who, result, flaw): (u8, u8, u8)) {
        let index = self.index(deal, offset);
        let task = TaskId::derive(deal, index);
        let (who, digest) = (worker(who).address(), digest(result));
        let commitment = (ResultHash::derive(task, digest), ResultSeal::derive(who, task, digest));
        let enclaved = self.twin.deal(deal).is_some_and(|deal| deal.tag.is_tee()) && flaw > 6;
        let pledge = self.pledge(who, task, commitment, if enclaved { 3 } else { flaw });
        let called = self.twin.deal(deal).is_some_and(|deal| deal.callback != Address::ZERO);
        let callback = if called && result < 6 { Bytes::from(vec![0]) } else { Bytes::new() };
        let outcome = Outcome { results: Bytes::from_static(b"{}"), callback };
        let call = Bags::initializeAndContributeAndFinalizeCall {
            dealid: deal.0,
            idx: index,
            resultDigest: digest.0,
            results: outcome.results.clone(),
            resultsCallback: outcome.callback.clone(),
            enclaveChallenge: pledge.enclave,
            enclaveSign: pledge.enclave_sign.clone(),
            authorizationSign: pledge.authorization.clone(),
        };
        let hub = self.stage.market.call(who, &call);
        let now = self.now();
        let twin = self.twin.initialize_and_contribute_and_finalize(who, (deal, index), digest, &outcome, &pledge, now);
        if twin.is_ok() && !self.tasks.contains(&task) {
            self.tasks.push(task);
        }
        self.touched.push(task);
        self.compare(act, hub, twin.map(|(_, said)| said));
    }

    fn relay(&mut self, act: &Act, task: TaskId, (workers, liars): (u8, u8), flaw: u8, pool: bool) {
        let mut voters: Vec<_> = (0_u8..6).filter(|n| (workers >> n) & 1 == 1).map(|n| 10 + u64::from(n)).collect();
        match flaw {
            0 => voters[0] = POOR,
            1 | 21 => voters[0] = GIANT,
            _ => {}
        }
        let mut ballots = Vec::new();
        for (at, number) in voters.into_iter().enumerate() {
            let result = if at < usize::from(liars) { 6 } else { 0 };
            // The first one has the flaw.
            ballots.push(self.ballot(&Actor::number(number), task, result, if at == 0 { flaw } else { u8::MAX }));
        }
        match flaw {
            9 => ballots.clear(),
            10 => ballots[0].votes = vec![ballots[0].votes[0].clone(); 257],
            11 => ballots.truncate(1),
            _ => {}
        }
        // The pool needs nobody's permission.
        if pool {
            let votes = ballots.iter_mut().flat_map(|ballot| &mut ballot.votes);
            votes.for_each(|vote| vote.authorizationSign = Bytes::new());
        }
        let caller = self.caller(!pool);
        let hub = self.stage.market.call(caller, &Bags::contributeForCall { ballots: ballots.clone() });
        let ballots: Vec<_> = ballots.iter().map(relayed).collect();
        let twin = self.twin.contribute_for(caller, &ballots, self.now());
        self.compare(act, hub, twin);
    }

    /// Votes of one worker for the task, and for the one opened before it.
    fn ballot(&mut self, who: &Actor, task: TaskId, result: u8, flaw: u8) -> Ballot {
        let domain = self.stage.market.domain();
        let mut votes = vec![self.vote(who, task, result, flaw)];
        match (flaw, pick(&self.tasks, 181)) {
            (2, _) => votes[0].taskid = B256::repeat_byte(2),
            (3, _) => votes.push(self.vote(who, task, 7, u8::MAX)),
            (12..18, Some(other)) => {
                self.touched.push(other);
                votes.push(self.vote(who, other, result, u8::MAX));
            }
            (11, _) => votes.clear(),
            _ => {}
        }
        let mut cast = ballot(who, &domain, votes);
        match flaw {
            4 => cast.workerSign = ballot(&Actor::number(77), &domain, cast.votes.clone()).workerSign,
            5 => cast.workerSign = Bytes::from(vec![1; 3]),
            _ => {}
        }
        cast
    }

    fn vote(&self, who: &Actor, task: TaskId, result: u8, flaw: u8) -> Vote {
        let (pool, who, digest) = (&self.stage.scheduler, who.address(), digest(result).0);
        let enclaved = self.twin.deal_of(task).is_some_and(|deal| deal.tag.is_tee());
        match flaw {
            6 => vote(&self.stage.requester, who, task, digest),
            7 => Vote {
                enclaveSign: Bytes::from(vec![7; 65]),
                ..vote_inside(&Actor::number(77), pool, who, task, digest)
            },
            8 => Vote { authorizationSign: Bytes::from(vec![7; 9]), ..vote(pool, who, task, digest) },
            19 => vote(pool, who, task, digest),
            // A copied seal counts, but cannot be revealed.
            20 => Vote { resultSeal: B256::repeat_byte(5), ..vote(pool, who, task, digest) },
            _ if enclaved => vote_inside(&Actor::number(77), pool, who, task, digest),
            _ => vote(pool, who, task, digest),
        }
    }

    fn reveal_many(&mut self, act: &Act, task: TaskId, result: u8, flaw: u8) {
        let (mut tasks, mut digests) = (vec![task.0], vec![digest(result).0]);
        match flaw {
            0 => digests.push(B256::ZERO),
            1 => (tasks, digests) = (vec![task.0; 257], vec![digests[0]; 257]),
            2 => (tasks, digests) = (Vec::new(), Vec::new()),
            3..9 => {
                let others: Vec<_> = self.tasks.iter().rev().take(3).copied().collect();
                self.touched.extend(&others);
                tasks.extend(others.iter().map(|other| other.0));
                tasks.push(B256::repeat_byte(3));
                digests = vec![digests[0]; tasks.len()];
            }
            _ => {}
        }
        let call = Bags::revealForCall { taskids: tasks.clone(), resultDigests: digests.clone() };
        let hub = self.stage.market.call(self.caller(true), &call);
        let tasks: Vec<_> = tasks.into_iter().map(TaskId).collect();
        let digests: Vec<_> = digests.into_iter().map(ResultDigest).collect();
        let twin = self.twin.reveal_for(&tasks, &digests, self.now());
        self.compare(act, hub, twin);
    }

    /// Time runs to the beginning of one of the periods of late finalization, or a second before or after it.
    fn linger(&mut self, id: TaskId, period: u8, late: u64) {
        let task = self.twin.task(id).unwrap();
        let Phase::Revealing { reveal_before, .. } = task.phase else { return };
        let half = task.unit / 2;
        let moment = match period {
            0 => reveal_before.0 + half,
            1 | 2 => task.final_before.0 - half,
            3 => task.final_before.0,
            _ => return,
        };
        let clock = &mut self.stage.market.evm.now;
        *clock = (*clock).max(moment - 1 + late);
    }

    fn finalize_late(&mut self, act: &Act, task: TaskId, caller: Address, results: bool, data: u8) {
        let mut outcome = self.outcome(task, data);
        let called = self.twin.deal_of(task).is_some_and(|deal| deal.callback != Address::ZERO);
        if !called && data > 1 {
            outcome.callback = Bytes::new();
        }
        if !results {
            outcome.results = Bytes::new();
        }
        let call = Bags::finalizeLateCall {
            taskid: task.0,
            results: outcome.results.clone(),
            resultsCallback: outcome.callback.clone(),
        };
        let hub = self.stage.market.call(caller, &call);
        let twin = self.twin.finalize_late(caller, task, &outcome, self.now());
        self.compare(act, hub, twin);
    }
}
