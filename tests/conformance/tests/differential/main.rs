//! Random calls of random people, on the contracts and on the twin side by side: same answers, money, scores, phases.
//!
//! `FAIRGRID_CASES` sets the number of sequences (default 200).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod act;
mod check;
mod pair;

use proptest::prelude::*;
use protocol::task::{ContributionStatus, Phase};

use crate::act::act;
use crate::pair::Pair;

fn cases() -> u32 {
    std::env::var("FAIRGRID_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn contracts_and_twin_agree_on_every_call(acts in prop::collection::vec(act(), 20..60)) {
        let mut pair = Pair::new();
        for act in &acts {
            pair.act(act);
        }
    }
}

/// A guard against a generator that only ever produces refusals: every phase and refusal kind must occur.
#[test]
fn the_random_calls_reach_every_phase() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut completed, mut failed, mut slashed, mut reopened) = (0, 0, 0, 0);
    for _ in 0..40 {
        let acts = prop::collection::vec(act(), 40..110).new_tree(&mut runner).unwrap().current();
        let mut pair = Pair::new();
        for act in &acts {
            pair.act(act);
        }
        completed += pair.finals.iter().filter(|(_, phase)| matches!(phase, Phase::Completed { .. })).count();
        failed += pair.finals.iter().filter(|(_, phase)| *phase == Phase::Failed).count();
        for task in &pair.tasks {
            let votes = &pair.twin.task(*task).unwrap().contributions;
            reopened += votes.iter().filter(|vote| vote.status == ContributionStatus::Rejected).count();
            let done = pair.finals.iter().any(|(id, phase)| id == task && matches!(phase, Phase::Completed { .. }));
            slashed += usize::from(done) * votes.iter().filter(|v| v.status != ContributionStatus::Proved).count();
        }
    }
    assert!(
        completed > 20 && failed > 5 && slashed > 5 && reopened > 2,
        "completed {completed}, failed {failed}, slashed {slashed}, rejected {reopened}"
    );
}
