//! One process of the program under test: its JSON lines as they come, its log in a file, signals, and a sure end.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::leash::Leash;
use crate::{Finished, fairgrid};

/// Lines of a log that a failure shows.
const TAIL: usize = 40;
/// What shells add to a signal's number.
const SIGNAL_BASE: i32 = 128;

/// How to end a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// A polite kill.
    Terminate,
}

/// One running process. Dropping it kills it.
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Output>,
    reader: Option<JoinHandle<()>>,
    log: PathBuf,
    leash: Leash,
    ended: Option<i32>,
}

#[derive(Default)]
struct Output {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    closed: bool,
}

impl Process {
    /// Starts `fairgrid` with `arguments`; its log goes into the file `log`.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, arguments: &[String], log: &Path) -> Self {
        Self::start_in(Path::new("."), name, arguments, log)
    }

    /// Starts `fairgrid` with `folder` as its working folder.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_in(folder: &Path, name: &str, arguments: &[String], log: &Path) -> Self {
        let stderr = File::create(log).expect("the log file can be made");
        let mut command = Command::new(fairgrid());
        command.current_dir(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        // What the developer has set for daily use must not reach the program under test.
        for variable in ["FAIRGRID_HOME", "FAIRGRID_PASSWORD", "FAIRGRID_DOCKER_SOCKET"] {
            command.env_remove(variable);
        }
        let mut child = command.spawn().expect("the program under test can be started");
        let leash = Leash::process(child.id());
        let output = Arc::new(Output::default());
        let stdout = child.stdout.take().expect("standard output was asked for");
        let reader = Some(read(stdout, Arc::clone(&output)));
        Self { name: name.to_owned(), child, output, reader, log: log.to_owned(), leash, ended: None }
    }

    /// The first JSON line of this event; waits for it.
    ///
    /// # Panics
    /// When the process ends without it, or `limit` passes.
    #[must_use]
    pub fn event(&self, event: &str, limit: Duration) -> Value {
        self.wait(&format!("the event '{event}'"), limit, |events| {
            events.iter().find(|line| line["event"] == event).cloned()
        })
    }

    /// Waits until `look` finds something in the JSON lines so far.
    ///
    /// # Panics
    /// When the process ends without it, or `limit` passes.
    pub fn wait<T>(&self, what: &str, limit: Duration, mut look: impl FnMut(&[Value]) -> Option<T>) -> T {
        let mut found = None;
        let state = self.output.lock();
        let waited = self.output.changed.wait_timeout_while(state, limit, |state| {
            found = look(&events(&state.lines));
            found.is_none() && !state.closed
        });
        let (state, _timed_out) = waited.unwrap_or_else(PoisonError::into_inner);
        let closed = state.closed;
        drop(state);
        found.unwrap_or_else(|| {
            let why = if closed { "it ended before" } else { "it took too long" };
            panic!("waited for {what} of '{}': {why}\n{}", self.name, self.describe())
        })
    }

    /// JSON lines so far.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        events(&self.output.lock().lines)
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the process is gone already.
    pub fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Interrupt => "-INT",
            Signal::Terminate => "-TERM",
        };
        let script = r#"kill "$1" "$2""#;
        let sent = Command::new("sh").args(["-c", script, "kill", name, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "'{}' is gone\n{}", self.name, self.describe());
    }

    /// Ends it at once, as a crash or a power cut of the process would.
    pub fn kill(&mut self) {
        if self.ended.is_none() {
            // It may have ended by itself in between.
            let _already_gone = self.child.kill();
            self.reap();
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it does not within `limit`.
    #[must_use]
    pub fn finish(mut self, limit: Duration) -> Finished {
        let state = self.output.lock();
        let waited = self.output.changed.wait_timeout_while(state, limit, |state| !state.closed);
        let (state, timed_out) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        assert!(!timed_out.timed_out(), "'{}' does not end\n{}", self.name, self.describe());
        let code = self.reap();
        let stdout = self.output.lock().lines.clone();
        let stderr = std::fs::read_to_string(&self.log).unwrap_or_default();
        Finished::new(&self.name, code, &stdout, stderr)
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.output.lock().closed
    }

    /// Output and log so far, for the text of a failure.
    #[must_use]
    pub fn describe(&self) -> String {
        let lines = self.output.lock().lines.clone();
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let log: Vec<&str> = log.lines().collect();
        format!("--- output of '{}'\n{}\n--- its log\n{}", self.name, tail(&lines), tail(&log))
    }

    fn reap(&mut self) -> i32 {
        let status = self.child.wait().expect("a child can be waited for");
        self.leash.untie();
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader of the output does not panic");
        }
        let code = status.code().or_else(|| status.signal().map(|signal| SIGNAL_BASE + signal)).unwrap_or(-1);
        *self.ended.insert(code)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Output {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(stdout: ChildStdout, output: Arc<Output>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            output.lock().lines.push(line);
            output.changed.notify_all();
        }
        output.lock().closed = true;
        output.changed.notify_all();
    })
}

fn events(lines: &[String]) -> Vec<Value> {
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn tail<T: AsRef<str>>(lines: &[T]) -> String {
    let skipped = lines.len().saturating_sub(TAIL);
    lines.iter().skip(skipped).map(AsRef::as_ref).collect::<Vec<_>>().join("\n")
}
