//! Random calls of the boost module on the contracts and on the twin side by side: same answers, events and money.
//!
//! `FAIRGRID_CASES` sets the number of sequences (default 60).

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Actor, Done, Reverted, Stage, events};
use proptest::prelude::*;
use protocol::hub::{BoostEnd, Event, Hub as Twin, Outcome, Pledge, Refused};
use protocol::order::Quadruple;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId, ResultDigest, Tag, TaskId};

use crate::boost::{self, Push, STRANGER, check_conserved, view};

const SPONSOR: u64 = 39;

/// One thing that somebody does. Numbers pick from what there is, modulo its count.
#[derive(Clone, Debug)]
enum Act {
    Match { kind: u8, volume: u8, price: u32, dataset: bool, callback: bool, spoil: u8 },
    Rematch { pick: u8, kind: u8 },
    Push { pick: u8, index: u8, flaw: u8, data: bool },
    Claim { pick: u8, index: u8 },
    Pass { seconds: u16 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_u8..8, 1_u8..5, any::<u32>(), any::<bool>(), any::<bool>(), 0_u8..60).prop_map(
            |(kind, volume, price, dataset, callback, spoil)| Act::Match {
                kind, volume, price, dataset, callback, spoil
            }
        ),
        1 => (any::<u8>(), 0_u8..8).prop_map(|(pick, kind)| Act::Rematch { pick, kind }),
        8 => (any::<u8>(), 0_u8..3, 0_u8..18, prop::bool::weighted(0.8))
            .prop_map(|(pick, index, flaw, data)| Act::Push { pick, index, flaw, data }),
        5 => (any::<u8>(), 0_u8..3).prop_map(|(pick, index)| Act::Claim { pick, index }),
        2 => prop::sample::select(vec![1_u16, 300, 1_799, 2_100]).prop_map(|seconds| Act::Pass { seconds }),
    ]
}

/// Both sides, and what there is to act on.
struct Pair {
    stage: Stage,
    twin: Twin,
    orders: Vec<Quadruple>,
    deals: Vec<DealId>,
    ends: [u32; 2],
    refused: u32,
}

fn pick<T>(things: &[T], number: u8) -> Option<&T> {
    let recent = things.len().min(3);
    (recent > 0).then(|| &things[things.len() - 1 - usize::from(number) % recent])
}

impl Pair {
    fn new() -> Self {
        let stage = Stage::boosted();
        let twin = stage.twin();
        Self { stage, twin, orders: Vec::new(), deals: Vec::new(), ends: [0; 2], refused: 0 }
    }

    /// Both accept with the same events, or both refuse with the same bytes.
    fn compare(&mut self, act: &Act, hub: Result<Done, Reverted>, twin: Result<Vec<Event>, Refused>) {
        match (hub, twin) {
            (Ok(done), Ok(said)) => assert_eq!(events(self.stage.market.hub, &done.logs), said, "{act:?}"),
            (Err(reverted), Err(refused)) => {
                assert_eq!(reverted, refused.revert().into(), "{act:?}: {refused}");
                self.refused += 1;
            }
            (Ok(_), Err(refused)) => panic!("{act:?}: the hub accepts, the twin says: {refused}"),
            (Err(reverted), Ok(_)) => panic!("{act:?}: the twin accepts, the hub says {reverted:?}"),
        }
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Match { kind, .. } => {
                let orders = self.fresh(act);
                self.match_orders(act, &orders, kind);
                self.orders.push(orders);
            }
            Act::Rematch { pick: number, kind } => {
                if let Some(orders) = pick(&self.orders, number).cloned() {
                    self.match_orders(act, &orders, kind);
                }
            }
            Act::Push { pick: number, index, flaw, data } => {
                if let Some(deal) = pick(&self.deals, number).copied() {
                    self.push(act, (deal, u64::from(index)), flaw, data);
                }
            }
            Act::Claim { pick: number, index } => {
                if let Some(deal) = pick(&self.deals, number).copied() {
                    let (now, index) = (self.stage.market.now(), U256::from(index));
                    let hub = boost::claim(&mut self.stage, deal, index.to());
                    let twin = self.twin.claim_boost(deal, index, now);
                    self.ends[1] += u32::from(twin.is_ok());
                    self.compare(act, hub, twin);
                    self.check_task(TaskId::derive(deal, index));
                }
            }
            Act::Pass { seconds } => self.stage.market.evm.now += u64::from(seconds),
        }
        self.check_money();
    }

    fn fresh(&self, act: &Act) -> Quadruple {
        let Act::Match { volume, price, dataset, callback, spoil, .. } = *act else {
            unreachable!("only matches come here")
        };
        let volume = u64::from(volume);
        let mut terms = if dataset { self.stage.terms_with_dataset(1, volume) } else { self.stage.terms(1, volume) };
        // Up to 17 RLC a task, so that payers run dry as well.
        let price = Amount::nrlc(u64::from(price) * 4);
        (terms.workerpool.workerpoolprice, terms.request.workerpoolmaxprice) = (price, price);
        // Pools sell two tasks at a time, so that requests are served in parts.
        terms.workerpool.volume = U256::from(2);
        terms.workerpool.salt = B256::from(U256::from(self.orders.len()));
        terms.request.salt = B256::from(U256::from(self.orders.len() / 2));
        terms.request.callback = if callback { Address::repeat_byte(0xcb) } else { Address::ZERO };
        let tee = Tag::from_low(1);
        match spoil {
            0 => terms.request.trust = U256::from(2),
            1 => terms.request.category = U256::from(7),
            2 => terms.request.workerpoolmaxprice = Amount::ZERO,
            3 => terms.request.workerpool = self.stage.app,
            4 => terms.app.requesterrestrict = self.stage.pool,
            5 => terms.request.tag = Tag::from_low(0x100),
            6 => terms.dataset.apprestrict = STRANGER,
            7 => (terms.app.app, terms.request.app) = (STRANGER, STRANGER),
            8 => terms.dataset.tag = Tag::from_low(0x0e),
            9 => terms.request.tag = tee,
            10 => (terms.request.tag, terms.workerpool.tag) = (tee, tee),
            11 => terms.workerpool.trust = U256::ZERO,
            12 => terms.request.trust = U256::ZERO,
            13 => (terms.dataset.datasetprice, terms.request.datasetmaxprice) = (price, price),
            14 => {
                let wide = Amount::from_nrlc(U256::from(1) << 96);
                (terms.app.appprice, terms.request.appmaxprice) = (wide, wide);
            }
            15 => terms.dataset.dataset = STRANGER,
            20..26 => (terms.app.tag, terms.request.tag, terms.workerpool.tag) = (tee, tee, tee),
            _ => {}
        }
        let mut orders = self.stage.sign(terms);
        match spoil {
            16 => orders.app.sign = Bytes::new(),
            17 => orders.workerpool.sign = orders.app.sign.clone(),
            18 => orders.request.sign = Bytes::from(vec![7; 63]),
            19 => orders.dataset.sign = Bytes::from(vec![1; 65]),
            _ => {}
        }
        orders
    }

    fn match_orders(&mut self, act: &Act, orders: &Quadruple, kind: u8) {
        let now = self.stage.market.now();
        let sponsor = Actor::number(SPONSOR).address();
        let (hub, twin, boosted) = match kind {
            0 => (self.stage.match_orders(orders), self.twin.match_orders(orders, now), false),
            1..3 => {
                let twin = self.twin.sponsor_match_orders_boost(sponsor, orders, now);
                (boost::sponsor(&mut self.stage, sponsor, orders), twin, true)
            }
            _ => (boost::boost(&mut self.stage, orders), self.twin.match_orders_boost(orders, now), true),
        };
        let deal = twin.as_ref().ok().map(|(deal, _)| *deal);
        self.compare(act, hub, twin.map(|(_, said)| said));
        if let Some(deal) = deal.filter(|_| boosted) {
            self.check_deal(deal);
            self.deals.push(deal);
        }
    }

    fn push(&mut self, act: &Act, (deal, index): (DealId, u64), flaw: u8, data: bool) {
        let enclave = Actor::number(60);
        let mut push = Push::new(&self.stage, deal, index);
        if data {
            push.callback = Bytes::from_static(b"data");
        }
        let terms = self.twin.boost_deal(deal).map(|deal| deal.terms.clone()).unwrap();
        let signed = if terms.callback == Address::ZERO { &push.results } else { &push.callback };
        let digest = ResultDigest(keccak256(signed));
        if flaw > 13 || terms.tag.is_tee() && flaw > 3 {
            push = push.inside(&enclave, &self.stage.scheduler, digest);
        }
        match flaw {
            0 => push.authorization = Bytes::from_static(b"odd"),
            1 => push.authorization = enclave.sign_message(B256::ZERO),
            2 => push.worker = Actor::number(11).address(),
            4 | 14 => push.enclave_sign = push.authorization.clone(),
            5 | 15 => push.enclave_sign = Bytes::new(),
            _ => {}
        }
        let outcome = Outcome { results: push.results.clone(), callback: push.callback.clone() };
        let pledge = Pledge {
            enclave: push.enclave,
            enclave_sign: push.enclave_sign.clone(),
            authorization: push.authorization.clone(),
        };
        let (now, index) = (self.stage.market.now(), U256::from(index));
        let hub = push.send(&mut self.stage);
        let twin = self.twin.push_result_boost(push.worker, (deal, index), &outcome, &pledge, now);
        self.ends[0] += u32::from(twin.is_ok());
        self.compare(act, hub, twin);
        self.check_task(push.task());
    }

    fn check_deal(&mut self, id: DealId) {
        let deal = self.twin.boost_deal(id).unwrap().clone();
        let (terms, seen) = (deal.terms, view(&mut self.stage, id));
        let (prices, number) = ([terms.app, terms.dataset, terms.workerpool].map(|side| side.price), |n| U256::from(n));
        assert_eq!(
            [seen.appPrice, seen.datasetPrice, seen.workerpoolPrice, seen.workerReward].map(number),
            [prices[0], prices[1], prices[2], deal.worker_reward].map(Amount::to_nrlc)
        );
        let owners = [terms.app, terms.dataset, terms.workerpool].map(|side| side.owner);
        assert_eq!([seen.appOwner, seen.datasetOwner, seen.workerpoolOwner], owners);
        assert_eq!([seen.requester, seen.callback, seen.sponsor], [terms.requester, terms.callback, terms.sponsor]);
        assert_eq!(U256::from(seen.deadline), U256::from(deal.deadline.0));
        assert_eq!([seen.botFirst, seen.botSize].map(U256::from), [terms.bot_first, terms.bot_size]);
        assert_eq!(seen.shortTag.0, terms.tag.0[29..]);
    }

    fn check_task(&mut self, id: TaskId) {
        let status = match self.twin.boost_end(id) {
            None => 0,
            Some(BoostEnd::Completed) => 3,
            Some(BoostEnd::Failed) => 4,
        };
        let task = self.stage.view_task(id);
        assert_eq!(task, fairgrid_conformance::abi::Task { status, ..Default::default() });
    }

    fn check_money(&mut self) {
        let people = (1..5).chain([10, 11, SPONSOR]).map(|number| Actor::number(number).address());
        for account in people.chain([KITTY, self.stage.market.hub]) {
            let known = (self.twin.ledger().balance(account), self.twin.ledger().frozen(account));
            assert_eq!(self.stage.market.account(account), known, "money of {account}");
        }
        let supply = self.stage.market.view(&Hub::totalSupplyCall {}).unwrap();
        assert_eq!(self.twin.ledger().supply().map(Amount::to_nrlc), Some(supply));
    }
}

fn cases() -> u32 {
    std::env::var("FAIRGRID_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn boost_contracts_and_twin_agree_on_every_call(acts in prop::collection::vec(act(), 20..50)) {
        let mut pair = Pair::new();
        for act in &acts {
            pair.act(act);
        }
        check_conserved(&mut pair.stage);
    }
}

/// A guard against a generator that only ever produces refusals.
#[test]
fn boost_random_calls_reach_both_ends() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut ends, mut refused) = ([0; 2], 0);
    for _ in 0..20 {
        let acts = prop::collection::vec(act(), 60).new_tree(&mut runner).unwrap().current();
        let mut pair = Pair::new();
        for act in &acts {
            pair.act(act);
        }
        ends = [ends[0] + pair.ends[0], ends[1] + pair.ends[1]];
        refused += pair.refused;
    }
    assert!(ends[0] > 50 && ends[1] > 20 && refused > 100, "completed, failed {ends:?}, refused {refused}");
}
