//! Random mixtures of classic calls and calls for bags, on one hub: money is conserved and what is final stays final.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256};
use fairgrid_conformance::abi::{Bags, Hub, Task};
use fairgrid_conformance::bags::{SoloRange, ballot, result, vote};
use fairgrid_conformance::{Actor, Stage};
use proptest::prelude::*;
use protocol::settlement::KITTY;
use protocol::{DealId, ResultDigest, TaskId};

use crate::bags::{STRANGER, check_conserved, worker};

/// Tasks of each deal, and the deals' trusts.
const TASKS: u64 = 4;
const TRUSTS: [u64; 3] = [1, 1, 3];

/// What somebody tries. Most of it is refused.
#[derive(Clone, Debug)]
enum Act {
    Open { deal: usize, index: u64 },
    Alone { deal: usize, index: u64, at_once: bool },
    Range { deal: usize, first: u64, count: u64, who: u64 },
    Vote { deal: usize, index: u64, who: u64, result: u64 },
    Relay { deal: usize, who: Vec<u64>, result: u64 },
    Reveal { deal: usize, index: u64, who: u64, result: u64 },
    RevealFor { deal: usize, result: u64 },
    Finalize { deal: usize, index: u64 },
    FinalizeLate { deal: usize, index: u64, who: u64 },
    Reopen { deal: usize, index: u64 },
    Claim { deal: usize, index: u64 },
    Wait { seconds: u64 },
}

fn acts() -> impl Strategy<Value = Act> {
    let (deal, index, who, result) = (0..TRUSTS.len(), 0..TASKS, 10..15_u64, 0..2_u64);
    let at = (deal.clone(), index.clone());
    prop_oneof![
        2 => at.clone().prop_map(|(deal, index)| Act::Open { deal, index }),
        1 => (at.clone(), any::<bool>()).prop_map(|((deal, index), at_once)| Act::Alone { deal, index, at_once }),
        2 => (at.clone(), 1..=TASKS, who.clone())
            .prop_map(|((deal, first), count, who)| Act::Range { deal, first, count, who }),
        2 => (at.clone(), who.clone(), result.clone())
            .prop_map(|((deal, index), who, result)| Act::Vote { deal, index, who, result }),
        4 => (deal.clone(), proptest::collection::vec(who.clone(), 1..4), result.clone())
            .prop_map(|(deal, who, result)| Act::Relay { deal, who, result }),
        2 => (at.clone(), who.clone(), result.clone())
            .prop_map(|((deal, index), who, result)| Act::Reveal { deal, index, who, result }),
        3 => (deal, result).prop_map(|(deal, result)| Act::RevealFor { deal, result }),
        2 => at.clone().prop_map(|(deal, index)| Act::Finalize { deal, index }),
        3 => (at.clone(), who).prop_map(|((deal, index), who)| Act::FinalizeLate { deal, index, who }),
        1 => at.clone().prop_map(|(deal, index)| Act::Reopen { deal, index }),
        1 => at.prop_map(|(deal, index)| Act::Claim { deal, index }),
        2 => (1..900_u64).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

struct World {
    stage: Stage,
    deals: Vec<DealId>,
    /// Tasks that are over, as they were then.
    over: BTreeMap<TaskId, Task>,
    /// Acts that the hub took.
    taken: usize,
}

impl World {
    fn new() -> Self {
        let mut stage = Stage::new();
        crate::bags::fill_kitty(&mut stage);
        let deals = TRUSTS.iter().zip(1..).map(|(trust, salt)| {
            let mut terms = stage.terms_with_dataset(*trust, TASKS);
            terms.request.salt = B256::repeat_byte(salt);
            stage.deal(terms)
        });
        Self { deals: deals.collect(), stage, over: BTreeMap::new(), taken: 0 }
    }

    fn tasks(&self, deal: usize) -> Vec<TaskId> {
        (0..TASKS).map(|index| TaskId::derive(self.deals[deal], U256::from(index))).collect()
    }

    fn task(&self, deal: usize, index: u64) -> TaskId {
        TaskId::derive(self.deals[deal], U256::from(index))
    }

    /// Whether the hub took it.
    fn act(&mut self, act: &Act) -> bool {
        let digest = |number: u64| ResultDigest(result(number).resultDigest);
        let scheduler = self.stage.scheduler.address();
        match act {
            Act::Open { deal, index } => {
                let call = Hub::initializeCall { dealid: self.deals[*deal].0, idx: U256::from(*index) };
                self.stage.market.call(STRANGER, &call).is_ok()
            }
            Act::Alone { deal, index, at_once } => {
                let range = SoloRange::new(&self.stage, self.deals[*deal], *index, 1);
                let task = self.task(*deal, *index);
                if *at_once {
                    return self.stage.market.call(range.worker, &crate::bags_opening::opening(&range)).is_ok();
                }
                let pledge = self.stage.scheduler.authorize(range.worker, task);
                let outcome = Default::default();
                self.stage.contribute_and_finalize(range.worker, task, digest(0), &outcome, &pledge).is_ok()
            }
            Act::Range { deal, first, count, who } => {
                let range = SoloRange::new(&self.stage, self.deals[*deal], *first, *count);
                SoloRange { worker: worker(*who).address(), ..range }.send(&mut self.stage).is_ok()
            }
            Act::Vote { deal, index, who, result } => {
                let task = self.task(*deal, *index);
                self.stage.vote(*who, task, digest(*result)).is_ok()
            }
            Act::Relay { deal, who, result } => self.relay(*deal, who, digest(*result)),
            Act::Reveal { deal, index, who, result } => {
                let task = self.task(*deal, *index);
                self.stage.reveal(*who, task, digest(*result)).is_ok()
            }
            Act::RevealFor { deal, result } => {
                let taskids: Vec<_> = self.tasks(*deal).iter().map(|task| task.0).collect();
                let call = Bags::revealForCall { resultDigests: vec![digest(*result).0; taskids.len()], taskids };
                self.stage.market.call(STRANGER, &call).is_ok()
            }
            Act::Finalize { deal, index } => {
                let task = self.task(*deal, *index);
                self.stage.finalize(task, &Default::default()).is_ok()
            }
            Act::FinalizeLate { deal, index, who } => {
                let (taskid, empty) = (self.task(*deal, *index).0, Default::default);
                let call = Bags::finalizeLateCall { taskid, results: empty(), resultsCallback: Default::default() };
                self.stage.market.call(worker(*who).address(), &call).is_ok()
            }
            Act::Reopen { deal, index } => {
                let call = Hub::reopenCall { taskid: self.task(*deal, *index).0 };
                self.stage.market.call(scheduler, &call).is_ok()
            }
            Act::Claim { deal, index } => {
                let call = Hub::claimCall { taskid: self.task(*deal, *index).0 };
                self.stage.market.call(STRANGER, &call).is_ok()
            }
            Act::Wait { seconds } => {
                self.stage.market.evm.now += seconds;
                true
            }
        }
    }

    fn relay(&mut self, deal: usize, who: &[u64], digest: ResultDigest) -> bool {
        let domain = self.stage.market.domain();
        let ballots = who.iter().map(|who| {
            let (who, scheduler) = (worker(*who), &self.stage.scheduler);
            let tasks = self.tasks(deal);
            let votes = tasks.iter().map(|task| vote(scheduler, who.address(), *task, digest.0)).collect();
            ballot(&who, &domain, votes)
        });
        let ballots = ballots.collect();
        self.stage.market.call(STRANGER, &Bags::contributeForCall { ballots }).is_ok()
    }

    /// BG1 and BG2 after an act.
    fn check(&mut self) {
        check_conserved(&mut self.stage);
        for deal in 0..TRUSTS.len() {
            for task in self.tasks(deal) {
                let now = self.stage.view_task(task);
                if let Some(then) = self.over.get(&task) {
                    assert_eq!(*then, now, "what is final stays final");
                } else if now.status >= 3 {
                    self.over.insert(task, now);
                }
            }
        }
        self.check_locks();
    }

    /// Whoever is not the kitty has locked just what open tasks ask for.
    fn check_locks(&mut self) {
        let mut expected: BTreeMap<Address, U256> = BTreeMap::new();
        for deal in 0..TRUSTS.len() {
            let id = self.deals[deal];
            let terms = self.stage.market.view(&Hub::viewDealCall { id: id.0 }).unwrap();
            let price = terms.app.price + terms.dataset.price + terms.workerpool.price;
            for task in self.tasks(deal) {
                let task = self.stage.view_task(task);
                if task.status >= 3 {
                    continue;
                }
                *expected.entry(terms.sponsor).or_default() += price;
                *expected.entry(terms.workerpool.owner).or_default() +=
                    terms.workerpool.price * U256::from(30) / U256::from(100);
                for voter in task.contributors {
                    *expected.entry(voter).or_default() += terms.workerStake;
                }
            }
        }
        for account in self.stage.accounts() {
            let locked = self.stage.market.account(account).1.to_nrlc();
            assert_eq!(locked, expected.get(&account).copied().unwrap_or_default(), "{account}");
        }
    }

    /// Every task that is still open is claimed: then nothing but the kitty is locked.
    fn close(&mut self) {
        self.stage.market.evm.now += crate::bags::FINAL;
        for deal in 0..TRUSTS.len() {
            for index in 0..TASKS {
                self.act(&Act::Open { deal, index });
                self.act(&Act::Claim { deal, index });
            }
        }
        self.check();
        assert_eq!(self.over.len() as u64, TASKS * TRUSTS.len() as u64);
        let hub = self.stage.market.hub;
        let held = self.stage.market.account(hub).0;
        assert_eq!(self.stage.market.account(KITTY).1, held);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn bg1_bg2_any_mixture_of_calls_conserves_money_and_final_states(acts in proptest::collection::vec(acts(), 1..40)) {
        let mut world = World::new();
        for act in &acts {
            world.taken += usize::from(world.act(act));
            world.check();
        }
        world.close();
        prop_assert!(world.taken <= acts.len());
    }
}

#[test]
fn bg1_a_day_of_everything_is_taken_and_conserved() {
    let mut world = World::new();
    let day = [
        Act::Open { deal: 0, index: 1 },
        Act::Range { deal: 0, first: 0, count: 3, who: 11 },
        Act::Alone { deal: 0, index: 3, at_once: true },
        Act::Open { deal: 1, index: 0 },
        Act::Relay { deal: 1, who: vec![12], result: 0 },
        Act::Range { deal: 1, first: 1, count: 3, who: 12 },
        Act::RevealFor { deal: 1, result: 0 },
        Act::Finalize { deal: 1, index: 0 },
        Act::Open { deal: 2, index: 0 },
        Act::Open { deal: 2, index: 1 },
        Act::Vote { deal: 2, index: 1, who: 13, result: 1 },
        Act::Relay { deal: 2, who: vec![10, 11, 12, 13], result: 0 },
        Act::RevealFor { deal: 2, result: 0 },
        Act::Wait { seconds: 750 },
        Act::FinalizeLate { deal: 2, index: 0, who: 10 },
        Act::Wait { seconds: 2_100 },
        Act::FinalizeLate { deal: 2, index: 1, who: 14 },
    ];
    for act in day {
        assert!(world.act(&act), "{act:?}");
        world.check();
    }
    world.close();
    assert!(world.stage.market.account(Actor::number(14).address()).0 > protocol::Amount::rlc(1_000), "a bounty");
}
