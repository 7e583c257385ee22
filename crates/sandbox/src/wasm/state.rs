//! What one run holds besides the app's own memory.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wasmtime::ResourceLimiter;

use super::errno::Fault;
use super::handles::Handles;
use super::machine::Signal;
use super::tree::Tree;
use crate::tail::Tail;
use crate::{Error, Job, Limit, Outcome};

/// Name under which every app finds itself in its first argument.
const PROGRAM: &str = "app";
/// Entries that a table of functions may have, each some bytes of this process.
const MOST_TABLE_ENTRIES: usize = 1_000_000;

/// Why the run was ended from within a call.
#[derive(Debug)]
pub(super) enum Ended {
    Outcome(Outcome),
    Failed(Error),
}

/// One run: its world, and what it did to it.
pub(super) struct State {
    pub(super) tree: Tree,
    pub(super) handles: Handles,
    /// Arguments and environment as the app reads them: bytes, each ended by a zero.
    pub(super) args: Vec<Vec<u8>>,
    pub(super) env: Vec<Vec<u8>>,
    /// Nanoseconds since the app's own start. Only calls move it.
    pub(super) clock: u64,
    pub(super) random: Random,
    pub(super) stdout: Tail,
    pub(super) stderr: Tail,
    pub(super) memory: Memory,
    pub(super) signal: Arc<Signal>,
    /// Fuel that the call in progress costs on top of its instructions.
    pub(super) cost: u64,
    pub(super) ended: Option<Ended>,
}

impl State {
    /// # Errors
    /// As [`Tree::open`]; [`Error::BadJob`] when an argument or variable cannot be passed.
    pub(super) fn new(job: &Job, signal: Arc<Signal>) -> Result<Self, Error> {
        let args = std::iter::once(PROGRAM).chain(job.args.iter().map(String::as_str)).map(str::to_owned);
        let env = job.env.iter().map(|(name, value)| format!("{name}={value}"));
        Ok(Self {
            args: zero_ended(job, args)?,
            env: zero_ended(job, env)?,
            tree: Tree::open(job)?,
            handles: Handles::new(),
            clock: 0,
            random: Random::new(job.seed),
            stdout: Tail::new(job.limits.log),
            stderr: Tail::new(job.limits.log),
            memory: Memory { most: job.limits.memory, peak: 0, hit: false },
            signal,
            cost: 0,
            ended: None,
        })
    }

    /// Notes how the run ends; the first reason stays.
    pub(super) fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
    }

    /// # Errors
    /// The end of the run, when the caller stopped it or its time ran out.
    pub(super) fn check_signal(&self) -> Result<(), Fault> {
        self.signal.asked().map_or(Ok(()), |outcome| Err(Fault::End(outcome)))
    }
}

fn zero_ended(job: &Job, texts: impl Iterator<Item = String>) -> Result<Vec<Vec<u8>>, Error> {
    let texts = texts.map(|text| {
        if text.contains('\0') {
            let problem = "an argument or environment variable holds a zero byte".to_owned();
            return Err(Error::BadJob { job: job.name.clone(), problem });
        }
        Ok([text.into_bytes(), vec![0]].concat())
    });
    texts.collect()
}

/// Bytes that look random and follow from the job's seed alone: SHA-256 in counter mode.
#[derive(Debug)]
pub(super) struct Random {
    seed: [u8; 32],
    counter: u64,
}

impl Random {
    const fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    pub(super) fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let block = Sha256::new().chain_update(self.seed).chain_update(self.counter.to_le_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.counter += 1;
        }
    }
}

/// Watches the growth of the app's memory. To want too much ends the run: an app that is told "no" instead could
/// go on in ways that depend on the limit.
#[derive(Debug)]
pub(super) struct Memory {
    most: u64,
    pub(super) peak: u64,
    pub(super) hit: bool,
}

impl Memory {
    fn refuse(&mut self) -> wasmtime::Result<bool> {
        self.hit = true;
        Err(wasmtime::Error::msg("memory limit"))
    }

    pub(super) const fn outcome(&self) -> Option<Outcome> {
        if self.hit { Some(Outcome::LimitHit(Limit::Memory)) } else { None }
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false); // the module's own bound: that is for the app to handle
        }
        if desired as u64 > self.most {
            return self.refuse();
        }
        self.peak = self.peak.max(desired as u64);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        if desired > MOST_TABLE_ENTRIES { self.refuse() } else { Ok(true) }
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        16
    }
}
