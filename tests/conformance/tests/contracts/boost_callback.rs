//! What a boost result does to the requester's contract, and that contract to it.

use alloy::primitives::{Address, Bytes, keccak256};
use alloy::sol;
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Actor, Artifact, Reverted, Stage, stub};
use protocol::{Amount, DealId, ResultDigest};

use crate::boost::{Push, check_conserved, dealt, says, status};

sol! {
    interface Consumer {
        function receiveResult(bytes32 id, bytes result) external;
    }
}

const CALLBACK: Address = Address::repeat_byte(0xca);
const ALLOWANCE: u64 = 200_000;

/// A deal that calls a contract back, and a result for it.
fn calling(code: Option<Bytes>) -> (Stage, Push) {
    let mut stage = Stage::boosted();
    if let Some(code) = code {
        stage.market.evm.place(CALLBACK, code);
    }
    let deal = deal_with(&mut stage, CALLBACK);
    let push = Push { callback: Bytes::from_static(b"data"), ..Push::new(&stage, deal, 0) };
    (stage, push)
}

fn deal_with(stage: &mut Stage, callback: Address) -> DealId {
    let mut terms = stage.terms(1, 1);
    terms.request.callback = callback;
    dealt(stage, terms)
}

#[test]
fn boost_hands_the_callback_data_over_after_everything_else() {
    let (mut stage, push) = calling(Some(stub::recording()));
    let done = push.send(&mut stage).unwrap();
    let last = done.logs.last().unwrap();
    assert_eq!(last.address, CALLBACK);
    let call = Consumer::receiveResultCall { id: push.task().0, result: push.callback.clone() };
    assert_eq!(last.data.data.as_ref(), call.abi_encode());
    assert_eq!(stage.market.view(&Hub::resultForCall { id: push.task().0 }).unwrap(), Bytes::new());
}

#[test]
fn boost_does_not_mind_what_the_callback_does() {
    for code in [None, Some(stub::refusing()), Some(stub::silent()), Some(stub::wasteful())] {
        let (mut stage, push) = calling(code);
        push.send(&mut stage).unwrap();
        assert_eq!(status(&mut stage, push.task()), 3);
        check_conserved(&mut stage);
    }
}

#[test]
fn boost_needs_data_for_the_callback_and_only_for_it() {
    let (mut stage, push) = calling(Some(stub::recording()));
    let empty = Push { callback: Bytes::new(), ..push };
    says(empty.send(&mut stage), "PocoBoost: Callback requires data");
    assert_eq!(status(&mut stage, empty.task()), 0);
    let mut stage = Stage::boosted();
    let deal = deal_with(&mut stage, Address::ZERO);
    let ignored = Push { callback: Bytes::from_static(b"data"), ..Push::new(&stage, deal, 0) };
    ignored.send(&mut stage).unwrap();
}

#[test]
fn boost_enclaves_sign_the_callback_data_where_there_is_a_callback() {
    let (mut stage, push) = calling(None);
    let enclave = Actor::number(60);
    let wrong = push.clone().inside(&enclave, &stage.scheduler, ResultDigest(keccak256(&push.results)));
    says(wrong.send(&mut stage), "PocoBoost: Invalid enclave signature");
    let right = push.clone().inside(&enclave, &stage.scheduler, ResultDigest(keccak256(&push.callback)));
    right.send(&mut stage).unwrap();
}

/// A deal of two tasks whose callback, itself a permitted worker, pushes a result for task `index` when it is called.
fn reentrant(index: u64) -> (Stage, Push) {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms(1, 2);
    terms.request.callback = CALLBACK;
    let deal = dealt(&mut stage, terms);
    let data = Bytes::from_static(b"data");
    let again = Push { worker: CALLBACK, callback: data.clone(), ..Push::new(&stage, deal, index) };
    let authorization = stage.scheduler.authorize(CALLBACK, again.task()).authorization;
    let again = Push { authorization, ..again };
    stage.market.evm.place(CALLBACK, forwarding(stage.market.hub, &again.call().abi_encode()));
    let push = Push { callback: data, ..Push::new(&stage, deal, 0) };
    (stage, push)
}

/// Another task's callback would need its whole allowance out of the first one's.
#[test]
fn boost_callbacks_push_neither_their_own_task_again_nor_one_that_calls_back() {
    for index in [0, 1] {
        let (mut stage, push) = reentrant(index);
        push.send(&mut stage).unwrap();
        let statuses = [0, 1].map(|index| status(&mut stage, Push { index, ..push.clone() }.task()));
        assert_eq!(statuses, [3, 0]);
        assert_eq!(stage.market.account(CALLBACK).0, Amount::ZERO, "the callback worked on task {index}");
    }
}

/// Sends `data` to `target` whenever it is called.
fn forwarding(target: Address, data: &[u8]) -> Bytes {
    let [high, low] = u16::try_from(data.len()).unwrap().to_be_bytes();
    // PUSH2 length; PUSH1 45; PUSH1 0; CODECOPY; CALL(gas, target, 0, 0, length, 0, 0); POP; STOP; data
    let copy = [0x61, high, low, 0x60, 45, 0x60, 0, 0x39];
    let call = [0x60, 0, 0x60, 0, 0x61, high, low, 0x60, 0, 0x60, 0, 0x73];
    [&copy[..], &call, target.as_slice(), &[0x5a, 0xf1, 0x50, 0, 0], data].concat().into()
}

/// Least gas with which the push goes through.
fn least_gas(stage: &Stage, push: &Push) -> u64 {
    let (mut fails, mut works) = (100_000, 2_000_000);
    while works - fails > 1 {
        let middle = (fails + works) / 2;
        if with_gas(stage, push, middle).is_ok() { works = middle } else { fails = middle }
    }
    works
}

fn with_gas(stage: &Stage, push: &Push, gas: u64) -> Result<(), Reverted> {
    let mut stage = stage.clone();
    let hub = stage.market.hub;
    stage.market.evm.call_with_gas(push.worker, hub, &push.call(), gas).map(|_| ())
}

#[test]
fn boost_proves_that_the_callback_had_its_gas() {
    let words = Reverted::text("PocoBoost: Not enough gas after callback");
    for name in ["TestClient", "GasWasterClient"] {
        let mut stage = Stage::boosted();
        let client = stage.market.evm.deploy(Actor::number(5).address(), &Artifact::named(name), &[]);
        let deal = deal_with(&mut stage, client);
        let push = Push { callback: Bytes::from_static(b"data"), ..Push::new(&stage, deal, 0) };
        let least = least_gas(&stage, &push);
        assert_eq!(with_gas(&stage, &push, least), Ok(()));
        assert_eq!(with_gas(&stage, &push, least - 1), Err(words.clone()), "{name}");
        assert_eq!(with_gas(&stage, &push, least - ALLOWANCE / 63), Err(words.clone()), "{name}");
    }
}

#[test]
fn boost_never_completes_a_task_whose_callback_was_cut_short() {
    // The test client needs less than the allowance, and writes the data down.
    sol! { interface Client { function store(bytes32 id) external view returns (bytes); } }
    let mut stage = Stage::boosted();
    let client = stage.market.evm.deploy(Actor::number(5).address(), &Artifact::named("TestClient"), &[]);
    let deal = deal_with(&mut stage, client);
    let push = Push { callback: Bytes::from_static(b"data"), ..Push::new(&stage, deal, 0) };
    let (least, hub) = (least_gas(&stage, &push), stage.market.hub);
    let mut completed = 0;
    for gas in (least - 100_000..least + ALLOWANCE).step_by(997) {
        let mut stage = stage.clone();
        if stage.market.evm.call_with_gas(push.worker, hub, &push.call(), gas).is_ok() {
            let stored = stage.market.evm.view(client, &Client::storeCall { id: push.task().0 }).unwrap();
            assert_eq!(stored, push.callback, "with {gas} gas");
            completed += 1;
        }
    }
    assert!((200..202).contains(&completed), "{completed} of about 300 have enough");
}
