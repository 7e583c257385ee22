//! The seam: what a job is, what came of it, and the contract of whoever runs it.
//!
//! Adding a field to [`Job`] or [`Limits`] means: every implementation honours it, and the suite proves it.

use std::path::PathBuf;
use std::time::Duration;

use runtime::{BoxFuture, Stop};

use crate::Error;

/// Runs one untrusted app. Implementations: [`crate::Wasm`], [`crate::Container`], [`crate::Scripted`] (tests).
///
/// Contract ([`crate::testing::suite`] runs on the first two; a script has nothing to confine): returns only once
/// nothing of the app is left, also when stopped; ends whoever hits a limit, and names the limit; leaves nothing
/// outside the job's folders.
pub trait Sandbox: Send + Sync {
    /// Runs `job` to its end. To end it earlier, request `stop` and await: dropping the future abandons the app (wasm
    /// ends by itself soon after; a container stays until [`crate::Container::sweep_leftovers`]).
    ///
    /// # Errors
    /// [`Error`] when the app could not be run; an app that ran and failed is an [`Exit`].
    fn run<'a>(&'a self, job: &'a Job, stop: Stop) -> BoxFuture<'a, Result<Exit, Error>>;
}

/// Characters of standard output, and of standard error, that an [`Exit`] keeps: the last ones.
/// Source: the app conventions, which report no more to the scheduler.
pub const KEPT_OUTPUT_CHARS: usize = 100_000;

/// One run of one app.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to run.
    pub app: App,
    /// Arguments, already split; the program's own name is not among them.
    pub args: Vec<String>,
    /// Environment variables, all of them: nothing of this process is inherited.
    pub env: Vec<(String, String)>,
    /// Folder seen by the app as `/iexec_in`, read-only. It must exist.
    pub input: PathBuf,
    /// Folder seen by the app as `/iexec_out`. It must exist and be empty.
    pub output: PathBuf,
    /// Unique name of the run: `<worker>-<task id>`. Names the container.
    pub name: String,
    /// What the app may use.
    pub limits: Limits,
    /// Seed of all randomness of a deterministic sandbox, so that replicates of one task agree: the task id.
    pub seed: [u8; 32],
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum App {
    /// A WebAssembly command module (WASI preview 1).
    Wasm {
        /// The module's file.
        path: PathBuf,
        /// Its SHA-256, as sold: another file is refused.
        digest: [u8; 32],
    },
    /// An OCI image, as a Docker engine names it.
    Image {
        /// For example `docker.io/library/alpine:3.20` or `sha256:...`.
        reference: String,
    },
}

/// What one run may use. Whoever passes one of these is ended, and the exit names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Time on this machine's clock, from the start of the app.
    pub wall: Duration,
    /// Units of fuel (about one WebAssembly instruction each). Only the wasm sandbox counts them.
    pub fuel: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes that the output folder may hold at any moment.
    pub disk: u64,
    /// Files and folders that the output folder may hold at any moment.
    pub files: u64,
    /// Processes and threads. The wasm sandbox has one.
    pub pids: u32,
    /// Processors; 1.5 is one and a half. The wasm sandbox uses one.
    pub cpus: f32,
    /// Bytes of standard output, and of standard error, that are kept: the last ones; older ones are dropped.
    pub log: u64,
    /// What the app may reach.
    pub network: Network,
}

impl Default for Limits {
    /// For small jobs: 5 minutes, 10^12 fuel, 512 MiB memory, 1 GiB disk, 10 000 files, 128 processes, 1 processor,
    /// 1 MiB of logs, no network.
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(300),
            fuel: 1_000_000_000_000,
            memory: 512 << 20,
            disk: 1 << 30,
            files: 10_000,
            pids: 128,
            cpus: 1.0,
            log: 1 << 20,
            network: Network::None,
        }
    }
}

/// What an app may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nothing. The wasm sandbox knows no other.
    #[default]
    None,
    /// The engine's default bridge: the internet.
    Bridge,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// How it ended.
    pub outcome: Outcome,
    /// The last [`KEPT_OUTPUT_CHARS`] characters; bytes that are no UTF-8 became U+FFFD.
    pub stdout: String,
    /// The same for standard error.
    pub stderr: String,
    /// What it used.
    pub usage: Usage,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By itself; 0 is success.
    Exited {
        /// The exit code.
        code: i32,
    },
    /// It wanted more than it may use.
    LimitHit(Limit),
    /// It did what no program may do; the text is the same on every machine.
    Trapped(String),
    /// The caller's [`Stop`] was requested.
    Stopped,
}

/// A limit that was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`Limits::wall`]
    Wall,
    /// [`Limits::fuel`]
    Fuel,
    /// [`Limits::memory`]
    Memory,
    /// [`Limits::disk`]
    Disk,
    /// [`Limits::files`]
    Files,
    /// [`Limits::pids`]
    Pids,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Wall => "wall time",
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Files => "files",
            Self::Pids => "processes",
        })
    }
}

/// What a run used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of fuel, the same on every machine; `None` where nothing counts them.
    pub fuel: Option<u64>,
    /// Time on this machine's clock.
    pub wall: Duration,
    /// Most bytes of memory held at once, where known.
    pub peak_memory: Option<u64>,
    /// Most bytes that the output folder held at once, as far as seen.
    pub written: u64,
}
