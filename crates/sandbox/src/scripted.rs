//! A sandbox that plays what a test wrote: for services that need outcomes, not computation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use runtime::{BoxFuture, Stop};

use crate::{Error, Exit, Job, Outcome, Sandbox, Usage};

/// What a scripted app does with its job: files for the output folder (name, content), standard output, outcome.
#[derive(Clone, Debug)]
pub struct Act {
    /// Files written into the output folder, by plain name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Standard output.
    pub stdout: String,
    /// How the run ends.
    pub outcome: Outcome,
}

impl Act {
    /// Exits with 0, and leaves `result.txt` with `content` and the `computed.json` that points at it.
    #[must_use]
    pub fn result(content: impl Into<Vec<u8>>) -> Self {
        let computed = br#"{"deterministic-output-path":"/iexec_out/result.txt"}"#.to_vec();
        let files = [("result.txt".to_owned(), content.into()), ("computed.json".to_owned(), computed)];
        Self { files: files.into(), stdout: String::new(), outcome: Outcome::Exited { code: 0 } }
    }

    /// Ends with `outcome` and leaves nothing.
    #[must_use]
    pub fn nothing(outcome: Outcome) -> Self {
        Self { files: BTreeMap::new(), stdout: String::new(), outcome }
    }
}

type Script = dyn Fn(&Job) -> Result<Act, Error> + Send + Sync;

/// Plays a script for every job. Honours `stop` (a stopped job writes nothing), knows no limits.
#[derive(Clone)]
pub struct Scripted {
    script: Arc<Script>,
    played: Arc<Mutex<Vec<Job>>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

impl Scripted {
    /// Plays `script`.
    pub fn new(script: impl Fn(&Job) -> Result<Act, Error> + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), played: Arc::default() }
    }

    /// The jobs played so far, in order.
    #[must_use]
    pub fn played(&self) -> Vec<Job> {
        self.played.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn play(&self, job: &Job, stop: &Stop) -> Result<Exit, Error> {
        if stop.is_requested() {
            return Ok(exit(Act::nothing(Outcome::Stopped), 0));
        }
        self.played.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(job.clone());
        let act = (self.script)(job)?;
        let mut written = 0;
        for (name, content) in &act.files {
            let path = job.output.join(name);
            std::fs::write(&path, content).map_err(Error::machine("write", path))?;
            written += content.len() as u64;
        }
        Ok(exit(act, written))
    }
}

fn exit(act: Act, written: u64) -> Exit {
    let usage = Usage { written, ..Usage::default() };
    Exit { outcome: act.outcome, stdout: act.stdout, stderr: String::new(), usage }
}

impl Sandbox for Scripted {
    fn run<'a>(&'a self, job: &'a Job, stop: Stop) -> BoxFuture<'a, Result<Exit, Error>> {
        Box::pin(async move { self.play(job, &stop) })
    }
}
