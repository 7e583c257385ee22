//! Results, callback data and params of any length come back as they were given, and nothing else of a task changes by
//! their length. The lengths are those around which the hub keeps them differently.

use alloy::primitives::{Address, Bytes, keccak256};
use fairgrid_conformance::abi::{self, Hub};
use fairgrid_conformance::{Actor, Stage};
use protocol::hub::Outcome;
use protocol::{ResultDigest, ResultHash, ResultSeal, TaskId};

const CALLBACK: Address = Address::repeat_byte(0xcb);
/// Contracts of the greatest size hold all but one byte of it.
const LARGEST: usize = 24_575;
const WRONG: u64 = 13;

/// Bytes that are nowhere zero and nowhere the same for long.
fn bytes(length: usize) -> Bytes {
    (0..length).map(|at| u8::try_from(at % 251 + 1).unwrap()).collect()
}

fn seal(worker: u64, task: TaskId, digest: ResultDigest) -> ResultSeal {
    ResultSeal::derive(Actor::number(worker).address(), task, digest)
}

fn contribution(stage: &mut Stage, task: TaskId, worker: u64) -> abi::Contribution {
    let worker = Actor::number(worker).address();
    stage.market.view(&Hub::viewContributionCall { taskid: task.0, worker }).unwrap()
}

fn assert_outcome(stage: &mut Stage, task: TaskId, digest: ResultDigest, outcome: &Outcome) -> abi::Task {
    let seen = stage.view_task(task);
    let lengths = (outcome.results.len(), outcome.callback.len());
    assert_eq!((seen.status, seen.resultDigest), (3, digest.0), "{lengths:?}");
    assert_eq!(seen.consensusValue, ResultHash::derive(task, digest).0, "{lengths:?}");
    assert!(seen.results == outcome.results && seen.resultsCallback == outcome.callback, "{lengths:?}");
    assert_eq!(stage.market.view(&Hub::resultForCall { id: task.0 }).unwrap(), outcome.callback);
    let flat = stage.market.view(&Hub::viewTaskABILegacyCall { taskid: task.0 }).unwrap();
    assert!(flat._11 == outcome.results, "{lengths:?}");
    seen
}

/// A task with two winners, a wrong vote between them, and a third winner who may reveal.
fn voted(digest: ResultDigest, callback: Address, reveals: &[u64]) -> (Stage, TaskId) {
    let mut stage = Stage::new();
    let mut terms = stage.terms(3, 1);
    terms.request.callback = callback;
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    stage.vote(10, task, digest).unwrap();
    stage.vote(WRONG, task, ResultDigest(keccak256("wrong"))).unwrap();
    for worker in [11, 12] {
        stage.vote(worker, task, digest).unwrap();
    }
    for worker in reveals {
        stage.reveal(*worker, task, digest).unwrap();
    }
    stage.market.evm.now += 600;
    (stage, task)
}

#[test]
fn results_of_votes_come_back_whatever_their_length_and_the_votes_stay() {
    let digest = ResultDigest(keccak256("right"));
    for reveals in [&[12][..], &[12, 10], &[10, 11, 12]] {
        let (ready, task) = voted(digest, Address::ZERO, reveals);
        let room = 26 + 29 * reveals.len();
        let lengths =
            [0, 1, 25, 26, 27, 54, 55, 56, 83, 84, 85, 112, 113, 114, room, room + 1, LARGEST - 2, LARGEST - 1];
        for length in lengths {
            let mut stage = ready.clone();
            let outcome = Outcome { results: bytes(length), callback: Bytes::new() };
            stage.finalize(task, &outcome).unwrap();
            let seen = assert_outcome(&mut stage, task, digest, &outcome);
            assert_eq!(seen.contributors.len(), 4);
            for worker in [10, 11, 12] {
                let vote = contribution(&mut stage, task, worker);
                let status = if reveals.contains(&worker) { 2 } else { 1 };
                assert_eq!((vote.status, vote.resultHash), (status, ResultHash::derive(task, digest).0));
                assert_eq!(vote.resultSeal, seal(worker, task, digest).0, "{length} bytes, {reveals:?}");
            }
            let vote = contribution(&mut stage, task, WRONG);
            let wrong = ResultDigest(keccak256("wrong"));
            assert_eq!((vote.status, vote.resultHash), (1, ResultHash::derive(task, wrong).0));
            assert_eq!(vote.resultSeal, seal(WRONG, task, wrong).0);
        }
    }
}

#[test]
fn callback_data_of_votes_comes_back_beside_the_results() {
    for (results, data) in [(0, 1), (85, 100), (1, LARGEST - 3), (2, LARGEST - 3), (LARGEST, 1)] {
        let outcome = Outcome { results: bytes(results), callback: bytes(data) };
        let digest = ResultDigest(keccak256(&outcome.callback));
        for callback in [CALLBACK, Address::ZERO] {
            let (mut stage, task) = voted(digest, callback, &[10, 11]);
            stage.finalize(task, &outcome).unwrap();
            assert_outcome(&mut stage, task, digest, &outcome);
        }
    }
}

#[test]
fn results_of_lone_workers_come_back_whatever_their_length() {
    let worker = Actor::number(10).address();
    let most = LARGEST - 76;
    for (results, data) in
        [(0, 0), (1, 0), (85, 0), (most, 0), (most + 1, 0), (85, 100), (most - 1, 1), (most, 1), (1, most)]
    {
        let outcome = Outcome { results: bytes(results), callback: bytes(data) };
        let digest = ResultDigest(keccak256(&outcome.callback));
        let mut stage = Stage::new();
        let mut terms = stage.terms(1, 1);
        terms.request.callback = if data == 0 { Address::ZERO } else { CALLBACK };
        let deal = stage.deal(terms);
        let task = stage.task(deal, 0);
        let pledge = stage.scheduler.authorize(worker, task);
        stage.contribute_and_finalize(worker, task, digest, &outcome, &pledge).unwrap();
        let seen = assert_outcome(&mut stage, task, digest, &outcome);
        assert_eq!(seen.contributors, [worker]);
        let vote = contribution(&mut stage, task, 10);
        let expected = abi::Contribution {
            status: 2,
            resultHash: seen.consensusValue,
            resultSeal: seal(10, task, digest).0,
            enclaveChallenge: Address::ZERO,
            weight: Default::default(),
        };
        assert_eq!(vote, expected);
        assert_eq!(contribution(&mut stage, task, 11), abi::Contribution::default());
    }
}

#[test]
fn params_of_any_length_come_back_with_their_deal() {
    for length in [0, 1, 31, 32, 33, LARGEST - 601, LARGEST - 600, LARGEST - 599, LARGEST + 1] {
        let mut stage = Stage::new();
        let mut terms = stage.terms_with_dataset(1, 1);
        terms.request.callback = CALLBACK;
        terms.request.params = "p".repeat(length);
        let deal = stage.deal(terms.clone());
        let seen = stage.market.view(&Hub::viewDealCall { id: deal.0 }).unwrap();
        assert!(seen.params == terms.request.params, "{length}");
        assert_eq!((seen.callback, seen.dataset.pointer), (CALLBACK, stage.dataset));
        let flat = stage.market.view(&Hub::viewDealABILegacy_pt2Call { id: deal.0 }).unwrap();
        assert!(flat._5 == terms.request.params, "{length}");
        let task = stage.task(deal, 0);
        stage.vote(10, task, ResultDigest(keccak256("right"))).unwrap();
    }
}
