//! Each clause alone.

use super::*;
use crate::order::{AppOrder, RequestOrder, Signed, WorkerpoolOrder};

const APP: Address = Address::repeat_byte(0x11);
const POOL: Address = Address::repeat_byte(0x44);
const REQUESTER: Address = Address::repeat_byte(0x55);

fn sign<O>(order: O) -> Signed<O> {
    Signed { order, sign: alloy_primitives::Bytes::new() }
}

fn good() -> (Quadruple, Facts) {
    let app = AppOrder { app: APP, appprice: Amount::rlc(1), volume: U256::from(9), ..Default::default() };
    let workerpool = WorkerpoolOrder {
        workerpool: POOL,
        workerpoolprice: Amount::rlc(2),
        volume: U256::from(5),
        trust: U256::from(10),
        ..Default::default()
    };
    let request = RequestOrder {
        app: APP,
        appmaxprice: Amount::rlc(1),
        workerpoolmaxprice: Amount::rlc(2),
        requester: REQUESTER,
        volume: U256::from(3),
        trust: U256::from(10),
        ..Default::default()
    };
    let standing = Standing { registered: true, signed: true, consumed: U256::ZERO };
    let facts = Facts {
        categories: U256::from(5),
        app: standing,
        dataset: Standing::default(),
        workerpool: standing,
        request: standing,
        groups: BTreeSet::new(),
        payer_stake: Amount::rlc(9),
        pool_stake: "1.8".parse().unwrap(),
    };
    let orders =
        Quadruple { app: sign(app), dataset: Signed::none(), workerpool: sign(workerpool), request: sign(request) };
    (orders, facts)
}

fn first(orders: &Quadruple, facts: &Facts) -> Option<Clause> {
    refusals(orders, facts).first().map(|refusal| refusal.clause)
}

#[test]
fn compatible_orders_match_for_the_least_volume() {
    let (orders, facts) = good();
    assert_eq!(refusals(&orders, &facts), []);
    assert_eq!(volume(&orders, &facts), U256::from(3));
    assert_eq!(task_price(&orders), Some(Amount::rlc(3)));
}

#[test]
fn each_clause_refuses_alone() {
    type Spoil = fn(&mut Quadruple, &mut Facts);
    let spoils: [(Clause, Spoil); 16] = [
        (Clause::SameCategory, |o, _| o.workerpool.order.category = U256::from(1)),
        (Clause::KnownCategory, |_, f| f.categories = U256::ZERO),
        (Clause::Trust, |o, _| o.request.order.trust = U256::from(11)),
        (Clause::AppPrice, |o, _| o.app.order.appprice = Amount::rlc(2)),
        (Clause::DatasetPrice, |o, _| o.dataset.order.datasetprice = Amount::nrlc(1)),
        (Clause::WorkerpoolPrice, |o, _| o.request.order.workerpoolmaxprice = Amount::rlc(1)),
        (Clause::PoolTag, |o, _| o.request.order.tag = Tag::from_low(0x100)),
        (Clause::App, |o, _| o.request.order.app = POOL),
        (Clause::Dataset, |o, _| o.request.order.dataset = POOL),
        (Clause::RequestAllowsPool, |o, _| o.request.order.workerpool = APP),
        (Clause::PoolAllowsRequester, |o, _| o.workerpool.order.requesterrestrict = APP),
        (Clause::AppRegistered, |_, f| f.app.registered = false),
        (Clause::RequestSigned, |_, f| f.request.signed = false),
        (Clause::Volume, |_, f| f.workerpool.consumed = U256::from(5)),
        (Clause::PayerFunds, |_, f| f.payer_stake = "8.999999999".parse().unwrap()),
        (Clause::PoolStake, |_, f| f.pool_stake = Amount::rlc(1)),
    ];
    for (clause, spoil) in spoils {
        let (mut orders, mut facts) = good();
        spoil(&mut orders, &mut facts);
        assert_eq!(first(&orders, &facts), Some(clause));
    }
}

#[test]
fn an_enclave_request_needs_an_enclave_app() {
    let (mut orders, facts) = good();
    orders.workerpool.order.tag = Tag::from_low(0x9);
    orders.request.order.tag = Tag::from_low(0x9);
    assert_eq!(first(&orders, &facts), Some(Clause::AppTag));
    orders.app.order.tag = Tag::from_low(0x9);
    assert_eq!(first(&orders, &facts), None);
}

#[test]
fn a_group_contract_opens_a_restriction_for_its_members() {
    let (mut orders, mut facts) = good();
    let group = Address::repeat_byte(0x99);
    orders.app.order.requesterrestrict = group;
    assert_eq!(first(&orders, &facts), Some(Clause::AppAllowsRequester));
    facts.groups.insert((group, REQUESTER));
    assert_eq!(first(&orders, &facts), None);
}

#[test]
fn a_reason_names_what_is_missing() {
    let (orders, mut facts) = good();
    facts.payer_stake = Amount::rlc(4);
    let refusal = &refusals(&orders, &facts)[0];
    assert_eq!(refusal.reason, "the payer has 4 RLC deposited, 3 tasks need 9 RLC: 5 RLC is missing");
    assert_eq!(Clause::SameCategory.revert(), "iExecV5-matchOrders-0x00");
    assert_eq!(Clause::PoolAllowsDataset.revert(), "iExecV5-matchOrders-0x1a");
}

#[test]
fn only_the_requester_makes_a_deal_light() {
    let (mut orders, facts) = good();
    orders.app.order.tag = Tag::STANDARD.with_light();
    orders.workerpool.order.tag = Tag::STANDARD.with_light();
    assert_eq!(first(&orders, &facts), Some(Clause::LightRequested));
    orders.request.order.tag = Tag::STANDARD.with_light();
    assert_eq!(first(&orders, &facts), Some(Clause::LightTrust));
    orders.request.order.trust = U256::from(1);
    assert_eq!(first(&orders, &facts), None);
}
