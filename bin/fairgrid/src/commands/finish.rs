//! The second half of every purchase: watch it, download what is done, prove it, say how it ended.

use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::task::Phase;
use protocol::{DealId, TaskId};
use sdk::fetch::{Fetched, fetch};
use sdk::watch::{Step, Update, Watcher};
use sdk::{Error, Outcome, Session};
use serde_json::json;

use super::Context;
use crate::show::Board;

/// How long a store of results may be away.
const STORE_PATIENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// What became of the tasks.
#[derive(Default)]
pub(crate) struct Finished {
    /// Proven results, with their task's index.
    pub(crate) results: Vec<(u64, Fetched)>,
    /// Indices of tasks that were refunded.
    pub(crate) refunded: Vec<u64>,
    /// Results that could not be fetched or proven.
    pub(crate) broken: Vec<(u64, Error)>,
    /// All that happened, oldest first.
    pub(crate) updates: Vec<Update>,
}

/// Follows the watcher's tasks to their end; downloads each result into `output`/`index` as soon as it is final.
///
/// # Errors
/// [`Error::Interrupted`] when stopped; the caller says how to resume.
pub(crate) async fn finish(
    context: &Context<'_>,
    session: &Session,
    watcher: &mut Watcher,
    output: &Path,
) -> Result<Finished, Error> {
    let mut board = Board::new(context.printer, watcher.tasks());
    let mut finished = Finished::default();
    while !watcher.is_done() {
        for update in watcher.next(&context.stop).await? {
            board.show(&update);
            match update.step {
                Step::Completed => {
                    let folder = output.join(update.index.to_string());
                    match fetch_patiently(context, session, update.task, &folder).await {
                        Ok(fetched) => {
                            tell_result(context, update.index, &fetched);
                            finished.results.push((update.index, fetched));
                        }
                        Err(Error::Interrupted) => return Err(Error::Interrupted),
                        Err(error) => finished.broken.push((update.index, error)),
                    }
                }
                Step::Refunded => finished.refunded.push(update.index),
                _ => {}
            }
            finished.updates.push(update);
        }
    }
    board.finish();
    finished.results.sort_by_key(|(index, _)| *index);
    Ok(finished)
}

/// Fetches a result, again and again while its store does not answer: a store that restarts must not make a result
/// that is paid and proven look broken.
async fn fetch_patiently(
    context: &Context<'_>,
    session: &Session,
    task: TaskId,
    folder: &Path,
) -> Result<Fetched, Error> {
    let clock = &context.clock;
    let started = clock.monotonic();
    loop {
        let fetched = fetch(session, task, folder).await;
        let away = match &fetched {
            Err(Error::Storage(error)) => matches!(error, storage::Error::Unreachable { .. }),
            Err(Error::Chain(error)) => error.is_retryable(),
            _ => false,
        };
        if !away || clock.monotonic().saturating_sub(started) > STORE_PATIENCE {
            return fetched;
        }
        tokio::select! {
            () = context.stop.requested() => return Err(Error::Interrupted),
            () = clock.sleep(ASK_AGAIN) => {}
        }
    }
}

fn tell_result(context: &Context<'_>, index: u64, fetched: &Fetched) {
    let fields = json!({
        "task": fetched.task,
        "index": index,
        "folder": fetched.folder,
        "digest": fetched.digest,
        "failure": fetched.failure(),
        "callback_data": fetched.called_back,
    });
    context.printer.event("result", fields);
}

impl Finished {
    /// How the whole ended; the worst of its tasks counts.
    pub(crate) fn outcome(&self) -> Outcome {
        let failed = self.results.iter().any(|(_, fetched)| fetched.failure().is_some());
        if let Some((_, error)) = self.broken.first() {
            error.outcome()
        } else if !self.refunded.is_empty() {
            Outcome::TaskFailed
        } else if failed {
            Outcome::AppFailed
        } else {
            Outcome::Success
        }
    }

    /// Says what is where, and what went wrong.
    pub(crate) fn tell(&self, context: &Context<'_>, output: &Path) {
        let printer = context.printer;
        for (index, error) in &self.broken {
            printer.note(
                "broken",
                json!({"index": index, "message": error.to_string()}),
                format!("task {index}: {error}"),
            );
        }
        for index in &self.refunded {
            let text = format!("task {index}: no proven result before its deadline; its price was refunded");
            printer.note("refunded", json!({ "index": index }), text);
        }
        for (index, fetched) in &self.results {
            if let Some(failure) = fetched.failure() {
                let text = format!("task {index}: the app failed, and the workers agree on it: {failure}");
                printer.note("app_failed", json!({"index": index, "message": failure}), text);
            }
        }
        let proven: Vec<PathBuf> = self.results.iter().filter_map(|(_, fetched)| fetched.subject()).collect();
        let shown: Vec<String> = self.results.iter().filter_map(|(_, fetched)| shown(fetched)).collect();
        let text = match shown.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            many => format!("{} verified results in {}", many.len(), output.display()),
        };
        let fields = json!({
            "verified": self.results.len(),
            "refunded": self.refunded.len(),
            "broken": self.broken.len(),
            "files": proven,
            "exit_code": self.outcome() as u8,
        });
        printer.result("finished", fields, text);
    }
}

/// A result as people get it: the path of its file, or what the contract was handed.
fn shown(fetched: &Fetched) -> Option<String> {
    let data = fetched.called_back.as_ref().map(ToString::to_string);
    data.or_else(|| fetched.subject().map(|path| path.display().to_string()))
}

/// Where results go unless the user says: a folder of the deal's own, so that no purchase meets another's files.
pub(crate) fn output_of(given: Option<&PathBuf>, deal: DealId) -> PathBuf {
    let name = deal.to_string().chars().take(12).collect::<String>();
    given.cloned().unwrap_or_else(|| Path::new("fairgrid-results").join(name))
}

/// One word for where a task stands on chain.
pub(crate) fn phase_name(phase: Option<&Phase>) -> &'static str {
    phase.map_or("waiting", Phase::name)
}
