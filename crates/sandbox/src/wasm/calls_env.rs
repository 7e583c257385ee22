//! WASI preview 1: arguments, environment, clock, randomness, waiting, the end; and sockets, which there are none of.
//!
//! Time is a counter that only calls move, and randomness follows from the job's seed: see invariant X4.

use wasmtime::{Caller, Linker};

use super::errno::{Errno, Fault};
use super::guest::{Guest, call};
use super::module::WASI;
use super::state::{Ended, State};
use crate::Outcome;

/// What the wall clock shows when an app starts: 2000-01-01T00:00:00Z, in nanoseconds since 1970.
const START: u64 = 946_684_800_000_000_000;
/// Nanoseconds that pass whenever the app looks at a clock, so that loops that wait for a time end.
const TICK: u64 = 1_000;
/// Bytes of randomness between two looks at whether the run is over; a multiple of what the generator gives at once.
const RANDOM_AT_ONCE: usize = 1 << 16;
/// Things that one `poll_oneoff` may wait for.
const MOST_WAITS: u32 = 1_024;

/// # Errors
/// Never for the names below: each is defined once.
#[rustfmt::skip]
pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, State>;
    linker.func_wrap(WASI, "args_get", |mut c: C<'_>, list: u32, text: u32| call(&mut c, |g| get(g, args, list, text)))?;
    linker.func_wrap(WASI, "args_sizes_get", |mut c: C<'_>, count: u32, size: u32| call(&mut c, |g| sizes(g, args, count, size)))?;
    linker.func_wrap(WASI, "environ_get", |mut c: C<'_>, list: u32, text: u32| call(&mut c, |g| get(g, env, list, text)))?;
    linker.func_wrap(WASI, "environ_sizes_get", |mut c: C<'_>, count: u32, size: u32| call(&mut c, |g| sizes(g, env, count, size)))?;
    linker.func_wrap(WASI, "clock_res_get", |mut c: C<'_>, _clock: u32, out: u32| call(&mut c, |g| Ok(g.put_u64(out, TICK)?)))?;
    linker.func_wrap(WASI, "clock_time_get", |mut c: C<'_>, clock: u32, _precision: u64, out: u32| call(&mut c, |g| time(g, clock, out)))?;
    linker.func_wrap(WASI, "random_get", |mut c: C<'_>, at: u32, len: u32| call(&mut c, |g| random(g, at, len)))?;
    linker.func_wrap(WASI, "poll_oneoff", |mut c: C<'_>, waits: u32, events: u32, count: u32, out: u32| call(&mut c, |g| poll(g, waits, events, count, out)))?;
    linker.func_wrap(WASI, "sched_yield", |mut c: C<'_>| call(&mut c, |_| Ok(())))?;
    linker.func_wrap(WASI, "proc_exit", |mut c: C<'_>, code: i32| -> wasmtime::Result<()> {
        c.data_mut().end(Ended::Outcome(Outcome::Exited { code }));
        Err(wasmtime::Error::msg("the app exits"))
    })?;
    linker.func_wrap(WASI, "proc_raise", |mut c: C<'_>, _signal: u32| call(&mut c, |_| Err(Errno::NotSupported.into())))?;
    linker.func_wrap(WASI, "sock_accept", |mut c: C<'_>, _fd: u32, _flags: u32, _out: u32| call(&mut c, |_| no_socket()))?;
    linker.func_wrap(WASI, "sock_recv", |mut c: C<'_>, _fd: u32, _: u32, _: u32, _: u32, _: u32, _: u32| call(&mut c, |_| no_socket()))?;
    linker.func_wrap(WASI, "sock_send", |mut c: C<'_>, _fd: u32, _: u32, _: u32, _: u32, _: u32| call(&mut c, |_| no_socket()))?;
    linker.func_wrap(WASI, "sock_shutdown", |mut c: C<'_>, _fd: u32, _how: u32| call(&mut c, |_| no_socket()))?;
    Ok(())
}

const fn no_socket() -> Result<(), Fault> {
    Err(Fault::Errno(Errno::NotSocket))
}

fn args(state: &State) -> &[Vec<u8>] {
    &state.args
}

fn env(state: &State) -> &[Vec<u8>] {
    &state.env
}

/// Writes the texts one behind the other to `text`, and where each starts to `list`.
fn get(g: &mut Guest<'_>, which: fn(&State) -> &[Vec<u8>], list: u32, text: u32) -> Result<(), Fault> {
    let texts = which(g.state).to_vec();
    let (mut list, mut text) = (list, text);
    for bytes in texts {
        g.put_u32(list, text)?;
        g.put(text, &bytes)?;
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        (list, text) = (list.checked_add(4).ok_or(Errno::Fault)?, text.checked_add(len).ok_or(Errno::Fault)?);
    }
    Ok(())
}

fn sizes(g: &mut Guest<'_>, which: fn(&State) -> &[Vec<u8>], count: u32, size: u32) -> Result<(), Fault> {
    let texts = which(g.state);
    let (number, bytes) = (texts.len(), texts.iter().map(Vec::len).sum::<usize>());
    g.put_u32(count, u32::try_from(number).map_err(|_| Errno::Fault)?)?;
    g.put_u32(size, u32::try_from(bytes).map_err(|_| Errno::Fault)?)?;
    Ok(())
}

fn time(g: &mut Guest<'_>, clock: u32, out: u32) -> Result<(), Fault> {
    g.state.clock = g.state.clock.saturating_add(TICK);
    let now = match clock {
        0 => START.saturating_add(g.state.clock), // wall clock
        1..=3 => g.state.clock,                   // monotonic, processor time of process and thread
        _ => return Err(Errno::Invalid.into()),
    };
    Ok(g.put_u64(out, now)?)
}

fn random(g: &mut Guest<'_>, at: u32, len: u32) -> Result<(), Fault> {
    g.bytes(at, len)?;
    for chunk in g.memory[at as usize..][..len as usize].chunks_mut(RANDOM_AT_ONCE) {
        g.state.check_signal()?;
        g.state.random.fill(chunk);
    }
    Ok(())
}

/// One thing waited for: a clock's time (nanoseconds from now), or a file, which is always ready.
struct Wait {
    user_data: u64,
    kind: u8,
    after: u64,
}

/// Waiting costs no time: the app's clock jumps to the earliest moment that it waits for.
fn poll(g: &mut Guest<'_>, waits: u32, events: u32, count: u32, out: u32) -> Result<(), Fault> {
    if count == 0 || count > MOST_WAITS {
        return Err(Errno::Invalid.into());
    }
    let waits = (0..count).map(|index| read_wait(g, waits, index)).collect::<Result<Vec<_>, _>>()?;
    let earliest = waits.iter().map(|wait| wait.after).min().unwrap_or(0);
    g.state.clock = g.state.clock.saturating_add(earliest);
    let mut ready = 0;
    for wait in waits.iter().filter(|wait| wait.after == earliest) {
        let mut event = [0; 32];
        event[..8].copy_from_slice(&wait.user_data.to_le_bytes());
        event[10] = wait.kind;
        g.put(events.checked_add(ready * 32).ok_or(Errno::Fault)?, &event)?;
        ready += 1;
    }
    Ok(g.put_u32(out, ready)?)
}

fn read_wait(g: &mut Guest<'_>, waits: u32, index: u32) -> Result<Wait, Errno> {
    let at = waits.checked_add(index * 48).ok_or(Errno::Fault)?;
    let mut wait = [0; 48];
    wait.copy_from_slice(g.bytes(at, 48)?);
    let number = |from: usize| u64::from_le_bytes(wait[from..from + 8].try_into().expect("eight bytes"));
    let (user_data, kind, timeout) = (number(0), wait[8], number(24));
    let absolute = wait[40] & 1 == 1;
    let start = if wait[16] == 0 { START } else { 0 };
    let after = match kind {
        0 if absolute => timeout.saturating_sub(start.saturating_add(g.state.clock)),
        0 => timeout,
        1 | 2 => 0,
        _ => return Err(Errno::Invalid),
    };
    Ok(Wait { user_data, kind, after })
}
