//! Block time: the clock's wall-clock time plus what tests added; never before the parent's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::Clock;

#[derive(Debug, Default)]
struct Shift {
    /// Seconds ahead of the clock; tests only ever go forward.
    ahead: u64,
    /// Timestamp that the next block must have.
    next: Option<u64>,
}

/// Where timestamps come from.
pub(crate) struct BlockTime {
    clock: Arc<dyn Clock>,
    shift: Mutex<Shift>,
}

impl BlockTime {
    /// Time that starts `ahead` seconds before the clock.
    pub(crate) fn new(clock: Arc<dyn Clock>, ahead: u64) -> Self {
        Self { clock, shift: Mutex::new(Shift { ahead, next: None }) }
    }

    fn shift(&self) -> MutexGuard<'_, Shift> {
        self.shift.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wall(&self) -> u64 {
        self.clock.unix().as_secs()
    }

    /// The timestamp a block on top of one with `parent` would have now.
    pub(crate) fn preview(&self, parent: u64) -> u64 {
        let shift = self.shift();
        shift.next.unwrap_or_else(|| self.wall().saturating_add(shift.ahead)).max(parent)
    }

    /// The timestamp of the block made now. Uses up a timestamp that was set.
    pub(crate) fn take(&self, parent: u64) -> u64 {
        let timestamp = self.preview(parent);
        let mut shift = self.shift();
        if shift.next.take().is_some() {
            shift.ahead = timestamp.saturating_sub(self.wall());
        }
        timestamp
    }

    /// Moves block time ahead; returns how far it is ahead by now, in seconds.
    pub(crate) fn advance(&self, seconds: u64) -> u64 {
        let mut shift = self.shift();
        shift.ahead = shift.ahead.saturating_add(seconds);
        shift.ahead
    }

    /// Fixes the timestamp of the next block; those behind it go on from there.
    pub(crate) fn set_next(&self, timestamp: u64) {
        self.shift().next = Some(timestamp);
    }
}
