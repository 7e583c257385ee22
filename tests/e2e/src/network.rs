//! A local network under test: `fairgrid up` in a folder of its own, and everything that is started beside it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::Address;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::leash::Leash;
use crate::{Finished, PATIENCE, Process, Signal, Witness};

/// What a network is made of.
#[derive(Clone, Debug)]
pub struct Options {
    workers: Option<u16>,
    liar_from: Option<u32>,
    category: u64,
}

/// A network that is alive, until dropped.
pub struct Network {
    options: Options,
    folder: Option<TempDir>,
    home: PathBuf,
    up: Option<Process>,
    ready: Value,
    started: AtomicUsize,
    sweeper: Leash,
}

/// A pool or a worker that runs as a process of its own.
pub struct Role {
    /// The process.
    pub process: Process,
    /// The contract of a pool, the account of a worker.
    pub address: Address,
    /// Where the pool answers.
    pub url: Url,
}

impl Options {
    /// A pool with so many workers, all in one process.
    #[must_use]
    pub fn workers(workers: u16) -> Self {
        Self { workers: Some(workers), liar_from: None, category: 10 }
    }

    /// Neither pool nor workers: they are started as processes of their own.
    #[must_use]
    pub fn without_pool() -> Self {
        Self { workers: None, liar_from: None, category: 10 }
    }

    /// The last worker lies from its task of this number on.
    #[must_use]
    pub fn liar_from(self, task: u32) -> Self {
        Self { liar_from: Some(task), ..self }
    }

    fn arguments(&self, ports: [u16; 4]) -> Vec<String> {
        let mut arguments = vec!["up".to_owned(), "--test-methods".to_owned()];
        arguments.extend(["--test-category".to_owned(), self.category.to_string()]);
        for (option, port) in ["--rpc-port", "--market-port", "--gateway-port", "--pool-port"].iter().zip(ports) {
            arguments.extend([(*option).to_owned(), port.to_string()]);
        }
        match self.workers {
            Some(workers) => arguments.extend(["--workers".to_owned(), workers.to_string()]),
            None => arguments.push("--without-pool".to_owned()),
        }
        if let Some(task) = self.liar_from {
            arguments.extend(["--test-liar-from".to_owned(), task.to_string()]);
        }
        arguments
    }
}

impl Network {
    /// Number of the category that tests add: its unit is 10 s, so a task ends 100 s after its deal.
    pub const CATEGORY: &'static str = "5";

    /// Starts one on free ports, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(options: Options) -> Self {
        let folder = TempDir::with_prefix("fairgrid-e2e-").expect("a temporary folder");
        let home = folder.path().to_owned();
        std::fs::create_dir_all(home.join("logs")).expect("a folder for logs");
        let mut network = Self {
            options,
            sweeper: Leash::folder(&home),
            folder: Some(folder),
            home,
            up: None,
            ready: Value::Null,
            started: AtomicUsize::new(0),
        };
        network.bring_up([0; 4]);
        network
    }

    fn bring_up(&mut self, ports: [u16; 4]) {
        let arguments = self.options.arguments(ports);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let up = self.spawn(&arguments);
        self.ready = up.event("ready", PATIENCE);
        self.up = Some(up);
    }

    /// Kills the network's process without any warning.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&mut self) {
        let mut up = self.up.take().expect("a network that runs");
        assert!(!up.has_ended(), "the network ended by itself\n{}", up.describe());
        up.kill();
    }

    /// Stops the network's process politely.
    ///
    /// # Panics
    /// When it is not running, does not stop, or does not end with success.
    pub fn stop(&mut self) -> Finished {
        let up = self.up.take().expect("a network that runs");
        up.signal(Signal::Terminate);
        up.finish(PATIENCE).ended_with(0)
    }

    /// Starts it again in the same folder, on the same ports.
    ///
    /// # Panics
    /// When it runs, or does not come up.
    pub fn restart(&mut self) {
        assert!(self.up.is_none(), "the network runs");
        let port = |name: &str| self.maybe_url(name).and_then(|url| url.port()).unwrap_or(0);
        self.bring_up(["rpc", "market", "gateway", "pool"].map(port));
    }

    /// The folder that `--home` names.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What the network said when it was ready.
    #[must_use]
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// Address of a service: `rpc`, `market`, `gateway`, `pool`.
    ///
    /// # Panics
    /// When the network has none.
    #[must_use]
    pub fn url(&self, service: &str) -> Url {
        self.maybe_url(service).unwrap_or_else(|| panic!("this network has no {service}: {}", self.ready))
    }

    fn maybe_url(&self, service: &str) -> Option<Url> {
        self.ready["network"][service].as_str().and_then(|text| text.parse().ok())
    }

    /// Account of a wallet that the network made.
    ///
    /// # Panics
    /// When it made none of this name.
    #[must_use]
    pub fn account(&self, name: &str) -> Address {
        let accounts = self.ready["accounts"].as_array().into_iter().flatten();
        let found = accounts.filter(|account| account["name"] == name).find_map(|account| account["address"].as_str());
        found.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no account '{name}': {}", self.ready))
    }

    /// An independent look at its chain.
    ///
    /// # Panics
    /// When the chain does not answer.
    pub async fn witness(&self) -> Witness {
        let hub = self.ready["network"]["hub"].as_str().and_then(|text| text.parse().ok());
        Witness::connect(self.url("rpc"), hub.expect("the network names its hub")).await
    }

    /// A folder that nobody has used.
    #[must_use]
    pub fn fresh_folder(&self) -> PathBuf {
        self.home.join(format!("out-{}", self.started.fetch_add(1, Ordering::Relaxed)))
    }

    /// Starts a command against this network, in its own folder.
    #[must_use]
    pub fn spawn(&self, arguments: &[&str]) -> Process {
        self.spawn_in(&self.home, arguments)
    }

    /// Starts a command against this network, in a working folder.
    #[must_use]
    pub fn spawn_in(&self, folder: &Path, arguments: &[&str]) -> Process {
        self.launch(folder, &["--json", "--home"], arguments)
    }

    fn launch(&self, folder: &Path, options: &[&str], arguments: &[&str]) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let name = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let home = self.home.to_str().expect("temporary folders have plain names");
        let all = [options, &[home], arguments].concat();
        let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
        Process::start_in(folder, &name, &all, &self.home.join("logs").join(format!("{number}.log")))
    }

    /// Runs a command against this network to its end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.spawn(arguments).finish(PATIENCE)
    }

    /// Runs a command as people do, without `--json`: standard output is [`Finished::text`].
    #[must_use]
    pub fn run_in_words(&self, arguments: &[&str]) -> Finished {
        self.launch(&self.home, &["--home"], arguments).finish(PATIENCE)
    }

    /// Starts `fairgrid run` with these arguments; results go into a fresh folder.
    #[must_use]
    pub fn order(&self, arguments: &[&str]) -> Process {
        let folder = self.fresh_folder();
        let folder = folder.to_str().expect("temporary folders have plain names");
        self.spawn(&[&["run"], arguments, &["--output", folder]].concat())
    }

    /// `fairgrid run` with these arguments, to its end; results go into a fresh folder.
    #[must_use]
    pub fn buy(&self, arguments: &[&str]) -> Finished {
        self.order(arguments).finish(PATIENCE)
    }

    /// Starts a pool as a process of its own; port 0 is a free one.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn pool(&self, port: u16) -> Role {
        let process = self.spawn(&["pool", "run", "--port", &port.to_string()]);
        let ready = process.event("ready", PATIENCE);
        let url = ready["url"].as_str().and_then(|text| text.parse().ok()).expect("a ready pool names its URL");
        Role { process, address: address(&ready["workerpool"]), url }
    }

    /// Starts a worker of the pool at `pool` as a process of its own, with the wallet `name`.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn worker(&self, name: &str, pool: &Url) -> Role {
        let process = self.spawn(&["worker", "run", "--account", name, "--pool", pool.as_str()]);
        let ready = process.event("ready", PATIENCE);
        Role { process, address: address(&ready["worker"]), url: pool.clone() }
    }
}

fn address(value: &Value) -> Address {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no address"))
}

impl Drop for Network {
    fn drop(&mut self) {
        let up = self.up.take();
        if std::thread::panicking() {
            // What the network left behind says more than any message.
            show(&up.as_ref().map(Process::describe).unwrap_or_default());
            if let Some(folder) = self.folder.take() {
                show(&format!("the network's folder is kept: {}", folder.keep().display()));
            }
        }
        // The process ends before its folder goes.
        drop(up);
        self.sweeper.untie();
    }
}

#[expect(clippy::print_stderr, reason = "the test harness shows it together with the failure")]
fn show(text: &str) {
    eprintln!("{text}");
}
