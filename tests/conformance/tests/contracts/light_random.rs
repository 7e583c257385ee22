//! Any calls over several light deals against a plain model: each task is paid or refunded once, and no money is lost or stuck.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use alloy::primitives::{Address, B256, U256};
use fairgrid_conformance::abi::Resources;
use fairgrid_conformance::{Actor, Reverted, Stage, stub};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId};

use crate::light::{DELIVERED, OPEN, REFUNDED, SETTLED, STRANGER, Settle, check_conserved, claim, light, rich, status};

const CALLBACK: Address = Address::repeat_byte(0xca);
const APP: u64 = 3;
const DATASET: u64 = 50_000_001;
const POOL: u64 = 1_000_000_007;
/// Percent for the scheduler.
const RATIO: u64 = 33;
const PRICE: u64 = APP + DATASET + POOL;
const STAKE: u64 = POOL * 30 / 100;
const SHARE: u64 = POOL * (100 - RATIO) / 100;

#[derive(Clone, Debug)]
enum Act {
    Settle { deal: usize, first: u64, count: u64, worker: u64 },
    Claim { deal: usize, first: u64, count: u64 },
    Deliver { deal: usize, index: u64 },
    Wait { seconds: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    let border = || prop_oneof![4 => 0..8_u64, 2 => 250..260_u64, 1 => 510..515_u64, 2 => 0..710_u64];
    let count =
        || prop_oneof![4 => 1..20_u64, 1 => 1..300_u64, 1 => prop::sample::select(vec![255, 256, 257, 512, 65_536])];
    let deal = || 0..DEALS.len();
    prop_oneof![
        8 => (deal(), border(), count(), 10..13_u64)
            .prop_map(|(deal, first, count, worker)| Act::Settle { deal, first, count, worker }),
        4 => (deal(), border(), count()).prop_map(|(deal, first, count)| Act::Claim { deal, first, count }),
        5 => (deal(), border()).prop_map(|(deal, index)| Act::Deliver { deal, index }),
        2 => prop::sample::select(vec![1, 1_000, 3_000]).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// Tasks, time reference, and whether there is a callback.
const DEALS: [(u64, u64, bool); 4] = [(6, 300, true), (300, 300, true), (700, 1_200, true), (257, 1_200, false)];

#[derive(Clone, Debug)]
struct Deal {
    states: Vec<u8>,
    unit: u64,
    callback: bool,
    /// Count and worker by first index.
    ranges: BTreeMap<u64, (u64, u64)>,
}

#[derive(Clone, Debug)]
struct Model {
    deals: Vec<Deal>,
    waited: u64,
    /// nRLC won and lost since the matches.
    free: BTreeMap<Address, i128>,
    locked: BTreeMap<Address, i128>,
}

impl Model {
    fn new() -> Self {
        let deal = |(size, unit, callback)| {
            let states = vec![OPEN; usize::try_from(size).unwrap()];
            Deal { states, unit, callback, ranges: BTreeMap::new() }
        };
        let deals = DEALS.map(deal).to_vec();
        Self { deals, waited: 0, free: BTreeMap::new(), locked: BTreeMap::new() }
    }

    fn pay(&mut self, account: Address, amount: i128) {
        *self.free.entry(account).or_default() += amount;
    }

    fn lock(&mut self, account: Address, amount: i128) {
        *self.locked.entry(account).or_default() += amount;
    }

    fn slots(&mut self, deal: usize, first: u64, count: u64) -> Option<&mut [u8]> {
        let (first, count) = (usize::try_from(first).unwrap(), usize::try_from(count).unwrap());
        self.deals[deal].states.get_mut(first..first + count)
    }

    /// Whether the call goes through; if so, it is done.
    fn does(&mut self, act: &Act, people: &People) -> bool {
        match *act {
            Act::Settle { deal, first, count, worker } => self.settles(deal, first, count, worker, people),
            Act::Claim { deal, first, count } => self.claims(deal, first, count, people),
            Act::Deliver { deal, index } => self.delivers(deal, index),
            Act::Wait { seconds } => {
                self.waited += seconds;
                true
            }
        }
    }

    fn settles(&mut self, deal: usize, first: u64, count: u64, worker: u64, people: &People) -> bool {
        let late = self.waited >= 7 * self.deals[deal].unit;
        let Some(slots) = self.slots(deal, first, count) else { return false };
        if late || slots.iter().any(|slot| *slot != OPEN) {
            return false;
        }
        slots.fill(SETTLED);
        self.deals[deal].ranges.insert(first, (count, worker));
        let n = i128::from(count);
        let kitty = self.locked.get(&KITTY).copied().unwrap_or_default();
        let part = (kitty / 10).max(1_000_000_000).min(kitty);
        self.lock(people.payer, -i128::from(PRICE) * n);
        self.lock(people.scheduler, -i128::from(STAKE) * n);
        self.lock(KITTY, -part);
        self.pay(people.app, i128::from(APP) * n);
        self.pay(people.dataset, i128::from(DATASET) * n);
        self.pay(Actor::number(worker).address(), i128::from(SHARE) * n);
        self.pay(people.scheduler, i128::from(STAKE + POOL - SHARE) * n + part);
        true
    }

    fn claims(&mut self, deal: usize, first: u64, count: u64, people: &People) -> bool {
        let early = self.waited < 10 * self.deals[deal].unit;
        let Some(slots) = self.slots(deal, first, count) else { return false };
        let open = slots.iter_mut().filter(|slot| **slot == OPEN);
        if early {
            return false;
        }
        let n = open.map(|slot| *slot = REFUNDED).count();
        let n = i128::try_from(n).unwrap();
        self.lock(people.payer, -i128::from(PRICE) * n);
        self.pay(people.payer, i128::from(PRICE) * n);
        self.lock(people.scheduler, -i128::from(STAKE) * n);
        self.lock(KITTY, i128::from(STAKE) * n);
        n > 0
    }

    fn delivers(&mut self, deal: usize, index: u64) -> bool {
        let callback = self.deals[deal].callback;
        let Some([slot]) = self.slots(deal, index, 1) else { return false };
        let does = callback && *slot == SETTLED;
        if does {
            *slot = DELIVERED;
        }
        does
    }

    /// First index, count and worker of the range in which a task was settled.
    fn range_of(&self, deal: usize, index: u64) -> Option<(u64, u64, u64)> {
        let (first, (count, worker)) = self.deals[deal].ranges.range(..=index).next_back()?;
        (index - first < *count).then_some((*first, *count, *worker))
    }
}

#[derive(Clone, Debug)]
struct People {
    payer: Address,
    scheduler: Address,
    app: Address,
    dataset: Address,
}

impl People {
    fn of(stage: &Stage) -> Self {
        Self {
            payer: stage.requester.address(),
            scheduler: stage.scheduler.address(),
            app: stage.app_owner.address(),
            dataset: stage.dataset_owner.address(),
        }
    }

    fn accounts(&self) -> Vec<Address> {
        let workers = (10..13).map(|number| Actor::number(number).address());
        [self.payer, self.scheduler, self.app, self.dataset, KITTY].into_iter().chain(workers).collect()
    }
}

/// The deals, matched.
fn ready() -> (Stage, Vec<DealId>) {
    static READY: OnceLock<(Stage, Vec<DealId>)> = OnceLock::new();
    READY.get_or_init(build).clone()
}

fn build() -> (Stage, Vec<DealId>) {
    let mut stage = rich();
    stage.market.evm.place(CALLBACK, stub::recording());
    let policy = Resources::changePolicyCall { stake: U256::from(30), reward: U256::from(RATIO) };
    stage.market.evm.call(stage.scheduler.address(), stage.pool, &policy).unwrap();
    let mut deals = Vec::new();
    for (number, (size, unit, callback)) in DEALS.into_iter().enumerate() {
        let mut terms = light(stage.terms_with_dataset(1, size));
        terms.request.salt = B256::from(U256::from(number));
        let category = U256::from(u64::from(unit != 300));
        (terms.request.category, terms.workerpool.category) = (category, category);
        (terms.app.appprice, terms.dataset.datasetprice) = (Amount::nrlc(APP), Amount::nrlc(DATASET));
        (terms.workerpool.workerpoolprice, terms.request.workerpoolmaxprice) = (Amount::nrlc(POOL), Amount::nrlc(POOL));
        terms.request.datasetmaxprice = Amount::nrlc(DATASET);
        if callback {
            terms.request.callback = CALLBACK;
        }
        deals.push(stage.deal(terms));
    }
    (stage, deals)
}

/// The contracts, beside the model.
struct Pair {
    stage: Stage,
    deals: Vec<DealId>,
    model: Model,
    people: People,
    before: Vec<(i128, i128)>,
}

fn money(stage: &mut Stage, account: Address) -> (i128, i128) {
    let (free, locked) = stage.market.account(account);
    (free.to_nrlc().to::<i128>(), locked.to_nrlc().to::<i128>())
}

impl Pair {
    fn new() -> Self {
        let (mut stage, deals) = ready();
        let people = People::of(&stage);
        let before = people.accounts().into_iter().map(|account| money(&mut stage, account)).collect();
        Self { stage, deals, model: Model::new(), people, before }
    }

    fn act(&mut self, act: &Act) {
        let done = self.send(act);
        let expected = self.model.does(act, &self.people);
        assert_eq!(done.is_ok(), expected, "{act:?}: {:?}", done.err());
        for (account, (free, locked)) in self.people.accounts().into_iter().zip(&self.before) {
            let change = |map: &BTreeMap<Address, i128>| map.get(&account).copied().unwrap_or_default();
            let expected = (free + change(&self.model.free), locked + change(&self.model.locked));
            assert_eq!(money(&mut self.stage, account), expected, "{account} after {act:?}");
        }
    }

    fn send(&mut self, act: &Act) -> Result<(), Reverted> {
        match *act {
            Act::Settle { deal, first, count, worker } => {
                let settle = self.settle(deal, first, count, worker);
                settle.send(&mut self.stage).map(|_| ())
            }
            Act::Claim { deal, first, count } => claim(&mut self.stage, self.deals[deal], first, count).map(|_| ()),
            Act::Deliver { deal, index } => {
                let (first, count, worker) = self.model.range_of(deal, index).unwrap_or((index, 1, 10));
                let delivery = self.settle(deal, first, count, worker).delivery(index);
                self.stage.market.call(STRANGER, &delivery).map(|_| ())
            }
            Act::Wait { seconds } => {
                self.stage.market.evm.now += seconds;
                Ok(())
            }
        }
    }

    fn settle(&self, deal: usize, first: u64, count: u64, worker: u64) -> Settle {
        let worker = Actor::number(worker).address();
        let deal = self.deals[deal];
        // A range beyond all deals is refused whatever its root.
        let settle = if count > 700 { Settle::unproved } else { Settle::new };
        settle(&self.stage, deal, first, count).by(&self.stage, worker)
    }

    fn check_states(&mut self, indices: impl Iterator<Item = (usize, u64)>) {
        for (deal, index) in indices {
            let Some(expected) = self.model.deals[deal].states.get(usize::try_from(index).unwrap()) else { continue };
            assert_eq!(status(&mut self.stage, self.deals[deal], index), *expected, "{deal} {index}");
        }
    }

    /// After the last deadline everything can be ended, and then nothing is locked but the kitty.
    fn finish(&mut self) {
        self.act(&Act::Wait { seconds: 12_000 });
        for (deal, (size, ..)) in DEALS.into_iter().enumerate() {
            self.act(&Act::Claim { deal, first: 0, count: size });
            self.act(&Act::Claim { deal, first: 0, count: size });
            assert!(!self.model.deals[deal].states.contains(&OPEN));
        }
        for account in [self.people.payer, self.people.scheduler] {
            assert_eq!(money(&mut self.stage, account).1, 0, "nothing is stuck");
        }
        check_conserved(&mut self.stage);
    }
}

/// The tasks at the ends of a call's range.
fn ends(act: &Act) -> Vec<(usize, u64)> {
    match *act {
        Act::Settle { deal, first, count, .. } | Act::Claim { deal, first, count } => {
            [first.saturating_sub(1), first, first + count - 1, first + count].map(|index| (deal, index)).to_vec()
        }
        Act::Deliver { deal, index } => vec![(deal, index)],
        Act::Wait { .. } => Vec::new(),
    }
}

fn cases() -> u32 {
    std::env::var("FAIRGRID_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn light_deals_pay_or_refund_each_task_once_whatever_is_called(acts in prop::collection::vec(act(), 10..40)) {
        let mut pair = Pair::new();
        for act in &acts {
            pair.act(act);
        }
        pair.check_states(acts.iter().flat_map(ends));
        pair.finish();
        pair.check_states(acts.iter().flat_map(ends));
    }
}

/// A guard against a generator that only ever produces refusals.
#[test]
fn light_calls_of_the_generator_go_through_and_are_refused() {
    let mut runner = TestRunner::deterministic();
    let people = People::of(&ready().0);
    let mut seen = BTreeMap::new();
    for _ in 0..100 {
        let acts = prop::collection::vec(act(), 10..40).new_tree(&mut runner).unwrap().current();
        let mut model = Model::new();
        for act in acts {
            let name = match act {
                Act::Settle { .. } => "settle",
                Act::Claim { .. } => "claim",
                Act::Deliver { .. } => "deliver",
                Act::Wait { .. } => "wait",
            };
            *seen.entry((name, model.does(&act, &people))).or_insert(0) += 1;
        }
    }
    // Waiting is never refused.
    assert_eq!(seen.len(), 7, "{seen:?}");
    assert!(seen.values().all(|count| *count >= 20), "{seen:?}");
}
