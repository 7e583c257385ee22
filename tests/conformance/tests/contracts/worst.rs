//! Worst cases against the gas limits that existing clients have built in: crowds on one task, long results, long
//! parameters, big arrays. Every figure is printed: `worst -- --nocapture`.
//!
//! A figure is the least gas limit with which the call succeeds: more than a receipt shows, because refunds come too late
//! for the limit, and because a proxy keeps a 64th of the gas back.
//!
//! Where a limit cannot hold for every size, the largest size for which it does is a constant below, and asserted: raise it
//! when the contracts get cheaper. Limits and their source: `poco-contracts.md` 12.11 and 16.2.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Actor, Terms, quadruple, stub};
use protocol::hub::Outcome;
use protocol::{Amount, DealId, ResultDigest, TaskId};

use crate::crowd::{
    CROWD, agreed, agreed_for, claim, crowded, differing, digest, finalize, half_wrong, least, of, reopen, reopened,
    reveal, send, vote, worker,
};

/// Limits that clients send, in gas of the whole transaction.
const INITIALIZE: u64 = 300_000;
const CONTRIBUTE: u64 = 500_000;
const REVEAL: u64 = 100_000;
const FINALIZE: u64 = 500_000;
const CONTRIBUTE_AND_FINALIZE: u64 = 700_000;
const REOPEN: u64 = 500_000;
/// Per task of a `claimArray`, as the SDK divides a block.
const CLAIM_OF_ARRAY: u64 = 55_000;
/// Per task of an `initializeAndClaimArray`, likewise.
const INITIALIZE_AND_CLAIM: u64 = 250_000;
/// Any other call of the middleware: `claim`, `matchOrders`.
const OTHER: u64 = 1_000_000;

/// Largest crowds for which the limits hold. Each worker of a finalized task must have five events (two Transfer, Unlock,
/// Reward, AccurateContribution: 7 800 gas by themselves) and two or three slots changed, so 64 workers alone pass 500 000.
const CONTRIBUTE_AGREEING: usize = 64;
const CONTRIBUTE_DIFFERING: usize = 64;
const FINALIZE_AGREEING: usize = 9;
const FINALIZE_HALF_WRONG: usize = 14;
const FINALIZE_AFTER_REOPEN: usize = 15;
/// The callback's own 200 000 gas are within the 500 000.
const FINALIZE_WITH_CALLBACK: usize = 3;
const REOPEN_AGREEING: usize = 64;
const CLAIM_DIFFERING: usize = 64;
/// Workers per task in a `claimArray`: each needs a Transfer and an Unlock (3 000 gas) and two slots (10 000).
const CLAIM_OF_ARRAY_WORKERS: usize = 2;
/// Longest results, in bytes, with which the limits hold. A byte costs 16 gas as input, 8 as event, and 200 stored as code.
const FINALIZE_RESULTS: usize = 760;
const ALONE_RESULTS: usize = 2_336;

/// What has no limit of clients must at least not get dearer than this. 30 000 bytes are more than a contract's code holds,
/// and so are kept in slots.
const MATCH_20_KB: u64 = 4_800_000;
const MATCH_30_KB: u64 = 22_000_000;
const FINALIZE_20_KB: u64 = 5_000_000;
const ALONE_20_KB: u64 = 4_900_000;
const ALONE_20_KB_TO_CALLBACK: u64 = 4_900_000;
/// Per task in arrays of 1 000.
const INITIALIZE_OF_1000: u64 = 27_000;

fn say(what: &str, gas: u64, limit: u64) {
    let verdict = if gas < limit { "" } else { "  ABOVE" };
    let line = format!("worst: {what:<58} {gas:>9} of {limit:>9}{verdict}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
}

fn check(what: &str, gas: u64, limit: u64) {
    say(what, gas, limit);
    assert!(gas < limit, "{what}: {gas} gas, at most {limit} is allowed");
}

/// The largest size for which the cost stays below its limit, if costs grow with sizes.
fn largest(what: &str, sizes: std::ops::Range<usize>, limit: u64, promised: usize, cost: impl Fn(usize) -> u64) {
    let (mut good, mut bad) = (sizes.start, sizes.end);
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        if cost(middle) < limit { good = middle } else { bad = middle }
    }
    let line = format!("worst: {what:<58} {limit:>9} holds up to {good}, promised {promised}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
    assert!(good >= promised, "{what}: below {limit} only up to {good}, promised were {promised}");
}

fn dearest(gas: &[u64]) -> u64 {
    gas.iter().copied().max().unwrap()
}

#[test]
fn a_crowd_that_agrees_costs_its_members_what_clients_expect_up_to_a_size() {
    let (mut stage, task, votes) = agreed(CROWD);
    say("contribute, first of 64 agreeing", votes[0], CONTRIBUTE);
    check("contribute, dearest of 64 agreeing before the consensus", dearest(&votes[..CROWD - 1]), CONTRIBUTE);
    say("contribute, last of 64 agreeing, with consensus", votes[CROWD - 1], CONTRIBUTE);
    say("reopen, 64 agreeing", reopen(&mut stage.clone(), task), REOPEN);
    say("claim, 64 agreeing", claim(&mut stage.clone(), task), OTHER);
    let shown = reveal(&mut stage, task, 0..CROWD, 0);
    check("reveal, first of 64", shown, REVEAL);
    say("finalize, 64 agreeing, 85 bytes", finalize(&mut stage, task, 85), FINALIZE);
    let last = |count| *agreed(count).2.last().unwrap();
    largest("contribute with consensus, agreeing workers", 1..CROWD + 1, CONTRIBUTE, CONTRIBUTE_AGREEING, last);
    let end = |count| {
        let (mut stage, task, _) = agreed(count);
        reveal(&mut stage, task, 0..count, 0);
        finalize(&mut stage, task, 85)
    };
    largest("finalize, agreeing workers", 1..CROWD + 1, FINALIZE, FINALIZE_AGREEING, end);
    let heard = |count| {
        let (mut stage, task) = agreed_for(count, Address::repeat_byte(0xcb));
        stage.market.evm.place(Address::repeat_byte(0xcb), stub::wasteful());
        reveal(&mut stage, task, 0..count, 0);
        let data = Bytes::from(0_usize.to_be_bytes().to_vec());
        let call = Hub::finalizeCall { taskid: task.0, results: of(85).results, resultsCallback: data };
        send(&mut stage.clone(), stage.scheduler.address(), &call)
    };
    say("finalize, 1 worker, a callback that wastes its gas", heard(1), FINALIZE);
    largest("finalize with such a callback, agreeing workers", 0..CROWD + 1, FINALIZE, FINALIZE_WITH_CALLBACK, heard);
    let again = |count| {
        let (mut stage, task, _) = agreed(count);
        reopen(&mut stage, task)
    };
    largest("reopen, agreeing workers", 1..CROWD + 1, REOPEN, REOPEN_AGREEING, again);
}

#[test]
fn a_crowd_that_differs_costs_its_members_what_clients_expect_up_to_a_size() {
    let (mut stage, task, votes) = differing(CROWD);
    check("contribute, dearest of 64 differing", dearest(&votes), CONTRIBUTE);
    say("claim, 64 differing", claim(&mut stage, task), OTHER);
    let dear = |count| dearest(&differing(count).2);
    largest("contribute, differing workers", 1..CROWD + 1, CONTRIBUTE, CONTRIBUTE_DIFFERING, dear);
    let end = |count| {
        let (mut stage, task, _) = differing(count);
        claim(&mut stage, task)
    };
    largest("claim, differing workers", 1..CROWD + 1, OTHER, CLAIM_DIFFERING, end);
    let (mut stage, task, votes) = half_wrong(CROWD);
    say("contribute, last of 64, half of them wrong", votes[CROWD - 1], CONTRIBUTE);
    say("finalize, 64, half of them wrong", finalize(&mut stage, task, 85), FINALIZE);
    let end = |count| {
        let (mut stage, task, _) = half_wrong(count);
        finalize(&mut stage, task, 85)
    };
    largest("finalize, workers up to half of whom are wrong", 1..CROWD + 1, FINALIZE, FINALIZE_HALF_WRONG, end);
}

#[test]
fn a_crowd_half_rejected_by_a_reopening_costs_what_clients_expect_up_to_a_size() {
    let (mut stage, task, votes, gas) = reopened(CROWD);
    say("reopen, 32 agreeing", gas, REOPEN);
    check("contribute, dearest of 64 before the second consensus", dearest(&votes[..CROWD / 2 - 1]), CONTRIBUTE);
    say("contribute, second consensus of 64", votes[CROWD - 1], CONTRIBUTE);
    say("claim, 64 half rejected", claim(&mut stage.clone(), task), OTHER);
    let shown = reveal(&mut stage, task, CROWD / 2..CROWD, 1);
    check("reveal, first after a reopening", shown, REVEAL);
    say("finalize, 64 half rejected", finalize(&mut stage, task, 85), FINALIZE);
    let end = |count: usize| {
        let (mut stage, task, _, _) = reopened(count);
        reveal(&mut stage, task, count / 2..count / 2 * 2, 1);
        finalize(&mut stage, task, 85)
    };
    largest("finalize, workers half of whom were rejected", 2..CROWD + 1, FINALIZE, FINALIZE_AFTER_REOPEN, end);
}

#[test]
fn long_results_cost_what_clients_expect_up_to_a_length() {
    let revealed = |count: usize| {
        let (mut stage, task, _) = agreed(count);
        reveal(&mut stage, task, 0..count, 0);
        (stage, task)
    };
    let (stage, task) = revealed(5);
    for size in [31, 85] {
        check(&format!("finalize, 5 workers, {size} bytes"), finalize(&mut stage.clone(), task, size), FINALIZE);
    }
    // Storing 20 000 bytes as code takes 4 million gas; no client's limit is meant for it.
    check("finalize, 5 workers, 20 000 bytes", finalize(&mut stage.clone(), task, 20_000), FINALIZE_20_KB);
    let long = |size| finalize(&mut stage.clone(), task, size);
    largest("finalize, 5 workers, bytes of results", 0..20_000, FINALIZE, FINALIZE_RESULTS, long);

    let alone = |size: usize| solo(Bytes::new(), None, size);
    for size in [31, 85] {
        check(&format!("contributeAndFinalize, {size} bytes"), alone(size), CONTRIBUTE_AND_FINALIZE);
    }
    check("contributeAndFinalize, 20 000 bytes", alone(20_000), ALONE_20_KB);
    largest("contributeAndFinalize, bytes of results", 0..20_000, CONTRIBUTE_AND_FINALIZE, ALONE_RESULTS, alone);
    let data = Bytes::from(vec![0x62; 20_000]);
    let gas = solo(data, Some(stub::silent()), 85);
    check("contributeAndFinalize, 20 000 bytes for a callback", gas, ALONE_20_KB_TO_CALLBACK);
}

/// One worker's whole task, with a callee of this code.
fn solo(data: Bytes, callee: Option<Bytes>, size: usize) -> u64 {
    let mut stage = crowded();
    let mut terms = stage.terms(1, 1);
    terms.request.salt = B256::repeat_byte(0x78);
    if let Some(code) = callee {
        terms.request.callback = Address::repeat_byte(0xcb);
        stage.market.evm.place(terms.request.callback, code);
    }
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    let worker = Actor::number(worker(0)).address();
    let pledge = stage.scheduler.authorize(worker, task);
    let digest = ResultDigest(keccak256(&data));
    let outcome = Outcome { results: of(size).results, callback: data.clone() };
    let call = Hub::contributeAndFinalizeCall {
        taskid: task.0,
        resultDigest: digest.0,
        results: outcome.results.clone(),
        resultsCallback: data.clone(),
        enclaveChallenge: Address::ZERO,
        enclaveSign: Bytes::new(),
        authorizationSign: pledge.authorization,
    };
    let gas = send(&mut stage, worker, &call);
    let view = stage.view_task(task);
    assert_eq!((view.results, view.resultsCallback), (outcome.results, data), "long results are kept whole");
    gas
}

#[test]
fn long_params_are_kept_whole_and_cost_no_more_than_today() {
    for (size, budget) in [(20_000, MATCH_20_KB), (30_000, MATCH_30_KB)] {
        let mut stage = crowded();
        let mut terms: Terms = stage.terms(1, 1);
        terms.request.params = "x".repeat(size);
        terms.request.salt = B256::repeat_byte(0x79);
        let orders = stage.sign(terms);
        let (app, dataset, workerpool, request) = quadruple(&orders);
        let call = Hub::matchOrdersCall { app, dataset, workerpool, request };
        let gas = least(&stage, Actor::number(99).address(), &call);
        check(&format!("matchOrders, {size} bytes of params"), gas, budget);
        let done = stage.match_orders(&orders).unwrap();
        let deal = DealId(done.output[..32].try_into().unwrap());
        let seen = stage.market.view(&Hub::viewDealCall { id: deal.0 }).unwrap();
        assert!(seen.params == orders.request.order.params, "{size} bytes of params are kept whole");
        let task = stage.task(deal, 0);
        let votes = vote(&mut stage, task, 0..1, |_| 0);
        check(&format!("contribute, {size} bytes of params"), votes[0], CONTRIBUTE);
    }
}

#[test]
fn arrays_of_a_thousand_tasks_cost_per_task_what_clients_expect() {
    let mut stage = crowded();
    let mut terms = stage.terms(1, 2_500);
    for price in [&mut terms.workerpool.workerpoolprice, &mut terms.request.workerpoolmaxprice] {
        *price = Amount::nrlc(1_000);
    }
    for price in [&mut terms.app.appprice, &mut terms.request.appmaxprice] {
        *price = Amount::nrlc(10);
    }
    terms.request.salt = B256::repeat_byte(0x7a);
    let deal = stage.deal(terms);
    let caller = Actor::number(99).address();
    let one = Hub::initializeCall { dealid: deal.0, idx: U256::from(2_000) };
    check("initialize, first", send(&mut stage, caller, &one), INITIALIZE);
    let indexes = |from: u64, count: u64| (from..from + count).map(U256::from).collect::<Vec<_>>();
    let dealids = vec![deal.0; 1_000];
    let open = Hub::initializeArrayCall { dealids: dealids.clone(), idx: indexes(0, 1_000) };
    let gas = send(&mut stage, caller, &open);
    check("initializeArray of 1000, per task", gas / 1_000, INITIALIZE_OF_1000);
    stage.market.evm.now += 3_000;
    let taskids = (0..1_000).map(|index| TaskId::derive(deal, U256::from(index)).0).collect();
    let claims = Hub::claimArrayCall { taskids };
    let gas = send(&mut stage, caller, &claims);
    check("claimArray of 1000, per task", gas / 1_000, CLAIM_OF_ARRAY);
    let both = Hub::initializeAndClaimArrayCall { dealids, idx: indexes(1_000, 1_000) };
    let gas = send(&mut stage, caller, &both);
    check("initializeAndClaimArray of 1000, per task", gas / 1_000, INITIALIZE_AND_CLAIM);
}

#[test]
fn claims_of_contributed_tasks_cost_what_clients_expect_up_to_some_workers() {
    let per_task = |workers: usize| {
        let mut stage = crowded();
        let mut terms = stage.terms(1, 20);
        (terms.workerpool.trust, terms.request.trust) = (U256::from(1) << CROWD, U256::from(1) << CROWD);
        terms.request.salt = B256::repeat_byte(0x7b);
        let deal = stage.deal(terms);
        let tasks: Vec<_> = (0..20).map(|index| stage.task(deal, index)).collect();
        // No worker twice: nothing is paid for once by several tasks.
        for (number, task) in tasks.iter().enumerate() {
            for worker_number in number * workers..(number + 1) * workers {
                stage.vote(worker(worker_number), *task, digest(0)).unwrap();
            }
        }
        stage.market.evm.now += 3_000;
        let taskids = tasks.iter().map(|task| task.0).collect();
        least(&stage, Actor::number(99).address(), &Hub::claimArrayCall { taskids }) / 20
    };
    for workers in [0, 1, 3] {
        say(&format!("claimArray of 20, per task of {workers} workers"), per_task(workers), CLAIM_OF_ARRAY);
    }
    largest("claimArray of 20, workers a task", 0..4, CLAIM_OF_ARRAY, CLAIM_OF_ARRAY_WORKERS, per_task);
}
