//! When to look at which task again. Memory only: a restart looks at everything once.

use std::collections::HashMap;
use std::time::Duration;

use protocol::{ChainTime, TaskId};

use crate::plan::{Now, Why};

/// Longest pause after failures.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Pause after the first failure; doubles with each.
const FIRST_REST: Duration = Duration::from_millis(250);
/// How often a running upload is looked for, in seconds: a worker's report usually comes first.
const UPLOAD_LOOK: u64 = 5;

/// One open task.
#[derive(Debug)]
pub(super) struct Watch {
    /// Something may have moved.
    pub(super) is_dirty: bool,
    /// A transaction of this task is on its way.
    pub(super) is_in_flight: bool,
    /// A batch with this task was refused.
    pub(super) alone: bool,
    wants_worker: bool,
    look_chain: Option<ChainTime>,
    look_wall: Option<u64>,
    looked: u64,
    failures: u32,
    rest_until: Duration,
}

/// All open tasks.
#[derive(Debug, Default)]
pub(super) struct Watches {
    open: HashMap<TaskId, Watch>,
    looks: u64,
}

impl Watches {
    pub(super) fn add(&mut self, task: TaskId) {
        self.open.entry(task).or_insert(Watch {
            is_dirty: true,
            is_in_flight: false,
            alone: false,
            wants_worker: false,
            look_chain: None,
            look_wall: None,
            looked: 0,
            failures: 0,
            rest_until: Duration::ZERO,
        });
    }

    pub(super) fn get_mut(&mut self, task: TaskId) -> Option<&mut Watch> {
        self.open.get_mut(&task)
    }

    pub(super) fn remove(&mut self, task: TaskId) {
        self.open.remove(&task);
    }

    pub(super) fn mark(&mut self, tasks: impl IntoIterator<Item = TaskId>) {
        for task in tasks {
            if let Some(watch) = self.open.get_mut(&task) {
                watch.is_dirty = true;
            }
        }
    }

    pub(super) fn mark_all(&mut self) {
        self.open.values_mut().for_each(|watch| watch.is_dirty = true);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// What to look at now, longest unseen first: all that is due, up to `count`, and of those that only wait for a
    /// worker as many as there are free slots.
    pub(super) fn due(&mut self, now: Now, clock: Duration, count: usize, free_slots: usize) -> Vec<TaskId> {
        let awake = self.open.iter().filter(|(_, watch)| !watch.is_in_flight && clock >= watch.rest_until);
        let (mut due, mut hungry) = (Vec::new(), Vec::new());
        for (task, watch) in awake {
            if watch.is_due(now) {
                due.push((watch.looked, *task));
            } else if watch.wants_worker {
                hungry.push((watch.looked, *task));
            }
        }
        due.sort_unstable();
        hungry.sort_unstable();
        let chosen = due.into_iter().take(count).chain(hungry.into_iter().take(free_slots));
        let chosen: Vec<TaskId> = chosen.map(|(_, task)| task).collect();
        for task in &chosen {
            self.looks += 1;
            if let Some(watch) = self.open.get_mut(task) {
                watch.looked = self.looks;
                watch.is_dirty = false;
            }
        }
        chosen
    }
}

impl Watch {
    fn is_due(&self, now: Now) -> bool {
        self.is_dirty
            || self.look_chain.is_some_and(|at| now.chain >= at)
            || self.look_wall.is_some_and(|at| now.wall >= at)
    }

    /// Nothing to do for `why`: sleeps until that changes by itself, `deadlines` included.
    pub(super) fn wait(&mut self, why: &Why, deadlines: [ChainTime; 2], now: Now) {
        let future = deadlines.into_iter().chain(why.look_at()).filter(|at| *at > now.chain);
        self.look_chain = future.min();
        self.look_wall = match why {
            Why::Uploading { until, .. } => Some((*until).min(now.wall + UPLOAD_LOOK)),
            Why::NobodyToUpload => Some(now.wall + UPLOAD_LOOK),
            Why::Refused(_)
            | Why::Computing { .. }
            | Why::NoWorker(_)
            | Why::Failing { .. }
            | Why::TooLate
            | Why::DealGone
            | Why::Revealing { .. } => None,
        };
        self.wants_worker = why.wants_worker();
        self.failures = 0;
    }

    /// Looks again after a pause that grows with each failure in a row.
    pub(super) fn rest(&mut self, clock: Duration) {
        let pause = FIRST_REST.saturating_mul(1 << self.failures.min(8)).min(LONGEST_REST);
        self.failures = self.failures.saturating_add(1);
        self.rest_until = clock + pause;
        self.is_dirty = true;
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;
    use crate::plan::NoWorker;

    const NOW: Now = Now { chain: ChainTime(100), wall: 50 };

    fn task(byte: u8) -> TaskId {
        TaskId(B256::repeat_byte(byte))
    }

    fn watched(count: u8) -> Watches {
        let mut watches = Watches::default();
        (1..=count).for_each(|byte| watches.add(task(byte)));
        watches
    }

    #[test]
    fn a_task_sleeps_until_its_deadline_or_until_it_is_marked() {
        let mut watches = watched(1);
        assert_eq!(watches.due(NOW, Duration::ZERO, 10, 0), [task(1)]);
        watches.get_mut(task(1)).unwrap().wait(&Why::TooLate, [ChainTime(90), ChainTime(120)], NOW);
        assert!(watches.due(NOW, Duration::ZERO, 10, 0).is_empty());
        let later = Now { chain: ChainTime(120), ..NOW };
        assert_eq!(watches.due(later, Duration::ZERO, 10, 0), [task(1)]);
        watches.mark([task(1), task(9)]);
        assert_eq!(watches.due(NOW, Duration::ZERO, 10, 0), [task(1)]);
    }

    #[test]
    fn waiting_for_a_worker_costs_a_look_only_per_free_slot_and_everybody_has_a_turn() {
        let mut watches = watched(3);
        watches.due(NOW, Duration::ZERO, 10, 0);
        for byte in 1..=3 {
            watches.get_mut(task(byte)).unwrap().wait(&Why::NoWorker(NoWorker::default()), [ChainTime(900); 2], NOW);
        }
        assert!(watches.due(NOW, Duration::ZERO, 10, 0).is_empty());
        let mut seen: Vec<_> = (0..3).flat_map(|_| watches.due(NOW, Duration::ZERO, 10, 1)).collect();
        seen.sort();
        assert_eq!(seen, [task(1), task(2), task(3)]);
    }

    #[test]
    fn failures_rest_longer_and_longer() {
        let mut watches = watched(1);
        watches.get_mut(task(1)).unwrap().rest(Duration::ZERO);
        assert!(watches.due(NOW, Duration::ZERO, 10, 0).is_empty());
        assert_eq!(watches.due(NOW, FIRST_REST, 10, 0), [task(1)]);
        watches.get_mut(task(1)).unwrap().rest(Duration::ZERO);
        assert!(watches.due(NOW, FIRST_REST, 10, 0).is_empty());
        (0..40).for_each(|_| watches.get_mut(task(1)).unwrap().rest(Duration::ZERO));
        assert_eq!(watches.due(NOW, LONGEST_REST, 10, 0), [task(1)]);
    }
}
