//! The planner's tables.

use alloy_primitives::{Address, B256, Bytes, U256};
use chain::{ContributionView, TaskView};
use protocol::task::{ContributionStatus as S, Phase};
use protocol::{Amount, ChainTime, DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::Cause;
use crate::plan::{Step, View, next_step};
use crate::replicate::{Commitment, Replicate, Stage};

type Spoil = fn(&mut View);

const ME: Address = Address::repeat_byte(7);
const TASK: TaskId = TaskId(B256::repeat_byte(1));

fn commitment() -> Commitment {
    Commitment::honest(ME, TASK, ResultDigest(B256::repeat_byte(9)))
}

fn replicate(stage: Stage) -> Replicate {
    let assigned = Replicate::assigned(TASK, DealId::default(), U256::ZERO, Bytes::new(), 1);
    Replicate { stage, ..assigned }
}

fn revealing(consensus: ResultHash) -> Phase {
    Phase::Revealing { consensus, reveal_before: ChainTime(1_500), winners: 2, revealed: 0 }
}

fn contributed(status: S, commitment: Commitment) -> Option<ContributionView> {
    let Commitment { hash, seal, .. } = commitment;
    Some(ContributionView { status, hash, seal, enclave: Address::ZERO, share: U256::from(1) })
}

fn view(phase: Phase, contribution: Option<ContributionView>) -> View {
    let task = TaskView {
        id: TASK,
        deal: DealId::default(),
        index: U256::ZERO,
        phase,
        unit: 100,
        contribute_before: ChainTime(1_700),
        final_before: ChainTime(2_000),
        contributors: Vec::new(),
        digest: None,
        results: Bytes::new(),
        callback_results: Bytes::new(),
    };
    View {
        now: ChainTime(1_000),
        worker: ME,
        task: Some(task),
        contribution,
        free: Amount::nrlc(10),
        worker_stake: Amount::nrlc(10),
        authorized: true,
    }
}

fn fails_with(step: Step, cause: Cause) {
    assert!(matches!(step, Step::Fail(found, _) if found == cause), "expected {cause}");
}

#[test]
fn the_ordinary_life_is_compute_contribute_reveal_upload_finish() {
    let c = commitment();
    let active = view(Phase::Active, None);
    assert_eq!(next_step(&replicate(Stage::Assigned), &active), Step::Compute);
    assert_eq!(next_step(&replicate(Stage::Computed { commitment: c }), &active), Step::Contribute(c));
    let seen = view(Phase::Active, contributed(S::Contributed, c));
    let note = Step::Note(Stage::Contributed { commitment: c });
    assert_eq!(next_step(&replicate(Stage::Contributing { commitment: c }), &seen), note);
    let waiting = replicate(Stage::Contributed { commitment: c });
    assert_eq!(next_step(&waiting, &seen), Step::Wait);
    let won = view(revealing(c.hash), contributed(S::Contributed, c));
    assert_eq!(next_step(&waiting, &won), Step::Reveal(c));
    let proved = view(revealing(c.hash), contributed(S::Proved, c));
    assert_eq!(next_step(&waiting, &proved), Step::Note(Stage::Revealed { commitment: c }));
    let mut revealed = replicate(Stage::Revealed { commitment: c });
    assert_eq!(next_step(&revealed, &proved), Step::Wait);
    revealed.upload = true;
    assert_eq!(next_step(&revealed, &proved), Step::Upload(c));
    let over = view(Phase::Completed { consensus: c.hash }, contributed(S::Proved, c));
    assert_eq!(next_step(&revealed, &over), Step::Finish { completed: true });
    let claimed = view(Phase::Failed, contributed(S::Contributed, c));
    assert_eq!(next_step(&waiting, &claimed), Step::Finish { completed: false });
}

#[test]
fn obstacles_are_named_in_the_order_of_the_specification() {
    let c = commitment();
    let spoil: [(Cause, Spoil); 5] = [
        (Cause::ContributionTimeout, |view| view.now = ChainTime(1_700)),
        (Cause::ConsensusReached, |view| {
            let phase = revealing(ResultHash(B256::repeat_byte(3)));
            view.task.as_mut().unwrap().phase = phase;
        }),
        (Cause::TaskNotActive, |view| view.task.as_mut().unwrap().phase = Phase::Failed),
        (Cause::StakeTooLow, |view| view.free = Amount::nrlc(9)),
        (Cause::WorkerpoolAuthorizationNotFound, |view| view.authorized = false),
    ];
    // Each spoils the view further, and is named before those that came earlier.
    let mut view = view(Phase::Active, None);
    for (cause, spoil) in spoil {
        spoil(&mut view);
        for stage in [Stage::Assigned, Stage::Computed { commitment: c }] {
            fails_with(next_step(&replicate(stage), &view), cause);
        }
    }
}

#[test]
fn an_unknown_task_is_waited_for_and_given_up_in_the_end() {
    let mut unknown = view(Phase::Active, None);
    unknown.task = None;
    let mut replicate = replicate(Stage::Assigned);
    assert_eq!(next_step(&replicate, &unknown), Step::Wait);
    replicate.first_look = Some(ChainTime(939));
    fails_with(next_step(&replicate, &unknown), Cause::TaskDescriptionNotFound);
}

#[test]
fn a_drop_is_obeyed_only_while_nothing_can_be_at_stake() {
    let c = commitment();
    let active = view(Phase::Active, None);
    for (stage, step) in [
        (Stage::Assigned, Step::Forget),
        (Stage::Computed { commitment: c }, Step::Forget),
        (Stage::Contributing { commitment: c }, Step::Contribute(c)),
    ] {
        let dropped = Replicate { dropped: Some("why".to_owned()), ..replicate(stage) };
        assert_eq!(next_step(&dropped, &active), step);
    }
    let won = view(revealing(c.hash), contributed(S::Contributed, c));
    let stage = Stage::Contributed { commitment: c };
    let dropped = Replicate { dropped: Some("why".to_owned()), ..replicate(stage) };
    assert_eq!(next_step(&dropped, &won), Step::Reveal(c));
}

#[test]
fn a_contribution_without_a_stored_result_is_computed_again_to_save_the_stake() {
    let c = commitment();
    let won = view(revealing(c.hash), contributed(S::Contributed, c));
    assert_eq!(next_step(&replicate(Stage::Assigned), &won), Step::Compute);
    let note = Step::Note(Stage::Contributed { commitment: c });
    assert_eq!(next_step(&replicate(Stage::Computed { commitment: c }), &won), note);
}

#[test]
fn a_lie_is_contributed_and_never_revealed() {
    let lie = Commitment::lie(ME, TASK, commitment().digest, B256::repeat_byte(0x66));
    assert_ne!(lie.hash, commitment().hash);
    let active = view(Phase::Active, None);
    assert_eq!(next_step(&replicate(Stage::Computed { commitment: lie }), &active), Step::Contribute(lie));
    let won = view(revealing(lie.hash), contributed(S::Contributed, lie));
    fails_with(next_step(&replicate(Stage::Contributed { commitment: lie }), &won), Cause::CannotReveal);
    let lost = view(revealing(commitment().hash), contributed(S::Contributed, lie));
    assert_eq!(next_step(&replicate(Stage::Contributed { commitment: lie }), &lost), Step::Wait);
}

#[test]
fn losers_rejected_and_late_ones_keep_their_result_until_the_task_ends() {
    let c = commitment();
    let stage = || replicate(Stage::Contributed { commitment: c });
    let other = ResultHash(B256::repeat_byte(3));
    assert_eq!(next_step(&stage(), &view(revealing(other), contributed(S::Contributed, c))), Step::Wait);
    assert_eq!(next_step(&stage(), &view(Phase::Active, contributed(S::Rejected, c))), Step::Wait);
    let mut late = view(revealing(c.hash), contributed(S::Contributed, c));
    late.now = ChainTime(1_500);
    assert_eq!(next_step(&stage(), &late), Step::Wait);
}

#[test]
fn a_reorganisation_leads_back_to_the_step_that_was_undone() {
    let c = commitment();
    let active = view(Phase::Active, None);
    let back = Step::Note(Stage::Contributing { commitment: c });
    assert_eq!(next_step(&replicate(Stage::Contributed { commitment: c }), &active), back);
    let unrevealed = view(revealing(c.hash), contributed(S::Contributed, c));
    let back = Step::Note(Stage::Contributed { commitment: c });
    assert_eq!(next_step(&replicate(Stage::Revealed { commitment: c }), &unrevealed), back);
}

#[test]
fn a_hub_that_keeps_refusing_is_believed_in_the_end() {
    let c = commitment();
    let refused = Replicate { refusals: 3, ..replicate(Stage::Computed { commitment: c }) };
    fails_with(next_step(&refused, &view(Phase::Active, None)), Cause::ChainReceiptNotValid);
}

#[test]
fn a_replicate_reads_back_as_it_was_written() {
    let seal = ResultSeal(B256::repeat_byte(2));
    let commitment = Commitment { seal, ..commitment() };
    for stage in [
        Stage::Assigned,
        Stage::Contributing { commitment },
        Stage::Uploaded { commitment, link: "l".to_owned() },
        Stage::Failed { cause: Cause::OutOfGas, message: "m".to_owned() },
        Stage::Dropped,
    ] {
        let before = replicate(stage);
        let text = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<Replicate>(&text).unwrap(), before, "{text}");
    }
}
