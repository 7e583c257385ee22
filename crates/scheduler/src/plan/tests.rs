//! Planner tables: one test per phase and refusal.

use alloy_primitives::B256;
use api::pool::Capabilities;
use protocol::deal::{Deal, Resource};
use protocol::task::{ContributionStatus, Phase};
use protocol::{Address, Amount, Bytes, ChainTime, ResultHash, Tag, TaskId, U256};

use super::*;
use crate::replicate::{Replicate, State};

const OWNER: Address = Address::repeat_byte(0xee);
const RULES: Rules = Rules { same_failures: 3, upload_timeout: 120, salt: B256::ZERO };
/// Just after the deal's start; contributions end at 1 700, the final deadline is 2 000.
const NOW: Now = Now { chain: ChainTime(1_010), wall: 5_000 };
const LATE: Now = Now { chain: ChainTime(1_700), wall: 5_690 };
const OVER: Now = Now { chain: ChainTime(2_000), wall: 5_990 };
const REVEAL_BEFORE: ChainTime = ChainTime(1_210);

fn deal(trust: u64) -> Deal {
    Deal {
        workerpool: Resource { owner: OWNER, ..Resource::default() },
        trust: U256::from(trust),
        start: ChainTime(1_000),
        bot_size: U256::from(1),
        worker_stake: Amount::nrlc(5),
        ..Deal::default()
    }
}

fn terms(trust: u64) -> Terms {
    Terms::read(&deal(trust), 100, "WASM", OWNER, U256::from(1_000))
}

fn task(trust: u64) -> TaskView {
    TaskView { id: TaskId::default(), terms: terms(trust), chain: None, copies: Vec::new(), delivery: None }
}

fn who(byte: u8) -> Address {
    Address::repeat_byte(byte)
}

fn worker(byte: u8) -> WorkerView {
    WorkerView {
        address: who(byte),
        slots: 1,
        computing: 0,
        capabilities: Capabilities { wasm: true, containers: false, gpu: false },
        has_room: true,
        free_stake: Amount::nrlc(100),
        score: U256::ZERO,
    }
}

fn copy(byte: u8, state: State) -> Replicate {
    Replicate { state, ..Replicate::assigned(who(byte), ChainTime(1_005)) }
}

fn failed(byte: u8, cause: &str) -> Replicate {
    Replicate { cause: cause.to_owned(), ..copy(byte, State::Failed) }
}

fn vote(byte: u8, hash: u8, status: ContributionStatus) -> Vote {
    Vote { worker: who(byte), status, hash: ResultHash(B256::repeat_byte(hash)), weight: U256::from(2) }
}

fn on_chain(phase: Phase, votes: Vec<Vote>) -> Option<OnChain> {
    Some(OnChain { phase, votes })
}

fn revealing(winners: u32, revealed: u32) -> Phase {
    Phase::Revealing { consensus: ResultHash(B256::repeat_byte(7)), reveal_before: REVEAL_BEFORE, winners, revealed }
}

fn decide(task: &TaskView, workers: &[WorkerView], now: Now) -> Action {
    next_action(task, workers, &RULES, now)
}

fn waits_for(action: &Action) -> String {
    match action {
        Action::Wait(why) => why.to_string(),
        other => panic!("expected to wait, got {other:?}"),
    }
}

#[test]
fn a_new_task_is_initialized_until_contributions_are_over_and_claimed_at_the_end() {
    let task = task(1);
    assert_eq!(decide(&task, &[], NOW), Action::Initialize);
    assert!(waits_for(&decide(&task, &[], LATE)).contains("without a consensus"));
    assert_eq!(decide(&task, &[], OVER), Action::InitializeAndClaim);
}

#[test]
fn every_deal_that_cannot_be_served_says_why_and_is_refunded_at_its_end() {
    let foreign = Deal { workerpool: Resource::default(), ..deal(1) };
    let enclave = Deal { tag: Tag::from_low(0x1), ..deal(1) };
    let unknown = Deal { tag: Tag::from_low(0x1000), ..deal(1) };
    for (deal, app, text) in [
        (foreign, "WASM", "changed hands"),
        (deal(1_001), "WASM", "above this pool's limit of 1000"),
        (enclave, "WASM", "enclave"),
        (unknown, "WASM", "does not know"),
        (deal(1), "FORTRAN", "'FORTRAN'"),
    ] {
        let terms = Terms::read(&deal, 100, app, OWNER, U256::from(1_000));
        let mut task = TaskView { terms, ..task(1) };
        assert!(waits_for(&decide(&task, &[worker(1)], NOW)).contains(text), "{text}");
        assert_eq!(decide(&task, &[worker(1)], OVER), Action::InitializeAndClaim);
        // A stranger may have initialized it.
        task.chain = on_chain(Phase::Active, Vec::new());
        assert!(waits_for(&decide(&task, &[worker(1)], NOW)).contains(text), "{text}");
        assert_eq!(decide(&task, &[worker(1)], OVER), Action::Claim);
    }
}

#[test]
fn an_active_task_gets_as_many_copies_as_a_unanimous_vote_needs() {
    let mut task = TaskView { chain: on_chain(Phase::Active, Vec::new()), ..task(5) };
    let workers: Vec<_> = (1..=5).map(worker).collect();
    for _ in 0..3 {
        let Action::Assign(chosen) = decide(&task, &workers, NOW) else { panic!("wanted another copy") };
        assert!(task.copies.iter().all(|copy| copy.worker != chosen), "S1");
        task.copies.push(Replicate::assigned(chosen, NOW.chain));
    }
    assert_eq!(waits_for(&decide(&task, &workers, NOW)), "3 workers compute it");
}

#[test]
fn dissent_asks_for_more_copies() {
    let votes = vec![vote(1, 7, ContributionStatus::Contributed), vote(2, 8, ContributionStatus::Contributed)];
    let copies = vec![copy(1, State::Contributed), copy(2, State::Contributed)];
    let task = TaskView { chain: on_chain(Phase::Active, votes), copies, ..task(3) };
    assert_eq!(decide(&task, &[worker(1), worker(2), worker(3)], NOW), Action::Assign(who(3)));
}

#[test]
fn a_lost_failed_or_slow_copy_is_replaced_at_once() {
    let slow = Now { chain: ChainTime(1_105), ..NOW };
    for (copy, now) in
        [(copy(1, State::Lost), NOW), (failed(1, "APP_COMPUTE_FAILED"), NOW), (copy(1, State::Started), slow)]
    {
        let task = TaskView { chain: on_chain(Phase::Active, Vec::new()), copies: vec![copy], ..task(1) };
        assert_eq!(decide(&task, &[worker(1), worker(2)], now), Action::Assign(who(2)));
    }
    let waiting = vec![copy(1, State::Started)];
    let task = TaskView { chain: on_chain(Phase::Active, Vec::new()), copies: waiting, ..task(1) };
    let Action::Wait(why) = decide(&task, &[worker(2)], NOW) else { panic!("one copy is enough for trust 1") };
    assert_eq!(why.look_at(), Some(ChainTime(1_105)));
}

#[test]
fn a_worker_that_cannot_take_a_copy_is_named_with_the_reason() {
    let gpu = Deal { tag: Tag::from_low(0x100), ..deal(1) };
    let cases: [(Deal, &str, WorkerView, &str); 7] = [
        (deal(1), "DOCKER", worker(1), "runs no containers"),
        (deal(1), "WASM", WorkerView { capabilities: Capabilities::default(), ..worker(1) }, "runs no WebAssembly"),
        (gpu, "WASM", worker(1), "has no GPU"),
        (deal(1), "WASM", WorkerView { free_stake: Amount::nrlc(4), ..worker(1) }, "free stake"),
        (deal(1), "WASM", WorkerView { computing: 1, ..worker(1) }, "no free slot"),
        (deal(1), "WASM", WorkerView { has_room: false, ..worker(1) }, "unacknowledged"),
        (deal(1), "WASM", worker(2), "had this task before"),
    ];
    for (deal, app, worker, text) in cases {
        let terms = Terms::read(&deal, 100, app, OWNER, U256::from(1_000));
        let copies = vec![copy(2, State::Lost)];
        let task = TaskView { terms, chain: on_chain(Phase::Active, Vec::new()), copies, ..task(1) };
        let action = decide(&task, &[worker], NOW);
        assert!(waits_for(&action).contains(text), "{text}: {action:?}");
        assert!(matches!(action, Action::Wait(why) if why.wants_worker()));
    }
    let alone = TaskView { chain: on_chain(Phase::Active, Vec::new()), ..task(1) };
    assert_eq!(waits_for(&decide(&alone, &[], NOW)), "no worker is connected to the pool");
}

#[test]
fn equal_failures_stop_the_attempts_but_different_ones_and_votes_do_not() {
    let active = |copies: Vec<Replicate>, votes| TaskView { chain: on_chain(Phase::Active, votes), copies, ..task(3) };
    let same: Vec<_> = (1..=3).map(|byte| failed(byte, "APP_NOT_FOUND_LOCALLY")).collect();
    let failing = active(same.clone(), Vec::new());
    assert!(
        waits_for(&decide(&failing, &[worker(9)], NOW))
            .starts_with("failing: 3 workers reported APP_NOT_FOUND_LOCALLY")
    );
    assert_eq!(decide(&failing, &[worker(9)], OVER), Action::Claim);
    let mixed = vec![failed(1, "A"), failed(2, "B"), failed(3, "C")];
    assert_eq!(decide(&active(mixed, Vec::new()), &[worker(9)], NOW), Action::Assign(who(9)));
    let voted = active(same, vec![vote(4, 7, ContributionStatus::Contributed)]);
    assert_eq!(decide(&voted, &[worker(9)], NOW), Action::Assign(who(9)));
}

#[test]
fn an_active_task_past_its_contribution_deadline_waits_and_is_then_claimed() {
    let task = TaskView { chain: on_chain(Phase::Active, Vec::new()), ..task(1) };
    assert!(waits_for(&decide(&task, &[worker(1)], LATE)).contains("contribution deadline"));
    assert_eq!(decide(&task, &[worker(1)], OVER), Action::Claim);
}

#[test]
fn a_consensus_drops_undecided_copies_then_tells_the_winners_then_waits() {
    let votes = vec![vote(1, 7, ContributionStatus::Contributed), vote(2, 8, ContributionStatus::Contributed)];
    let copies = vec![copy(1, State::Contributed), copy(2, State::Contributed), copy(3, State::Computed)];
    let mut task = TaskView { chain: on_chain(revealing(1, 0), votes), copies, ..task(3) };
    assert_eq!(decide(&task, &[], NOW), Action::Drop(vec![who(3)]));
    task.copies[2].drop_undecided();
    assert_eq!(decide(&task, &[], NOW), Action::Look(vec![who(1)]), "the loser is told nothing");
    task.copies[0].told = true;
    assert_eq!(waits_for(&decide(&task, &[], NOW)), "0 of 1 winners have revealed");
}

#[test]
fn a_round_without_a_reveal_is_reopened_after_its_deadline_and_claimed_after_the_last() {
    let copies = vec![Replicate { told: true, ..copy(1, State::Contributed) }];
    let votes = vec![vote(1, 7, ContributionStatus::Contributed)];
    let task = TaskView { chain: on_chain(revealing(1, 0), votes), copies, ..task(1) };
    let late = Now { chain: REVEAL_BEFORE, ..NOW };
    assert_eq!(decide(&task, &[], late), Action::Reopen { reveal_before: REVEAL_BEFORE });
    assert_eq!(decide(&task, &[], OVER), Action::Claim);
}

#[test]
fn one_revealed_worker_is_asked_to_upload_and_another_after_a_failure_or_a_timeout() {
    let votes = vec![vote(1, 7, ContributionStatus::Proved), vote(2, 7, ContributionStatus::Proved)];
    let copies = vec![copy(1, State::Revealed), copy(2, State::Revealed)];
    let mut task = TaskView { chain: on_chain(revealing(2, 2), votes), copies, ..task(3) };
    assert_eq!(decide(&task, &[], NOW), Action::Upload(who(1)));
    task.copies[0].asked = Some(NOW.wall);
    assert!(waits_for(&decide(&task, &[], NOW)).contains("uploads the result"));
    let later = Now { wall: NOW.wall + 120, ..NOW };
    assert_eq!(decide(&task, &[], later), Action::Upload(who(2)), "a timeout");
    task.copies[0].upload_failed = true;
    assert_eq!(decide(&task, &[], NOW), Action::Upload(who(2)), "a failure");
    task.copies[1].asked = Some(NOW.wall);
    task.copies[1].upload_failed = true;
    assert!(waits_for(&decide(&task, &[], NOW)).contains("uploads"), "nobody is asked in a tight loop");
    assert_eq!(decide(&task, &[], later), Action::Upload(who(1)), "the first again");
    task.copies.clear();
    assert!(waits_for(&decide(&task, &[], NOW)).contains("no worker of this pool"));
}

#[test]
fn a_delivered_result_is_finalized_when_all_revealed_or_the_time_to_reveal_is_over() {
    let delivery = Delivery { link: "{}".to_owned(), callback: Bytes::new() };
    let votes = vec![vote(1, 7, ContributionStatus::Proved), vote(2, 7, ContributionStatus::Contributed)];
    let copies = vec![copy(1, State::Uploaded), Replicate { told: true, ..copy(2, State::Contributed) }];
    let delivered = Some(delivery.clone());
    let mut task = TaskView { chain: on_chain(revealing(2, 1), votes), copies, delivery: delivered, ..task(3) };
    assert_eq!(waits_for(&decide(&task, &[], NOW)), "1 of 2 winners have revealed");
    let late = Now { chain: REVEAL_BEFORE, ..NOW };
    assert_eq!(decide(&task, &[], late), Action::Finalize(delivery.clone()));
    task.chain = on_chain(revealing(2, 2), Vec::new());
    assert_eq!(decide(&task, &[], NOW), Action::Finalize(delivery));
    assert_eq!(decide(&task, &[], OVER), Action::Claim, "the hub would refuse it from here on");
}

#[test]
fn a_final_task_is_closed_whoever_ended_it() {
    for phase in [Phase::Completed { consensus: ResultHash::default() }, Phase::Failed] {
        for now in [NOW, LATE, OVER] {
            assert_eq!(decide(&TaskView { chain: on_chain(phase, Vec::new()), ..task(1) }, &[], now), Action::Close);
        }
    }
}

#[test]
fn the_draw_among_workers_changes_with_the_salt() {
    let workers: Vec<_> = (1..=20).map(worker).collect();
    let drawn = |salt: u8| choose(TaskId::default(), &terms(1), Needs::Wasm, &[], &workers, B256::repeat_byte(salt));
    let winners: std::collections::HashSet<_> = (0..20).map(|salt| drawn(salt).unwrap()).collect();
    assert!(winners.len() > 5, "{winners:?}");
    assert_eq!(drawn(1), drawn(1));
}
