//! The example consumers: who may ask, what counts as an answer, and that nothing leaves a question open for ever.

use alloy::primitives::{Address, B256, Bytes, I256, U256, keccak256};
use alloy::sol_types::SolValue as _;
use fairgrid_conformance::abi::{ComputeOracle, Hub, Prices, Rlc};
use fairgrid_conformance::{Actor, Artifact, Done, Reverted, Stage, Terms, app, events, pool};
use protocol::hub::{Event, Outcome};
use protocol::{Amount, DealId, ResultDigest, TaskId};

const TRUST: u64 = 3;

/// Where a question stands, as the contract numbers it.
const UNKNOWN: u8 = 0;
const ASKED: u8 = 1;
const ANSWERED: u8 = 2;
const UNREADABLE: u8 = 3;
const REFUNDED: u8 = 4;

/// An oracle with stake, on a stage.
#[derive(Clone)]
struct Desk {
    stage: Stage,
    oracle: Address,
}

/// What the app and the pool of the stage cost together.
fn price() -> Amount {
    Amount::nrlc(1_100_000_000)
}

/// What the oracle starts with.
fn stake() -> Amount {
    Amount::rlc(10)
}

fn owner() -> Address {
    Actor::number(12).address()
}

fn stranger() -> Address {
    Actor::number(13).address()
}

fn number(value: i64) -> Bytes {
    I256::try_from(value).unwrap().abi_encode().into()
}

impl Desk {
    fn open() -> Self {
        let mut stage = Stage::new();
        let terms = (stage.market.hub, stage.app, stage.pool, U256::from(TRUST), price().to_nrlc());
        let oracle = stage.market.evm.deploy(owner(), &Artifact::named("ComputeOracle"), &terms.abi_encode_params());
        stage.market.give(stranger(), stake());
        let approve = Rlc::approveCall { spender: stage.market.hub, amount: stake().to_nrlc() };
        stage.market.evm.call(stranger(), stage.market.rlc, &approve).unwrap();
        let fill = Hub::depositForCall { amount: stake().to_nrlc(), target: oracle };
        stage.market.call(stranger(), &fill).unwrap();
        Self { stage, oracle }
    }

    fn ask_by(&mut self, who: Address, terms: Terms) -> Result<Done, Reverted> {
        let orders = self.stage.sign(terms);
        let (app, workerpool) = (app(&orders.app), pool(&orders.workerpool));
        let call = ComputeOracle::askCall { app, workerpool, params: "--decimals 2 1.5".to_owned() };
        self.stage.market.evm.call(who, self.oracle, &call)
    }

    /// Asks as the owner; the deal's task is open then.
    fn ask(&mut self) -> TaskId {
        let terms = self.stage.terms(TRUST, 1);
        let done = self.ask_by(owner(), terms).unwrap();
        let task = self.stage.task(deal_of(&self.stage, &done), 0);
        assert_eq!(done.output, task.0.abi_encode(), "the contract knows the task before it is open");
        task
    }

    fn answer(&mut self, task: TaskId) -> (u8, u64, I256) {
        let call = ComputeOracle::answersCall { taskid: task.0 };
        let answer = self.stage.market.evm.view(self.oracle, &call).unwrap();
        (answer.status, answer.time, answer.value)
    }

    fn collect(&mut self, task: TaskId) -> Result<Done, Reverted> {
        let call = ComputeOracle::collectCall { taskid: task.0 };
        self.stage.market.evm.call(stranger(), self.oracle, &call)
    }

    fn money(&mut self) -> (Amount, Amount) {
        self.stage.market.account(self.oracle)
    }
}

fn deal_of(stage: &Stage, done: &Done) -> DealId {
    let matched = |event: Event| match event {
        Event::OrdersMatched { deal, .. } => Some(deal),
        _ => None,
    };
    events(stage.market.hub, &done.logs).into_iter().find_map(matched).unwrap()
}

/// Two newcomers agree on `data`, and the pool finalizes with it.
fn finish(stage: &mut Stage, task: TaskId, data: Bytes) -> Done {
    let digest = ResultDigest(keccak256(&data));
    for worker in [20, 21] {
        stage.vote(worker, task, digest).unwrap();
    }
    for worker in [20, 21] {
        stage.reveal(worker, task, digest).unwrap();
    }
    stage.finalize(task, &Outcome { results: Bytes::new(), callback: data }).unwrap()
}

/// A task with this callback that `requester` of the stage buys.
fn bought_with_callback(stage: &mut Stage, callback: Address) -> TaskId {
    let mut terms = stage.terms(TRUST, 1);
    terms.request.callback = callback;
    let deal = stage.deal(terms);
    stage.task(deal, 0)
}

#[test]
fn one_call_asks_and_one_callback_answers() {
    let mut desk = Desk::open();
    let task = desk.ask();
    let view = desk.stage.view_task(task);
    let deal = desk.stage.market.view(&Hub::viewDealCall { id: view.dealid }).unwrap();
    assert_eq!([deal.requester, deal.beneficiary, deal.callback, deal.sponsor], [desk.oracle; 4]);
    assert_eq!((deal.trust, deal.params.as_str()), (U256::from(TRUST), "--decimals 2 1.5"));
    assert_eq!(desk.money(), (stake().checked_sub(price()).unwrap(), price()));
    assert_eq!(desk.answer(task).0, ASKED);

    finish(&mut desk.stage, task, number(-150));
    assert_eq!(desk.answer(task), (ANSWERED, desk.stage.market.evm.now, I256::try_from(-150).unwrap()));
    assert_eq!(desk.money(), (stake().checked_sub(price()).unwrap(), Amount::ZERO), "paid");
}

#[test]
fn equal_questions_are_different_tasks() {
    let mut desk = Desk::open();
    let (first, second) = (desk.ask(), desk.ask());
    assert_ne!(first, second);
    finish(&mut desk.stage, second, number(2));
    assert_eq!([desk.answer(first).0, desk.answer(second).0], [ASKED, ANSWERED]);
}

#[test]
fn only_the_owner_spends_the_stake_and_gets_it_back() {
    let mut desk = Desk::open();
    let refused = Reverted::custom(&ComputeOracle::NotAllowed { caller: stranger() });
    let terms = desk.stage.terms(TRUST, 1);
    assert_eq!(desk.ask_by(stranger(), terms).unwrap_err(), refused);
    let withdraw = ComputeOracle::withdrawCall { amount: stake().to_nrlc() };
    assert_eq!(desk.stage.market.evm.call(stranger(), desk.oracle, &withdraw).unwrap_err(), refused);

    desk.stage.market.evm.call(owner(), desk.oracle, &withdraw).unwrap();
    assert_eq!(desk.money(), (Amount::ZERO, Amount::ZERO));
    let balance = Rlc::balanceOfCall { account: owner() };
    assert_eq!(desk.stage.market.evm.view(desk.stage.market.rlc, &balance).unwrap(), stake().to_nrlc());
}

#[test]
fn offers_outside_the_terms_are_refused_and_cost_nothing() {
    type Spoil = fn(&mut Terms);
    let hub = |number: &str| Reverted::Text(format!("iExecV5-matchOrders-0x{number}"));
    let dear = ComputeOracle::TooDear { price: price().to_nrlc() + U256::from(1), maxPrice: price().to_nrlc() };
    let cases: [(Spoil, Reverted); 4] = [
        (|terms| terms.app.appprice = Amount::nrlc(100_000_001), Reverted::custom(&dear)),
        (|terms| terms.workerpool.trust = U256::from(TRUST - 1), hub("02")),
        (|terms| terms.app.app = Address::repeat_byte(0x61), hub("10")),
        (|terms| terms.workerpool.workerpool = Address::repeat_byte(0x62), hub("12")),
    ];
    for (spoil, refusal) in cases {
        let mut desk = Desk::open();
        let mut terms = desk.stage.terms(TRUST, 1);
        spoil(&mut terms);
        assert_eq!(desk.ask_by(owner(), terms).unwrap_err(), refusal);
        assert_eq!(desk.money(), (stake(), Amount::ZERO));
    }
}

#[test]
fn an_oracle_that_anybody_could_feed_is_not_deployed() {
    let stage = Stage::new();
    let good = (stage.market.hub, stage.app, stage.pool, U256::from(TRUST), price().to_nrlc());
    for terms in [
        (good.0, Address::ZERO, good.2, good.3, good.4),
        (good.0, good.1, Address::ZERO, good.3, good.4),
        (good.0, good.1, good.2, U256::ZERO, good.4),
    ] {
        let code = Artifact::named("ComputeOracle");
        let refused = stage.clone().market.evm.create(owner(), &code, &terms.abi_encode_params()).unwrap_err();
        assert_eq!(refused, Reverted::custom(&ComputeOracle::NoTerms {}));
    }
}

#[test]
fn nobody_but_the_hub_brings_results_and_only_for_tasks_that_were_asked_for() {
    let mut desk = Desk::open();
    let task = desk.ask();
    let forged = ComputeOracle::receiveResultCall { taskid: task.0, result: number(666) };
    let refused = Reverted::custom(&ComputeOracle::NotAllowed { caller: stranger() });
    assert_eq!(desk.stage.market.evm.call(stranger(), desk.oracle, &forged).unwrap_err(), refused);

    let foreign = bought_with_callback(&mut desk.stage, desk.oracle);
    finish(&mut desk.stage, foreign, number(666));
    assert_eq!(desk.stage.view_task(foreign).status, 3, "its task is completed all the same");
    assert_eq!(desk.answer(foreign).0, UNKNOWN);
    let refused = Reverted::custom(&ComputeOracle::NotPending { taskid: foreign.0 });
    assert_eq!(desk.collect(foreign).unwrap_err(), refused);
    assert_eq!(desk.answer(task).0, ASKED);
}

#[test]
fn a_result_of_another_shape_ends_its_question() {
    for data in [Bytes::from_static(b"no number"), [number(1), number(2)].concat().into(), vec![7; 4_000].into()] {
        let mut desk = Desk::open();
        let task = desk.ask();
        finish(&mut desk.stage, task, data);
        assert_eq!(desk.answer(task), (UNREADABLE, desk.stage.market.evm.now, I256::ZERO));
        let refused = Reverted::custom(&ComputeOracle::NotPending { taskid: task.0 });
        assert_eq!(desk.collect(task).unwrap_err(), refused);
        let next = desk.ask();
        finish(&mut desk.stage, next, number(3));
        assert_eq!(desk.answer(next).0, ANSWERED, "the oracle goes on");
    }
}

#[test]
fn a_callback_that_fails_changes_nothing_and_anybody_collects_the_result() {
    let mut desk = Desk::open();
    let task = desk.ask();
    desk.stage.market.call(desk.stage.market.owner, &Hub::setCallbackGasCall { gas: U256::from(5_000) }).unwrap();
    finish(&mut desk.stage, task, number(42));
    assert_eq!((desk.stage.view_task(task).status, desk.answer(task).0), (3, ASKED));
    desk.collect(task).unwrap();
    assert_eq!(desk.answer(task), (ANSWERED, desk.stage.market.evm.now, I256::try_from(42).unwrap()));
    let refused = Reverted::custom(&ComputeOracle::NotPending { taskid: task.0 });
    assert_eq!(desk.collect(task).unwrap_err(), refused, "once");
}

#[test]
fn a_question_without_an_answer_is_refunded() {
    let mut desk = Desk::open();
    let task = desk.ask();
    let refused = Reverted::custom(&ComputeOracle::NotOver { taskid: task.0 });
    assert_eq!(desk.collect(task).unwrap_err(), refused);
    desk.stage.market.evm.now += 3_000;
    desk.stage.market.call(stranger(), &Hub::claimCall { taskid: task.0 }).unwrap();
    assert_eq!(desk.money(), (stake(), Amount::ZERO), "the price is back before anybody tells the oracle");
    desk.collect(task).unwrap();
    assert_eq!(desk.answer(task), (REFUNDED, desk.stage.market.evm.now, I256::ZERO));
}

#[test]
fn the_smallest_consumer_keeps_what_its_owner_bought_and_nothing_else() {
    let stage = Stage::new();
    let (owner, code, foreign) = (stage.requester.address(), Artifact::named("Prices"), Address::repeat_byte(0x62));
    for (who, pool, kept) in [(owner, stage.pool, 995), (stranger(), stage.pool, 0), (owner, foreign, 0)] {
        let mut stage = stage.clone();
        let prices = stage.market.evm.deploy(who, &code, &(stage.market.hub, pool).abi_encode_params());
        let task = bought_with_callback(&mut stage, prices);
        finish(&mut stage, task, number(995));
        let price = stage.market.evm.view(prices, &Prices::priceOfCall { taskid: task.0 }).unwrap();
        assert_eq!(price, I256::try_from(kept).unwrap(), "{who} believes {pool}");
    }
}

/// Printed with `--nocapture`. The bounds only say when the documentation has to be measured again.
#[test]
fn asking_costs_little_more_than_matching_and_answering_fits_into_the_callback() {
    let mut desk = Desk::open();
    let _first = desk.ask();
    let mut plain = desk.stage.clone();
    let mut terms = plain.terms(TRUST, 1);
    (terms.request.callback, terms.request.salt) = (desk.oracle, B256::repeat_byte(9));
    let orders = plain.sign(terms);
    let matching = plain.match_orders(&orders).unwrap().gas;
    let terms = desk.stage.terms(TRUST, 1);
    let done = desk.ask_by(owner(), terms).unwrap();
    let task = desk.stage.task(deal_of(&desk.stage, &done), 0);
    let mut deaf = desk.stage.clone();
    deaf.market.evm.place(desk.oracle, Bytes::new());
    let quiet = finish(&mut deaf, task, number(1)).gas;
    let answering = finish(&mut desk.stage, task, number(1)).gas - quiet;
    let line = format!("matchOrders {matching}, ask {}, receiveResult within finalize {answering}\n", done.gas);
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
    assert!(done.gas < matching + 120_000, "asking costs {} more than matching", done.gas - matching);
    assert!(answering < 100_000, "a callback has 200 000");
}
