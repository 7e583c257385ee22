//! Callbacks: what the requester's contract gets, and that nothing it does harms the task. Source:
//! `poco-contracts.md` 12.14.

use alloy::primitives::{Address, Bytes, U256, keccak256};
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::{Hub, Payee};
use fairgrid_conformance::{Actor, Artifact, Done, Evm, Reverted, Stage, stub};
use protocol::hub::{Outcome, Pledge};
use protocol::{ResultDigest, TaskId};

const CALLBACK: Address = Address::repeat_byte(0xcb);
const DATA: &[u8] = b"for the callback";
const WORKER: u64 = 10;
const ALLOWANCE: u64 = 200_000;

fn digest() -> ResultDigest {
    ResultDigest(keccak256(DATA))
}

fn outcome() -> Outcome {
    Outcome { results: Bytes::new(), callback: Bytes::from_static(DATA) }
}

/// The two ways to end a task well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Finalize,
    Alone,
}

const ENDINGS: [Ending; 2] = [Ending::Finalize, Ending::Alone];

/// A task that only waits for its end, and whose result goes to `callback`.
fn ripe(ending: Ending, callback: Address) -> (Stage, TaskId, Pledge) {
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 1);
    terms.request.callback = callback;
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    let pledge = stage.scheduler.authorize(Actor::number(WORKER).address(), task);
    if ending == Ending::Finalize {
        stage.vote(WORKER, task, digest()).unwrap();
        stage.reveal(WORKER, task, digest()).unwrap();
    }
    (stage, task, pledge)
}

/// Who ends the task, and the call.
fn end_call(stage: &Stage, ending: Ending, task: TaskId, pledge: &Pledge, outcome: &Outcome) -> (Address, Bytes) {
    let (results, data) = (outcome.results.clone(), outcome.callback.clone());
    match ending {
        Ending::Finalize => {
            let call = Hub::finalizeCall { taskid: task.0, results, resultsCallback: data };
            (stage.scheduler.address(), call.abi_encode().into())
        }
        Ending::Alone => {
            let call = Hub::contributeAndFinalizeCall {
                taskid: task.0,
                resultDigest: digest().0,
                results,
                resultsCallback: data,
                enclaveChallenge: Address::ZERO,
                enclaveSign: Bytes::new(),
                authorizationSign: pledge.authorization.clone(),
            };
            (Actor::number(WORKER).address(), call.abi_encode().into())
        }
    }
}

fn end(stage: &mut Stage, ending: Ending, task: TaskId, pledge: &Pledge) -> Result<Done, Reverted> {
    let (from, data) = end_call(stage, ending, task, pledge, &outcome());
    stage.market.evm.send(from, stage.market.hub, data)
}

fn assert_completed(stage: &mut Stage, task: TaskId) {
    assert_eq!(stage.view_task(task).status, 3);
    assert_eq!(stage.market.view(&Hub::resultForCall { id: task.0 }).unwrap().as_ref(), DATA);
}

fn uint(evm: &mut Evm, contract: Address, signature: &str, arguments: &[u8]) -> U256 {
    let data = [&keccak256(signature)[..4], arguments].concat();
    let done = evm.send(Address::ZERO, contract, data.into()).unwrap();
    U256::from_be_slice(&done.output)
}

#[test]
fn a_callback_gets_its_result_and_its_failures_do_no_harm() {
    let codes = [stub::recording(), stub::refusing(), stub::wasteful(), stub::silent(), Bytes::new()];
    for (ending, code) in ENDINGS.into_iter().flat_map(|ending| codes.clone().map(|code| (ending, code))) {
        let (mut stage, task, pledge) = ripe(ending, CALLBACK);
        stage.market.evm.place(CALLBACK, code.clone());
        let done = end(&mut stage, ending, task, &pledge).unwrap();
        assert_completed(&mut stage, task);
        let heard = done.logs.iter().find(|log| log.address == CALLBACK);
        assert_eq!(heard.is_some(), code == stub::recording());
        if let Some(log) = heard {
            assert_eq!(log.data.data[..4], [0x5d, 0xd8, 0x08, 0x55]);
            assert_eq!(log.data.data[4..36], task.0.0);
            assert_eq!(done.logs.last(), Some(log), "everything is final before the call");
        }
    }
}

#[test]
fn a_callee_that_answers_with_much_memory_makes_nobody_else_pay_for_it() {
    for ending in ENDINGS {
        let (ripe, task, pledge) = ripe(ending, CALLBACK);
        let gas = |code: Bytes| {
            let mut stage = ripe.clone();
            stage.market.evm.place(CALLBACK, code);
            let done = end(&mut stage, ending, task, &pledge).unwrap();
            assert_completed(&mut stage, task);
            done.gas
        };
        let quiet = gas(stub::silent());
        for failing in [false, true] {
            let loud = gas(stub::bursting(0x4_8000, failing));
            // The memory costs the callee 193 536 gas. Copying it would cost the caller the same once more.
            assert!(loud > quiet + 190_000, "the callee really built its answer: {loud}, {quiet}");
            assert!(loud < quiet + ALLOWANCE + 5_000, "{loud}, {quiet}");
        }
    }
}

#[test]
fn a_callee_gets_the_gas_that_the_owner_allows_and_the_callee_records() {
    for (ending, allowance) in ENDINGS.into_iter().flat_map(|ending| [(ending, ALLOWANCE), (ending, 90_000)]) {
        let mut evm = Stage::new().market.evm;
        let client = evm.deploy(Address::ZERO, &Artifact::named("TestClient"), &[]);
        let (mut stage, task, pledge) = ripe(ending, client);
        stage.market.evm.place(client, evm.code(client));
        if allowance != ALLOWANCE {
            let call = Hub::setCallbackGasCall { gas: U256::from(allowance) };
            stage.market.call(stage.market.owner, &call).unwrap();
        }
        end(&mut stage, ending, task, &pledge).unwrap();
        let left = uint(&mut stage.market.evm, client, "gstore(bytes32)", task.0.as_slice());
        assert!(left < U256::from(allowance) && left > U256::from(allowance - 5_000), "{left} of {allowance}");
    }
}

#[test]
fn a_callee_that_needs_more_gas_than_allowed_changes_nothing_of_its_own() {
    for ending in ENDINGS {
        let mut evm = Stage::new().market.evm;
        let client = evm.deploy(Address::ZERO, &Artifact::named("GasWasterClient"), &[]);
        let (mut stage, task, pledge) = ripe(ending, client);
        stage.market.evm.place(client, evm.code(client));
        end(&mut stage, ending, task, &pledge).unwrap();
        assert_completed(&mut stage, task);
        assert_eq!(uint(&mut stage.market.evm, client, "counter()", &[]), U256::ZERO);
    }
}

#[test]
fn a_callee_that_calls_the_hub_again_finds_the_task_ended_and_paid() {
    for ending in ENDINGS {
        let mut evm = Stage::new().market.evm;
        let owner = Actor::number(99).address();
        let callee = evm.deploy(owner, &Artifact::named("ReentrantPayee"), &[]);
        let (ripe, task, pledge) = ripe(ending, callee);
        let hub = ripe.market.hub;
        let taskid = task.0;
        let claim = Hub::claimCall { taskid }.abi_encode();
        let resume = Hub::reopenCall { taskid }.abi_encode();
        let again = Hub::finalizeCall { taskid, results: Bytes::new(), resultsCallback: Bytes::from_static(DATA) };
        let read = Hub::resultForCall { id: taskid }.abi_encode();
        for (data, allowed) in [(claim, 0), (resume, 0), (again.abi_encode(), 0), (read, 1)] {
            let mut stage = ripe.clone();
            stage.market.evm.place(callee, evm.code(callee));
            let prepare = Payee::prepareCall { hub, again: data.into(), times: U256::from(1) };
            stage.market.evm.call(owner, callee, &prepare).unwrap();
            end(&mut stage, ending, task, &pledge).unwrap();
            assert_eq!(stage.market.evm.view(callee, &Payee::attemptsCall {}).unwrap(), U256::from(1));
            assert_eq!(stage.market.evm.view(callee, &Payee::successesCall {}).unwrap(), U256::from(allowed));
            assert_completed(&mut stage, task);
        }
    }
}

#[test]
fn a_callback_that_leaves_too_little_gas_is_an_assertion() {
    for ending in ENDINGS {
        let (mut ripe, task, pledge) = ripe(ending, CALLBACK);
        ripe.market.evm.place(CALLBACK, stub::wasteful());
        let gas = end(&mut ripe.clone(), ending, task, &pledge).unwrap().gas;
        let (from, data) = end_call(&ripe, ending, task, &pledge, &outcome());
        // Refunds make the call need more than it pays: look for the edge from there on.
        let answers: Vec<_> = (0..60)
            .map(|step| {
                let hub = ripe.market.hub;
                ripe.clone().market.evm.send_with_gas(from, hub, data.clone(), gas - 40_000 + step * 2_000).map(drop)
            })
            .collect();
        assert!(answers.contains(&Err(Reverted::Panic(1))), "{ending:?}: {answers:?}");
        assert!(answers.last().unwrap().is_ok());
    }
}

#[test]
fn a_callbacks_data_must_be_what_was_voted_on() {
    for ending in ENDINGS {
        let (ripe, task, pledge) = ripe(ending, CALLBACK);
        for data in [&b""[..], b"something else"] {
            let outcome = Outcome { callback: Bytes::from_static(data), ..Outcome::default() };
            let (from, call) = end_call(&ripe, ending, task, &pledge, &outcome);
            let refused = ripe.clone().market.evm.send(from, ripe.market.hub, call);
            assert_eq!(refused.err(), Some(Reverted::Bare));
        }
    }
    // Without a callback, the data may be empty or again what was voted on.
    let (ripe, task, pledge) = ripe(Ending::Alone, Address::ZERO);
    for (data, accepted) in [(&b""[..], true), (DATA, true), (b"something else", false)] {
        let outcome = Outcome { callback: Bytes::from_static(data), ..Outcome::default() };
        let (from, call) = end_call(&ripe, Ending::Alone, task, &pledge, &outcome);
        assert_eq!(ripe.clone().market.evm.send(from, ripe.market.hub, call).is_ok(), accepted);
    }
}
