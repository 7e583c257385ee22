//! The engine's profile, and how a running app is interrupted.
//!
//! Whatever could differ between two machines is switched off here. A change of any switch changes fuel or results:
//! it is a new version of the sandbox for the whole market, never a tuning.

use std::sync::atomic::{AtomicU8, Ordering};

use wasmtime::Engine;

use crate::{Error, Limit, Outcome};

/// Bytes of the app's call stack.
const STACK: usize = 512 << 10;

/// The one profile that all workers share.
pub(super) fn engine() -> Result<Engine, Error> {
    let mut config = wasmtime::Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_wide_arithmetic(false)
        .max_wasm_stack(STACK);
    Engine::new(&config)
        .map_err(|error| Error::WasmEngine { action: "start on this processor", reason: format!("{error:#}") })
}

/// Asks one running app to end.
#[derive(Debug, Default)]
pub(super) struct Signal(AtomicU8);

const RUN_ON: u8 = 0;
const TIME_IS_UP: u8 = 1;
const STOPPED: u8 = 2;

impl Signal {
    /// The first reason stays.
    pub(super) fn time_is_up(&self) {
        self.ask(TIME_IS_UP);
    }

    /// The first reason stays.
    pub(super) fn stop(&self) {
        self.ask(STOPPED);
    }

    fn ask(&self, reason: u8) {
        let _an_earlier_reason = self.0.compare_exchange(RUN_ON, reason, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// How the app has to end, if it has to.
    pub(super) fn asked(&self) -> Option<Outcome> {
        match self.0.load(Ordering::SeqCst) {
            RUN_ON => None,
            TIME_IS_UP => Some(Outcome::LimitHit(Limit::Wall)),
            _ => Some(Outcome::Stopped),
        }
    }
}
