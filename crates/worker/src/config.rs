//! What an operator chooses. Checked whole when the worker opens; nothing reads it before that.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sandbox::{Network, Sandbox};
use url::Url;

use crate::Error;

/// Most tasks that one worker computes at the same time.
const MAX_SLOTS: u32 = 1_024;
/// Longest name: it becomes part of container names.
const MAX_NAME: usize = 40;

/// What an operator chooses.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the pool's scheduler answers.
    pub pool: Url,
    /// Work folder, private to this worker: one sub-folder a task, and `cache` for apps.
    pub folder: PathBuf,
    /// Tasks computed at the same time. Default 1.
    pub slots: u32,
    /// What one task may use.
    pub limits: TaskLimits,
    /// How often to look at the chain when nothing says that something happened. Default 5 s.
    pub reveal_poll: Duration,
    /// Name for logs and containers: letters, digits, `-`, `_` and `.`. Default `worker`.
    pub name: String,
    /// Whether apps, datasets and input files may be fetched from loopback, private and link-local addresses by plain
    /// URL. Default false: a stranger's URL must not reach this machine's own services. Markets on one machine set it.
    /// The pool's gateways are always allowed.
    pub private_networks: bool,
    /// Misbehaviour for demonstrations and tests. Default [`Fault::None`].
    pub fault: Fault,
}

/// What one task may use.
///
/// All workers of a pool must have the same `memory`, `disk`, `files` and `fuel_per_second`: an app that hits one of
/// them in the deterministic sandbox has an error result, and workers agree on it only if they meet it alike.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskLimits {
    /// Bytes of memory. Default 1 GiB.
    pub memory: u64,
    /// Bytes of output. Default 1 GiB.
    pub disk: u64,
    /// Files and folders of output. Default 10 000.
    pub files: u64,
    /// Fuel for each second of the category's reference time; the limit is this times the time, so it depends on the
    /// category and this constant alone. Default 2.5·10^8: a quarter of what a common machine burns, so that an app
    /// that never ends meets this limit, which all workers meet alike, before its time is up.
    pub fuel_per_second: u64,
    /// Processes and threads of a container. Default 128.
    pub pids: u32,
    /// Processors of a container. Default 1.
    pub cpus: f32,
    /// Bytes kept of standard output, and of standard error. Default 1 MiB.
    pub log: u64,
    /// What a container may reach. Default nothing.
    pub network: Network,
}

/// What runs apps here. A worker offers its pool what is present.
#[derive(Clone, Default)]
pub struct Sandboxes {
    /// Runs apps of type `WASM`.
    pub wasm: Option<Arc<dyn Sandbox>>,
    /// Runs apps of type `DOCKER`.
    pub container: Option<Arc<dyn Sandbox>>,
}

/// Misbehaviour on purpose: only for demonstrations of how the protocol catches it, and for tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// None: an honest worker.
    #[default]
    None,
    /// Commits to a random digest instead of the computed one; such a contribution can never be revealed.
    WrongResult {
        /// The first task that it lies about, counted from 1 since the start of the process.
        from_task: u32,
    },
}

impl Config {
    /// Defaults for the pool at `pool`, working below `folder`.
    #[must_use]
    pub fn new(pool: Url, folder: impl Into<PathBuf>) -> Self {
        Self {
            pool,
            folder: folder.into(),
            slots: 1,
            limits: TaskLimits::default(),
            reveal_poll: Duration::from_secs(5),
            name: "worker".to_owned(),
            private_networks: false,
            fault: Fault::None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |what: String| Err(Error::Config { what });
        if self.slots == 0 || self.slots > MAX_SLOTS {
            return refuse(format!("slots is {}: choose 1 to {MAX_SLOTS}", self.slots));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let begins = self.name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins || self.name.len() > MAX_NAME || !self.name.chars().all(plain) {
            return refuse(format!(
                "the name {:?} is not usable: at most {MAX_NAME} letters, digits, '-', '_' and '.', beginning with a \
                 letter or digit",
                self.name
            ));
        }
        if self.reveal_poll.is_zero() {
            return refuse("reveal_poll is zero: choose a time, such as 5 s".to_owned());
        }
        if self.limits.memory == 0 || self.limits.disk == 0 || self.limits.fuel_per_second == 0 {
            return refuse("memory, disk and fuel_per_second must not be zero".to_owned());
        }
        Ok(())
    }
}

impl Default for TaskLimits {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            disk: 1 << 30,
            files: 10_000,
            fuel_per_second: 250_000_000,
            pids: 128,
            cpus: 1.0,
            log: 1 << 20,
            network: Network::None,
        }
    }
}

impl TaskLimits {
    /// The sandbox's limits for a task whose category has a reference time of `unit` seconds.
    pub(crate) fn of(&self, unit: u64) -> sandbox::Limits {
        sandbox::Limits {
            wall: Duration::from_secs(unit.max(1)),
            fuel: self.fuel_per_second.saturating_mul(unit.max(1)),
            memory: self.memory,
            disk: self.disk,
            files: self.files,
            pids: self.pids,
            cpus: self.cpus,
            log: self.log,
            network: self.network,
        }
    }

    pub(crate) fn archive(&self) -> storage::archive::Limits {
        // Room for the logs and `computed.json` beside what the app may write.
        let files = usize::try_from(self.files).unwrap_or(usize::MAX).saturating_add(8);
        let total = self.disk.saturating_add(self.log.saturating_mul(2)).saturating_add(1 << 20);
        storage::archive::Limits { entries: files, total, ..storage::archive::Limits::default() }
    }
}

impl std::fmt::Debug for Sandboxes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (wasm, container) = (self.wasm.is_some(), self.container.is_some());
        f.debug_struct("Sandboxes").field("wasm", &wasm).field("container", &container).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Spoil = fn(&mut Config);

    #[test]
    fn useless_configurations_are_refused_with_the_field_in_the_text() {
        let good = Config::new("http://127.0.0.1:1".parse().unwrap(), "w");
        assert!(good.check().is_ok());
        let spoil: [(&str, Spoil); 4] = [
            ("slots", |config| config.slots = 0),
            ("name", |config| config.name = "a/b".to_owned()),
            ("reveal_poll", |config| config.reveal_poll = Duration::ZERO),
            ("memory", |config| config.limits.memory = 0),
        ];
        for (field, spoil) in spoil {
            let mut bad = good.clone();
            spoil(&mut bad);
            assert!(bad.check().unwrap_err().to_string().contains(field), "{field}");
        }
    }

    #[test]
    fn fuel_and_time_follow_from_the_category_alone() {
        let limits = TaskLimits::default().of(300);
        assert_eq!((limits.wall.as_secs(), limits.fuel), (300, 75_000_000_000));
        assert_eq!(TaskLimits::default().of(u64::MAX).fuel, u64::MAX);
    }
}
