//! How a deal becomes light, and that nothing of single tasks touches it then.

use alloy::primitives::{B256, U256};
use fairgrid_conformance::abi::{Hub, Light};
use fairgrid_conformance::{Actor, Done, Reverted, Stage, Terms, dataset, quadruple};
use protocol::{DealId, Tag, TaskId};

use crate::light::{FINAL_DEADLINE, OPEN, STRANGER, Settle, check_conserved, fails, light, light_tag, status};

fn matched(stage: &mut Stage, terms: Terms) -> Result<Done, Reverted> {
    let orders = stage.sign(terms);
    stage.match_orders(&orders)
}

fn sponsored(stage: &mut Stage, terms: Terms) -> Result<Done, Reverted> {
    let (app, dataset, workerpool, request) = quadruple(&stage.sign(terms));
    let call = Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request };
    stage.market.call(Actor::number(12).address(), &call)
}

fn id(done: &Done) -> DealId {
    DealId(done.output[..32].try_into().unwrap())
}

fn shown(stage: &mut Stage, deal: DealId) -> (B256, U256) {
    let deal = stage.market.view(&Hub::viewDealCall { id: deal.0 }).unwrap();
    (deal.tag, deal.trust)
}

#[test]
fn light_deals_are_made_by_both_ways_of_matching_and_show_their_tag() {
    for (trust, way) in [(0, matched as fn(&mut Stage, Terms) -> _), (1, matched), (0, sponsored), (1, sponsored)] {
        let mut stage = Stage::new();
        let terms = light(stage.terms(trust, 3));
        let deal = id(&way(&mut stage, terms).unwrap());
        assert_eq!(shown(&mut stage, deal), (light_tag(0).0, U256::from(1)));
        Settle::new(&stage, deal, 0, 3).send(&mut stage).unwrap();
        check_conserved(&mut stage);
    }
}

#[test]
fn light_deals_are_asked_for_by_the_requester_alone() {
    for way in [matched as fn(&mut Stage, Terms) -> _, sponsored] {
        let mut stage = Stage::new();
        let mut by_app = light(stage.terms(1, 1));
        (by_app.app.tag, by_app.request.tag) = (light_tag(0), Tag::STANDARD);
        fails(way(&mut stage, by_app), &Light::LightNotRequested { tag: light_tag(0).0 });
        let mut by_dataset = light(stage.terms_with_dataset(1, 1));
        (by_dataset.dataset.tag, by_dataset.request.tag) = (light_tag(0), Tag::from_low(0x100));
        by_dataset.workerpool.tag = light_tag(0x100);
        fails(way(&mut stage, by_dataset), &Light::LightNotRequested { tag: light_tag(0x100).0 });
    }
}

#[test]
fn light_deals_need_the_pools_consent_first() {
    let mut stage = Stage::new();
    let mut terms = light(stage.terms(5, 1));
    terms.workerpool.tag = Tag::STANDARD;
    let refused = Some(Reverted::text("iExecV5-matchOrders-0x06"));
    assert_eq!(matched(&mut stage, terms.clone()).err(), refused);
    (terms.app.tag, terms.request.tag) = (light_tag(0), Tag::STANDARD);
    assert_eq!(matched(&mut stage, terms).err(), refused);
}

#[test]
fn light_deals_have_no_trust_above_one_and_are_looked_at_right_after_the_enclaves() {
    let mut stage = Stage::new();
    for trust in [2, 5] {
        let terms = light(stage.terms(trust, 1));
        fails(matched(&mut stage, terms.clone()), &Light::LightTrust { trust: U256::from(trust) });
        fails(sponsored(&mut stage, terms), &Light::LightTrust { trust: U256::from(trust) });
    }
    let mut terms = light(stage.terms(2, 1));
    (terms.app.tag, terms.request.tag) = (light_tag(0), Tag::STANDARD);
    fails(matched(&mut stage, terms.clone()), &Light::LightNotRequested { tag: light_tag(0).0 });
    // Check 0x07 comes before, check 0x10 after.
    terms.request.app = STRANGER;
    fails(matched(&mut stage, terms.clone()), &Light::LightNotRequested { tag: light_tag(0).0 });
    (terms.request.tag, terms.workerpool.tag) = (Tag::from_low(1), light_tag(1));
    assert_eq!(matched(&mut stage, terms).err(), Some(Reverted::text("iExecV5-matchOrders-0x07")));
}

#[test]
fn light_bits_of_pools_and_nobody_else_change_nothing() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(5, 1);
    terms.workerpool.tag = light_tag(0);
    let deal = stage.deal(terms);
    assert_eq!(shown(&mut stage, deal), (B256::ZERO, U256::from(5)));
    stage.task(deal, 0);
}

#[test]
fn light_tasks_are_never_opened_one_by_one() {
    let mut stage = Stage::new();
    let classic = stage.terms(1, 2);
    let classic = stage.deal(classic);
    let terms = light(stage.terms(1, 2));
    let deal = stage.deal(terms);
    Settle::new(&stage, deal, 1, 1).send(&mut stage).unwrap();
    let scheduler = stage.scheduler.address();
    for late in [false, true] {
        stage.market.evm.now += if late { FINAL_DEADLINE } else { 0 };
        for index in [0, 1].map(U256::from) {
            let (dealids, idx) = (vec![classic.0, deal.0], vec![U256::from(1), index]);
            let refusals = [
                stage.market.call(scheduler, &Hub::initializeCall { dealid: deal.0, idx: index }),
                stage.market.call(scheduler, &Hub::initializeArrayCall { dealids: dealids.clone(), idx: idx.clone() }),
                stage.market.call(scheduler, &Hub::initializeAndClaimArrayCall { dealids, idx }),
                stage.market.call(scheduler, &Hub::claimCall { taskid: TaskId::derive(deal, index).0 }),
                stage.vote(10, TaskId::derive(deal, index), Default::default()),
                stage.finalize(TaskId::derive(deal, index), &Default::default()),
            ];
            for refused in refusals {
                assert_eq!(refused.err(), Some(Reverted::Bare));
            }
        }
    }
    assert_eq!(status(&mut stage, deal, 0), OPEN);
    check_conserved(&mut stage);
}

#[test]
fn light_deals_may_get_a_dataset_in_bulk_as_others_do() {
    let mut stage = Stage::new();
    let terms = light(stage.terms(1, 1));
    let deal = stage.deal(terms);
    let check = |stage: &mut Stage, tag: Tag| {
        let mut order = stage.terms_with_dataset(1, 1).dataset;
        order.tag = tag;
        let order = dataset(&stage.dataset_owner.sign(order, &stage.market.domain()));
        stage.market.view(&Hub::assertDatasetDealCompatibilityCall { order, dealid: deal.0 }).err()
    };
    for fitting in [light_tag(0), Tag::STANDARD] {
        assert_eq!(check(&mut stage, fitting), None);
    }
    let reason = "Tag compatibility not satisfied".to_owned();
    let refused = Reverted::custom(&Hub::IncompatibleDatasetOrder { reason });
    assert_eq!(check(&mut stage, light_tag(1)), Some(refused));
}
