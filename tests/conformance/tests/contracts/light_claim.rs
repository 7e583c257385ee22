//! Light tasks that nobody settled: refunds.

use alloy::primitives::{B256, U256};
use alloy::sol_types::SolValue as _;
use fairgrid_conformance::abi::Light::{self, LightClaimed, LightEvents};
use fairgrid_conformance::{Actor, Reverted, Stage};
use protocol::hub::Event;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId};

use crate::light::{
    CONTRIBUTION_DEADLINE, FINAL_DEADLINE, OPEN, REFUNDED, SETTLED, STRANGER, Said, Settle, check_conserved, claim,
    dealt, fails, light, reference, said, statuses, times, unlock,
};

const PRICE: u64 = 1_100_000_000;
const STAKE: u64 = 300_000_000;

fn story(stage: &Stage, deal: DealId, first: u64, count: u64, refunded: u64) -> Vec<Said> {
    let (task, amount, scheduler) = (reference(deal, first, count), times(STAKE, refunded), stage.scheduler.address());
    let mut story = unlock(stage, stage.requester.address(), times(PRICE, refunded)).to_vec();
    story.push(Event::Seize { owner: scheduler, amount, task }.into());
    story.push(Event::Reward { owner: KITTY, amount, task }.into());
    story.push(Event::Lock { owner: KITTY, amount }.into());
    let [first, count, refunded] = [first, count, refunded].map(U256::from);
    story.push(Said::Light(LightEvents::LightClaimed(LightClaimed { dealid: deal.0, first, count, refunded })));
    story
}

#[test]
fn light_claims_are_refused_for_each_reason_and_the_first_one_counts() {
    let (mut stage, deal) = dealt(10);
    let terms = stage.terms(1, 10);
    let classic = stage.deal(terms);
    let deadline = U256::from(stage.market.evm.now + FINAL_DEADLINE);
    for unknown in [classic, DealId(B256::repeat_byte(1))] {
        fails(claim(&mut stage, unknown, 0, 0), &Light::NotLight { dealid: unknown.0 });
    }
    let (most, ten) = (U256::from(65_536), U256::from(10));
    for count in [0, 65_537] {
        fails(claim(&mut stage, deal, 11, count), &Light::BadCount { count: U256::from(count), most });
    }
    for (first, count) in [(0, 11), (10, 1), (u64::MAX, 65_536)] {
        let error = Light::OutsideDeal {
            first: U256::from(first),
            count: U256::from(count),
            botFirst: U256::ZERO,
            botSize: ten,
        };
        fails(claim(&mut stage, deal, first, count), &error);
    }
    for early in [0, CONTRIBUTION_DEADLINE, FINAL_DEADLINE - 1] {
        stage.market.evm.now = deadline.to::<u64>() - FINAL_DEADLINE + early;
        fails(claim(&mut stage, deal, 0, 10), &Light::NotExpired { deadline });
    }
    stage.market.evm.now += 1;
    claim(&mut stage, deal, 0, 10).unwrap();
    let nothing = Light::NothingToClaim { dealid: deal.0, first: U256::from(3), count: U256::from(4) };
    fails(claim(&mut stage, deal, 3, 4), &nothing);
    check_conserved(&mut stage);
}

#[test]
fn light_claims_refund_the_payer_and_feed_the_kitty() {
    for after in [0, 1, 1_000_000] {
        let (mut stage, deal) = dealt(700);
        stage.market.evm.now += FINAL_DEADLINE + after;
        let done = claim(&mut stage, deal, 1, 600).unwrap();
        assert_eq!(done.output, U256::from(600).abi_encode());
        assert_eq!(said(&stage, &done.logs), story(&stage, deal, 1, 600, 600));
        assert_eq!(stage.market.account(stage.requester.address()).1, times(PRICE, 100));
        assert_eq!(stage.market.account(stage.scheduler.address()).1, times(STAKE, 100));
        assert_eq!(stage.market.account(KITTY), (Amount::ZERO, times(STAKE, 600)));
        assert_eq!(statuses(&mut stage, deal, 599..603), [REFUNDED, REFUNDED, OPEN, OPEN]);
        check_conserved(&mut stage);
    }
}

#[test]
fn light_claims_pass_over_what_is_settled_or_refunded() {
    let (mut stage, deal) = dealt(700);
    for (first, count) in [(0, 3), (254, 3), (300, 212), (699, 1)] {
        Settle::unproved(&stage, deal, first, count).send(&mut stage).unwrap();
    }
    stage.market.evm.now += FINAL_DEADLINE;
    let settled = Light::NothingToClaim { dealid: deal.0, first: U256::from(254), count: U256::from(3) };
    fails(claim(&mut stage, deal, 254, 3), &settled);
    let done = claim(&mut stage, deal, 250, 60).unwrap();
    assert_eq!(said(&stage, &done.logs), story(&stage, deal, 250, 60, 47), "250 to 253, 257 to 299");
    let done = claim(&mut stage, deal, 0, 700).unwrap();
    assert_eq!(said(&stage, &done.logs), story(&stage, deal, 0, 700, 700 - 219 - 47));
    let states = statuses(&mut stage, deal, 0..700);
    assert_eq!(states.iter().filter(|state| **state == SETTLED).count(), 219);
    assert!(states.iter().all(|state| [SETTLED, REFUNDED].contains(state)));
    assert_eq!(states[254..258], [SETTLED, SETTLED, SETTLED, REFUNDED]);
    for actor in [stage.requester.clone(), stage.scheduler.clone()] {
        assert_eq!(stage.market.account(actor.address()).1, Amount::ZERO, "nothing is stuck");
    }
    check_conserved(&mut stage);
}

#[test]
fn light_tasks_are_never_settled_after_a_claim() {
    let (mut stage, deal) = dealt(3);
    let settle = Settle::new(&stage, deal, 0, 3);
    stage.market.evm.now += FINAL_DEADLINE;
    claim(&mut stage, deal, 0, 1).unwrap();
    assert!(matches!(settle.send(&mut stage), Err(Reverted::Custom(_))));
    assert_eq!(statuses(&mut stage, deal, 0..3), [REFUNDED, OPEN, OPEN]);
}

#[test]
fn light_claims_end_exactly_where_they_end() {
    for (first, count) in [(0, 255), (0, 256), (0, 257), (255, 1), (255, 2), (256, 1), (1, 512)] {
        let (mut stage, deal) = dealt(600);
        stage.market.evm.now += FINAL_DEADLINE;
        let done = claim(&mut stage, deal, first, count).unwrap();
        assert_eq!(done.output, U256::from(count).abi_encode());
        let inside = |index| (first..first + count).contains(&index);
        let expected: Vec<_> = (0..600).map(|index| if inside(index) { REFUNDED } else { OPEN }).collect();
        assert_eq!(statuses(&mut stage, deal, 0..600), expected, "{first} {count}");
    }
}

#[test]
fn light_claims_take_up_to_65_536_tasks() {
    let (mut stage, deal) = dealt(65_537);
    stage.market.evm.now += FINAL_DEADLINE;
    let done = claim(&mut stage, deal, 1, 65_536).unwrap();
    assert!(done.gas < 8_000_000, "{} gas", done.gas);
    assert_eq!(said(&stage, &done.logs), story(&stage, deal, 1, 65_536, 65_536));
    check_conserved(&mut stage);
}

#[test]
fn light_claims_of_odd_prices_round_the_stake_per_task() {
    let mut stage = Stage::new();
    let mut terms = light(stage.terms(1, 7));
    (terms.app.appprice, terms.workerpool.workerpoolprice) = (Amount::nrlc(3), Amount::nrlc(33));
    let deal = stage.deal(terms);
    assert_eq!(stage.market.account(stage.scheduler.address()).1, Amount::nrlc(9 * 7), "9.9 each, rounded down");
    stage.market.evm.now += FINAL_DEADLINE;
    claim(&mut stage, deal, 0, 7).unwrap();
    assert_eq!(stage.market.account(KITTY).1, Amount::nrlc(9 * 7));
    assert_eq!(stage.market.account(stage.scheduler.address()).1, Amount::ZERO);
    check_conserved(&mut stage);
}

#[test]
fn light_tasks_may_be_claimed_by_anybody() {
    for claimer in [STRANGER, Actor::number(10).address(), Stage::new().scheduler.address()] {
        let (mut stage, deal) = dealt(2);
        stage.market.evm.now += FINAL_DEADLINE;
        let call = Light::claimLightCall { dealid: deal.0, first: U256::ZERO, count: U256::from(2) };
        stage.market.call(claimer, &call).unwrap();
    }
}
