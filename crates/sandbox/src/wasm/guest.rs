//! The app's memory as a call sees it, and how every call begins and ends.

use wasmtime::{Caller, Extern};

use super::errno::{Errno, Fault};
use super::state::{Ended, State};
use crate::{Limit, Outcome};

/// Fuel that every call costs on top of its instructions, so that calls are not free rides.
const CALL_COST: u64 = 100;
/// Pieces that one read or write may name.
const MOST_PIECES: u32 = 1_024;

/// The app's memory, and the run's state.
pub(super) struct Guest<'a> {
    pub(super) memory: &'a mut [u8],
    pub(super) state: &'a mut State,
}

/// Runs one call: answers 0 or an error number, or ends the run.
///
/// # Errors
/// When the run is over; `State::ended` says how.
pub(super) fn call(
    caller: &mut Caller<'_, State>,
    body: impl FnOnce(&mut Guest<'_>) -> Result<(), Fault>,
) -> wasmtime::Result<i32> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let answer = match memory {
        Some(memory) => {
            let (memory, state) = memory.data_and_store_mut(&mut *caller);
            state.cost = CALL_COST;
            state.check_signal().and_then(|()| body(&mut Guest { memory, state }))
        }
        None => Err(Fault::End(Outcome::Trapped("the module exports no memory".into()))),
    };
    let answer = pay(caller, answer)?;
    match answer {
        Ok(()) => Ok(0),
        Err(Fault::Errno(errno)) => Ok(i32::from(errno as u16)),
        Err(Fault::End(outcome)) => end(caller, Ended::Outcome(outcome)),
        Err(Fault::Machine(error)) => end(caller, Ended::Failed(error)),
    }
}

fn pay(caller: &mut Caller<'_, State>, answer: Result<(), Fault>) -> wasmtime::Result<Result<(), Fault>> {
    let (fuel, cost) = (caller.get_fuel()?, caller.data().cost);
    caller.set_fuel(fuel.saturating_sub(cost))?;
    match answer {
        Ok(()) | Err(Fault::Errno(_)) if cost > fuel => Ok(Err(Fault::limit(Limit::Fuel))),
        answer => Ok(answer),
    }
}

fn end(caller: &mut Caller<'_, State>, ended: Ended) -> wasmtime::Result<i32> {
    caller.data_mut().end(ended);
    Err(wasmtime::Error::msg("the run is over"))
}

impl Guest<'_> {
    /// The bytes from `at`; each costs one unit of fuel.
    pub(super) fn bytes(&mut self, at: u32, len: u32) -> Result<&mut [u8], Errno> {
        let (start, end) = (at as usize, at as usize + len as usize);
        self.state.cost += u64::from(len);
        self.memory.get_mut(start..end).ok_or(Errno::Fault)
    }

    pub(super) fn put(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        self.bytes(at, len)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn put_u32(&mut self, at: u32, value: u32) -> Result<(), Errno> {
        self.put(at, &value.to_le_bytes())
    }

    pub(super) fn put_u64(&mut self, at: u32, value: u64) -> Result<(), Errno> {
        self.put(at, &value.to_le_bytes())
    }

    pub(super) fn u32_at(&mut self, at: u32) -> Result<u32, Errno> {
        let bytes = self.bytes(at, 4)?;
        Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes were asked for")))
    }

    /// A path, copied out so that the app cannot change it during the call.
    pub(super) fn path(&mut self, at: u32, len: u32) -> Result<String, Errno> {
        if len > 4_096 {
            return Err(Errno::NameTooLong);
        }
        let bytes = self.bytes(at, len)?.to_vec();
        String::from_utf8(bytes).map_err(|_| Errno::IllegalName)
    }

    /// The pieces of memory (start, length) that a read or write names.
    pub(super) fn pieces(&mut self, at: u32, count: u32) -> Result<Vec<(u32, u32)>, Errno> {
        if count > MOST_PIECES {
            return Err(Errno::Invalid);
        }
        let piece = |guest: &mut Self, index: u32| {
            let at = at.checked_add(index * 8).ok_or(Errno::Fault)?;
            Ok((guest.u32_at(at)?, guest.u32_at(at.checked_add(4).ok_or(Errno::Fault)?)?))
        };
        (0..count).map(|index| piece(self, index)).collect()
    }
}
