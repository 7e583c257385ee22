//! Many workers on one task, and what their calls cost: the scenes of `worst`.

use std::ops::Range;
use std::sync::OnceLock;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall;
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Actor, Stage};
use protocol::hub::Outcome;
use protocol::{Amount, ResultDigest, ResultHash, ResultSeal, TaskId};

/// Workers of one task, as many as are measured.
pub(crate) const CROWD: usize = 64;
/// More than a block, for arrays and for looking.
const PLENTY: u64 = 1_000_000_000;

/// A stage with a whole crowd, on which the scheduler has been at work before.
pub(crate) fn crowded() -> Stage {
    static READY: OnceLock<Stage> = OnceLock::new();
    READY
        .get_or_init(|| {
            let mut stage = Stage::new();
            for number in 0..CROWD {
                stage.market.fund(Actor::number(worker(number)).address(), Amount::rlc(10));
            }
            let deal = stage.deal(stage.terms(1, 1));
            stage.task(deal, 0);
            stage
        })
        .clone()
}

pub(crate) fn worker(number: usize) -> u64 {
    1_000 + number as u64
}

pub(crate) fn digest(result: usize) -> ResultDigest {
    ResultDigest(keccak256(result.to_be_bytes()))
}

/// A task of a fresh deal. Trust is 2 to the power of the votes that shall be needed: newcomers weigh 2.
pub(crate) fn open(stage: &mut Stage, trust: U256) -> TaskId {
    open_for(stage, trust, Address::ZERO)
}

pub(crate) fn open_for(stage: &mut Stage, trust: U256, callback: Address) -> TaskId {
    let mut terms = stage.terms(1, 1);
    (terms.workerpool.trust, terms.request.trust) = (trust, trust);
    terms.request.callback = callback;
    terms.request.salt = B256::repeat_byte(0x77);
    let deal = stage.deal(terms);
    stage.task(deal, 0)
}

pub(crate) fn of(size: usize) -> Outcome {
    Outcome { results: Bytes::from(vec![0x61; size]), callback: Bytes::new() }
}

/// The least gas limit with which a call succeeds, to a thousandth.
pub(crate) fn least<C: SolCall>(stage: &Stage, from: Address, call: &C) -> u64 {
    let succeeds = |gas| stage.market.evm.clone().call_with_gas(from, stage.market.hub, call, gas);
    let used = succeeds(PLENTY).unwrap_or_else(|reason| panic!("{}: {reason:?}", C::SIGNATURE)).gas;
    let (mut bad, mut good) = (used - 1, used * 2);
    while good - bad > used / 1_000 {
        let middle = u64::midpoint(bad, good);
        if succeeds(middle).is_ok() { good = middle } else { bad = middle }
    }
    good
}

/// Sends a call; the least gas limit with which it succeeds.
pub(crate) fn send<C: SolCall>(stage: &mut Stage, from: Address, call: &C) -> u64 {
    let gas = least(stage, from, call);
    stage.market.evm.call_with_gas(from, stage.market.hub, call, PLENTY).unwrap();
    gas
}

/// Votes of workers, each for the result that `result` gives its number; gas of each. Measured are the first and the last,
/// between which nothing new happens: there the receipt's figure stands.
pub(crate) fn vote(
    stage: &mut Stage,
    task: TaskId,
    numbers: Range<usize>,
    result: impl Fn(usize) -> usize,
) -> Vec<u64> {
    let ends = [numbers.start, numbers.end.saturating_sub(1)];
    let one = |number| {
        let (worker, digest) = (Actor::number(worker(number)).address(), digest(result(number)));
        let pledge = stage.scheduler.authorize(worker, task);
        let call = Hub::contributeCall {
            taskid: task.0,
            resultHash: ResultHash::derive(task, digest).0,
            resultSeal: ResultSeal::derive(worker, task, digest).0,
            enclaveChallenge: Address::ZERO,
            enclaveSign: Bytes::new(),
            authorizationSign: pledge.authorization,
        };
        if ends.contains(&number) {
            return send(stage, worker, &call);
        }
        stage.market.call(worker, &call).unwrap().gas
    };
    numbers.map(one).collect()
}

/// Reveals of workers; the gas of the first, which is the dearest.
pub(crate) fn reveal(stage: &mut Stage, task: TaskId, numbers: Range<usize>, result: usize) -> u64 {
    let call = Hub::revealCall { taskid: task.0, resultDigest: digest(result).0 };
    let gas = numbers.clone().next().map(|first| least(stage, Actor::number(worker(first)).address(), &call));
    for number in numbers {
        stage.reveal(worker(number), task, digest(result)).unwrap();
    }
    gas.unwrap_or_default()
}

pub(crate) fn finalize(stage: &mut Stage, task: TaskId, size: usize) -> u64 {
    let call = Hub::finalizeCall { taskid: task.0, results: of(size).results, resultsCallback: Bytes::new() };
    send(stage, stage.scheduler.address(), &call)
}

pub(crate) fn reopen(stage: &mut Stage, task: TaskId) -> u64 {
    stage.market.evm.now += 600;
    send(stage, stage.scheduler.address(), &Hub::reopenCall { taskid: task.0 })
}

pub(crate) fn claim(stage: &mut Stage, task: TaskId) -> u64 {
    stage.market.evm.now += 3_000;
    send(stage, Actor::number(99).address(), &Hub::claimCall { taskid: task.0 })
}

/// A task on which `count` workers agree, the last of them reaching the consensus; gas of each vote.
pub(crate) fn agreed(count: usize) -> (Stage, TaskId, Vec<u64>) {
    let mut stage = crowded();
    let task = open(&mut stage, U256::from(1) << count);
    let votes = vote(&mut stage, task, 0..count, |_| 0);
    assert_eq!(stage.view_task(task).status, 2, "the last vote brings the consensus");
    (stage, task, votes)
}

/// The same with somebody who hears the result.
pub(crate) fn agreed_for(count: usize, callback: Address) -> (Stage, TaskId) {
    let mut stage = crowded();
    let task = open_for(&mut stage, U256::from(1) << count, callback);
    for number in 0..count {
        stage.vote(worker(number), task, digest(0)).unwrap();
    }
    (stage, task)
}

/// A task on which nobody agrees with anybody.
pub(crate) fn differing(count: usize) -> (Stage, TaskId, Vec<u64>) {
    let mut stage = crowded();
    let task = open(&mut stage, U256::from(1) << CROWD);
    let votes = vote(&mut stage, task, 0..count, |number| number);
    (stage, task, votes)
}

/// How many of a crowd can be wrong, each in another way, without ever winning: the others grow to 2^right, the wrong need
/// a trust of 3 to be too weak alone. Half of them from twelve on.
pub(crate) fn most_wrong(count: usize) -> (usize, U256) {
    let trust = |wrong: usize| (U256::from(1) << (count - wrong)) / U256::from(1 + 2 * wrong);
    let wrong = (0..=count / 2).rev().find(|wrong| *wrong == 0 || trust(*wrong) >= U256::from(3)).unwrap();
    (wrong, trust(wrong))
}

/// Up to half of the workers differ from everybody, the others agree and reveal.
pub(crate) fn half_wrong(count: usize) -> (Stage, TaskId, Vec<u64>) {
    let (mut stage, (wrong, trust)) = (crowded(), most_wrong(count));
    let task = open(&mut stage, trust);
    let mut votes = vote(&mut stage, task, 0..wrong, |number| 1 + number);
    votes.extend(vote(&mut stage, task, wrong..count, |_| 0));
    reveal(&mut stage, task, wrong..count, 0);
    (stage, task, votes)
}

/// Half of the workers win and reveal nothing; after the reopening the other half agrees on something else.
pub(crate) fn reopened(count: usize) -> (Stage, TaskId, Vec<u64>, u64) {
    let (mut stage, first) = (crowded(), count / 2);
    let task = open(&mut stage, U256::from(1) << first);
    let mut votes = vote(&mut stage, task, 0..first, |_| 0);
    let gas = reopen(&mut stage, task);
    votes.extend(vote(&mut stage, task, first..2 * first, |_| 1));
    (stage, task, votes, gas)
}
