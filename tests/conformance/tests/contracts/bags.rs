//! What all tests of bags share: what there is to compare, and what the hub's answers mean.

use alloy::primitives::{Address, Bytes, Log, U256};
use alloy::sol_types::{SolError, SolEventInterface as _};
use fairgrid_conformance::abi::Bags::{self, BagsEvents};
use fairgrid_conformance::abi::{Contribution, Hub, Task};
use fairgrid_conformance::{Actor, Artifact, Done, Reverted, Stage, bags, event};
use protocol::hub::Event;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId, TaskId};

pub(crate) use crate::boost::{STRANGER, check_conserved};

pub(crate) const CALLBACK: Address = Address::repeat_byte(0xca);
/// Seconds of category 0.
pub(crate) const UNIT: u64 = 300;
pub(crate) const CONTRIBUTION: u64 = 7 * UNIT;
pub(crate) const REVEAL: u64 = 2 * UNIT;
pub(crate) const FINAL: u64 = 10 * UNIT;

pub(crate) fn refused<E: SolError>(result: Result<Done, Reverted>, error: &E) {
    assert_eq!(result.err(), Some(Reverted::custom(error)));
}

pub(crate) fn bare(result: Result<Done, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

pub(crate) fn worker(number: u64) -> Actor {
    Actor::number(number)
}

/// A task of a new deal with the stage's terms, open.
pub(crate) fn opened(trust: u64, volume: u64) -> (Stage, DealId, TaskId) {
    let mut stage = Stage::new();
    let terms = stage.terms(trust, volume);
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    (stage, deal, task)
}

/// Everything that views say about tasks and their workers.
pub(crate) fn views(stage: &mut Stage, tasks: &[TaskId], workers: &[Address]) -> Vec<(Task, Bytes, Vec<Contribution>)> {
    let show = |task: &TaskId| {
        let votes = workers.iter().map(|worker| {
            let call = Hub::viewContributionCall { taskid: task.0, worker: *worker };
            stage.market.view(&call).unwrap()
        });
        let votes = votes.collect();
        let callback = stage.market.view(&Hub::resultForCall { id: task.0 }).unwrap_or_default();
        (stage.view_task(*task), callback, votes)
    };
    tasks.iter().map(show).collect()
}

/// Free and locked money of everybody, the kitty and the hub too.
pub(crate) fn balances(stage: &mut Stage) -> Vec<(Amount, Amount)> {
    let mut accounts = stage.accounts();
    accounts.extend([KITTY, STRANGER, CALLBACK, stage.market.hub]);
    accounts.into_iter().map(|account| stage.market.account(account)).collect()
}

/// What only bags say, in order.
pub(crate) fn said(logs: &[Log]) -> Vec<BagsEvents> {
    logs.iter().filter_map(|log| BagsEvents::decode_log(log).ok()).map(|log| log.data).collect()
}

/// What the hub says in the classic words, in order.
pub(crate) fn classic(logs: &[Log]) -> Vec<Event> {
    logs.iter().filter(|log| BagsEvents::decode_log(log).is_err()).filter_map(event).collect()
}

/// The first word of an answer.
pub(crate) fn number(done: &Done) -> U256 {
    U256::from_be_slice(&done.output[..32])
}

/// Lets workers agree on the result of a task, which is revealing then.
pub(crate) fn agree(stage: &mut Stage, workers: &[u64], task: TaskId) {
    for worker in workers {
        stage.vote(*worker, task, digest()).unwrap();
    }
    assert_eq!(stage.view_task(task).status, 2, "the votes make a consensus");
}

/// The result that everybody agrees on.
pub(crate) fn digest() -> protocol::ResultDigest {
    protocol::ResultDigest(bags::result(0).resultDigest)
}

/// Puts money into the kitty: a task that nobody did.
pub(crate) fn fill_kitty(stage: &mut Stage) {
    let mut terms = stage.terms(1, 1);
    terms.request.salt = alloy::primitives::B256::repeat_byte(0x77);
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    stage.market.evm.now += FINAL;
    stage.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }).unwrap();
}

/// Sends `data` to `target` whenever it is called.
pub(crate) fn forwarding(target: Address, data: &[u8]) -> Bytes {
    let [high, low] = u16::try_from(data.len()).unwrap().to_be_bytes();
    // PUSH2 length; PUSH1 45; PUSH1 0; CODECOPY; CALL(gas, target, 0, 0, length, 0, 0); POP; STOP; data
    let copy = [0x61, high, low, 0x60, 45, 0x60, 0, 0x39];
    let call = [0x60, 0, 0x60, 0, 0x61, high, low, 0x60, 0, 0x60, 0, 0x73];
    [&copy[..], &call, target.as_slice(), &[0x5a, 0xf1, 0x50, 0, 0], data].concat().into()
}

#[test]
fn bags_have_the_selectors_of_the_specification_and_are_in_the_interface() {
    let functions = [
        ("initializeAndContributeAndFinalize", "0x42c8f5be"),
        ("contributeAndFinalizeRange", "0x699afa5c"),
        ("contributeFor", "0xa750e67a"),
        ("revealFor", "0xb3eadae6"),
        ("finalizeLate", "0x948ffb21"),
        ("publishResults", "0x8dd390ef"),
    ];
    for artifact in ["IexecBagsFacet", "IexecInterfaceToken"].map(Artifact::named) {
        for (name, selector) in functions {
            let function = artifact.abi.function(name).and_then(|all| all.first()).unwrap();
            assert_eq!(function.selector().to_string(), selector, "{name}");
        }
        let known = artifact.abi.errors().map(|error| error.selector().0).collect::<Vec<_>>();
        for selector in Bags::BagsErrors::SELECTORS {
            assert!(known.contains(selector), "{} lacks an error", artifact.name);
        }
        let known = artifact.abi.events().map(|event| event.selector().0).collect::<Vec<_>>();
        for selector in BagsEvents::SELECTORS {
            assert!(known.contains(selector), "{} lacks an event", artifact.name);
        }
    }
    let facet = Artifact::named("IexecBagsFacet");
    assert_eq!(facet.selectors().len(), functions.len());
    assert!(facet.deployed.len() < 24_576, "{} bytes", facet.deployed.len());
}
