//! Proved results handed to the requester's contract.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol;
use alloy::sol_types::{SolCall as _, SolError as _};
use fairgrid_conformance::abi::Light::{self, LightDelivered, LightEvents};
use fairgrid_conformance::abi::{Hub, LightProof};
use fairgrid_conformance::{Actor, Artifact, Done, Reverted, Stage, stub};
use protocol::{DealId, TaskId};

use crate::light::{
    DELIVERED, FINAL_DEADLINE, OPEN, REFUNDED, SETTLED, STRANGER, Said, Settle, check_conserved, claim, data, dealt,
    digest, fails, light, proves, said, statuses,
};

sol! {
    interface Consumer {
        function receiveResult(bytes32 id, bytes result) external;
        function gstore(bytes32 id) external view returns (uint256);
    }
}

const CALLBACK: Address = Address::repeat_byte(0xca);
const INNER: Address = Address::repeat_byte(0xcb);
const ALLOWANCE: u64 = 200_000;

/// A deal of ten tasks that calls a contract back, the first four settled.
fn calling(callback: Address, code: Option<Bytes>) -> (Stage, Settle) {
    let mut stage = Stage::new();
    if let Some(code) = code {
        stage.market.evm.place(callback, code);
    }
    let mut terms = light(stage.terms(1, 10));
    terms.request.callback = callback;
    let deal = stage.deal(terms);
    let settle = Settle::new(&stage, deal, 0, 4);
    settle.send(&mut stage).unwrap();
    (stage, settle)
}

fn deliver(stage: &mut Stage, settle: &Settle, index: u64) -> Result<Done, Reverted> {
    stage.market.call(STRANGER, &settle.delivery(index))
}

fn task(settle: &Settle, index: u64) -> TaskId {
    TaskId::derive(settle.deal, U256::from(index))
}

#[test]
fn light_results_are_handed_over_after_everything_else() {
    let (mut stage, settle) = calling(CALLBACK, Some(stub::recording()));
    let done = deliver(&mut stage, &settle, 2).unwrap();
    let (dealid, idx, taskid) = (settle.deal.0, U256::from(2), task(&settle, 2).0);
    let delivered = LightEvents::LightDelivered(LightDelivered { dealid, idx, taskid });
    assert_eq!(said(&stage, &done.logs), [Said::Light(delivered)]);
    let last = done.logs.last().unwrap();
    assert_eq!((done.logs.len(), last.address), (2, CALLBACK));
    let call = Consumer::receiveResultCall { id: taskid, result: data(2) };
    assert_eq!(last.data.data.as_ref(), call.abi_encode());
    assert_eq!(statuses(&mut stage, settle.deal, 0..5), [SETTLED, SETTLED, DELIVERED, SETTLED, OPEN]);
    check_conserved(&mut stage);
}

#[test]
fn light_results_are_handed_over_once_each_and_stay_provable() {
    let (mut stage, settle) = calling(CALLBACK, Some(stub::recording()));
    for index in [3, 0, 1, 2] {
        deliver(&mut stage, &settle, index).unwrap();
        let again = Light::AlreadyDelivered { dealid: settle.deal.0, idx: U256::from(index) };
        fails(deliver(&mut stage, &settle, index), &again);
        assert!(proves(&mut stage, settle.deal, U256::from(index), digest(index), &settle.proof(index)));
    }
    assert_eq!(statuses(&mut stage, settle.deal, 0..5), [DELIVERED, DELIVERED, DELIVERED, DELIVERED, OPEN]);
    let taken = Settle::unproved(&stage, settle.deal, 3, 2);
    fails(taken.send(&mut stage), &Light::LightNotOpen { dealid: settle.deal.0, idx: U256::from(3) });
}

#[test]
fn light_results_have_no_deadline_and_are_never_refunded() {
    let (mut stage, settle) = calling(CALLBACK, Some(stub::recording()));
    deliver(&mut stage, &settle, 0).unwrap();
    stage.market.evm.now += FINAL_DEADLINE;
    claim(&mut stage, settle.deal, 0, 10).unwrap();
    deliver(&mut stage, &settle, 1).unwrap();
    let expected = [DELIVERED, DELIVERED, SETTLED, SETTLED, REFUNDED];
    assert_eq!(statuses(&mut stage, settle.deal, 0..5), expected);
    // What is refunded has no range that proves it.
    let refunded = Settle::new(&stage, settle.deal, 4, 1);
    let error = Light::NotProved { dealid: settle.deal.0, idx: U256::from(4) };
    fails(deliver(&mut stage, &refunded, 4), &error);
    assert_eq!(statuses(&mut stage, settle.deal, 4..5), [REFUNDED]);
    check_conserved(&mut stage);
}

#[test]
fn light_deliveries_are_refused_for_each_reason_and_the_first_one_counts() {
    let (mut stage, settle) = calling(CALLBACK, None);
    let terms = stage.terms(1, 10);
    let classic = stage.deal(terms);
    let sound = settle.delivery(1);
    let send = |stage: &mut Stage, call: &Light::deliverLightCall| stage.market.call(STRANGER, call);
    let junk = Light::deliverLightCall { proof: LightProof::default(), ..sound.clone() };
    for dealid in [classic.0, B256::ZERO] {
        fails(send(&mut stage, &Light::deliverLightCall { dealid, ..junk.clone() }), &Light::NotLight { dealid });
    }
    let (mut silent, deal) = dealt(4);
    Settle::new(&silent, deal, 0, 4).send(&mut silent).unwrap();
    let none = Light::NoCallback { dealid: deal.0 };
    fails(send(&mut silent, &Light::deliverLightCall { dealid: deal.0, ..junk.clone() }), &none);
    deliver(&mut stage, &settle, 1).unwrap();
    let elsewhere = LightProof { first: U256::from(4), ..sound.proof.clone() };
    let unproved = [
        junk,
        Light::deliverLightCall { data: data(2), ..sound.clone() },
        Light::deliverLightCall { data: Bytes::new(), ..sound.clone() },
        Light::deliverLightCall { idx: U256::from(2), ..sound.clone() },
        Light::deliverLightCall { idx: U256::MAX, ..sound.clone() },
        Light::deliverLightCall { proof: elsewhere, ..sound.clone() },
    ];
    for call in unproved {
        fails(send(&mut stage, &call), &Light::NotProved { dealid: call.dealid, idx: call.idx });
    }
    fails(send(&mut stage, &sound), &Light::AlreadyDelivered { dealid: sound.dealid, idx: sound.idx });
}

#[test]
fn light_deliveries_do_not_mind_what_the_callback_does() {
    for code in [None, Some(stub::refusing()), Some(stub::silent()), Some(stub::wasteful())] {
        let (mut stage, settle) = calling(CALLBACK, code);
        deliver(&mut stage, &settle, 0).unwrap();
        assert_eq!(statuses(&mut stage, settle.deal, 0..2), [DELIVERED, SETTLED]);
        check_conserved(&mut stage);
    }
}

/// Sends `data` to `target` whenever it is called, and logs the answer.
fn reporting(target: Address, data: &[u8]) -> Bytes {
    let [high, low] = u16::try_from(data.len()).unwrap().to_be_bytes();
    // PUSH2 length; PUSH1 54; PUSH1 0; CODECOPY; CALL(gas, target, 0, 0, length, 0, 0); POP; RETURNDATACOPY of all; LOG0; STOP
    let copy = [0x61, high, low, 0x60, 54, 0x60, 0, 0x39];
    let call = [0x60, 0, 0x60, 0, 0x61, high, low, 0x60, 0, 0x60, 0, 0x73];
    let report = [0x5a, 0xf1, 0x50, 0x3d, 0x60, 0, 0x60, 0, 0x3e, 0x3d, 0x60, 0, 0xa0, 0];
    [&copy[..], &call, target.as_slice(), &report, data].concat().into()
}

/// What the callback was answered.
fn reported(done: &Done) -> Bytes {
    let last = done.logs.last().unwrap();
    assert_eq!(last.address, CALLBACK);
    last.data.data.clone()
}

/// A deal whose callback, a permitted worker, sends a call to the hub when it is called.
fn reentrant(call: impl Fn(&Stage, &Settle) -> Vec<u8>) -> (Stage, Settle) {
    let (mut stage, settle) = calling(CALLBACK, None);
    let again = call(&stage, &settle);
    stage.market.evm.place(CALLBACK, reporting(stage.market.hub, &again));
    let allowance = Hub::setCallbackGasCall { gas: U256::from(2_000_000) };
    stage.market.call(stage.market.owner, &allowance).unwrap();
    (stage, settle)
}

#[test]
fn light_callbacks_are_delivered_before_they_are_called_and_have_no_gas_for_another_delivery() {
    for index in [0, 1] {
        let (mut stage, settle) = reentrant(|_, settle| settle.delivery(index).abi_encode());
        let done = deliver(&mut stage, &settle, 0).unwrap();
        let answer = reported(&done);
        if index == 0 {
            let error = Light::AlreadyDelivered { dealid: settle.deal.0, idx: U256::ZERO };
            assert_eq!(answer, error.abi_encode());
        } else {
            assert_eq!(answer[..4], Light::CallbackGas::SELECTOR);
        }
        assert_eq!(statuses(&mut stage, settle.deal, 0..2), [DELIVERED, SETTLED]);
        assert_eq!(said(&stage, &done.logs).len(), 1);
        check_conserved(&mut stage);
    }
}

#[test]
fn light_callbacks_may_settle_open_tasks_only() {
    for (first, earned) in [(3, false), (4, true)] {
        let settling = |stage: &Stage, settle: &Settle| {
            Settle::new(stage, settle.deal, first, 2).by(stage, CALLBACK).call().abi_encode()
        };
        let (mut stage, settle) = reentrant(settling);
        deliver(&mut stage, &settle, 0).unwrap();
        let after = if earned { SETTLED } else { OPEN };
        assert_eq!(
            statuses(&mut stage, settle.deal, 3..7),
            [SETTLED, after, if earned { SETTLED } else { OPEN }, OPEN]
        );
        assert_eq!(!stage.market.account(CALLBACK).0.is_zero(), earned);
    }
}

#[test]
fn light_callbacks_may_claim_open_tasks_only() {
    let claiming = |_: &Stage, settle: &Settle| {
        Light::claimLightCall { dealid: settle.deal.0, first: U256::ZERO, count: U256::from(10) }.abi_encode()
    };
    let (mut stage, settle) = reentrant(claiming);
    stage.market.evm.now += FINAL_DEADLINE;
    deliver(&mut stage, &settle, 0).unwrap();
    let expected = [DELIVERED, SETTLED, SETTLED, SETTLED, REFUNDED];
    assert_eq!(statuses(&mut stage, settle.deal, 0..5), expected);
    check_conserved(&mut stage);
}

fn with_gas(stage: &Stage, settle: &Settle, gas: u64) -> Result<Done, Reverted> {
    let mut stage = stage.clone();
    let hub = stage.market.hub;
    stage.market.evm.call_with_gas(STRANGER, hub, &settle.delivery(0), gas)
}

/// Least gas with which a delivery goes through.
fn least_gas(stage: &Stage, settle: &Settle) -> u64 {
    let (mut fails, mut works) = (50_000, 2_000_000);
    while works - fails > 1 {
        let middle = (fails + works) / 2;
        if with_gas(stage, settle, middle).is_ok() { works = middle } else { fails = middle }
    }
    works
}

fn client(name: &str) -> (Stage, Settle, Address) {
    let mut stage = Stage::new();
    let client = stage.market.evm.deploy(Actor::number(5).address(), &Artifact::named(name), &[]);
    let mut terms = light(stage.terms(1, 1));
    terms.request.callback = client;
    let deal = stage.deal(terms);
    let settle = Settle::new(&stage, deal, 0, 1);
    settle.send(&mut stage).unwrap();
    (stage, settle, client)
}

#[test]
fn light_deliveries_with_too_little_gas_change_nothing() {
    for name in ["TestClient", "GasWasterClient"] {
        let (mut stage, settle, _) = client(name);
        let least = least_gas(&stage, &settle);
        for gas in [least - 1, least - 1_000, least - ALLOWANCE / 2] {
            let Err(Reverted::Custom(error)) = with_gas(&stage, &settle, gas) else { panic!("{name} with {gas}") };
            let error = Light::CallbackGas::abi_decode(&error).unwrap();
            assert!(error.left < error.least, "{error:?}");
            assert_eq!(error.least, U256::from(ALLOWANCE + ALLOWANCE / 63 + 10_400));
        }
        let hub = stage.market.hub;
        let call = settle.delivery(0);
        stage.market.evm.call_with_gas(STRANGER, hub, &call, least - 1).unwrap_err();
        assert_eq!(statuses(&mut stage, settle.deal, 0..1), [SETTLED], "it can be delivered later");
        deliver(&mut stage, &settle, 0).unwrap();
    }
}

#[test]
fn light_callbacks_always_have_their_whole_allowance() {
    let (stage, settle, client) = client("TestClient");
    let gas_of = |gas: u64| {
        let mut stage = stage.clone();
        let hub = stage.market.hub;
        stage.market.evm.call_with_gas(STRANGER, hub, &settle.delivery(0), gas).unwrap();
        stage.market.evm.view(client, &Consumer::gstoreCall { id: task(&settle, 0).0 }).unwrap()
    };
    let (least, plenty) = (gas_of(least_gas(&stage, &settle)), gas_of(2_000_000));
    assert_eq!(least, plenty);
    assert!(plenty > U256::from(ALLOWANCE - 1_000) && plenty < U256::from(ALLOWANCE), "{plenty}");
}

/// Calls another contract with all of its gas; logs when that works, reverts with what is left of the gas when not.
fn relying_on(inner: Address) -> Bytes {
    // PUSH1 0 (5 times); PUSH20 inner; GAS; CALL; PUSH1 dest; JUMPI; PUSH1 0 PUSH1 0 REVERT; JUMPDEST; PUSH1 0 PUSH1 0 LOG0
    let call = [&[0x60, 0].repeat(5)[..], &[0x73], inner.as_slice(), &[0x5a, 0xf1]].concat();
    let dest = u8::try_from(call.len() + 3 + 5).unwrap();
    [&call[..], &[0x60, dest, 0x57, 0x60, 0, 0x60, 0, 0xfd, 0x5b, 0x60, 0, 0x60, 0, 0xa0]].concat().into()
}

/// Writes to seven new slots: 155 000 gas.
fn writing() -> Bytes {
    // PUSH1 1; PUSH1 slot; SSTORE
    (1..=7).flat_map(|slot| [0x60, 1, 0x60, slot, 0x55]).collect::<Vec<_>>().into()
}

#[test]
fn light_callbacks_cannot_be_starved_through_a_contract_that_they_call() {
    // With half of its gas, the callback's own call fails, and the callback gives back enough to look as if it had had all.
    let (mut stage, settle) = calling(CALLBACK, Some(relying_on(INNER)));
    stage.market.evm.place(INNER, writing());
    let least = least_gas(&stage, &settle);
    let mut delivered = 0;
    for gas in (least - 150_000..least + 50_000).step_by(2_500) {
        let Ok(done) = with_gas(&stage, &settle, gas) else { continue };
        delivered += 1;
        assert!(done.logs.iter().any(|log| log.address == CALLBACK), "starved with {gas} gas");
    }
    assert!(delivered > 10);
}

#[test]
fn light_deliveries_of_long_data_leave_the_callback_its_allowance() {
    let long = Bytes::from(vec![7; 20_000]);
    let (mut stage, settle) = calling(CALLBACK, Some(stub::silent()));
    let result = protocol::ResultDigest(alloy::primitives::keccak256(&long));
    let root = protocol::range_tree::leaf(protocol::ResultHash::derive(task(&settle, 5), result));
    let settle = Settle { root, ..Settle::unproved(&stage, settle.deal, 5, 1) };
    settle.send(&mut stage).unwrap();
    let proof = LightProof { siblings: Vec::new(), ..settle.proof(5) };
    let call = Light::deliverLightCall { dealid: settle.deal.0, idx: U256::from(5), data: long, proof };
    stage.market.call(STRANGER, &call).unwrap();
    assert_eq!(statuses(&mut stage, DealId(call.dealid), 5..6), [DELIVERED]);
}
