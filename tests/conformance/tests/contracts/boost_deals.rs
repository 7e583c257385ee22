//! What a boost deal is once it is made: what was locked and kept, and how it shares orders with other deals.

use alloy::primitives::{Address, B256, FixedBytes, U256};
use fairgrid_conformance::abi::{DealBoost, Hub, Resources};
use fairgrid_conformance::{Actor, Reverted, Stage, events};
use protocol::hub::Event;
use protocol::order::{Order as _, Quadruple};
use protocol::{Amount, DealId, OrderHash, Tag, TaskId};

use crate::boost::{
    APP, DATASET, POOL, Push, REWARD, STAKE, STRANGER, boost, check_conserved, claim, dealt, id, lock, says, sponsor,
    status, view,
};

fn times(amount: Amount, count: u64) -> Amount {
    amount.checked_mul(U256::from(count)).unwrap()
}

fn sum(amounts: &[Amount]) -> Amount {
    amounts.iter().fold(Amount::ZERO, |sum, amount| sum.checked_add(*amount).unwrap())
}

/// What a match says, up to the sponsor.
fn story(stage: &Stage, orders: &Quadruple, deal: DealId, payer: Address, paid: Amount, staked: Amount) -> Vec<Event> {
    let domain = stage.market.domain();
    let request = &orders.request.order;
    let dataset = request.dataset;
    let notice = Event::SchedulerNoticeBoost {
        workerpool: stage.pool,
        deal,
        app: stage.app,
        dataset,
        category: U256::ZERO,
        tag: request.tag,
        params: request.params.clone(),
        beneficiary: request.beneficiary,
    };
    let matched = Event::OrdersMatched {
        deal,
        app: orders.app.order.hash(&domain),
        dataset: if dataset == Address::ZERO { OrderHash::default() } else { orders.dataset.order.hash(&domain) },
        workerpool: orders.workerpool.order.hash(&domain),
        request: request.hash(&domain),
        volume: request.volume,
    };
    let locks = [lock(stage, payer, paid), lock(stage, stage.scheduler.address(), staked)].concat();
    [locks, vec![notice, matched]].concat()
}

#[test]
fn boost_matches_say_their_events_in_order() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms_with_dataset(1, 3);
    (terms.request.tag, terms.workerpool.tag) = (Tag::from_low(0x100), Tag::from_low(0x100));
    terms.request.beneficiary = STRANGER;
    let orders = stage.sign(terms);
    let done = boost(&mut stage, &orders).unwrap();
    let deal = DealId::derive(orders.request.order.hash(&stage.market.domain()), U256::ZERO);
    assert_eq!(id(&done), deal);
    let (paid, payer) = (times(sum(&[APP, DATASET, POOL]), 3), stage.requester.address());
    assert_eq!(events(stage.market.hub, &done.logs), story(&stage, &orders, deal, payer, paid, times(STAKE, 3)));
    check_conserved(&mut stage);
}

#[test]
fn boost_sponsors_pay_and_are_named_last() {
    let mut stage = Stage::boosted();
    let orders = stage.sign(stage.terms(1, 2));
    let payer = Actor::number(12).address();
    let done = sponsor(&mut stage, payer, &orders).unwrap();
    let deal = id(&done);
    let paid = times(sum(&[APP, POOL]), 2);
    let mut expected = story(&stage, &orders, deal, payer, paid, times(STAKE, 2));
    expected.push(Event::DealSponsoredBoost { deal, sponsor: payer });
    assert_eq!(events(stage.market.hub, &done.logs), expected);
    assert_eq!(stage.market.account(payer).1, paid);
    assert_eq!(stage.market.account(stage.requester.address()).1, Amount::ZERO);
    check_conserved(&mut stage);
}

#[test]
fn boost_deals_show_what_was_agreed() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms_with_dataset(1, 3);
    terms.request.callback = STRANGER;
    let payer = Actor::number(12).address();
    let orders = stage.sign(terms);
    let deal = id(&sponsor(&mut stage, payer, &orders).unwrap());
    let price = |amount: Amount| amount.to_nrlc().to();
    let full = DealBoost {
        appOwner: stage.app_owner.address(),
        appPrice: price(APP),
        datasetOwner: stage.dataset_owner.address(),
        datasetPrice: price(DATASET),
        workerpoolOwner: stage.scheduler.address(),
        workerpoolPrice: price(POOL),
        requester: stage.requester.address(),
        workerReward: price(REWARD),
        callback: STRANGER,
        deadline: U256::from(stage.market.evm.now + 7 * 300).to(),
        botFirst: 0,
        botSize: 3,
        shortTag: FixedBytes::ZERO,
        sponsor: payer,
    };
    assert_eq!(view(&mut stage, deal), full);
    let terms = stage.terms(1, 1);
    let deal = dealt(&mut stage, terms);
    let plain = DealBoost {
        datasetOwner: Address::ZERO,
        datasetPrice: price(Amount::ZERO),
        callback: Address::ZERO,
        botSize: 1,
        sponsor: stage.requester.address(),
        ..full
    };
    assert_eq!(view(&mut stage, deal), plain);
    assert_eq!(view(&mut stage, DealId::default()), DealBoost::default());
}

#[test]
fn boost_workers_get_what_the_policy_of_the_match_left_them() {
    let mut stage = Stage::boosted();
    let owner = stage.scheduler.address();
    let change = |stage: &mut Stage, reward: u64| {
        let call = Resources::changePolicyCall { stake: U256::from(30), reward: U256::from(reward) };
        stage.market.evm.call(owner, stage.pool, &call).unwrap();
    };
    change(&mut stage, 33);
    let mut terms = stage.terms(1, 1);
    let price = Amount::nrlc(101);
    (terms.workerpool.workerpoolprice, terms.request.workerpoolmaxprice) = (price, price);
    let deal = dealt(&mut stage, terms.clone());
    change(&mut stage, 100);
    assert_eq!(view(&mut stage, deal).workerReward.to::<u64>(), 67, "67.67, rounded down");
    let push = Push::new(&stage, deal, 0);
    let before = stage.market.account(push.worker).0;
    push.send(&mut stage).unwrap();
    assert_eq!(stage.market.account(push.worker).0, before.checked_add(Amount::nrlc(67)).unwrap());
    terms.request.salt = B256::repeat_byte(1);
    let deal = dealt(&mut stage, terms);
    assert_eq!(view(&mut stage, deal).workerReward.to::<u64>(), 0, "the pool keeps everything");
    Push::new(&stage, deal, 0).send(&mut stage).unwrap();
    check_conserved(&mut stage);
}

#[test]
fn boost_payer_and_pool_must_have_the_money() {
    let words = "IexecEscrow: Transfer amount exceeds balance";
    let mut stage = Stage::boosted();
    let orders = stage.sign(stage.terms(1, 1_000));
    says(boost(&mut stage, &orders), words);
    let orders = stage.sign(stage.terms(1, 1));
    says(sponsor(&mut stage, STRANGER, &orders), words);
    let empty = Hub::withdrawCall { amount: Amount::rlc(1_000).to_nrlc() };
    stage.market.call(stage.scheduler.address(), &empty).unwrap();
    says(boost(&mut stage, &orders), words);
}

#[test]
fn boost_locks_nothing_for_the_price_of_a_dataset_that_is_not_there() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms(1, 2);
    (terms.dataset.datasetprice, terms.request.datasetmaxprice) = (Amount::rlc(5), Amount::rlc(5));
    let deal = dealt(&mut stage, terms);
    let payer = stage.requester.address();
    assert_eq!(stage.market.account(payer).1, times(sum(&[APP, POOL]), 2));
    assert_eq!(view(&mut stage, deal).datasetPrice.to::<u64>(), 0);
    Push::new(&stage, deal, 0).send(&mut stage).unwrap();
    stage.market.evm.now += 7 * 300;
    claim(&mut stage, deal, 1).unwrap();
    assert_eq!(stage.market.account(payer).1, Amount::ZERO, "all is spent or refunded");
    check_conserved(&mut stage);
}

/// A request of five tasks, and a pool's order for some of them.
fn part(stage: &Stage, volume: u64, salt: u8) -> Quadruple {
    let mut terms = stage.terms(1, 5);
    (terms.workerpool.volume, terms.workerpool.salt) = (U256::from(volume), B256::repeat_byte(salt));
    stage.sign(terms)
}

#[test]
fn boost_and_other_deals_share_a_request_and_its_deal_ids() {
    let mut stage = Stage::boosted();
    let [first, second, third] = [part(&stage, 2, 1), part(&stage, 2, 2), part(&stage, 9, 3)];
    let request = first.request.order.hash(&stage.market.domain());
    let classic = id(&stage.match_orders(&first).unwrap());
    let boosted = id(&boost(&mut stage, &second).unwrap());
    let last = id(&stage.match_orders(&third).unwrap());
    let derived = [0, 2, 4].map(|used| DealId::derive(request, U256::from(used)));
    assert_eq!([classic, boosted, last], derived);
    let consumed = |stage: &mut Stage| stage.market.view(&Hub::viewConsumedCall { id: request.0 }).unwrap();
    assert_eq!(consumed(&mut stage), U256::from(5));
    says(boost(&mut stage, &third), "PocoBoost: One or more orders consumed");
    says(stage.match_orders(&third), "iExecV5-matchOrders-0x60");
    let shown = view(&mut stage, boosted);
    assert_eq!((shown.botFirst, shown.botSize), (2, 2));
    assert_eq!(view(&mut stage, classic), DealBoost::default());
    assert_eq!(stage.market.view(&Hub::viewDealCall { id: boosted.0 }).unwrap().botSize, U256::ZERO);
    for index in [0, 1] {
        Push::new(&stage, boosted, index).send(&mut stage).unwrap();
    }
    says(Push::new(&stage, boosted, 2).send(&mut stage), "PocoBoost: Unknown task");
    says(Push::new(&stage, classic, 0).send(&mut stage), "PocoBoost: Unknown task");
    says(claim(&mut stage, last, 4), "PocoBoost: Unknown task");
    let task = stage.task(last, 4);
    assert_eq!(status(&mut stage, task), 1, "the other deals go on as ever");
    check_conserved(&mut stage);
}

#[test]
fn boost_uses_up_all_orders_of_the_match() {
    let mut stage = Stage::boosted();
    let orders = stage.sign(stage.terms_with_dataset(1, 3));
    boost(&mut stage, &orders).unwrap();
    let domain = stage.market.domain();
    let hashes = [
        orders.app.order.hash(&domain),
        orders.dataset.order.hash(&domain),
        orders.workerpool.order.hash(&domain),
        orders.request.order.hash(&domain),
    ];
    for OrderHash(id) in hashes {
        assert_eq!(stage.market.view(&Hub::viewConsumedCall { id }).unwrap(), U256::from(3));
    }
}

#[test]
fn boost_deals_are_none_to_the_calls_of_other_deals() {
    let mut stage = Stage::boosted();
    let terms = stage.terms(1, 2);
    let deal = dealt(&mut stage, terms);
    let bare = |result: Result<fairgrid_conformance::Done, Reverted>| assert_eq!(result.err(), Some(Reverted::Bare));
    let scheduler = stage.scheduler.address();
    for pushed in [false, true] {
        if pushed {
            Push::new(&stage, deal, 0).send(&mut stage).unwrap();
            stage.market.evm.now += 7 * 300;
            claim(&mut stage, deal, 1).unwrap();
        }
        for index in [0, 1].map(U256::from) {
            let taskid = TaskId::derive(deal, index);
            bare(stage.market.call(scheduler, &Hub::initializeCall { dealid: deal.0, idx: index }));
            let (dealids, idx) = (vec![deal.0], vec![index]);
            bare(stage.market.call(scheduler, &Hub::initializeAndClaimArrayCall { dealids, idx }));
            bare(stage.market.call(scheduler, &Hub::claimCall { taskid: taskid.0 }));
            bare(stage.market.call(scheduler, &Hub::reopenCall { taskid: taskid.0 }));
            bare(stage.vote(10, taskid, Default::default()));
            bare(stage.reveal(10, taskid, Default::default()));
            bare(stage.finalize(taskid, &Default::default()));
            let worker = Actor::number(10).address();
            let pledge = stage.scheduler.authorize(worker, taskid);
            bare(stage.contribute_and_finalize(worker, taskid, Default::default(), &Default::default(), &pledge));
        }
    }
    check_conserved(&mut stage);
}
