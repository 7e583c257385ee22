//! Whatever people do, in whatever order: money is conserved, nothing stays locked, tasks follow their state machine, and
//! every event adds up. Random actors on the compiled contracts, through their public interface only.
//!
//! A [`book::Book`] is kept from the hub's events by the rules of the specification; after every act the views of all that
//! the act touched are compared with it, and every so many acts all views. Each call's acceptance is foretold as well.
//!
//! `FAIRGRID_CASES=n` plays n sequences, `FAIRGRID_SEED=s` begins with seed s: a failure prints its seed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod act;
mod book;
mod check;
mod claims;
mod deals;
mod dice;
mod forbidden;
mod late;
mod lies;
mod light;
mod lights;
mod money;
mod relay;
mod relayed;
mod run;
mod said;
mod settlement;
mod solo;
mod task;
mod votes;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::book::Mix;
use crate::run::{Failure, run};

/// Sequences without `FAIRGRID_CASES`.
const CASES: u64 = 2_000;
/// The machine that this must be quick on has two cores.
const THREADS: usize = 2;

/// What [`CASES`] sequences reach at the very least, about half of what they did: a driver that produces refusals only, or
/// never gets to one of the ends, fails.
const REACHED: [(&str, u64); 27] = [
    ("deals", 7_000),
    ("deals sponsored", 2_000),
    ("orders presigned", 2_000),
    ("orders closed", 600),
    ("tasks opened", 20_000),
    ("votes", 15_000),
    ("consensus", 9_000),
    ("reveals", 7_000),
    ("reopened", 1_000),
    ("votes rejected", 1_500),
    ("completed by vote", 3_500),
    ("completed alone", 1_200),
    ("completed with a callback", 2_500),
    ("matched inside a callback", 60),
    ("voted inside a callback", 50),
    ("claimed inside a callback", 10),
    ("finalized inside a callback", 5),
    ("failed untouched", 8_000),
    ("failed with votes", 4_000),
    ("workers praised", 2_500),
    ("workers slashed", 1_200),
    ("kitty drawn", 600),
    ("gifts recovered", 150),
    ("stake given to the hub", 250),
    ("resources handed over", 250),
    ("policies changed", 250),
    ("calls refused", 20_000),
];

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn say(text: &str) {
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).unwrap();
}

fn told(seed: u64, failure: &Failure) -> String {
    let acts: Vec<_> = failure.acts.iter().map(|act| format!("    {act:?}")).collect();
    let (words, count) = (&failure.words, acts.len());
    let (acts, trace) = (acts.join("\n"), failure.trace.join("\n"));
    format!(
        "seed {seed}: {words}\nneeds {count} acts:\n{acts}\nplayed:\n{trace}\nagain: FAIRGRID_SEED={seed} FAIRGRID_CASES=1"
    )
}

#[test]
fn whatever_people_do_money_adds_up_and_nothing_stays_locked() {
    let (first, cases) = (number("FAIRGRID_SEED", 0), number("FAIRGRID_CASES", CASES));
    let (next, sum) = (AtomicU64::new(first), Mutex::new(Mix::default()));
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while failed.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + cases {
                        break;
                    }
                    match run(seed) {
                        Ok(mix) => sum.lock().unwrap().add(&mix),
                        Err(failure) => *failed.lock().unwrap() = Some(told(seed, &failure)),
                    }
                }
            });
        }
    });
    if let Some(words) = failed.into_inner().unwrap() {
        panic!("{words}");
    }
    let mix = sum.into_inner().unwrap();
    for (what, count) in &mix.counts {
        say(&format!("{what:<30} {count:>9}\n"));
    }
    for (what, least) in REACHED {
        let (reached, least) = (mix.counts.get(what).copied().unwrap_or_default(), least * cases / CASES);
        assert!(cases < 100 || reached >= least, "the driver reaches '{what}' {reached} times, not {least}");
    }
}

#[test]
fn a_seed_plays_the_same_sequence_again() {
    for seed in 0..3 {
        let (first, second) = (run::trace(seed), run::trace(seed));
        assert!(first.len() > 40);
        assert_eq!(first, second);
    }
}
