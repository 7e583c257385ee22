//! Random calls of random people, on the contracts and on the twin side by side: same answers, money, scores, phases.
//!
//! `FAIRGRID_CASES` sets the number of sequences (default 200).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod act;
mod bags;
mod bags_act;
mod check;
mod guard;
mod pair;
mod ranges;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::act::{Act, act, scene};
use crate::guard::Reached;
use crate::pair::Pair;

fn cases() -> u32 {
    std::env::var("FAIRGRID_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn contracts_and_twin_agree_on_every_call(
        acts in prop_oneof![prop::collection::vec(act(), 20..60), scene()],
    ) {
        let mut pair = Pair::new();
        for act in &acts {
            pair.act(act);
        }
    }
}

/// A guard against a generator that only ever produces refusals: every phase must occur.
#[test]
fn the_random_calls_reach_every_phase() {
    reach(100, prop::collection::vec(act(), 40..110)).check_phases();
}

/// The same for calls for many tasks: each must be accepted, and refused in every way.
#[test]
fn calls_for_many_tasks_end_in_every_way() {
    reach(200, scene()).check_ends();
}

fn reach(sequences: u32, acts: impl Strategy<Value = Vec<Act>>) -> Reached {
    let mut runner = TestRunner::deterministic();
    let mut reached = Reached::default();
    for _ in 0..sequences {
        let mut pair = Pair::new();
        for act in &acts.new_tree(&mut runner).unwrap().current() {
            pair.act(act);
        }
        reached.add(&pair);
    }
    reached
}
