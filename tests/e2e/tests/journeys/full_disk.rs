//! Disks that are full: the requester is told and can come back, a worker waits for space and nobody waits for it.
//!
//! A full disk is a small tmpfs, which takes root to mount; without it these tests say that they were skipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chain::EventKind;
use e2e::{Network, Options, PATIENCE, Process};

/// A small disk of its own, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one at the new folder `folder`; `None` where this is not allowed.
    fn mount(folder: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir(&folder).expect("a new folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&folder).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        if !mounted {
            say_skipped();
        }
        mounted.then(|| Self(folder))
    }

    /// Takes all space that is left, with a file that is returned.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).expect("a file");
        while file.write_all(&[1; 4096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: nothing that still has a file open may keep the mount alive after the test.
        let _best_effort = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
fn say_skipped() {
    eprintln!("skipped: a full disk needs root to mount a small tmpfs");
}

#[test]
fn a_requester_whose_disk_is_full_is_told_and_fetches_the_result_elsewhere() {
    let network = Network::start(Options::workers(1));
    let Some(disk) = SmallDisk::mount(network.fresh_folder(), "64k") else { return };
    disk.fill();
    let full = disk.0.join("results");
    let full = full.to_str().expect("a plain name");
    let failed = network.run(&["run", "echo", "kept", "--output", full]).saying(&[full, "space"]);
    assert_ne!(failed.code, 0, "{}", failed.describe());

    let folder = network.fresh_folder();
    let output = ["--output", folder.to_str().expect("a plain name")];
    let deal = failed.deal().to_string();
    let watched = network.run(&[&["deal", "watch", &deal], &output[..]].concat()).ended_with(0);
    assert_eq!(std::fs::read_to_string(&watched.files()[0]).expect("the result"), "kept\ntask 0\n");
}

#[tokio::test]
async fn a_worker_whose_disk_is_full_is_replaced_and_works_again_when_there_is_space() {
    let network = Network::start(Options::without_pool());
    let Some(disk) = SmallDisk::mount(network.fresh_folder(), "4m") else { return };
    let pool = network.pool(0);
    let _others = ["worker-1", "worker-2", "worker-3"].map(|name| network.worker(name, &pool.url));
    let crowded = join_from(&network, &disk.0, pool.url.as_str());
    // All four newcomers are needed at trust 10: so all have joined, and the last one has a database to go on with.
    let all_vote = async || {
        let bought = network.buy(&["echo", "x", "--trust", "10"]).ended_with(0);
        let votes = network.witness().await.events_of(bought.task(), &[EventKind::TaskContribute]).await;
        assert_eq!(votes.len(), 4, "all vote");
    };
    all_vote().await;

    let filler = disk.fill();
    // Three agree at trust 5, and three have space: whoever was chosen and is silent for the category's
    // unit of time is replaced. The app is one that the last worker would have to store.
    let bought =
        network.buy(&["wordcount", "x", "--tasks", "4", "--trust", "5", "--category", Network::CATEGORY]).ended_with(0);
    assert_eq!(bought.files().len(), 4);
    assert!(!crowded.has_ended(), "it went down with its disk\n{}", crowded.describe());

    std::fs::remove_file(filler).expect("the filler can be removed");
    all_vote().await;
    assert!(!crowded.has_ended(), "{}", crowded.describe());
    network.witness().await.assert_money_conserved().await;
}

/// A worker whose home is `home`, with the network's fourth wallet.
fn join_from(network: &Network, home: &Path, pool: &str) -> Process {
    let wallets = home.join("wallets");
    std::fs::create_dir(&wallets).expect("a folder for the wallet");
    for (from, to) in [("network.json", home), ("wallets/.password", &wallets), ("wallets/worker-4", &wallets)] {
        let from = network.home().join(from);
        let to = to.join(from.file_name().expect("files have names"));
        std::fs::copy(&from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
    let home = home.to_str().expect("a plain name");
    let arguments = ["--json", "--home", home, "worker", "run", "--account", "worker-4", "--pool", pool];
    // The log is kept where there is space.
    let log = network.home().join("logs/crowded.log");
    let process = Process::start("worker run", &arguments.map(str::to_owned), &log);
    let _ready = process.event("ready", PATIENCE);
    process
}
