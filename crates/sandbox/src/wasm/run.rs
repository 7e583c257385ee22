//! One job, from its module's file to its exit.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runtime::{BoxFuture, Clock, Stop};
use wasmtime::{Engine, InstancePre, Linker, Store, Trap, UpdateDeadline};

use super::cache::{self, Cache};
use super::machine::Signal;
use super::state::{Ended, State};
use super::{calls_env, calls_fd, calls_path, machine, module};
use crate::{App, Error, Exit, Job, Limit, Network, Outcome, Sandbox, Usage, folders};

/// How often an app that was asked to end is asked again: once can be missed when two jobs are interrupted together.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Settings of the wasm sandbox.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Folder for compiled modules, private to this user; `None` compiles for every run.
    pub cache: Option<PathBuf>,
}

/// Runs WebAssembly command modules (WASI preview 1), deterministically and metered.
///
/// The wall limit starts when the module is compiled: how long that takes is this machine's affair, bounded by the
/// module's size.
#[derive(Clone)]
pub struct Wasm {
    engine: Engine,
    linker: Arc<Linker<State>>,
    cache: Option<Cache>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Wasm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasm").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Wasm {
    /// # Errors
    /// [`Error::WasmEngine`] when this processor is not supported; [`Error::Machine`] when the cache cannot be used.
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let engine = machine::engine()?;
        let mut linker = Linker::new(&engine);
        let added = calls_env::add(&mut linker)
            .and_then(|()| calls_fd::add(&mut linker))
            .and_then(|()| calls_path::add(&mut linker));
        added.map_err(|error| engine_error("define its calls", &error))?;
        let cache = config.cache.as_deref().map(Cache::open).transpose()?;
        Ok(Self { engine, linker: Arc::new(linker), cache, clock })
    }

    fn load(&self, job: &Job) -> Result<InstancePre<State>, Error> {
        let App::Wasm { path, digest } = &job.app else {
            return Err(refused(job, "the wasm sandbox runs no images"));
        };
        if job.limits.network != Network::None {
            return Err(refused(job, "the wasm sandbox has no network"));
        }
        let bytes = module::read(path, digest)?;
        module::check_bytes(&self.engine, &bytes)?;
        let compiled = match &self.cache {
            Some(cache) => cache.module(&self.engine, &bytes, digest)?,
            None => cache::compile(&self.engine, &bytes)?,
        };
        module::link(&self.linker, &compiled)
    }

    async fn run_job(&self, job: &Job, stop: &Stop) -> Result<Exit, Error> {
        folders::check(job)?;
        let (this, owned) = (self.clone(), job.clone());
        let ready = blocking(move || this.load(&owned)).await?;
        let signal = Arc::new(Signal::default());
        let (this, owned, app_signal) = (self.clone(), job.clone(), Arc::clone(&signal));
        // If this future is dropped, the app is asked to end by the drop of `leash`.
        let leash = Leash { signal, engine: self.engine.clone() };
        let mut play = Box::pin(blocking(move || this.play(&owned, &ready, app_signal)));
        let mut wall = self.clock.sleep(job.limits.wall);
        tokio::select! {
            biased;
            exit = &mut play => return exit,
            () = stop.requested() => leash.signal.stop(),
            () = &mut wall => leash.signal.time_is_up(),
        }
        loop {
            leash.engine.increment_epoch();
            tokio::select! {
                biased;
                exit = &mut play => return exit,
                () = self.clock.sleep(ASK_AGAIN) => {}
            }
        }
    }

    /// Runs the app on this thread, to its end.
    fn play(&self, job: &Job, ready: &InstancePre<State>, signal: Arc<Signal>) -> Result<Exit, Error> {
        let started = self.clock.monotonic();
        let mut store = Store::new(&self.engine, State::new(job, signal)?);
        store.limiter(|state| &mut state.memory);
        store.set_fuel(job.limits.fuel).map_err(|error| engine_error("fuel the app", &error))?;
        store.epoch_deadline_callback(|context| match context.data().signal.asked() {
            Some(_) => Err(wasmtime::Error::msg("asked to end")),
            None => Ok(UpdateDeadline::Continue(1)),
        });
        store.set_epoch_deadline(1);
        // A request from before the deadline was set would be missed: hence the look after it.
        let asked = store.data().signal.asked();
        let ended = match asked {
            Some(outcome) => Ended::Outcome(outcome),
            None => how_it_ended(start(ready, &mut store), &mut store),
        };
        let left = store.get_fuel().map_err(|error| engine_error("read the fuel left", &error))?;
        let wall = self.clock.monotonic().saturating_sub(started);
        finish(job, ended, store.into_data(), job.limits.fuel - left.min(job.limits.fuel), wall)
    }
}

fn start(ready: &InstancePre<State>, store: &mut Store<State>) -> wasmtime::Result<()> {
    let instance = ready.instantiate(&mut *store)?;
    instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call(store, ())
}

fn how_it_ended(result: wasmtime::Result<()>, store: &mut Store<State>) -> Ended {
    let state = store.data_mut();
    let noted = state.ended.take();
    let Err(error) = result else {
        return noted.unwrap_or(Ended::Outcome(Outcome::Exited { code: 0 }));
    };
    let outcome = state.memory.outcome().or_else(|| state.signal_if_interrupted(&error));
    noted.or(outcome.map(Ended::Outcome)).unwrap_or_else(|| Ended::Outcome(trapped(&error)))
}

impl State {
    fn signal_if_interrupted(&self, error: &wasmtime::Error) -> Option<Outcome> {
        if error.downcast_ref::<Trap>().is_some() { None } else { self.signal.asked() }
    }
}

fn trapped(error: &wasmtime::Error) -> Outcome {
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Outcome::LimitHit(Limit::Fuel),
        Some(Trap::StackOverflow) => Outcome::Trapped("call stack exhausted".into()),
        Some(Trap::UnreachableCodeReached) => Outcome::Trapped("unreachable code reached (abort)".into()),
        Some(Trap::MemoryOutOfBounds) => Outcome::Trapped("memory access out of bounds".into()),
        Some(Trap::IntegerDivisionByZero) => Outcome::Trapped("integer division by zero".into()),
        Some(trap) => Outcome::Trapped(trap.to_string()),
        None => Outcome::Trapped("its memory or tables could not be set up".into()),
    }
}

fn finish(job: &Job, ended: Ended, state: State, fuel: u64, wall: Duration) -> Result<Exit, Error> {
    let outcome = match ended {
        Ended::Outcome(outcome) => outcome,
        Ended::Failed(error) => return Err(error),
    };
    let fuel = if outcome == Outcome::LimitHit(Limit::Fuel) { job.limits.fuel } else { fuel };
    let peak_memory = Some(state.memory.peak);
    drop(state.handles); // open files move on some file systems only once closed
    let written = state.tree.publish(&job.output)?;
    let usage = Usage { fuel: Some(fuel), wall, peak_memory, written };
    Ok(Exit { outcome, stdout: state.stdout.text(), stderr: state.stderr.text(), usage })
}

/// Asks the app to end when its caller goes away.
struct Leash {
    signal: Arc<Signal>,
    engine: Engine,
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.signal.stop();
        self.engine.increment_epoch();
    }
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panicked) => Err(Error::WasmEngine { action: "run a job", reason: panicked.to_string() }),
    }
}

fn engine_error(action: &'static str, error: &wasmtime::Error) -> Error {
    Error::WasmEngine { action, reason: format!("{error:#}") }
}

fn refused(job: &Job, problem: &str) -> Error {
    Error::BadJob { job: job.name.clone(), problem: problem.into() }
}

impl Sandbox for Wasm {
    fn run<'a>(&'a self, job: &'a Job, stop: Stop) -> BoxFuture<'a, Result<Exit, Error>> {
        Box::pin(async move { self.run_job(job, &stop).await })
    }
}
