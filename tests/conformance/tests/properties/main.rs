//! Whatever people do, in whatever order: money is conserved, nothing stays locked, tasks follow their state machine, and
//! every event adds up. Random actors on the compiled contracts, through their public interface only.
//!
//! A [`book::Book`] is kept from the hub's events by the rules of the specification; after every act the views of all that
//! the act touched are compared with it, and every so many acts all views. Each call's acceptance is foretold as well.
//! Single calls, those for many tasks, and light deals mix on the same market, the first two on the same tasks.
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
const REACHED: [(&str, u64); 64] = [
    ("deals", 5_500),
    ("deals sponsored", 1_700),
    ("deals light", 1_100),
    ("orders presigned", 1_600),
    ("orders closed", 400),
    ("tasks opened", 12_000),
    ("votes", 11_000),
    ("consensus", 7_500),
    ("reveals", 7_000),
    ("reopened", 600),
    ("votes rejected", 1_000),
    ("completed by vote", 2_800),
    ("completed alone", 1_500),
    ("completed with a callback", 2_500),
    ("matched inside a callback", 60),
    ("voted inside a callback", 40),
    ("claimed inside a callback", 12),
    ("finalized inside a callback", 3),
    ("light deals moved inside a callback", 30),
    ("failed untouched", 4_500),
    ("failed with votes", 3_300),
    ("workers praised", 2_500),
    ("workers slashed", 1_000),
    ("kitty drawn", 300),
    ("gifts recovered", 100),
    ("stake given to the hub", 200),
    ("resources handed over", 250),
    ("policies changed", 250),
    ("calls refused", 20_000),
    ("alone at once: accepted", 400),
    ("alone at once: refused", 200),
    ("tried alone on a voted task", 30),
    ("ranges: accepted", 500),
    ("ranges: refused", 500),
    ("ranges with a permit", 350),
    ("ranges of the scheduler itself", 150),
    ("ranges in an enclave", 120),
    ("tasks settled in ranges", 700),
    ("votes relayed: accepted", 1_900),
    ("votes relayed: refused", 500),
    ("votes relayed and counted", 4_000),
    ("votes passed over: signature", 500),
    ("votes passed over: closed", 3_000),
    ("votes passed over: voted", 300),
    ("votes passed over: enclave", 100),
    ("votes passed over: authorization", 100),
    ("votes passed over: stake", 20),
    ("reveals relayed: accepted", 1_000),
    ("reveals relayed: refused", 700),
    ("finalized late: accepted", 300),
    ("finalized late: refused", 700),
    ("finalized late by a party", 220),
    ("finalized late by the scheduler", 35),
    ("finalized late by a stranger", 40),
    ("bounties", 40),
    ("results published: accepted", 200),
    ("results published: refused", 300),
    ("light settled: accepted", 1_400),
    ("light settled: refused", 1_000),
    ("light ranges of the scheduler itself", 400),
    ("light claimed: accepted", 800),
    ("light claimed: refused", 1_000),
    ("light delivered: accepted", 400),
    ("light delivered: refused", 300),
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
