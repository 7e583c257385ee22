//! Who is connected, and which tasks to look at next. Memory only: a restart starts empty and loses nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::pool::{Capabilities, Hello};
use protocol::{Address, TaskId};
use runtime::Clock;
use tokio::sync::Notify;

/// The registry. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Streams {
    inner: Arc<Mutex<Inner>>,
    news: Arc<Notify>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Inner {
    seats: HashMap<Address, Seat>,
    dirty: BTreeSet<TaskId>,
    generations: u64,
}

/// A worker that is connected, or was a moment ago.
struct Seat {
    generation: u64,
    slots: u32,
    capabilities: Capabilities,
    /// Monotonic time at which the stream ended; `None` while it runs.
    gone: Option<Duration>,
    wake: Arc<Notify>,
}

/// A connected worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connected {
    pub(crate) worker: Address,
    pub(crate) slots: u32,
    pub(crate) capabilities: Capabilities,
}

/// One running stream; dropping it frees the seat.
pub(crate) struct Running {
    streams: Streams,
    worker: Address,
    generation: u64,
    wake: Arc<Notify>,
}

impl Streams {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::default(), news: Arc::default(), clock }
    }

    /// Takes the worker's seat; an earlier stream of the same worker ends. `None` when all `seats` are taken.
    pub(crate) fn join(&self, worker: Address, hello: &Hello, seats: usize) -> Option<Running> {
        let mut inner = self.lock();
        if !inner.has_room(worker, seats) {
            return None;
        }
        inner.generations += 1;
        let generation = inner.generations;
        let wake = Arc::new(Notify::new());
        let (slots, capabilities) = (hello.slots, hello.capabilities.clone());
        let seat = Seat { generation, slots, capabilities, gone: None, wake: Arc::clone(&wake) };
        if let Some(before) = inner.seats.insert(worker, seat) {
            before.wake.notify_one();
        }
        drop(inner);
        self.news.notify_one();
        Some(Running { streams: self.clone(), worker, generation, wake })
    }

    /// Whether [`Streams::join`] would find a seat now.
    pub(crate) fn has_room(&self, worker: Address, seats: usize) -> bool {
        self.lock().has_room(worker, seats)
    }

    /// A worker that should be connected: it is lost unless it comes back in time.
    pub(crate) fn expect(&self, worker: Address) {
        let gone = Some(self.clock.monotonic());
        let seat = Seat { generation: 0, slots: 0, capabilities: Capabilities::default(), gone, wake: Arc::default() };
        self.lock().seats.entry(worker).or_insert(seat);
    }

    /// Forgets the workers that have been away for longer than `patience`, and names them.
    pub(crate) fn lost(&self, patience: Duration) -> Vec<Address> {
        let now = self.clock.monotonic();
        let mut inner = self.lock();
        let is_lost = |seat: &Seat| seat.gone.is_some_and(|gone| now.saturating_sub(gone) > patience);
        let lost: Vec<Address> = inner.seats.iter().filter(|(_, seat)| is_lost(seat)).map(|(who, _)| *who).collect();
        for worker in &lost {
            inner.seats.remove(worker);
        }
        lost
    }

    pub(crate) fn connected(&self) -> Vec<Connected> {
        let inner = self.lock();
        let seats = inner.seats.iter().filter(|(_, seat)| seat.gone.is_none());
        seats
            .map(|(worker, seat)| Connected {
                worker: *worker,
                slots: seat.slots,
                capabilities: seat.capabilities.clone(),
            })
            .collect()
    }

    /// There is a new command for `worker`.
    pub(crate) fn wake(&self, worker: Address) {
        if let Some(seat) = self.lock().seats.get(&worker) {
            seat.wake.notify_one();
        }
    }

    /// These tasks may have moved.
    pub(crate) fn mark(&self, tasks: impl IntoIterator<Item = TaskId>) {
        self.lock().dirty.extend(tasks);
        self.news.notify_one();
    }

    /// Takes the tasks that may have moved.
    pub(crate) fn take_dirty(&self) -> BTreeSet<TaskId> {
        std::mem::take(&mut self.lock().dirty)
    }

    /// Returns when a task was marked or a worker joined or left.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change under this lock is a single step, so a panic elsewhere leaves nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has_room(&self, worker: Address, seats: usize) -> bool {
        self.seats.iter().filter(|(other, seat)| **other != worker && seat.gone.is_none()).count() < seats
    }
}

impl Running {
    /// Whether no later stream of this worker has taken over.
    pub(crate) fn is_current(&self) -> bool {
        self.streams.lock().seats.get(&self.worker).is_some_and(|seat| seat.generation == self.generation)
    }

    /// Returns when there is a command, or the stream was taken over.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let now = self.streams.clock.monotonic();
        if let Some(seat) = self.streams.lock().seats.get_mut(&self.worker)
            && seat.generation == self.generation
        {
            seat.gone = Some(now);
        }
        self.streams.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use runtime::clock::ManualClock;

    use super::*;

    fn hello() -> Hello {
        Hello { slots: 1, capabilities: Capabilities::default(), after: 0, holding: Vec::new(), version: String::new() }
    }

    #[test]
    fn a_second_stream_of_a_worker_takes_over_and_a_full_pool_refuses() {
        let streams = Streams::new(Arc::new(ManualClock::new(Duration::ZERO)));
        let worker = Address::repeat_byte(1);
        let first = streams.join(worker, &hello(), 1).unwrap();
        assert!(streams.join(Address::repeat_byte(2), &hello(), 1).is_none(), "the only seat is taken");
        let second = streams.join(worker, &hello(), 1).unwrap();
        assert!(!first.is_current() && second.is_current());
        drop(first);
        assert_eq!(streams.connected().len(), 1, "the end of the old stream does not free the new one's seat");
        drop(second);
        assert!(streams.connected().is_empty());
    }

    #[test]
    fn a_worker_is_lost_only_after_the_patience_and_only_once() {
        let clock = ManualClock::new(Duration::ZERO);
        let streams = Streams::new(Arc::new(clock.clone()));
        let worker = Address::repeat_byte(1);
        streams.expect(worker);
        clock.advance(Duration::from_secs(60));
        assert!(streams.lost(Duration::from_secs(60)).is_empty());
        clock.advance(Duration::from_secs(1));
        assert_eq!(streams.lost(Duration::from_secs(60)), [worker]);
        assert!(streams.lost(Duration::from_secs(60)).is_empty());
    }
}
