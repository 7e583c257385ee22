//! Reveals by whoever has the digest: everybody whose seal fits, and nobody else.

use alloy::primitives::{B256, U256};
use fairgrid_conformance::abi::Bags;
use fairgrid_conformance::bags::result;
use fairgrid_conformance::{Actor, Done, Reverted, Stage};
use protocol::hub::Event;
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::bags::{
    REVEAL, STRANGER, agree, balances, check_conserved, classic, digest, number, opened, refused, views, worker,
};

fn reveal(stage: &mut Stage, pairs: &[(TaskId, ResultDigest)]) -> Result<Done, Reverted> {
    let (taskids, digests) = pairs.iter().map(|(task, digest)| (task.0, digest.0)).unzip();
    stage.market.call(STRANGER, &Bags::revealForCall { taskids, resultDigests: digests })
}

/// A vote for the result with a seal that was copied from another worker.
fn copy_vote(stage: &mut Stage, copier: u64, victim: u64, task: TaskId) {
    let (copier, victim) = (worker(copier).address(), worker(victim).address());
    let both = (ResultHash::derive(task, digest()), ResultSeal::derive(victim, task, digest()));
    let pledge = stage.scheduler.authorize(copier, task);
    stage.contribute(copier, task, both, &pledge).unwrap();
}

/// Two tasks of trust 15. The first: 10, 12 and 13 agree, 11 is wrong, and 14 copied 10's vote.
fn scene() -> (Stage, DealId, TaskId, TaskId) {
    let (mut stage, deal, task) = opened(15, 3);
    let other = stage.task(deal, 1);
    stage.vote(10, task, digest()).unwrap();
    stage.vote(11, task, ResultDigest(result(9).resultDigest)).unwrap();
    copy_vote(&mut stage, 14, 10, task);
    agree(&mut stage, &[12, 13, 15, 16], task);
    agree(&mut stage, &[20, 21, 22, 23], other);
    (stage, deal, task, other)
}

#[test]
fn bg6_it_proves_whom_reveal_proves_and_nobody_else() {
    let (mut stage, _, task, other) = scene();
    let mut single = stage.clone();
    let done = reveal(&mut stage, &[(task, digest()), (other, digest())]).unwrap();
    let mut expected = Vec::new();
    for (task, workers) in [(task, 10..20), (other, 20..25)] {
        for who in workers {
            if single.reveal(who, task, digest()).is_ok() {
                expected.push(Event::TaskReveal { task, worker: worker(who).address(), digest: digest() });
            }
        }
    }
    assert_eq!(classic(&done.logs).len(), 5 + 4);
    let key = |event: &Event| format!("{event:?}");
    let (mut ours, mut theirs) = (classic(&done.logs), expected);
    ours.sort_by_key(key);
    theirs.sort_by_key(key);
    assert_eq!(ours, theirs);
    assert_eq!(number(&done), U256::from(9));
    let all: Vec<_> = (10..25).map(|who| worker(who).address()).collect();
    assert_eq!(views(&mut stage, &[task, other], &all), views(&mut single, &[task, other], &all));
    // The copier keeps its place: without proof it is punished, and the proved are paid.
    stage.market.evm.now += REVEAL;
    let copier = worker(14).address();
    let before = stage.market.account(copier);
    let done = stage.finalize(task, &Default::default()).unwrap();
    let faulty: Vec<_> = classic(&done.logs)
        .into_iter()
        .filter_map(|event| if let Event::FaultyContribution { worker, .. } = event { Some(worker) } else { None })
        .collect();
    assert_eq!(faulty, [worker(11).address(), copier]);
    let after = stage.market.account(copier);
    assert!(after.0 == before.0 && after.1 < before.1, "its stake is lost");
    check_conserved(&mut stage);
}

#[test]
fn reveals_come_in_the_order_of_the_contributors() {
    let (mut stage, _, task, _) = scene();
    let contributors = stage.view_task(task).contributors;
    let done = reveal(&mut stage, &[(task, digest())]).unwrap();
    let revealed: Vec<_> = classic(&done.logs)
        .into_iter()
        .map(|event| if let Event::TaskReveal { worker, .. } = event { worker } else { panic!("{event:?}") })
        .collect();
    let (wrong, copier) = (worker(11).address(), worker(14).address());
    let winners: Vec<_> = contributors.into_iter().filter(|worker| ![wrong, copier].contains(worker)).collect();
    assert_eq!(revealed, winners);
}

#[test]
fn workers_that_revealed_themselves_are_not_proved_again() {
    let (mut stage, _, task, _) = scene();
    stage.reveal(13, task, digest()).unwrap();
    let done = reveal(&mut stage, &[(task, digest()), (task, digest())]).unwrap();
    assert_eq!((number(&done), classic(&done.logs).len()), (U256::from(4), 4));
    refused(reveal(&mut stage, &[(task, digest())]), &Bags::NothingProved {});
    assert_eq!(stage.reveal(12, task, digest()).unwrap_err(), Reverted::Bare);
    assert_eq!(stage.view_task(task).revealCounter, U256::from(5));
}

#[test]
fn tasks_with_nothing_to_prove_are_passed_over() {
    let (mut stage, deal, task, other) = scene();
    let active = stage.task(deal, 2);
    let unknown = TaskId(B256::repeat_byte(5));
    let wrong = ResultDigest(result(9).resultDigest);
    let pairs = [(unknown, digest()), (active, digest()), (task, wrong), (other, digest())];
    let before = balances(&mut stage);
    let done = reveal(&mut stage, &pairs).unwrap();
    assert_eq!(number(&done), U256::from(4));
    assert_eq!(stage.view_task(task).revealCounter, U256::ZERO);
    assert_eq!(balances(&mut stage), before, "reveals move no money");
    refused(reveal(&mut stage, &pairs[..3]), &Bags::NothingProved {});
    // After the first proof the digest itself is kept: a wrong one is still wrong.
    stage.reveal(10, task, digest()).unwrap();
    refused(reveal(&mut stage, &[(task, wrong)]), &Bags::NothingProved {});
    reveal(&mut stage, &[(task, digest())]).unwrap();
    stage.market.evm.now += REVEAL;
    stage.finalize(task, &Default::default()).unwrap();
    refused(reveal(&mut stage, &[(task, digest())]), &Bags::NothingProved {});
}

#[test]
fn nobody_is_proved_from_the_reveal_deadline_on() {
    let (mut stage, _, task, other) = scene();
    stage.reveal(10, task, digest()).unwrap();
    stage.market.evm.now += REVEAL;
    refused(reveal(&mut stage, &[(task, digest()), (other, digest())]), &Bags::NothingProved {});
    stage.market.evm.now -= 1;
    assert_eq!(number(&reveal(&mut stage, &[(task, digest()), (other, digest())]).unwrap()), U256::from(8));
}

#[test]
fn rejected_votes_are_not_proved_by_a_later_consensus() {
    let (mut stage, _, task) = opened(3, 1);
    agree(&mut stage, &[10, 11], task);
    stage.market.evm.now += REVEAL;
    let scheduler = stage.scheduler.address();
    stage.market.call(scheduler, &fairgrid_conformance::abi::Hub::reopenCall { taskid: task.0 }).unwrap();
    refused(reveal(&mut stage, &[(task, digest())]), &Bags::NothingProved {});
    agree(&mut stage, &[12, 13], task);
    let done = reveal(&mut stage, &[(task, digest())]).unwrap();
    let proved = [12, 13].map(|who| Event::TaskReveal { task, worker: worker(who).address(), digest: digest() });
    assert_eq!(classic(&done.logs), proved);
    stage.finalize(task, &Default::default()).unwrap();
    check_conserved(&mut stage);
}

#[test]
fn a_call_takes_as_many_digests_as_tasks_and_at_most_256() {
    let (mut stage, _, task, _) = scene();
    let mut send = |tasks: usize, digests: usize| {
        let (taskids, digests) = (vec![task.0; tasks], vec![digest().0; digests]);
        stage.market.call(Actor::number(99).address(), &Bags::revealForCall { taskids, resultDigests: digests })
    };
    let (left, right) = (U256::from(2), U256::from(1));
    refused(send(2, 1), &Bags::LengthMismatch { left, right });
    refused(send(0, 1), &Bags::LengthMismatch { left: U256::ZERO, right });
    let most = U256::from(256);
    refused(send(0, 0), &Bags::BadCount { count: U256::ZERO, most });
    refused(send(257, 257), &Bags::BadCount { count: U256::from(257), most });
    assert_eq!(number(&send(256, 256).unwrap()), U256::from(5));
}
