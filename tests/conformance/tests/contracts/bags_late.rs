//! Tasks that their scheduler leaves lying: who may end them, from which second on, and for what.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use fairgrid_conformance::abi::Bags::{self, BagsEvents};
use fairgrid_conformance::abi::{Hub, Resources};
use fairgrid_conformance::bags::{SoloRange, result};
use fairgrid_conformance::{Done, Reverted, Stage, stub};
use protocol::hub::{Event, Outcome};
use protocol::{Amount, ResultDigest, TaskId};

use crate::bags::{
    CALLBACK, FINAL, REVEAL, STRANGER, UNIT, agree, balances, check_conserved, classic, digest, number, opened,
    refused, said, views, worker,
};

const HALF: u64 = UNIT / 2;

fn finish(stage: &mut Stage, caller: Address, task: TaskId, results: &[u8]) -> Result<Done, Reverted> {
    finish_with(stage, caller, task, results, &[])
}

fn finish_with(
    stage: &mut Stage,
    caller: Address,
    task: TaskId,
    results: &[u8],
    data: &[u8],
) -> Result<Done, Reverted> {
    let (results, data) = (Bytes::copy_from_slice(results), Bytes::copy_from_slice(data));
    stage.market.call(caller, &Bags::finalizeLateCall { taskid: task.0, results, resultsCallback: data })
}

/// Workers 10, 12 and 13 agree and 11 is wrong; 10 and 12 are proved, 13 is not. Gives the deal's start, too.
fn scene() -> (Stage, u64, TaskId) {
    let (mut stage, _, task) = opened(3, 1);
    let start = stage.market.evm.now;
    stage.vote(10, task, digest()).unwrap();
    stage.vote(11, task, ResultDigest(B256::ZERO)).unwrap();
    stage.vote(12, task, digest()).unwrap();
    agree(&mut stage, &[13], task);
    for who in [10, 12] {
        stage.reveal(who, task, digest()).unwrap();
    }
    (stage, start, task)
}

#[test]
fn bg7_periods_begin_and_end_at_their_seconds() {
    let (stage, start, task) = scene();
    let (reveal, end) = (start + REVEAL, start + FINAL);
    let (requester, scheduler) = (stage.requester.address(), stage.scheduler.address());
    let insiders = [worker(10).address(), worker(12).address(), requester, scheduler];
    let outsiders = [worker(11).address(), worker(13).address(), worker(20).address(), STRANGER];
    let begins = |caller: Address, from: u64, bounty: bool| {
        for (now, good) in [(start, false), (from - 1, false), (from, true), (end - 1, true)] {
            let mut stage = stage.clone();
            stage.market.evm.now = now;
            let answer = finish(&mut stage, caller, task, &[]);
            if good {
                let paid = number(&answer.unwrap()) > U256::ZERO;
                assert_eq!(paid, now >= end - HALF && bounty, "{caller} at {}", now - start);
                check_conserved(&mut stage);
            } else {
                refused(answer, &Bags::TooEarly { caller, from: U256::from(from) });
            }
        }
        let mut stage = stage.clone();
        stage.market.evm.now = end;
        refused(finish(&mut stage, caller, task, &[]), &Bags::TooLate { deadline: U256::from(end) });
    };
    for caller in insiders {
        begins(caller, reveal + HALF, caller != scheduler);
    }
    for caller in outsiders {
        begins(caller, end - HALF, true);
    }
    let mut stage = stage;
    stage.market.evm.now = end - HALF - 1;
    assert_eq!(number(&finish(&mut stage, requester, task, &[]).unwrap()), U256::ZERO, "a second before the bounty");
}

#[test]
fn the_refusals_of_late_finalization_come_in_the_order_of_the_text() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(3, 2);
    terms.request.callback = CALLBACK;
    let deal = stage.deal(terms);
    let start = stage.market.evm.now;
    let task = stage.task(deal, 0);
    let data = b"data";
    let right = ResultDigest(keccak256(data));
    let unrevealed = Bags::TaskNotRevealed { taskid: task.0 };
    stage.market.evm.now = start + FINAL;
    for other in [TaskId(B256::ZERO), TaskId::derive(deal, U256::from(1))] {
        refused(finish(&mut stage, STRANGER, other, b"x"), &Bags::TaskNotRevealed { taskid: other.0 });
    }
    refused(finish(&mut stage, STRANGER, task, b"x"), &unrevealed);
    stage.market.evm.now = start;
    for who in [10, 11] {
        stage.vote(who, task, right).unwrap();
    }
    stage.market.evm.now = start + FINAL;
    refused(finish(&mut stage, STRANGER, task, b"x"), &unrevealed);
    stage.market.evm.now = start;
    stage.reveal(10, task, right).unwrap();
    stage.market.evm.now = start + FINAL;
    refused(finish(&mut stage, STRANGER, task, b"x"), &Bags::TooLate { deadline: U256::from(start + FINAL) });
    let from = start + FINAL - HALF;
    stage.market.evm.now = from - 1;
    refused(finish(&mut stage, STRANGER, task, b"x"), &Bags::TooEarly { caller: STRANGER, from: U256::from(from) });
    stage.market.evm.now = from;
    refused(finish(&mut stage, STRANGER, task, b"x"), &Bags::ResultsNotYours { caller: STRANGER });
    let mismatch = Bags::CallbackMismatch { taskid: task.0, resultDigest: right.0 };
    for data in [&b""[..], b"other"] {
        refused(finish_with(&mut stage, STRANGER, task, b"", data), &mismatch);
        let scheduler = stage.scheduler.address();
        refused(finish_with(&mut stage, scheduler, task, b"x", data), &mismatch);
    }
    stage.market.evm.place(CALLBACK, stub::recording());
    let done = finish_with(&mut stage, STRANGER, task, b"", data).unwrap();
    assert_eq!(done.logs.last().unwrap().address, CALLBACK, "the callback comes last");
    assert_eq!(stage.market.view(&Hub::resultForCall { id: task.0 }).unwrap(), Bytes::from_static(data));
    refused(finish_with(&mut stage, STRANGER, task, b"", data), &unrevealed);
}

#[test]
fn deals_without_callback_take_no_data_but_what_the_digest_says() {
    let (mut stage, start, task) = scene();
    stage.market.evm.now = start + FINAL - 1;
    let mismatch = Bags::CallbackMismatch { taskid: task.0, resultDigest: digest().0 };
    refused(finish_with(&mut stage, STRANGER, task, b"", b"data"), &mismatch);
    finish(&mut stage, STRANGER, task, b"").unwrap();
}

/// Everything but the scheduler's last reward, its other half and the new event.
#[test]
fn bg7_workers_and_sellers_are_paid_as_by_finalize() {
    let (mut stage, start, task) = scene();
    stage.market.evm.now = start + FINAL - 1;
    let outcome = Outcome { results: Bytes::from_static(b"somewhere"), callback: Bytes::new() };
    let mut usual = stage.clone();
    let expected = usual.finalize(task, &outcome).unwrap().logs;
    let mut late = stage.clone();
    let scheduler = stage.scheduler.address();
    let done = finish(&mut late, scheduler, task, &outcome.results).unwrap();
    let (last, same) = done.logs.split_last().unwrap();
    assert_eq!(same, expected);
    let bounty = U256::ZERO;
    let says = Bags::TaskFinalizeLate { taskid: task.0, finalizer: scheduler, bounty };
    assert_eq!(said(std::slice::from_ref(last)), [BagsEvents::TaskFinalizeLate(says)]);
    assert_eq!(balances(&mut late), balances(&mut usual));
    let all: Vec<_> = (10..15).map(|who| worker(who).address()).collect();
    assert_eq!(views(&mut late, &[task], &all), views(&mut usual, &[task], &all));

    // Price 1 RLC and two stakes of 0.3 RLC: the ratio of 1 percent leaves 0.016 RLC.
    let rest = Amount::nrlc(16_000_000);
    let half = Amount::nrlc(8_000_000);
    let rewards = |logs: &[_]| -> Vec<_> {
        let all = classic(logs).into_iter();
        all.filter_map(
            |event| if let Event::Reward { owner, amount, .. } = event { Some((owner, amount)) } else { None },
        )
        .collect()
    };
    for finalizer in [STRANGER, worker(10).address(), stage.requester.address()] {
        let mut late = stage.clone();
        let done = finish(&mut late, finalizer, task, b"").unwrap();
        let (mut paid, usual) = (rewards(&done.logs), rewards(&expected));
        assert_eq!(paid.split_off(paid.len() - 2), [(scheduler, half), (finalizer, half)]);
        assert_eq!((paid.as_slice(), usual.last()), (&usual[..usual.len() - 1], Some(&(scheduler, rest))));
        assert_eq!(number(&done), half.to_nrlc());
        let tail = &done.logs[done.logs.len() - 2..];
        assert_eq!(classic(tail), [Event::TaskFinalize { task, results: Bytes::new() }]);
        let says = Bags::TaskFinalizeLate { taskid: task.0, finalizer, bounty: half.to_nrlc() };
        assert_eq!(said(tail), [BagsEvents::TaskFinalizeLate(says)]);
        check_conserved(&mut late);
    }
}

#[test]
fn the_bounty_is_rounded_down_and_nothing_is_said_about_none() {
    for (ratio, price, expected) in [(1_u64, 100_u64, 0_u64), (3, 100, 1), (0, 100, 0), (100, 5, 2)] {
        let mut stage = Stage::new();
        let policy = Resources::changePolicyCall { stake: U256::ZERO, reward: U256::from(ratio) };
        stage.market.evm.call(stage.scheduler.address(), stage.pool, &policy).unwrap();
        let mut terms = stage.terms(1, 1);
        terms.workerpool.workerpoolprice = Amount::nrlc(price);
        let deal = stage.deal(terms);
        let task = stage.task(deal, 0);
        agree(&mut stage, &[10], task);
        stage.reveal(10, task, digest()).unwrap();
        stage.market.evm.now += FINAL - 1;
        let done = finish(&mut stage, STRANGER, task, b"").unwrap();
        assert_eq!(number(&done), U256::from(expected), "ratio {ratio} of {price}");
        let amount = Amount::nrlc(expected);
        let said = classic(&done.logs).contains(&Event::Reward { owner: STRANGER, amount, task });
        assert_eq!(said, expected > 0, "ratio {ratio} of {price}");
        assert_eq!(stage.market.account(STRANGER).0, amount);
        check_conserved(&mut stage);
    }
}

#[test]
fn bg8_strangers_never_say_where_a_result_is() {
    let (stage, start, task) = scene();
    for caller in [STRANGER, worker(11).address(), worker(13).address(), stage.app_owner.address()] {
        let mut stage = stage.clone();
        for now in [start, start + REVEAL + HALF, start + FINAL - HALF - 1] {
            stage.market.evm.now = now;
            finish(&mut stage, caller, task, b"junk").unwrap_err();
        }
        for now in [start + FINAL - HALF, start + FINAL - 1] {
            stage.market.evm.now = now;
            refused(finish(&mut stage, caller, task, b"junk"), &Bags::ResultsNotYours { caller });
            assert_eq!(finish(&mut stage.clone(), caller, task, b"").map(|_| ()), Ok(()));
        }
        stage.market.evm.now = start + FINAL - 1;
        finish(&mut stage, caller, task, b"").unwrap();
        assert_eq!(stage.view_task(task).results, Bytes::new());
    }
    let mut stage = stage;
    stage.market.evm.now = start + FINAL - 1;
    finish(&mut stage, worker(12).address(), task, b"here").unwrap();
    assert_eq!(stage.view_task(task).results, Bytes::from_static(b"here"));
}

#[test]
fn the_scheduler_and_late_finalizers_race_without_double_pay() {
    let (stage, start, task) = scene();
    let mut first = stage.clone();
    first.market.evm.now = start + FINAL - 1;
    first.finalize(task, &Outcome::default()).unwrap();
    refused(finish(&mut first, STRANGER, task, b""), &Bags::TaskNotRevealed { taskid: task.0 });
    let mut second = stage;
    second.market.evm.now = start + FINAL - 1;
    finish(&mut second, STRANGER, task, b"").unwrap();
    assert_eq!(second.finalize(task, &Outcome::default()).unwrap_err(), Reverted::Bare);
    second.market.evm.now = start + FINAL;
    assert_eq!(second.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }).unwrap_err(), Reverted::Bare);
}

fn publish(stage: &mut Stage, caller: Address, task: TaskId, results: &[u8]) -> Result<Done, Reverted> {
    let results = Bytes::copy_from_slice(results);
    stage.market.call(caller, &Bags::publishResultsCall { taskid: task.0, results })
}

#[test]
fn only_scheduler_and_proved_workers_publish_and_only_of_completed_tasks() {
    let (mut stage, start, task) = scene();
    let scheduler = stage.scheduler.address();
    let pending = Bags::TaskNotCompleted { taskid: task.0 };
    refused(publish(&mut stage, STRANGER, task, &[0; 5_000]), &pending);
    stage.market.evm.now = start + REVEAL;
    // Written over the seals, and in a blob: either way the proofs are still known.
    for length in [80, 3_000] {
        let mut stage = stage.clone();
        stage.finalize(task, &Outcome { results: vec![7; length].into(), ..Default::default() }).unwrap();
        let before = (views(&mut stage, &[task], &[worker(10).address()]), balances(&mut stage));
        let strangers = [11, 13, 20].map(|who| worker(who).address());
        for caller in strangers.into_iter().chain([STRANGER, stage.requester.address()]) {
            let refusal = Bags::NotAuthorized { worker: caller, authorizer: scheduler };
            refused(publish(&mut stage, caller, task, &[0; 5_000]), &refusal);
        }
        for publisher in [worker(10).address(), worker(12).address(), scheduler] {
            let (size, most) = (U256::from(4_097), U256::from(4_096));
            refused(publish(&mut stage, publisher, task, &[0; 4_097]), &Bags::ResultsTooLong { size, most });
            let done = publish(&mut stage, publisher, task, &[1; 4_096]).unwrap();
            let says = Bags::ResultsPublished { taskid: task.0, publisher, results: vec![1; 4_096].into() };
            assert_eq!(said(&done.logs), [BagsEvents::ResultsPublished(says)]);
            assert_eq!(done.logs.len(), 1);
        }
        assert_eq!((views(&mut stage, &[task], &[worker(10).address()]), balances(&mut stage)), before);
    }
    stage.market.evm.now = start + FINAL;
    stage.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }).unwrap();
    refused(publish(&mut stage, scheduler, task, b""), &pending);
    refused(publish(&mut stage, scheduler, TaskId(B256::ZERO), b""), &Bags::TaskNotCompleted { taskid: B256::ZERO });
}

#[test]
fn lone_workers_publish_for_their_own_tasks_and_nobody_does_for_boost() {
    let mut stage = Stage::boosted();
    let terms = stage.terms(1, 3);
    let deal = stage.deal(terms);
    let range = SoloRange::new(&stage, deal, 0, 3);
    range.send(&mut stage).unwrap();
    for task in range.tasks() {
        publish(&mut stage, range.worker, task, &result(0).results).unwrap();
        let scheduler = stage.scheduler.address();
        publish(&mut stage, scheduler, task, b"").unwrap();
        let caller = worker(11).address();
        let refusal = Bags::NotAuthorized { worker: caller, authorizer: stage.scheduler.address() };
        refused(publish(&mut stage, caller, task, b""), &refusal);
    }
    let mut terms = stage.terms(1, 1);
    terms.request.salt = B256::repeat_byte(1);
    let deal = crate::boost::dealt(&mut stage, terms);
    let push = crate::boost::Push::new(&stage, deal, 0);
    push.send(&mut stage).unwrap();
    refused(publish(&mut stage, push.worker, push.task(), b""), &Bags::TaskNotCompleted { taskid: push.task().0 });
}
