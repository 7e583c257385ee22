//! The two sides, and one act on both.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Actor, Done, Reverted, Stage, Terms, events, quadruple};
use protocol::hub::{Event, Hub as Twin, LightStatus, Outcome, Pledge, Refused};
use protocol::order::{Operation, Quadruple};
use protocol::task::Phase;
use protocol::{Amount, ChainTime, DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::act::Act;

/// Both sides of the comparison, and what there is to act on.
pub(crate) struct Pair {
    pub(crate) stage: Stage,
    pub(crate) twin: Twin,
    orders: Vec<Quadruple>,
    pub(crate) deals: Vec<DealId>,
    pub(crate) tasks: Vec<TaskId>,
    pub(crate) finals: Vec<(TaskId, Phase)>,
    accepted: u32,
    pub(crate) touched: Vec<TaskId>,
    /// Settled ranges of light deals: who, where, first index, count.
    pub(crate) ranges: Vec<(Address, DealId, U256, u64)>,
    /// Last known states of their tasks.
    pub(crate) lights: BTreeMap<(DealId, U256), LightStatus>,
    /// How calls ended, by the act's name and what became of it.
    pub(crate) ends: BTreeMap<(String, String), u32>,
}

pub(crate) const CALLBACK: Address = Address::repeat_byte(0xcb);
const SPONSOR: u64 = 39;
/// Owns nothing at first.
pub(crate) const POOR: u64 = 50;
/// Has a score that no tally can hold.
pub(crate) const GIANT: u64 = 51;
const STRANGER: u64 = 99;

/// Seven of eight results agree, so that consensus happens.
pub(crate) fn digest(result: u8) -> ResultDigest {
    let name = if result < 6 { 0 } else { result };
    ResultDigest(alloy::primitives::keccak256([name]))
}

pub(crate) fn worker(number: u8) -> Actor {
    Actor::number(10 + u64::from(number))
}

/// One of the things, mostly a late one, so that sequences get somewhere.
pub(crate) fn pick<T: Copy>(things: &[T], number: u8) -> Option<T> {
    let recent = match number {
        0..180 => things.len().min(1),
        180..235 => things.len().min(3),
        235.. => things.len(),
    };
    (recent > 0).then(|| things[things.len() - 1 - usize::from(number) % recent])
}

/// Everybody who ever acts with money: owners, scheduler, requester, six workers, a sponsor, and some without at first.
pub(crate) fn people() -> Vec<Address> {
    (1..5).chain(10..16).chain([SPONSOR, POOR, GIANT, STRANGER]).map(|number| Actor::number(number).address()).collect()
}

/// Deals for enclaves, light deals, and both; some for which not everybody asked.
fn tag(terms: &mut Terms, kind: u8) {
    let [plain, enclave] = [0, 3].map(protocol::Tag::from_low);
    (terms.app.tag, terms.workerpool.tag, terms.request.tag) = match kind {
        20..30 => (enclave, enclave, enclave),
        30..40 => (plain, plain.with_light(), plain.with_light()),
        40..43 => (enclave, enclave.with_light(), enclave.with_light()),
        _ => (plain.with_light(), plain.with_light(), plain),
    };
}

impl Pair {
    pub(crate) fn new() -> Self {
        let stage = Stage::new();
        let mut twin = stage.twin();
        let mut pair = Self {
            deals: Vec::new(),
            tasks: Vec::new(),
            orders: Vec::new(),
            finals: Vec::new(),
            accepted: 0,
            touched: Vec::new(),
            ends: BTreeMap::new(),
            ranges: Vec::new(),
            lights: BTreeMap::new(),
            twin: twin.clone(),
            stage,
        };
        let scores = [(10, 0), (11, 12), (12, 15), (13, 30), (14, 2), (15, 0)];
        let scores = scores.into_iter().map(|(number, score)| (number, U256::from(score)));
        for (number, score) in scores.chain([(GIANT, U256::MAX >> 20)]) {
            let address = Actor::number(number).address();
            pair.stage.market.set_score(address, score);
            twin.set_score(address, score);
        }
        pair.twin = twin;
        pair
    }

    pub(crate) fn now(&self) -> ChainTime {
        self.stage.market.now()
    }

    /// Both accept with the same events, or both refuse with the same bytes.
    pub(crate) fn compare(&mut self, act: &Act, hub: Result<Done, Reverted>, twin: Result<Vec<Event>, Refused>) {
        self.note(act, &twin);
        match (hub, twin) {
            (Ok(done), Ok(said)) => {
                assert_eq!(events(self.stage.market.hub, &done.logs), said, "{act:?}");
                self.accepted += 1;
            }
            (Err(reverted), Err(refused)) => assert_eq!(reverted, refused.revert().into(), "{act:?}: {refused}"),
            (Ok(_), Err(refused)) => panic!("{act:?}: the hub accepts, the twin says: {refused}"),
            (Err(reverted), Ok(_)) => panic!("{act:?}: the twin accepts, the hub says {reverted:?}"),
        }
    }

    pub(crate) fn act(&mut self, act: &Act) {
        let (before, accepted) = (self.twin.clone(), self.accepted);
        match *act {
            Act::Deposit { who, nrlc } => self.deposit(act, who, nrlc),
            Act::Withdraw { who, nrlc } => self.withdraw(act, who, nrlc),
            Act::Match { .. } => self.fresh_match(act),
            Act::Rematch { pick } => {
                if let Some(index) = (!self.orders.is_empty()).then(|| usize::from(pick) % self.orders.len()) {
                    let orders = self.orders[index].clone();
                    self.match_orders(act, &orders, false);
                }
            }
            Act::Close { pick, kind } => self.close(act, pick, kind),
            Act::Initialize { pick: number, index } => {
                if let Some(deal) = pick(&self.deals, number) {
                    self.initialize(act, deal, index);
                }
            }
            Act::Pass { seconds } => self.stage.market.evm.now += u64::from(seconds),
            Act::Bag(ref bag) => self.bag(act, bag),
            Act::Contribute { pick: number, .. }
            | Act::Reveal { pick: number, .. }
            | Act::RevealAll { pick: number }
            | Act::Reopen { pick: number, .. }
            | Act::Finalize { pick: number, .. }
            | Act::Alone { pick: number, .. }
            | Act::Claim { pick: number }
            | Act::Vote { pick: number, .. }
            | Act::Approach { pick: number, .. } => {
                if let Some(task) = pick(&self.tasks, number) {
                    self.act_on(act, task);
                    self.touched.push(task);
                }
            }
        }
        // The EVM undoes a refused call as a whole; the twin has to prove it.
        if self.accepted == accepted {
            assert_eq!(self.twin, before, "{act:?}: a refused call changes nothing");
        } else {
            self.check_money();
            for task in std::mem::take(&mut self.touched) {
                if self.twin.task(task).is_some() {
                    self.check_task(task);
                }
            }
        }
        self.touched.clear();
    }

    fn act_on(&mut self, act: &Act, task: TaskId) {
        match *act {
            Act::Contribute { worker: who, result, flaw, .. } => self.contribute(act, task, who, result, flaw),
            Act::Reveal { worker: who, result, .. } => self.reveal(act, task, u64::from(who), digest(result)),
            Act::RevealAll { .. } => {
                for number in 0..6 {
                    for result in [0, 6, 7] {
                        self.reveal(act, task, number, digest(result));
                    }
                }
            }
            Act::Reopen { stranger, .. } => {
                let caller = self.caller(stranger);
                let hub = self.stage.market.call(caller, &Hub::reopenCall { taskid: task.0 });
                let twin = self.twin.reopen(caller, task, self.now());
                self.compare(act, hub, twin);
            }
            Act::Finalize { stranger, data, .. } => self.finalize(act, task, stranger, data),
            Act::Alone { worker: who, result, flaw, .. } => self.alone(act, task, who, result, flaw),
            Act::Vote { liars, .. } => {
                for number in 0..6 {
                    let result = if number < liars { 6 } else { 0 };
                    self.contribute(act, task, number, result, u8::MAX);
                }
            }
            Act::Approach { deadline, seconds, .. } => self.approach(task, deadline, u64::from(seconds)),
            Act::Claim { .. } => {
                let caller = self.caller(true);
                let hub = self.stage.market.call(caller, &Hub::claimCall { taskid: task.0 });
                let twin = self.twin.claim(task, self.now());
                self.compare(act, hub, twin);
            }
            Act::Deposit { .. }
            | Act::Withdraw { .. }
            | Act::Match { .. }
            | Act::Rematch { .. }
            | Act::Close { .. }
            | Act::Initialize { .. }
            | Act::Bag(_)
            | Act::Pass { .. } => unreachable!("acts on no task"),
        }
    }

    fn approach(&mut self, id: TaskId, deadline: u8, seconds: u64) {
        let task = self.twin.task(id).unwrap();
        let deadline = match (deadline, task.phase) {
            (0, Phase::Revealing { reveal_before, .. }) => reveal_before,
            (0 | 1, _) => task.contribute_before,
            (_, _) => task.final_before,
        };
        let clock = &mut self.stage.market.evm.now;
        *clock = (*clock).max(deadline.0 - 1 + seconds);
    }

    pub(crate) fn caller(&self, stranger: bool) -> Address {
        if stranger { Actor::number(STRANGER).address() } else { self.stage.scheduler.address() }
    }

    fn account(&self, who: u8) -> Address {
        let accounts = people();
        accounts[usize::from(who) % accounts.len()]
    }

    fn deposit(&mut self, act: &Act, who: u8, nrlc: u64) {
        let (account, amount) = (self.account(who), Amount::nrlc(nrlc));
        self.stage.market.give(account, amount);
        let hub = self.stage.market.deposit(account, amount);
        let twin = self.twin.deposit(account, amount);
        self.compare(act, hub, twin);
    }

    fn withdraw(&mut self, act: &Act, who: u8, nrlc: u64) {
        let (account, amount) = (self.account(who), Amount::nrlc(nrlc));
        let hub = self.stage.market.call(account, &Hub::withdrawCall { amount: amount.to_nrlc() });
        let twin = self.twin.withdraw(account, amount);
        self.compare(act, hub, twin);
    }

    fn fresh_match(&mut self, act: &Act) {
        let Act::Match { trust, volume, price, dataset, sponsored, callback, spoil } = *act else {
            unreachable!("only matches come here")
        };
        let (trust, volume) = (u64::from(trust), u64::from(volume));
        let mut terms =
            if dataset { self.stage.terms_with_dataset(trust, volume) } else { self.stage.terms(trust, volume) };
        // Up to 43 RLC a task: few hundred deals empty the requester, so poverty is tested as well.
        let price = Amount::nrlc(u64::from(price) * 10);
        terms.workerpool.workerpoolprice = price;
        terms.request.workerpoolmaxprice = price;
        terms.workerpool.volume = U256::from(4);
        terms.request.salt = B256::from(U256::from(self.orders.len()));
        terms.workerpool.salt = B256::from(U256::from(self.orders.len() / 2));
        terms.request.callback = if callback { CALLBACK } else { Address::ZERO };
        match spoil {
            0 => terms.request.trust += U256::from(1),
            1 => terms.request.category = U256::from(7),
            2 => terms.request.workerpoolmaxprice = Amount::ZERO,
            3 => terms.request.workerpool = self.stage.app,
            4 => terms.app.requesterrestrict = self.stage.pool,
            5 => terms.request.tag = protocol::Tag::from_low(0x100),
            // Counts without a dataset as well.
            6 => terms.dataset.apprestrict = Address::repeat_byte(0x77),
            7 => terms.request.app = self.stage.pool,
            8 => terms.dataset.tag = protocol::Tag::from_low(0x0e),
            20..45 => tag(&mut terms, spoil),
            _ => {}
        }
        let mut orders = self.stage.sign(terms);
        match spoil {
            10 => orders.app.sign = Bytes::new(),
            11 => orders.workerpool.sign = orders.app.sign.clone(),
            12 => orders.request.sign = Bytes::from(vec![7; 63]),
            13 => orders.request.order.params.push(' '),
            14 => orders.dataset.sign = Bytes::from(vec![1; 66]),
            _ => {}
        }
        self.match_orders(act, &orders, sponsored);
        self.orders.push(orders);
    }

    fn match_orders(&mut self, act: &Act, orders: &Quadruple, sponsored: bool) {
        let (app, dataset, workerpool, request) = quadruple(orders);
        let now = self.now();
        let (hub, twin) = if sponsored {
            let sponsor = Actor::number(SPONSOR).address();
            let call = Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request };
            (self.stage.market.call(sponsor, &call), self.twin.sponsor_match_orders(sponsor, orders, now))
        } else {
            let call = Hub::matchOrdersCall { app, dataset, workerpool, request };
            (self.stage.market.call(self.caller(true), &call), self.twin.match_orders(orders, now))
        };
        let deal = twin.as_ref().ok().map(|(deal, _)| *deal);
        self.compare(act, hub, twin.map(|(_, said)| said));
        if let Some(deal) = deal {
            self.deals.push(deal);
            self.check_deal(deal);
            self.initialize(act, deal, 0);
        }
    }

    fn close(&mut self, act: &Act, number: u8, kind: u8) {
        let Some(orders) = (!self.orders.is_empty()).then(|| &self.orders[usize::from(number) % self.orders.len()])
        else {
            return;
        };
        let order = orders.request.order.clone();
        let caller = if kind == 0 { self.stage.requester.address() } else { self.caller(true) };
        let operation = if kind == 4 { Operation::Sign } else { Operation::Close };
        let sign = match kind {
            1 => Bytes::new(),
            2 => self.stage.scheduler.sign_operation(&order, operation, &self.stage.market.domain()),
            _ => self.stage.requester.sign_operation(&order, operation, &self.stage.market.domain()),
        };
        let twin = self.twin.manage(caller, &order, operation, &sign);
        let operation = u8::from(operation == Operation::Close);
        let order = quadruple(orders).3;
        let operation = fairgrid_conformance::abi::RequestOrderOperation { order, operation, sign };
        let hub = self.stage.market.call(caller, &Hub::manageRequestOrderCall { operation });
        self.compare(act, hub, twin);
    }

    fn initialize(&mut self, act: &Act, deal: DealId, offset: u8) {
        let first = self.twin.deal(deal).map_or(U256::ZERO, |deal| deal.bot_first);
        // Offset 4 is below the first index where that is possible.
        let index = if offset == 4 { first.saturating_sub(U256::from(1)) } else { first + U256::from(offset) };
        let call = Hub::initializeCall { dealid: deal.0, idx: index };
        let hub = self.stage.market.call(self.caller(true), &call);
        let twin = self.twin.initialize(deal, index);
        let task = twin.as_ref().ok().map(|(task, _)| *task);
        self.compare(act, hub, twin.map(|(_, said)| said));
        self.tasks.extend(task);
    }

    pub(crate) fn pledge(&self, who: Address, task: TaskId, commitment: (ResultHash, ResultSeal), flaw: u8) -> Pledge {
        let scheduler = &self.stage.scheduler;
        match flaw {
            0 => Pledge::default(),
            1 => scheduler.authorize(self.caller(true), task),
            2 => self.stage.requester.authorize(who, task),
            3 => scheduler.authorize_enclave(who, task, &Actor::number(77), commitment),
            4 => Pledge {
                enclave: Actor::number(78).address(),
                ..scheduler.authorize_enclave(who, task, &Actor::number(77), commitment)
            },
            5 => Pledge {
                enclave_sign: Bytes::new(),
                ..scheduler.authorize_enclave(who, task, &Actor::number(77), commitment)
            },
            _ => scheduler.authorize(who, task),
        }
    }

    fn contribute(&mut self, act: &Act, task: TaskId, who: u8, result: u8, flaw: u8) {
        let who = worker(who).address();
        // Flaw 6 copies a hash under another worker's seal: it counts, but cannot be revealed.
        let sealed = if flaw == 6 { self.caller(true) } else { who };
        let commitment = (ResultHash::derive(task, digest(result)), ResultSeal::derive(sealed, task, digest(result)));
        let pledge = self.pledge(who, task, commitment, flaw);
        let hub = self.stage.contribute(who, task, commitment, &pledge);
        let twin = self.twin.contribute(who, task, commitment.0, commitment.1, &pledge, self.now());
        self.compare(act, hub, twin);
    }

    fn reveal(&mut self, act: &Act, task: TaskId, number: u64, digest: ResultDigest) {
        let hub = self.stage.reveal(10 + number, task, digest);
        let twin = self.twin.reveal(Actor::number(10 + number).address(), task, digest, self.now());
        self.compare(act, hub, twin);
    }

    pub(crate) fn outcome(&self, task: TaskId, data: u8) -> Outcome {
        let known = self.twin.task(task).and_then(|task| task.digest);
        let callback = match data {
            0 => Bytes::from_static(b"wrong"),
            1 => Bytes::new(),
            // The digest of result n is the hash of the byte n: the right data exists for every result.
            _ => [0_u8, 6, 7]
                .into_iter()
                .find(|result| Some(digest(*result)) == known)
                .map_or_else(Bytes::new, |result| Bytes::from(vec![result])),
        };
        Outcome { results: Bytes::from_static(br#"{"storage":"ipfs","location":"/ipfs/x"}"#), callback }
    }

    fn finalize(&mut self, act: &Act, task: TaskId, stranger: bool, data: u8) {
        let caller = self.caller(stranger);
        let outcome = self.outcome(task, data);
        let (results, data) = (outcome.results.clone(), outcome.callback.clone());
        let call = Hub::finalizeCall { taskid: task.0, results, resultsCallback: data };
        let hub = self.stage.market.call(caller, &call);
        let twin = self.twin.finalize(caller, task, &outcome, self.now());
        self.compare(act, hub, twin);
    }

    fn alone(&mut self, act: &Act, task: TaskId, who: u8, result: u8, flaw: u8) {
        let who = worker(who).address();
        let digest = digest(result);
        let commitment = (ResultHash::derive(task, digest), ResultSeal::derive(who, task, digest));
        let pledge = self.pledge(who, task, commitment, flaw);
        let callback = if result < 6 { Bytes::from(vec![0]) } else { Bytes::new() };
        let outcome = Outcome { results: Bytes::from_static(b"{}"), callback };
        let hub = self.stage.contribute_and_finalize(who, task, digest, &outcome, &pledge);
        let twin = self.twin.contribute_and_finalize(who, task, digest, &outcome, &pledge, self.now());
        self.compare(act, hub, twin);
    }
}
