//! Who drives which replicate: one driver a task, started when the task is first heard of, gone when nothing is left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::TaskId;
use runtime::Tasks;
use tokio::sync::Notify;

use crate::pipeline::{Pipeline, Progress};

/// Rounds without a pause, so that a chain that contradicts itself does not keep a processor busy.
const MOST_ROUNDS: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

type Roster = Arc<Mutex<HashMap<TaskId, Arc<Notify>>>>;

/// All drivers of a worker.
pub(crate) struct Crew {
    pipeline: Arc<Pipeline>,
    roster: Roster,
    tasks: Mutex<Tasks>,
}

/// Takes a driver off the roster however it ends.
struct OnDuty {
    task: TaskId,
    roster: Roster,
}

impl Drop for OnDuty {
    fn drop(&mut self) {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.task);
    }
}

impl Crew {
    pub(crate) fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { pipeline, roster: Roster::default(), tasks: Mutex::default() }
    }

    /// How many tasks are driven.
    pub(crate) fn len(&self) -> usize {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Makes sure that `task` is driven.
    pub(crate) fn ensure(&self, task: TaskId) {
        let wake = Arc::new(Notify::new());
        {
            let mut roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
            if roster.contains_key(&task) {
                return;
            }
            roster.insert(task, Arc::clone(&wake));
        }
        let duty = OnDuty { task, roster: Arc::clone(&self.roster) };
        let pipeline = Arc::clone(&self.pipeline);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn("worker.replicate", async move {
            drive(&pipeline, duty.task, &wake).await;
            drop(duty);
        });
    }

    /// Wakes the driver of `task`, or starts one.
    pub(crate) fn nudge(&self, task: TaskId) {
        if !self.wake(task) {
            self.ensure(task);
        }
    }

    /// Wakes the driver of `task`; false when there is none.
    pub(crate) fn wake(&self, task: TaskId) -> bool {
        let roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        let found = roster.get(&task);
        found.inspect(|wake| wake.notify_one()).is_some()
    }

    /// Wakes everybody.
    pub(crate) fn wake_all(&self) {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(|wake| wake.notify_one());
    }

    /// Waits until every driver has ended; they do once a stop was requested.
    pub(crate) async fn join(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.join().await;
    }
}

async fn drive(pipeline: &Pipeline, task: TaskId, wake: &Notify) {
    let (mut rounds, mut pause) = (0, FIRST_PAUSE);
    while !pipeline.stop.is_requested() {
        let wait = match pipeline.advance(task, wake).await {
            Ok(Progress::Ended) => return,
            Ok(Progress::Again) if rounds < MOST_ROUNDS => {
                rounds += 1;
                continue;
            }
            Ok(Progress::Again | Progress::Wait) => {
                pause = FIRST_PAUSE;
                pipeline.poll()
            }
            Err(error) => {
                tracing::warn!(%task, error = &error as &dyn std::error::Error, "cannot go on with the task now");
                pause = (pause * 2).min(LONGEST_PAUSE);
                pause
            }
        };
        rounds = 0;
        tokio::select! {
            () = pipeline.stop.requested() => return,
            () = wake.notified() => {}
            () = pipeline.clock.sleep(wait) => {}
        }
    }
}
