//! What a settled range pays, and says of it.

use alloy::primitives::{Address, B256, U256};
use fairgrid_conformance::abi::{Hub, Resources};
use fairgrid_conformance::{Actor, Stage, quadruple};
use protocol::hub::Event;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId, ResultDigest};

use crate::light::{
    FINAL_DEADLINE, OPEN, POOL, SETTLED, Said, Settle, check_conserved, claim, dealt, light, reward, rich, said,
    statuses, times, unlock,
};

const APP: u64 = 100_000_000;
const DATASET: u64 = 10_000_000;

/// What a settled range of a deal with dataset says; `drawn` comes from the kitty.
fn story(stage: &Stage, settle: &Settle, payer: Address, drawn: Option<Amount>) -> Vec<Said> {
    let (task, count, scheduler) = (settle.reference(), settle.count, stage.scheduler.address());
    let mut story = vec![Event::Seize { owner: payer, amount: times(APP + DATASET + POOL, count), task }.into()];
    story.extend(reward(stage, stage.app_owner.address(), times(APP, count), task));
    story.extend(reward(stage, stage.dataset_owner.address(), times(DATASET, count), task));
    story.extend(unlock(stage, scheduler, times(POOL * 30 / 100, count)));
    if let Some(amount) = drawn {
        story.push(Event::Seize { owner: KITTY, amount, task }.into());
        story.extend(reward(stage, scheduler, amount, task));
    }
    story.extend(reward(stage, settle.worker, times(POOL * 99 / 100, count), task));
    story.extend(reward(stage, scheduler, times(POOL / 100, count), task));
    story.push(settle.said());
    story
}

#[test]
fn light_ranges_say_their_money_once_and_in_order() {
    let mut stage = rich();
    let orders = stage.sign(light(stage.terms_with_dataset(1, 700)));
    let (app, dataset, workerpool, request) = quadruple(&orders);
    let payer = Actor::number(12).address();
    stage.market.fund(payer, Amount::rlc(1_000));
    let done = stage.market.call(payer, &Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request }).unwrap();
    let deal = DealId(done.output[..32].try_into().unwrap());
    let settle = Settle::new(&stage, deal, 5, 600);
    let done = settle.send(&mut stage).unwrap();
    assert_eq!(said(&stage, &done.logs), story(&stage, &settle, payer, None));
    assert_eq!(stage.market.account(payer).1, times(APP + DATASET + POOL, 100));
    assert_eq!(statuses(&mut stage, deal, 3..7), [OPEN, OPEN, SETTLED, SETTLED]);
    assert_eq!(statuses(&mut stage, deal, 603..607), [SETTLED, SETTLED, OPEN, OPEN]);
    check_conserved(&mut stage);
    stage.market.evm.now += FINAL_DEADLINE;
    claim(&mut stage, deal, 0, 700).unwrap();
    assert_eq!(stage.market.account(payer).1, Amount::ZERO, "the sponsor is refunded");
    check_conserved(&mut stage);
}

#[test]
fn light_ranges_draw_one_part_of_the_kitty_whatever_their_size() {
    let (mut stage, failed) = dealt(20);
    stage.market.evm.now += FINAL_DEADLINE;
    claim(&mut stage, failed, 0, 20).unwrap();
    let mut terms = light(stage.terms_with_dataset(1, 9));
    terms.request.salt = B256::repeat_byte(1);
    let deal = stage.deal(terms);
    // 6 RLC: a tenth is too little, so the least part of 1 RLC is taken, and what is there in the end.
    let kitty = |stage: &mut Stage| stage.market.account(KITTY).1;
    for (first, left) in [(0, 5), (1, 4), (2, 3), (3, 2), (4, 1), (5, 0)] {
        let settle = Settle::new(&stage, deal, first, 1);
        let done = settle.send(&mut stage).unwrap();
        let payer = stage.requester.address();
        assert_eq!(said(&stage, &done.logs), story(&stage, &settle, payer, Some(Amount::rlc(1))));
        assert_eq!(kitty(&mut stage), Amount::rlc(left));
    }
    let settle = Settle::new(&stage, deal, 6, 3);
    let done = settle.send(&mut stage).unwrap();
    assert_eq!(said(&stage, &done.logs), story(&stage, &settle, stage.requester.address(), None));
    check_conserved(&mut stage);
}

#[test]
fn light_ranges_draw_a_tenth_of_a_full_kitty() {
    let (mut stage, failed) = dealt(100);
    stage.market.evm.now += FINAL_DEADLINE;
    claim(&mut stage, failed, 0, 100).unwrap();
    let mut terms = light(stage.terms_with_dataset(1, 9));
    terms.request.salt = B256::repeat_byte(1);
    let deal = stage.deal(terms);
    let settle = Settle::new(&stage, deal, 0, 9);
    let done = settle.send(&mut stage).unwrap();
    assert_eq!(said(&stage, &done.logs), story(&stage, &settle, stage.requester.address(), Some(Amount::rlc(3))));
    assert_eq!(stage.market.account(KITTY).1, Amount::rlc(27));
}

/// All balances after `count` tasks of odd prices, one by one or as a range.
fn balances(count: u64, prices: [u64; 3], ratio: u64, as_range: bool) -> Vec<(Amount, Amount)> {
    let mut stage = Stage::new();
    let policy = Resources::changePolicyCall { stake: U256::from(31), reward: U256::from(ratio) };
    stage.market.evm.call(stage.scheduler.address(), stage.pool, &policy).unwrap();
    let mut terms = stage.terms_with_dataset(1, count + 1);
    let [app, dataset, pool] = prices.map(Amount::nrlc);
    (terms.app.appprice, terms.dataset.datasetprice, terms.workerpool.workerpoolprice) = (app, dataset, pool);
    let deal = stage.deal(if as_range { light(terms) } else { terms });
    let worker = Actor::number(10).address();
    if as_range {
        Settle::new(&stage, deal, 1, count).send(&mut stage).unwrap();
    } else {
        for index in 1..=count {
            let task = stage.task(deal, index);
            let pledge = stage.scheduler.authorize(worker, task);
            let digest = ResultDigest::default();
            stage.contribute_and_finalize(worker, task, digest, &Default::default(), &pledge).unwrap();
        }
    }
    check_conserved(&mut stage);
    let mut accounts = stage.accounts();
    accounts.push(KITTY);
    accounts.into_iter().map(|account| stage.market.account(account)).collect()
}

#[test]
fn light_ranges_pay_to_the_nrlc_what_as_many_single_tasks_would() {
    for (count, prices, ratio) in
        [(7, [3, 5, 101], 33), (1, [0, 0, 1], 1), (5, [1, 0, 99], 100), (3, [0, 7, 0], 50), (9, [1, 1, 1_003], 0)]
    {
        let ranges = balances(count, prices, ratio, true);
        assert_eq!(ranges, balances(count, prices, ratio, false), "{count} tasks at {prices:?}, ratio {ratio}");
    }
}

#[test]
fn light_ranges_name_no_seller_whose_price_is_zero() {
    let mut stage = Stage::new();
    let mut terms = light(stage.terms_with_dataset(1, 1));
    let zero = Amount::ZERO;
    (terms.app.appprice, terms.dataset.datasetprice, terms.workerpool.workerpoolprice) = (zero, zero, zero);
    let deal = stage.deal(terms);
    let settle = Settle::new(&stage, deal, 0, 1);
    let done = settle.send(&mut stage).unwrap();
    let (task, scheduler) = (settle.reference(), stage.scheduler.address());
    let mut expected = vec![Event::Seize { owner: stage.requester.address(), amount: zero, task }.into()];
    expected.extend(unlock(&stage, scheduler, zero));
    expected.extend(reward(&stage, settle.worker, zero, task));
    expected.extend(reward(&stage, scheduler, zero, task));
    expected.push(settle.said());
    assert_eq!(said(&stage, &done.logs), expected);
}

#[test]
fn light_workers_stake_nothing_and_gain_no_score() {
    let (mut stage, deal) = dealt(3);
    let poor = Address::repeat_byte(0x42);
    Settle::new(&stage, deal, 0, 3).by(&stage, poor).send(&mut stage).unwrap();
    assert_eq!(stage.market.account(poor), (times(POOL * 99 / 100, 3), Amount::ZERO));
    assert_eq!(stage.market.score(poor), U256::ZERO);
}
