//! One job, from its image to its exit.
//!
//! Whatever happens after the container was made, it is removed before `run` returns. If this process dies or the
//! future is dropped, it stays, and [`Container::sweep_leftovers`] of the next start removes it.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error as EngineError;
use bollard::models::ContainerState;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder,
};
use futures_util::StreamExt as _;
use runtime::{BoxFuture, Clock, Stop};

use super::config::{Config, LABEL};
use super::output::{self, Fill};
use super::{image, spec};
use crate::tail::Tail;
use crate::{App, Error, Exit, Job, Limit, Outcome, Sandbox, Usage, folders};

/// Seconds that one request to the engine may take.
const REQUEST_SECONDS: u64 = 120;
/// Time to take in what a removed container still had to say.
const LAST_WORDS: Duration = Duration::from_secs(5);
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

/// Runs OCI images by a Docker engine.
///
/// Memory, processors, processes and the size of one file are confined by the kernel. The sum of all files and their
/// number are watched: between two looks ([`Config::watch_every`]) an app can pass those two limits before it is
/// ended. A single file passes the disk limit by one byte at most. At [`crate::Limits::pids`] the kernel refuses new processes; how the app takes it is its own affair.
#[derive(Clone)]
pub struct Container {
    config: Config,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Container").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A container that runs: what it said so far, and how full its output was at most.
struct Running {
    engine: Docker,
    attached: AttachContainerResults,
    stdout: Tail,
    stderr: Tail,
    talks: bool,
    fullest: Fill,
}

impl Container {
    /// Looks for the engine only when a job comes.
    #[must_use]
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Self {
        Self { config, clock }
    }

    /// Whether an engine answers; its version, for people.
    ///
    /// # Errors
    /// [`Error::NoEngine`]
    pub async fn check(&self) -> Result<String, Error> {
        let engine = self.connect().await?;
        let version = engine.version().await.map_err(|cause| self.no_engine(cause))?;
        Ok(version.version.unwrap_or_else(|| "unknown".into()))
    }

    /// Removes what a killed worker left: containers of this pool whose name starts with `prefix`. Returns how many.
    ///
    /// # Errors
    /// [`Error::NoEngine`], or [`Error::Engine`] when one cannot be removed.
    pub async fn sweep_leftovers(&self, prefix: &str) -> Result<usize, Error> {
        let engine = self.connect().await?;
        let filters = HashMap::from([("label", vec![format!("{LABEL}={}", self.config.pool)])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let listed = engine.list_containers(Some(options)).await;
        let mut swept = 0;
        for container in listed.map_err(|cause| Error::Engine { action: "list containers", cause })? {
            let names = container.names.unwrap_or_default();
            if let Some(name) = names.iter().map(|name| name.trim_start_matches('/')).find(|n| n.starts_with(prefix)) {
                remove(&engine, name).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    fn no_engine(&self, cause: EngineError) -> Error {
        Error::NoEngine { endpoint: self.config.socket.clone(), cause }
    }

    async fn connect(&self) -> Result<Docker, Error> {
        let engine = Docker::connect_with_unix(&self.config.socket, REQUEST_SECONDS, bollard::API_DEFAULT_VERSION);
        engine.map_err(|cause| self.no_engine(cause))?.negotiate_version().await.map_err(|cause| self.no_engine(cause))
    }

    async fn run_job(&self, job: &Job, stop: &Stop) -> Result<Exit, Error> {
        folders::check(job)?;
        let App::Image { reference } = &job.app else {
            let problem = "the container sandbox runs no WebAssembly modules".to_owned();
            return Err(Error::BadJob { job: job.name.clone(), problem });
        };
        let engine = self.connect().await?;
        tokio::select! {
            biased;
            () = stop.requested() => return Ok(never_started()),
            ready = image::ensure(&engine, &self.config, &*self.clock, reference) => ready?,
        }
        self.make(&engine, job, reference).await?;
        let result = self.play(&engine, job, stop).await;
        remove(&engine, &job.name).await?; // also after an error: nothing of the app may stay
        output::keep_only_plain(&job.output)?;
        result
    }

    async fn make(&self, engine: &Docker, job: &Job, image: &str) -> Result<(), Error> {
        let owner = std::fs::metadata(&job.output).map_err(Error::machine("look at", &job.output))?;
        let body = spec::container(&self.config, job, image, format!("{}:{}", owner.uid(), owner.gid()))?;
        let options = CreateContainerOptionsBuilder::default().name(&job.name).build();
        let made = engine.create_container(Some(options.clone()), body.clone()).await;
        let made = match made {
            // The name is taken: by our own leftover, which goes, or by somebody else's container, which stays.
            Err(EngineError::DockerResponseServerError { status_code: CONFLICT, .. })
                if self.sweep_leftovers(&job.name).await? > 0 =>
            {
                engine.create_container(Some(options), body).await
            }
            made => made,
        };
        made.map(|_| ()).map_err(|cause| Error::Engine { action: "create a container", cause })
    }

    async fn play(&self, engine: &Docker, job: &Job, stop: &Stop) -> Result<Exit, Error> {
        let attach = AttachContainerOptionsBuilder::default().stdout(true).stderr(true).stream(true).build();
        let attached = engine.attach_container(&job.name, Some(attach)).await;
        let mut running = Running {
            engine: engine.clone(),
            attached: attached.map_err(|cause| Error::Engine { action: "listen to a container", cause })?,
            stdout: Tail::new(job.limits.log),
            stderr: Tail::new(job.limits.log),
            talks: true,
            fullest: Fill::default(),
        };
        let started = self.clock.monotonic();
        engine.start_container(&job.name, None).await.map_err(cannot_start)?;
        let outcome = self.watch(job, stop, &mut running).await;
        let wall = self.clock.monotonic().saturating_sub(started);
        remove(engine, &job.name).await?;
        self.hear_last_words(&mut running).await;
        let outcome = outcome?;
        running.look(job).await?;
        let outcome = running.fullest.passed(&job.limits).map_or(outcome, Outcome::LimitHit);
        let usage = Usage { fuel: None, wall, peak_memory: None, written: running.fullest.bytes };
        Ok(Exit { outcome, stdout: running.stdout.text(), stderr: running.stderr.text(), usage })
    }

    /// Waits until the app ends, or has to be ended.
    async fn watch(&self, job: &Job, stop: &Stop, running: &mut Running) -> Result<Outcome, Error> {
        let mut wall = self.clock.sleep(job.limits.wall);
        let mut look = self.clock.sleep(self.config.watch_every);
        loop {
            tokio::select! {
                biased;
                () = stop.requested() => return Ok(Outcome::Stopped),
                () = &mut wall => return Ok(Outcome::LimitHit(Limit::Wall)),
                () = &mut look => {
                    if let Some(outcome) = running.check(job).await? {
                        return Ok(outcome);
                    }
                    look = self.clock.sleep(self.config.watch_every);
                }
                said = running.attached.output.next(), if running.talks => {
                    running.hear(said);
                    if !running.talks && let Some(outcome) = running.check(job).await? {
                        return Ok(outcome); // usually it said its last because it ended
                    }
                }
            }
        }
    }

    async fn hear_last_words(&self, running: &mut Running) {
        let mut patience = self.clock.sleep(LAST_WORDS);
        while running.talks {
            tokio::select! {
                () = &mut patience => return,
                said = running.attached.output.next() => running.hear(said),
            }
        }
    }
}

impl Running {
    fn hear(&mut self, said: Option<Result<LogOutput, EngineError>>) {
        match said {
            Some(Ok(LogOutput::StdErr { message })) => self.stderr.push(&message),
            Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) => self.stdout.push(&message),
            Some(Ok(LogOutput::StdIn { .. })) => {}
            Some(Err(_)) | None => self.talks = false,
        }
    }

    /// How the app ended, or has to end now.
    async fn check(&mut self, job: &Job) -> Result<Option<Outcome>, Error> {
        self.look(job).await?;
        if let Some(limit) = self.fullest.passed(&job.limits) {
            return Ok(Some(Outcome::LimitHit(limit)));
        }
        let inspected = self.engine.inspect_container(&job.name, None).await;
        let state = inspected.map_err(|cause| Error::Engine { action: "look at a container", cause })?.state;
        Ok(state.filter(|state| state.running == Some(false)).map(|state| how_it_ended(&state)))
    }

    async fn look(&mut self, job: &Job) -> Result<(), Error> {
        let (folder, limits) = (job.output.clone(), job.limits.clone());
        let looked = tokio::task::spawn_blocking(move || output::measure(&folder, &limits)).await;
        let fill = looked.expect("measuring a folder does not panic")?;
        self.fullest.bytes = self.fullest.bytes.max(fill.bytes);
        self.fullest.entries = self.fullest.entries.max(fill.entries);
        Ok(())
    }
}

fn how_it_ended(state: &ContainerState) -> Outcome {
    let code = state.exit_code.unwrap_or(-1);
    if state.oom_killed == Some(true) {
        return Outcome::LimitHit(Limit::Memory);
    }
    Outcome::Exited { code: i32::try_from(code).unwrap_or(-1) }
}

/// An image whose command cannot be started fails alike everywhere; anything else is the engine's affair.
fn cannot_start(cause: EngineError) -> Error {
    match &cause {
        EngineError::DockerResponseServerError { status_code: 400 | NOT_FOUND, .. } => {
            tracing::debug!(%cause, "container refused");
            Error::BadApp {
                problem: "the command of its image could not be started".into(),
                next: "check the image's ENTRYPOINT and the task's arguments with `docker run`",
            }
        }
        _ => Error::Engine { action: "start a container", cause },
    }
}

fn never_started() -> Exit {
    Exit { outcome: Outcome::Stopped, stdout: String::new(), stderr: String::new(), usage: Usage::default() }
}

/// Kills and removes; a container that is gone already is as good.
async fn remove(engine: &Docker, name: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match engine.remove_container(name, Some(options)).await {
        Ok(()) | Err(EngineError::DockerResponseServerError { status_code: NOT_FOUND, .. }) => Ok(()),
        Err(cause) => Err(Error::Engine { action: "remove a container", cause }),
    }
}

impl Sandbox for Container {
    fn run<'a>(&'a self, job: &'a Job, stop: Stop) -> BoxFuture<'a, Result<Exit, Error>> {
        Box::pin(async move { self.run_job(job, &stop).await })
    }
}
