//! One run of one app: folders, files, sandbox, digest, archive. What fails alike everywhere ends as an error result.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chain::{AppInfo, DatasetInfo};
use protocol::deal::Deal;
use protocol::params::{DealParams, split_args};
use protocol::{Address, ResultDigest, TaskId};
use runtime::Stop;
use sandbox::{Exit, Job, Limit, Outcome};
use storage::archive::Subject;

use crate::fetch::Fetcher;
use crate::replicate::Replicate;
use crate::trouble::{Complaint, Trouble};
use crate::{Cause, Config, Sandboxes, app, archive, env, inputs};

/// A download may take as long as the task may run, but at least this long, in seconds.
const MIN_FETCH_SECONDS: u64 = 60;
/// Reported for an app that did not exit by itself.
const NO_EXIT_CODE: i32 = -1;

/// Everything about a task that decides its result.
pub(crate) struct Order {
    pub(crate) deal: Deal,
    pub(crate) app: AppInfo,
    /// `None` for deals without a dataset.
    pub(crate) dataset: Option<DatasetInfo>,
    /// The category's reference time, in seconds.
    pub(crate) unit: u64,
}

/// A result that lies in the task's folder, packed.
#[derive(Debug)]
pub(crate) struct Computed {
    pub(crate) digest: ResultDigest,
    pub(crate) exit_code: i32,
    pub(crate) wall: Duration,
    pub(crate) fuel: Option<u64>,
    /// The cause, for an error result.
    pub(crate) error: Option<Cause>,
}

/// Where apps run on this machine.
pub(crate) struct Workshop {
    pub(crate) config: Config,
    pub(crate) sandboxes: Sandboxes,
    pub(crate) fetcher: Fetcher,
}

/// The places of one task.
#[derive(Clone)]
pub(crate) struct Folders {
    base: PathBuf,
}

impl Folders {
    pub(crate) fn of(work: &Path, task: TaskId) -> Self {
        Self { base: work.join(task.to_string()) }
    }

    pub(crate) fn input(&self) -> PathBuf {
        self.base.join("input")
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.base.join("output").join("iexec_out")
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.base.join("output").join("iexec_out.zip")
    }

    /// Removes everything.
    pub(crate) fn remove(&self) -> std::io::Result<()> {
        match std::fs::remove_dir_all(&self.base) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn make(&self) -> std::io::Result<()> {
        self.remove()?;
        std::fs::create_dir_all(self.input())?;
        std::fs::create_dir_all(self.output())
    }

    fn clear_output(&self) -> std::io::Result<()> {
        std::fs::remove_dir_all(self.output())?;
        std::fs::create_dir_all(self.output())
    }
}

/// What is known of the run, whatever came of it.
#[derive(Default)]
struct Ran {
    exit: Option<Exit>,
}

impl Workshop {
    /// Where the files of `task` are.
    pub(crate) fn folders(&self, task: TaskId) -> Folders {
        Folders::of(&self.config.folder, task)
    }

    /// Where modules are kept.
    pub(crate) fn cache(config: &Config) -> PathBuf {
        config.folder.join("cache")
    }

    /// Runs the app of `replicate` and leaves its result, or the error result, in the task's folder.
    ///
    /// # Errors
    /// [`Trouble::Mine`], [`Trouble::Stopped`].
    pub(crate) async fn compute(&self, replicate: &Replicate, order: &Order, stop: Stop) -> Result<Computed, Trouble> {
        let folders = self.folders(replicate.task);
        let made = folders.clone();
        blocking(move || made.make())
            .await
            .map_err(|error| Trouble::disk(Cause::Unknown, "make the task's folder", &error))?;
        let mut ran = Ran::default();
        let (digest, error) = match self.attempt(replicate, order, &folders, stop, &mut ran).await {
            Ok(digest) => (digest, None),
            Err(Trouble::Everyones(complaint)) => {
                let cause = complaint.cause;
                tracing::info!(task = %replicate.task, %cause, what = complaint.what, "error result");
                (self.error_result(order, &folders, complaint, &ran).await?, Some(cause))
            }
            Err(own) => return Err(own),
        };
        let usage = ran.exit.as_ref().map(|exit| exit.usage.clone()).unwrap_or_default();
        let exit_code = match ran.exit.map(|exit| exit.outcome) {
            Some(Outcome::Exited { code }) => code,
            Some(Outcome::LimitHit(_) | Outcome::Trapped(_) | Outcome::Stopped) | None => NO_EXIT_CODE,
        };
        Ok(Computed { digest, exit_code, wall: usage.wall, fuel: usage.fuel, error })
    }

    async fn attempt(
        &self,
        replicate: &Replicate,
        order: &Order,
        folders: &Folders,
        stop: Stop,
        ran: &mut Ran,
    ) -> Result<ResultDigest, Trouble> {
        let params = describe(&order.deal)?;
        let args = split_args(&params.args).map_err(|bad| invalid(bad.to_string()))?;
        let prepared = tokio::select! {
            () = stop.requested() => return Err(Trouble::Stopped),
            prepared = self.prepare(order, &params, folders) => prepared?,
        };
        let env = env::variables(replicate.task, replicate.deal, replicate.index, &order.deal, &params);
        let job = Job {
            app: prepared.app,
            args,
            env,
            input: folders.input(),
            output: folders.output(),
            name: format!("{}-{}", self.config.name, replicate.task),
            limits: self.config.limits.of(order.unit),
            seed: replicate.task.0.0,
        };
        let exit = prepared.sandbox.run(&job, stop).await.map_err(not_run)?;
        let outcome = exit.outcome.clone();
        ran.exit = Some(exit.clone());
        let (output, dest) = (folders.output(), folders.archive());
        let (subject, limits) = (subject(&order.deal), self.config.limits.archive());
        blocking(move || {
            judge(&outcome, prepared.deterministic, &output)?;
            write_logs(&output, &exit)?;
            archive::settle(&output, &dest, subject, &limits)
        })
        .await
    }

    async fn prepare(&self, order: &Order, params: &DealParams, folders: &Folders) -> Result<app::Ready, Trouble> {
        let time = Duration::from_secs(order.unit.max(MIN_FETCH_SECONDS));
        let cache = Self::cache(&self.config);
        let ready = app::prepare(&order.app, &self.sandboxes, &self.fetcher, &cache, time).await?;
        let input = folders.input();
        if let Some(dataset) = &order.dataset {
            inputs::fetch_dataset(order.deal.dataset.pointer, dataset, &self.fetcher, &input, time).await?;
        }
        inputs::fetch_files(&params.input_files, &self.fetcher, &input, time).await?;
        Ok(ready)
    }

    /// The result that tells what went wrong. Its digest is that of `error.txt` alone.
    async fn error_result(
        &self,
        order: &Order,
        folders: &Folders,
        complaint: Complaint,
        ran: &Ran,
    ) -> Result<ResultDigest, Trouble> {
        const CAUSE: Cause = Cause::PostComputeFailedUnknownIssue;
        if subject(&order.deal) == Subject::Callback {
            let message =
                format!("a deal with a callback has no error results: {}: {}", complaint.cause, complaint.what);
            return Err(Trouble::mine(CAUSE, message));
        }
        let folders = folders.clone();
        let (exit, limits) = (ran.exit.clone(), self.config.limits.archive());
        blocking(move || {
            let written = folders.clear_output().and_then(|()| archive::write_error(&folders.output(), &complaint));
            written.map_err(|error| Trouble::disk(CAUSE, "write the error result", &error))?;
            if let Some(exit) = exit {
                write_logs(&folders.output(), &exit)?;
            }
            archive::settle(&folders.output(), &folders.archive(), Subject::Output, &limits)
        })
        .await
    }
}

/// What consensus is about: the deal decides.
pub(crate) fn subject(deal: &Deal) -> Subject {
    if deal.callback == Address::ZERO { Subject::Output } else { Subject::Callback }
}

fn describe(deal: &Deal) -> Result<DealParams, Trouble> {
    const CAUSE: Cause = Cause::TaskDescriptionInvalid;
    if deal.tag.is_tee() {
        return Err(Trouble::mine(Cause::TeeNotSupported, "the task needs an enclave, which this worker has not"));
    }
    let params = DealParams::parse(&deal.params).map_err(|bad| invalid(bad.to_string()))?;
    // Refused, not contributed: a result in the clear is not what was ordered, and the requester gets the money back.
    if params.encrypt_result {
        return Err(Trouble::mine(CAUSE, "encrypted results need an enclave, the deal asks for none"));
    }
    Ok(params)
}

fn invalid(what: String) -> Trouble {
    Trouble::everyones(Cause::TaskDescriptionInvalid, what, "correct the parameters of the request order")
}

/// Whether what the app left may be used.
fn judge(outcome: &Outcome, deterministic: bool, output: &Path) -> Result<(), Trouble> {
    const CAUSE: Cause = Cause::AppComputeFailed;
    match outcome {
        Outcome::Exited { code: 0 } => Ok(()),
        Outcome::Exited { code } => match archive::declared(output) {
            // A failing app may still declare a result: that is its right.
            Ok(_) => Ok(()),
            Err(Trouble::Everyones(_)) => {
                let what = format!("the app ended with exit code {code} and left no usable computed.json");
                Err(Trouble::everyones(CAUSE, what, "look into stdout.txt and stderr.txt beside this file"))
            }
            Err(own) => Err(own),
        },
        Outcome::Trapped(why) if deterministic => {
            Err(Trouble::everyones(CAUSE, format!("the app was ended: {why}"), "mend the app"))
        }
        Outcome::Trapped(why) => Err(Trouble::mine(CAUSE, format!("the app was ended: {why}"))),
        Outcome::LimitHit(Limit::Wall) => {
            Err(Trouble::mine(Cause::AppComputeTimeout, "the app took longer than its category allows"))
        }
        Outcome::LimitHit(limit) if deterministic => {
            let what = format!("the app passed its limit of {limit}");
            Err(Trouble::everyones(CAUSE, what, "let the app use less, or order a larger category"))
        }
        Outcome::LimitHit(limit) => Err(Trouble::mine(CAUSE, format!("the app passed its limit of {limit}"))),
        Outcome::Stopped => Err(Trouble::Stopped),
    }
}

fn not_run(error: sandbox::Error) -> Trouble {
    use sandbox::Error as E;
    match error {
        E::BadApp { problem, next } => Trouble::everyones(Cause::AppComputeFailed, problem, next),
        E::ImageNotFound { image } => {
            let what = format!("no registry has the image {image}");
            Trouble::everyones(Cause::AppImageDownloadFailed, what, "ask the app's owner to publish it again")
        }
        E::Machine { action, cause, .. } => Trouble::disk(Cause::AppComputeFailed, action, &cause),
        E::PullFailed { .. } => Trouble::mine(Cause::AppImageDownloadFailed, error.to_string()),
        E::NoEngine { .. } => Trouble::mine(Cause::AppNotFoundLocally, error.to_string()),
        E::BadJob { .. } | E::Engine { .. } | E::WasmEngine { .. } => {
            Trouble::mine(Cause::AppComputeFailed, error.to_string())
        }
    }
}

fn write_logs(output: &Path, exit: &Exit) -> Result<(), Trouble> {
    archive::write_log(output, "stdout.txt", &exit.stdout)
        .and_then(|()| archive::write_log(output, "stderr.txt", &exit.stderr))
        .map_err(|error| Trouble::disk(Cause::Unknown, "keep the app's output", &error))
}

/// Runs what blocks where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("digesting and packing do not panic")
}
