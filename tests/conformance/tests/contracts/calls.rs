//! Matching clause by clause, a task precondition by precondition, and what the hub says in which order.
//!
//! Random mixtures of the same calls run in `differential.rs`; here every line of the tables occurs for certain.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolEvent as _;
use fairgrid_conformance::abi::{Hub, Resources};
use fairgrid_conformance::{Actor, Done, Reverted, Stage, Terms, events, quadruple, stub};
use protocol::hub::{Event, Outcome, Pledge};
use protocol::{Amount, ResultDigest, ResultHash, ResultSeal, Tag, TaskId};

const STRANGER: Address = Address::repeat_byte(0x99);

fn bare<T>(result: Result<T, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

fn digest(byte: u8) -> ResultDigest {
    ResultDigest(B256::repeat_byte(byte))
}

fn opened(trust: u64, volume: u64) -> (Stage, TaskId) {
    let mut stage = Stage::new();
    let terms = stage.terms(trust, volume);
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    (stage, task)
}

#[test]
fn every_matching_clause_refuses_with_its_number() {
    type Spoil = fn(&mut Terms);
    let clauses: [(&str, Spoil); 23] = [
        ("00", |t| t.request.category = U256::from(1)),
        ("01", |t| (t.request.category, t.workerpool.category) = (U256::from(5), U256::from(5))),
        ("02", |t| t.request.trust += U256::from(1)),
        ("03", |t| t.request.appmaxprice = Amount::ZERO),
        ("04", |t| t.request.datasetmaxprice = Amount::ZERO),
        ("05", |t| t.request.workerpoolmaxprice = Amount::ZERO),
        ("06", |t| t.request.tag = Tag::from_low(0x100)),
        ("06", |t| t.dataset.tag = Tag::from_low(0x100)),
        ("07", |t| (t.request.tag, t.workerpool.tag) = (Tag::from_low(1), Tag::from_low(1))),
        ("10", |t| t.request.app = STRANGER),
        ("11", |t| t.request.dataset = STRANGER),
        ("12", |t| t.request.workerpool = STRANGER),
        ("13", |t| t.app.datasetrestrict = STRANGER),
        ("14", |t| t.app.workerpoolrestrict = STRANGER),
        ("15", |t| t.app.requesterrestrict = STRANGER),
        ("16", |t| t.dataset.apprestrict = STRANGER),
        ("17", |t| t.dataset.workerpoolrestrict = STRANGER),
        ("18", |t| t.dataset.requesterrestrict = STRANGER),
        ("19", |t| t.workerpool.apprestrict = STRANGER),
        ("1a", |t| t.workerpool.datasetrestrict = STRANGER),
        ("1b", |t| t.workerpool.requesterrestrict = STRANGER),
        ("60", |t| t.dataset.volume = U256::ZERO),
        ("60", |t| t.request.volume = U256::ZERO),
    ];
    for (number, spoil) in clauses {
        let mut stage = Stage::new();
        let mut terms = stage.terms_with_dataset(1, 1);
        spoil(&mut terms);
        let orders = stage.sign(terms);
        let refused = stage.match_orders(&orders).unwrap_err();
        assert_eq!(refused, Reverted::Text(format!("iExecV5-matchOrders-0x{number}")));
    }
}

#[test]
fn every_order_must_be_signed_by_its_owner() {
    let stage = Stage::new();
    let good = stage.sign(stage.terms_with_dataset(1, 1));
    let foreign = Actor::number(50).sign_digest(B256::ZERO);
    for number in ["21", "31", "41", "50"] {
        let mut orders = good.clone();
        let sign = match number {
            "21" => &mut orders.app.sign,
            "31" => &mut orders.dataset.sign,
            "41" => &mut orders.workerpool.sign,
            _ => &mut orders.request.sign,
        };
        *sign = foreign.clone();
        let refused = stage.clone().match_orders(&orders).unwrap_err();
        assert_eq!(refused, Reverted::Text(format!("iExecV5-matchOrders-0x{number}")));
    }
}

#[test]
fn every_resource_must_be_registered_and_a_contract_at_all() {
    for (number, resource) in [("20", 0), ("30", 1), ("40", 2)] {
        let mut stage = Stage::new();
        let mut terms = stage.terms_with_dataset(1, 1);
        let (foreign, owner) = (Address::repeat_byte(0x60), [&stage.app_owner, &stage.dataset_owner, &stage.scheduler]);
        let owner = owner[resource].address();
        match resource {
            0 => (terms.app.app, terms.request.app) = (foreign, foreign),
            1 => (terms.dataset.dataset, terms.request.dataset) = (foreign, foreign),
            _ => terms.workerpool.workerpool = foreign,
        }
        let orders = stage.sign(terms);
        bare(stage.match_orders(&orders));
        stage.market.evm.place(foreign, stub::answering(owner.into_word()));
        let refused = stage.match_orders(&orders).unwrap_err();
        assert_eq!(refused, Reverted::Text(format!("iExecV5-matchOrders-0x{number}")));
    }
}

#[test]
fn payer_and_pool_must_have_the_money() {
    let words = "IexecEscrow: Transfer amount exceeds balance";
    let mut stage = Stage::new();
    let orders = stage.sign(stage.terms(1, 1_000));
    assert_eq!(stage.match_orders(&orders).unwrap_err(), Reverted::text(words), "the payer lacks 100 RLC");
    let empty = Hub::withdrawCall { amount: Amount::rlc(1_000).to_nrlc() };
    stage.market.call(stage.scheduler.address(), &empty).unwrap();
    let orders = stage.sign(stage.terms(1, 1));
    assert_eq!(stage.match_orders(&orders).unwrap_err(), Reverted::text(words), "the pool lacks its stake");
}

#[test]
fn an_initialization_needs_an_index_of_the_deal_that_is_not_yet_open() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 4);
    terms.workerpool.volume = U256::from(2);
    stage.deal(terms.clone());
    terms.workerpool.salt = B256::repeat_byte(1);
    let second = stage.deal(terms).0;
    let open = |dealid, idx: u64| Hub::initializeCall { dealid, idx: U256::from(idx) };
    for (dealid, idx) in [(second, 0), (second, 1), (second, 4), (B256::ZERO, 0)] {
        bare(stage.market.call(STRANGER, &open(dealid, idx)));
    }
    bare(stage.market.call(STRANGER, &Hub::initializeCall { dealid: second, idx: U256::MAX }));
    stage.market.evm.now += 1_000_000;
    let done = stage.market.call(STRANGER, &open(second, 3)).unwrap();
    let task = TaskId(B256::from_slice(&done.output));
    assert_eq!(events(stage.market.hub, &done.logs), [Event::TaskInitialize { task, workerpool: stage.pool }]);
    bare(stage.market.call(STRANGER, &open(second, 3)));
    bare(stage.vote(10, task, digest(1)));
    stage.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }).unwrap();
    bare(stage.market.call(STRANGER, &open(second, 3)));
}

#[test]
fn a_claim_needs_an_open_task() {
    let (mut stage, task) = opened(1, 2);
    let claim = |task: TaskId| Hub::claimCall { taskid: task.0 };
    let pledge = stage.scheduler.authorize(Actor::number(10).address(), task);
    let worker = Actor::number(10).address();
    stage.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge).unwrap();
    let deal = protocol::DealId(stage.view_task(task).dealid);
    let other = stage.task(deal, 1);
    stage.vote(11, other, digest(1)).unwrap();
    stage.market.evm.now += 3_000;
    bare(stage.market.call(STRANGER, &claim(task)));
    bare(stage.market.call(STRANGER, &claim(TaskId::default())));
    stage.market.call(STRANGER, &claim(other)).unwrap();
    bare(stage.market.call(STRANGER, &claim(other)));
    bare(stage.reveal(11, other, digest(1)));
}

#[test]
fn a_contribution_needs_a_permitted_worker_in_time_with_a_stake() {
    let (mut stage, task) = opened(3, 1);
    let worker = Actor::number(10).address();
    let good = (ResultHash::derive(task, digest(1)), ResultSeal::derive(worker, task, digest(1)));
    let pledge = stage.scheduler.authorize(worker, task);
    bare(stage.contribute(worker, TaskId::default(), good, &pledge));
    bare(stage.contribute(STRANGER, task, good, &pledge));
    let foreign = stage.requester.authorize(worker, task);
    bare(stage.contribute(worker, task, good, &foreign));
    let odd = Pledge { authorization: Bytes::from_static(&[1]), ..Pledge::default() };
    assert_eq!(stage.contribute(worker, task, good, &odd).unwrap_err(), Reverted::text("invalid-signature-format"));
    let poor = stage.scheduler.authorize(STRANGER, task);
    let words = "IexecEscrow: Transfer amount exceeds balance";
    assert_eq!(stage.contribute(STRANGER, task, good, &poor).unwrap_err(), Reverted::text(words));
    let mut late = stage.clone();
    late.market.evm.now += 7 * 300;
    bare(late.contribute(worker, task, good, &pledge));
    stage.market.evm.now += 7 * 300 - 1;
    stage.contribute(worker, task, good, &pledge).unwrap();
    bare(stage.contribute(worker, task, good, &pledge));
}

#[test]
fn a_reveal_needs_a_winner_in_time_with_its_own_digest() {
    let (mut stage, task) = opened(3, 1);
    bare(stage.reveal(10, task, digest(1)));
    stage.vote(12, task, digest(2)).unwrap();
    for worker in [10, 11, 13] {
        stage.vote(worker, task, digest(1)).unwrap();
    }
    bare(stage.vote(14, task, digest(1)));
    bare(stage.reveal(12, task, digest(2)));
    bare(stage.reveal(20, task, digest(1)));
    bare(stage.reveal(10, task, digest(2)));
    let mut late = stage.clone();
    late.market.evm.now += 600;
    bare(late.reveal(10, task, digest(1)));
    stage.market.evm.now += 599;
    stage.reveal(10, task, digest(1)).unwrap();
    bare(stage.reveal(10, task, digest(1)));
}

#[test]
fn a_finalize_needs_the_scheduler_reveals_and_the_callback_data() {
    let (mut stage, task) = opened(3, 1);
    let call = |data: &'static [u8]| Hub::finalizeCall {
        taskid: task.0,
        results: Bytes::new(),
        resultsCallback: Bytes::from_static(data),
    };
    bare(stage.market.call(stage.scheduler.address(), &call(b"")));
    stage.vote(10, task, digest(1)).unwrap();
    stage.vote(11, task, digest(1)).unwrap();
    bare(stage.market.call(stage.scheduler.address(), &call(b"")));
    stage.reveal(10, task, digest(1)).unwrap();
    bare(stage.market.call(stage.scheduler.address(), &call(b"")));
    let mut waited = stage.clone();
    waited.market.evm.now += 600;
    waited.market.call(stage.scheduler.address(), &call(b"")).unwrap();
    assert_eq!(waited.market.score(Actor::number(11).address()), U256::ZERO);
    stage.reveal(11, task, digest(1)).unwrap();
    bare(stage.market.call(STRANGER, &call(b"")));
    bare(stage.market.call(stage.scheduler.address(), &call(b"data without callback")));
    let mut late = stage.clone();
    late.market.evm.now += 3_000;
    bare(late.market.call(stage.scheduler.address(), &call(b"")));
    stage.market.call(stage.scheduler.address(), &call(b"")).unwrap();
    bare(stage.market.call(stage.scheduler.address(), &call(b"")));
    bare(stage.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }));
}

#[test]
fn a_reopen_needs_the_scheduler_and_a_consensus_that_nobody_revealed() {
    let (mut stage, task) = opened(1, 1);
    let scheduler = stage.scheduler.address();
    let reopen = Hub::reopenCall { taskid: task.0 };
    bare(stage.market.call(scheduler, &reopen));
    stage.vote(10, task, digest(1)).unwrap();
    bare(stage.market.call(scheduler, &reopen));
    let mut revealed = stage.clone();
    revealed.reveal(10, task, digest(1)).unwrap();
    stage.market.evm.now += 600;
    revealed.market.evm.now += 600;
    bare(revealed.market.call(scheduler, &reopen));
    bare(stage.market.call(STRANGER, &reopen));
    let mut late = stage.clone();
    late.market.evm.now += 3_000;
    bare(late.market.call(scheduler, &reopen));
    let done = stage.market.call(scheduler, &reopen).unwrap();
    assert_eq!(events(stage.market.hub, &done.logs), [Event::TaskReopen { task }]);
    bare(stage.vote(10, task, digest(1)));
    stage.vote(11, task, digest(1)).unwrap();
    stage.reveal(11, task, digest(1)).unwrap();
    stage.finalize(task, &Outcome::default()).unwrap();
    let view = stage.view_task(task);
    assert_eq!((view.winnerCounter, view.contributors.len()), (U256::from(1), 2));
    assert_eq!(stage.market.account(Actor::number(10).address()).0, Amount::nrlc(999_700_000_000));
}

#[test]
fn a_claim_waits_for_the_final_deadline_and_refunds_everybody() {
    let (mut stage, task) = opened(3, 1);
    stage.vote(10, task, digest(1)).unwrap();
    stage.vote(11, task, digest(2)).unwrap();
    let claim = Hub::claimCall { taskid: task.0 };
    stage.market.evm.now += 2_999;
    bare(stage.market.call(STRANGER, &claim));
    stage.market.evm.now += 1;
    let done = stage.market.call(STRANGER, &claim).unwrap();
    check_claim_events(&stage, task, &done);
    for worker in [10, 11] {
        assert_eq!(stage.market.account(Actor::number(worker).address()), (Amount::rlc(1_000), Amount::ZERO));
    }
}

fn check_claim_events(stage: &Stage, task: TaskId, done: &Done) {
    let (hub, kitty) = (stage.market.hub, protocol::settlement::KITTY);
    let [requester, pool] = [stage.requester.address(), stage.scheduler.address()];
    let [price, stake] = [1_100_000_000, 300_000_000].map(Amount::nrlc);
    let mut expected = vec![
        Event::Transfer { from: hub, to: requester, value: price },
        Event::Unlock { owner: requester, amount: price },
        Event::Seize { owner: pool, amount: stake, task },
        Event::Reward { owner: kitty, amount: stake, task },
        Event::Lock { owner: kitty, amount: stake },
    ];
    for worker in [10, 11].map(|number| Actor::number(number).address()) {
        expected.push(Event::Transfer { from: hub, to: worker, value: stake });
        expected.push(Event::Unlock { owner: worker, amount: stake });
    }
    expected.push(Event::TaskClaimed { task });
    assert_eq!(events(hub, &done.logs), expected);
}

#[test]
fn contributing_and_finalizing_needs_trust_one_and_nobody_before() {
    let (mut stage, task) = opened(3, 1);
    let worker = Actor::number(10).address();
    let pledge = stage.scheduler.authorize(worker, task);
    bare(stage.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge));
    let (mut stage, task) = opened(1, 1);
    let pledge = stage.scheduler.authorize(worker, task);
    let data = Outcome { callback: Bytes::from_static(b"x"), ..Outcome::default() };
    bare(stage.contribute_and_finalize(worker, task, digest(1), &data, &pledge));
    bare(stage.contribute_and_finalize(STRANGER, task, digest(1), &Outcome::default(), &pledge));
    let mut late = stage.clone();
    late.market.evm.now += 2_100;
    bare(late.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge));
    let mut reopened = stage.clone();
    reopened.vote(11, task, digest(1)).unwrap();
    bare(reopened.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge));
    reopened.market.evm.now += 600;
    reopened.market.call(reopened.scheduler.address(), &Hub::reopenCall { taskid: task.0 }).unwrap();
    bare(reopened.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge));
    stage.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge).unwrap();
}

#[test]
fn a_match_says_its_events_in_order() {
    let mut stage = Stage::new();
    let orders = stage.sign(stage.terms(1, 2));
    let done = stage.match_orders(&orders).unwrap();
    let topics: Vec<_> = done.logs.iter().map(|log| log.topics()[0]).collect();
    let expected = [
        Hub::Transfer::SIGNATURE_HASH,
        Hub::Lock::SIGNATURE_HASH,
        Hub::Transfer::SIGNATURE_HASH,
        Hub::Lock::SIGNATURE_HASH,
        Hub::SchedulerNotice::SIGNATURE_HASH,
        Hub::OrdersMatched::SIGNATURE_HASH,
    ];
    assert_eq!(topics, expected);
    assert_eq!(done.logs[4].data.data.len(), 32, "the notice is exactly the deal id");
    assert_eq!(done.logs[4].topics()[1], stage.pool.into_word());
    let (app, dataset, workerpool, request) = quadruple(&stage.sign(Terms {
        request: protocol::order::RequestOrder { salt: B256::repeat_byte(2), ..orders.request.order.clone() },
        ..stage.terms(1, 2)
    }));
    let sponsor = Actor::number(12).address();
    let call = Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request };
    let done = stage.market.call(sponsor, &call).unwrap();
    assert_eq!(done.logs.last().unwrap().topics()[0], Hub::DealSponsored::SIGNATURE_HASH);
    assert_eq!(stage.market.account(sponsor).1, Amount::nrlc(2_200_000_000));
}

#[test]
fn a_short_task_says_contribute_consensus_reveal_finalize_at_the_end() {
    let (mut stage, task) = opened(1, 1);
    let worker = Actor::number(10).address();
    let pledge = stage.scheduler.authorize(worker, task);
    let done = stage.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge).unwrap();
    let said = events(stage.market.hub, &done.logs);
    let hash = ResultHash::derive(task, digest(1));
    let tail = [
        Event::TaskContribute { task, worker, hash },
        Event::TaskConsensus { task, consensus: hash },
        Event::TaskReveal { task, worker, digest: digest(1) },
        Event::TaskFinalize { task, results: Bytes::new() },
    ];
    assert_eq!(said[said.len() - 4..], tail);
    let view = stage.view_task(task);
    assert_eq!((view.status, view.revealCounter, view.winnerCounter), (3, U256::from(1), U256::from(1)));
    assert_eq!(view.revealDeadline, U256::from(stage.market.evm.now + 600));
    assert_eq!(stage.market.score(worker), U256::ZERO);
}

#[test]
fn a_deal_keeps_the_terms_of_its_match_when_the_pool_changes_its_policy() {
    let (mut stage, task) = opened(3, 1);
    let policy = Resources::changePolicyCall { stake: U256::from(500), reward: U256::from(90) };
    let done = stage.market.evm.call(stage.scheduler.address(), stage.pool, &policy).unwrap();
    let said = Resources::PolicyUpdate::decode_log(&done.logs[0]).unwrap();
    assert_eq!(said.data.oldWorkerStakeRatioPolicy, U256::from(30));
    stage.vote(10, task, digest(1)).unwrap();
    assert_eq!(stage.market.account(Actor::number(10).address()).1, Amount::nrlc(300_000_000));
}

#[test]
fn a_trust_beyond_256_bits_is_an_overflow_and_can_still_be_claimed() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 1);
    (terms.request.trust, terms.workerpool.trust) = (U256::MAX, U256::MAX);
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    assert_eq!(stage.vote(10, task, digest(1)).unwrap_err(), Reverted::Panic(0x11));
    stage.market.evm.now += 3_000;
    stage.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }).unwrap();
}
