//! The end of a boost task: a result is pushed, or it is claimed.

use alloy::primitives::{Address, Bytes, U256, keccak256};
use fairgrid_conformance::abi::{Hub, Task};
use fairgrid_conformance::{Actor, Done, Stage, events};
use protocol::hub::Event;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId, ResultDigest, Tag};

use crate::boost::{
    APP, DATASET, POOL, Push, REWARD, STAKE, STRANGER, boost, check_conserved, claim, dealt, id, reward, says, sponsor,
    status, unlock,
};

/// Seconds until the deadline of the first category.
const DEADLINE: u64 = 7 * 300;
/// What the scheduler gets of the pool's price.
const REST: u64 = 10_000_000;

fn plus(amounts: &[Amount]) -> Amount {
    amounts.iter().fold(Amount::ZERO, |sum, amount| sum.checked_add(*amount).unwrap())
}

fn dealt_with_dataset(volume: u64) -> (Stage, DealId) {
    let mut stage = Stage::boosted();
    let terms = stage.terms_with_dataset(1, volume);
    let deal = dealt(&mut stage, terms);
    (stage, deal)
}

/// What a push says; `drawn` comes from the kitty.
fn story(stage: &Stage, push: &Push, payer: Address, drawn: Option<Amount>) -> Vec<Event> {
    let (task, scheduler) = (push.task(), stage.scheduler.address());
    let price = plus(&[APP, DATASET, POOL]);
    let mut story = vec![Event::Seize { owner: payer, amount: price, task }];
    story.extend(reward(stage, push.worker, REWARD, task));
    story.extend(reward(stage, stage.app_owner.address(), APP, task));
    story.extend(reward(stage, stage.dataset_owner.address(), DATASET, task));
    story.extend(unlock(stage, scheduler, STAKE));
    story.extend(drawn.map(|amount| Event::Seize { owner: KITTY, amount, task }));
    let rest = plus(&[Amount::nrlc(REST), drawn.unwrap_or_default()]);
    story.extend(reward(stage, scheduler, rest, task));
    let (index, results) = (U256::from(push.index), push.results.clone());
    story.push(Event::ResultPushedBoost { deal: push.deal, index, results });
    story
}

fn check_story(stage: &Stage, push: &Push, payer: Address, drawn: Option<Amount>, done: &Done) {
    assert_eq!(events(stage.market.hub, &done.logs), story(stage, push, payer, drawn));
}

fn gained(stage: &mut Stage, account: Address) -> Amount {
    let (stake, locked) = stage.market.account(account);
    assert_eq!(locked, Amount::ZERO);
    stake.checked_sub(Amount::rlc(1_000)).unwrap()
}

#[test]
fn boost_pays_everybody_in_order_when_a_result_is_pushed() {
    let (mut stage, deal) = dealt_with_dataset(1);
    let push = Push::new(&stage, deal, 0);
    let done = push.send(&mut stage).unwrap();
    check_story(&stage, &push, stage.requester.address(), None, &done);
    assert_eq!(gained(&mut stage, push.worker), REWARD);
    let [app, dataset, pool] = [&stage.app_owner, &stage.dataset_owner, &stage.scheduler].map(Actor::address);
    assert_eq!([app, dataset, pool].map(|owner| gained(&mut stage, owner)), [APP, DATASET, Amount::nrlc(REST)]);
    let spent = Amount::rlc(1_000).checked_sub(plus(&[APP, DATASET, POOL])).unwrap();
    assert_eq!(stage.market.account(stage.requester.address()), (spent, Amount::ZERO));
    check_conserved(&mut stage);
}

#[test]
fn boost_says_nothing_of_sellers_whose_price_is_zero() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms_with_dataset(1, 1);
    (terms.app.appprice, terms.dataset.datasetprice) = (Amount::ZERO, Amount::ZERO);
    terms.workerpool.workerpoolprice = Amount::ZERO;
    let deal = dealt(&mut stage, terms);
    let push = Push::new(&stage, deal, 0);
    let done = push.send(&mut stage).unwrap();
    let owners: Vec<_> = events(stage.market.hub, &done.logs)
        .into_iter()
        .filter_map(|said| match said {
            Event::Reward { owner, .. } => Some(owner),
            _ => None,
        })
        .collect();
    assert_eq!(owners, [push.worker, stage.scheduler.address()], "these two are always named");
}

#[test]
fn boost_spends_the_money_of_the_sponsor_and_refunds_the_sponsor() {
    let mut stage = Stage::boosted();
    let payer = Actor::number(12).address();
    let orders = stage.sign(stage.terms_with_dataset(1, 2));
    let deal = id(&sponsor(&mut stage, payer, &orders).unwrap());
    let push = Push::new(&stage, deal, 0);
    let done = push.send(&mut stage).unwrap();
    check_story(&stage, &push, payer, None, &done);
    let price = plus(&[APP, DATASET, POOL]);
    assert_eq!(stage.market.account(payer).1, price, "the second task's");
    stage.market.evm.now += DEADLINE;
    claim(&mut stage, deal, 1).unwrap();
    assert_eq!(stage.market.account(payer), (Amount::rlc(1_000).checked_sub(price).unwrap(), Amount::ZERO));
    let requester = stage.requester.address();
    assert_eq!(gained(&mut stage, requester), Amount::ZERO);
    check_conserved(&mut stage);
}

#[test]
fn boost_claims_refund_the_payer_and_feed_the_kitty() {
    let (mut stage, deal) = dealt_with_dataset(1);
    let (payer, scheduler) = (stage.requester.address(), stage.scheduler.address());
    let task = Push::new(&stage, deal, 0).task();
    stage.market.evm.now += DEADLINE - 1;
    says(claim(&mut stage, deal, 0), "PocoBoost: Deadline not reached");
    stage.market.evm.now += 1;
    let done = claim(&mut stage, deal, 0).unwrap();
    let mut expected = unlock(&stage, payer, plus(&[APP, DATASET, POOL])).to_vec();
    expected.extend([
        Event::Seize { owner: scheduler, amount: STAKE, task },
        Event::Reward { owner: KITTY, amount: STAKE, task },
        Event::Lock { owner: KITTY, amount: STAKE },
        Event::TaskClaimed { task },
    ]);
    assert_eq!(events(stage.market.hub, &done.logs), expected);
    assert_eq!(gained(&mut stage, payer), Amount::ZERO);
    assert_eq!(stage.market.account(KITTY), (Amount::ZERO, STAKE));
    assert_eq!(stage.view_task(task), Task { status: 4, ..Task::default() });
    says(claim(&mut stage, deal, 0), "PocoBoost: Task status not unset");
    says(claim(&mut stage, deal, 1), "PocoBoost: Unknown task");
    check_conserved(&mut stage);
}

/// A stage whose kitty holds the stakes of `claims` failed tasks, and a deal.
fn with_kitty(claims: u64) -> (Stage, DealId) {
    let mut stage = Stage::boosted();
    let terms = stage.terms(1, claims);
    let failed = dealt(&mut stage, terms);
    stage.market.evm.now += DEADLINE;
    for index in 0..claims {
        claim(&mut stage, failed, index).unwrap();
    }
    let terms = stage.terms_with_dataset(1, 1);
    let deal = dealt(&mut stage, terms);
    (stage, deal)
}

#[test]
fn boost_adds_a_part_of_the_kitty_to_the_only_reward_of_the_scheduler() {
    let parts = [(1, 300_000_000_u64), (4, 1_000_000_000), (50, 1_500_000_000)];
    for (claims, part) in parts {
        let (mut stage, deal) = with_kitty(claims);
        let push = Push::new(&stage, deal, 0);
        let done = push.send(&mut stage).unwrap();
        check_story(&stage, &push, stage.requester.address(), Some(Amount::nrlc(part)), &done);
        let left = Amount::nrlc(claims * 300_000_000 - part);
        assert_eq!(stage.market.account(KITTY), (Amount::ZERO, left), "{claims} stakes, {part} drawn");
        check_conserved(&mut stage);
    }
}

#[test]
fn boost_shares_its_kitty_with_other_deals() {
    let (mut stage, _) = with_kitty(1);
    let terms = stage.terms(1, 3);
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    let worker = Actor::number(10).address();
    let pledge = stage.scheduler.authorize(worker, task);
    stage.contribute_and_finalize(worker, task, ResultDigest::default(), &Default::default(), &pledge).unwrap();
    assert_eq!(stage.market.account(KITTY).1, Amount::ZERO);
    check_conserved(&mut stage);
}

#[test]
fn boost_keeps_nothing_of_a_task_but_its_status() {
    let (mut stage, deal) = dealt_with_dataset(2);
    let push = Push::new(&stage, deal, 1);
    assert_eq!(stage.view_task(push.task()), Task::default());
    push.send(&mut stage).unwrap();
    assert_eq!(stage.view_task(push.task()), Task { status: 3, ..Task::default() });
    let other = Push::new(&stage, deal, 0).task();
    assert_eq!(status(&mut stage, other), 0, "the other task is still open");
    assert_eq!(stage.market.view(&Hub::resultForCall { id: push.task().0 }).unwrap(), Bytes::new());
    assert_eq!(stage.market.score(push.worker), U256::ZERO);
}

type Spoil = fn(&mut Stage, &mut Push);

/// Of the right length, and of nobody who matters.
fn other_signature() -> Bytes {
    Actor::number(50).sign_message(keccak256(b"something else"))
}

#[test]
fn boost_names_the_first_reason_when_that_and_all_later_ones_refuse_a_result() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms(1, 1);
    let tee = Tag::from_low(1);
    (terms.app.tag, terms.workerpool.tag, terms.request.tag) = (tee, tee, tee);
    terms.request.callback = STRANGER;
    let deal = dealt(&mut stage, terms);
    let enclave = Actor::number(60);
    let good = Push::new(&stage, deal, 0);
    let mut push = good.clone().inside(&enclave, &stage.scheduler, ResultDigest(keccak256(b"")));
    let clauses: [(&str, Spoil); 6] = [
        ("Callback requires data", |_, _| ()),
        ("Invalid enclave signature", |_, push| push.enclave_sign = other_signature()),
        ("Invalid contribution authorization signature", |_, push| push.authorization = other_signature()),
        ("Tag requires enclave challenge", |_, push| push.enclave = Address::ZERO),
        ("Deadline reached", |stage, _| stage.market.evm.now += DEADLINE),
        ("Unknown task", |_, push| push.index = 1),
    ];
    for (words, spoil) in clauses {
        spoil(&mut stage, &mut push);
        says(push.send(&mut stage), &format!("PocoBoost: {words}"));
    }
    stage.market.evm.now -= DEADLINE;
    let mut fine = good.inside(&enclave, &stage.scheduler, ResultDigest(keccak256(b"data")));
    fine.callback = Bytes::from_static(b"data");
    fine.send(&mut stage).unwrap();
    stage.market.evm.now += DEADLINE;
    says(fine.send(&mut stage), "PocoBoost: Task status not unset");
    says(claim(&mut stage, deal, 0), "PocoBoost: Task status not unset");
    says(claim(&mut stage, DealId::default(), 0), "PocoBoost: Unknown task");
}

#[test]
fn boost_takes_a_result_until_the_second_before_the_deadline() {
    let (mut stage, deal) = dealt_with_dataset(1);
    stage.market.evm.now += DEADLINE;
    says(Push::new(&stage, deal, 0).send(&mut stage), "PocoBoost: Deadline reached");
    stage.market.evm.now -= 1;
    Push::new(&stage, deal, 0).send(&mut stage).unwrap();
}

#[test]
fn boost_lets_only_the_worker_whom_the_pool_named_push() {
    let (mut stage, deal) = dealt_with_dataset(2);
    let words = "PocoBoost: Invalid contribution authorization signature";
    let good = Push::new(&stage, deal, 0);
    says(Push { worker: Actor::number(11).address(), ..good.clone() }.send(&mut stage), words);
    says(Push { index: 1, ..good.clone() }.send(&mut stage), words);
    let foreign = stage.requester.authorize(good.worker, good.task()).authorization;
    says(Push { authorization: foreign, ..good.clone() }.send(&mut stage), words);
    says(Push { authorization: Bytes::new(), ..good.clone() }.send(&mut stage), "invalid-signature-format");
    let odd = Push { enclave_sign: Bytes::from_static(b"ignored"), callback: Bytes::from_static(b"ignored"), ..good };
    odd.send(&mut stage).unwrap();
}

#[test]
fn boost_enclaves_sign_worker_task_and_the_digest_of_the_results() {
    let (mut stage, deal) = dealt_with_dataset(1);
    let (enclave, words) = (Actor::number(60), "PocoBoost: Invalid enclave signature");
    let results = ResultDigest(keccak256(b"results"));
    let push = Push::new(&stage, deal, 0);
    let other = push.clone().inside(&enclave, &stage.scheduler, ResultDigest(keccak256(b"other")));
    says(other.send(&mut stage), words);
    let good = push.inside(&enclave, &stage.scheduler, results);
    says(Push { enclave_sign: Bytes::new(), ..good.clone() }.send(&mut stage), "invalid-signature-format");
    says(Push { enclave_sign: good.authorization.clone(), ..good.clone() }.send(&mut stage), words);
    good.send(&mut stage).unwrap();
}

#[test]
fn boost_lets_the_broker_authorize_enclaves_and_nothing_else() {
    let (mut stage, deal) = dealt_with_dataset(2);
    let (enclave, broker) = (Actor::number(60), Actor::number(61));
    let call = Hub::setTeeBrokerCall { broker: broker.address() };
    stage.market.call(stage.market.owner, &call).unwrap();
    let digest = ResultDigest(keccak256(b"results"));
    let words = "PocoBoost: Invalid contribution authorization signature";
    let push = Push::new(&stage, deal, 0);
    says(push.clone().inside(&enclave, &stage.scheduler, digest).send(&mut stage), words);
    push.inside(&enclave, &broker, digest).send(&mut stage).unwrap();
    Push::new(&stage, deal, 1).send(&mut stage).unwrap();
}

#[test]
fn boost_deals_do_not_stand_in_each_others_way() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms(1, 1);
    let mut deals = Vec::new();
    for salt in 1..4 {
        terms.request.salt = alloy::primitives::B256::repeat_byte(salt);
        let orders = stage.sign(terms.clone());
        deals.push(id(&boost(&mut stage, &orders).unwrap()));
    }
    let task = Push::new(&stage, deals[0], 0).task();
    for deal in deals {
        Push::new(&stage, deal, 0).send(&mut stage).unwrap();
    }
    assert_eq!(status(&mut stage, task), 3);
    assert_eq!(stage.market.account(stage.requester.address()).1, Amount::ZERO);
    check_conserved(&mut stage);
}
