//! Sequences: played, and cut down to what is needed to fail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::act::{Act, What, sequence};
use crate::book::{Broken, Mix};
use crate::dice::Dice;
use crate::world::World;

/// Everything is compared after every so many acts; in between, what the acts touched.
const ALL_AFTER: u64 = 40;
/// Plays at most while cutting a failure down.
const TRIES: usize = 400;

/// Where a sequence broke a rule.
pub(crate) struct Failure {
    pub(crate) acts: Vec<Act>,
    pub(crate) words: Broken,
    pub(crate) trace: Vec<String>,
}

impl World {
    pub(crate) fn act(&mut self, act: Act) -> Result<(), Broken> {
        let mut dice = Dice::new(act.seed);
        self.note(|| format!("{act:?}"));
        match act.what {
            What::Match => self.fresh_match(&mut dice),
            What::Rematch => self.rematch(&mut dice),
            What::Manage => self.manage(&mut dice),
            What::Initialize => self.initialize(&mut dice),
            What::Contribute => self.contribute(&mut dice),
            What::Vote => self.vote(&mut dice),
            What::Reveal => self.reveal(&mut dice),
            What::RevealAll => self.reveal_all(&mut dice),
            What::Finalize => self.finalize(&mut dice),
            What::Alone => self.alone(&mut dice),
            What::Reopen => self.reopen(&mut dice),
            What::Claim => self.claim(&mut dice),
            What::ClaimSeveral => self.claim_several(&mut dice),
            What::Wait => self.wait(&mut dice),
            What::Money => self.money(&mut dice),
            What::Forbidden => self.attempt(&mut dice),
            What::AloneAtOnce => self.alone_at_once(&mut dice),
            What::Range => self.range(&mut dice),
            What::Relay => self.relay(&mut dice),
            What::RevealFor => self.reveal_for(&mut dice),
            What::Late => self.late(&mut dice),
            What::Settle => self.settle(&mut dice),
            What::ClaimLight => self.claim_light(&mut dice),
            What::Deliver => self.deliver(&mut dice),
            What::Rule => self.rule(&mut dice),
        }?;
        self.steps += 1;
        if self.steps.is_multiple_of(ALL_AFTER) { self.check_all() } else { self.check_touched() }
    }
}

/// Plays acts from the start to the end that nothing may stay locked after.
fn play(acts: &[Act], traced: bool) -> Result<Mix, Failure> {
    let mut world = World::new();
    world.trace = traced.then(Vec::new);
    let mut done = 0;
    let played = catch_unwind(AssertUnwindSafe(|| {
        for act in acts {
            done += 1;
            world.act(*act)?;
        }
        world.finish()
    }));
    let words = match played {
        Ok(Ok(())) => {
            world.book.mix.add(&Mix { counts: [("acts", acts.len() as u64)].into() });
            return Ok(world.book.mix);
        }
        Ok(Err(words)) => words,
        Err(_) => "a panic, see above".to_owned(),
    };
    Err(Failure { acts: acts[..done].to_vec(), words, trace: world.trace.unwrap_or_default() })
}

/// Plays the acts of a seed.
pub(crate) fn run(seed: u64) -> Result<Mix, Failure> {
    play(&sequence(seed), false).map_err(|failure| shrink(&failure))
}

/// The lines that a seed's play writes.
pub(crate) fn trace(seed: u64) -> Vec<String> {
    let acts = sequence(seed);
    let mut world = World::new();
    world.trace = Some(Vec::new());
    for act in acts {
        if world.act(act).is_err() {
            break;
        }
    }
    world.trace.unwrap_or_default()
}

/// Drops acts, first many at once, then one by one, as long as what is left still fails.
fn shrink(failure: &Failure) -> Failure {
    let mut acts = failure.acts.clone();
    let mut tries = 0;
    let mut size = (acts.len() / 2).max(1);
    loop {
        let mut at = 0;
        while at < acts.len() && tries < TRIES {
            let shorter = [&acts[..at], &acts[(at + size).min(acts.len())..]].concat();
            tries += 1;
            match play(&shorter, false) {
                Err(failure) => acts = failure.acts,
                Ok(_) => at += size,
            }
        }
        if size == 1 || tries >= TRIES {
            break;
        }
        size = (size / 2).max(1);
    }
    play(&acts, true).err().unwrap_or_else(|| Failure {
        acts: failure.acts.clone(),
        words: format!("{} (but not when played again)", failure.words),
        trace: Vec::new(),
    })
}
