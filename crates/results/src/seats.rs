//! How many uploads go on at the same time, in all and of one worker: a winner cannot keep the others out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::Address;

/// The seats of one service.
#[derive(Debug)]
pub(crate) struct Seats {
    all: usize,
    each: usize,
    taken: Mutex<HashMap<Address, usize>>,
}

/// One upload in progress; dropping it frees the seat.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    worker: Address,
}

impl Seats {
    pub(crate) fn new(all: usize, each: usize) -> Arc<Self> {
        Arc::new(Self { all, each, taken: Mutex::default() })
    }

    /// A seat; `None` when all, or all of this worker, are taken.
    pub(crate) fn take(self: &Arc<Self>, worker: Address) -> Option<Seat> {
        let mut taken = self.taken();
        let own = taken.get(&worker).copied().unwrap_or_default();
        if own >= self.each || taken.values().sum::<usize>() >= self.all {
            return None;
        }
        taken.insert(worker, own + 1);
        Some(Seat { seats: Arc::clone(self), worker })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Address, usize>> {
        // No step under the lock leaves the map half changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        match taken.get_mut(&self.worker) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.remove(&self.worker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_worker_cannot_take_every_seat_and_a_dropped_seat_is_free() {
        let seats = Seats::new(3, 2);
        let (greedy, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let first = seats.take(greedy).unwrap();
        let _second = seats.take(greedy).unwrap();
        assert!(seats.take(greedy).is_none());
        let _third = seats.take(other).unwrap();
        assert!(seats.take(other).is_none(), "all are taken");
        drop(first);
        assert!(seats.take(other).is_some());
    }
}
