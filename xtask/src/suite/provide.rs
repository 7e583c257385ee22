//! What a group needs from the machine: found, installed from Debian's packages or npm, or named for a person to install.
//!
//! Never: installs what is there, asks a question, touches anything without being root on Debian.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Where Debian keeps programs that are not on everybody's `PATH`.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Something that a group needs: how to recognise it, and the Debian package that brings it.
pub(super) struct Need {
    pub(super) sign: Sign,
    pub(super) package: &'static str,
}

/// By what a need is recognised.
pub(super) enum Sign {
    /// A program of this name.
    Program(&'static str),
    /// A file.
    File(&'static str),
}

/// Why something cannot run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// For people: what is missing, and how to get it.
    pub(super) reason: String,
    /// Whether this command could have installed it.
    pub(super) installable: bool,
}

/// The machine that this runs on.
pub(super) struct Machine {
    ci: bool,
    root: bool,
    debian: bool,
    lists_are_fresh: bool,
}

impl Machine {
    pub(super) fn here() -> Self {
        Self {
            ci: std::env::var("CI").is_ok_and(|value| value == "true" || value == "1"),
            root: output("id", &["-u"]).is_some_and(|id| id.trim() == "0"),
            debian: program("apt-get").is_some() && program("dpkg-query").is_some(),
            lists_are_fresh: false,
        }
    }

    pub(super) fn is_ci(&self) -> bool {
        self.ci
    }

    pub(super) fn is_root(&self) -> bool {
        self.root
    }

    /// Makes sure that all of `needs` is there, and installs the rest where that is possible.
    pub(super) fn provide(&mut self, needs: &[Need]) -> std::result::Result<(), Missing> {
        let packages: Vec<&str> = needs.iter().filter(|need| !need.is_met()).map(|need| need.package).collect();
        if packages.is_empty() {
            return Ok(());
        }
        let names = packages.join(" ");
        if !self.root || !self.debian {
            let reason = format!("install what these Debian packages bring, or run as root on Debian: {names}");
            return Err(Missing { reason, installable: false });
        }
        let failed = |error: anyhow::Error| Missing { reason: format!("{names}: {error:#}"), installable: true };
        self.install(&packages).map_err(failed)?;
        match needs.iter().find(|need| !need.is_met()) {
            None => Ok(()),
            Some(need) => {
                let reason =
                    format!("{} is installed, but {} is not where it should be", need.package, need.sign.name());
                Err(Missing { reason, installable: true })
            }
        }
    }

    fn install(&mut self, packages: &[&str]) -> Result<()> {
        let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        println!("installing {}", missing.join(" "));
        if !self.lists_are_fresh {
            apt(&["update", "-q"])?;
            self.lists_are_fresh = true;
        }
        apt(&[&["install", "-q", "-y", "--no-install-recommends"], missing.as_slice()].concat())
    }

    /// Node and npm, and the pinned packages of the npm project in `folder`.
    pub(super) fn provide_npm(&mut self, folder: &Path) -> std::result::Result<(), Missing> {
        self.provide(&[
            Need { sign: Sign::Program("node"), package: "nodejs" },
            Need { sign: Sign::Program("npm"), package: "npm" },
        ])?;
        let failed = |error: anyhow::Error| Missing { reason: format!("{error:#}"), installable: true };
        install_npm(folder).map_err(failed)
    }
}

impl Need {
    fn is_met(&self) -> bool {
        match self.sign {
            Sign::Program(name) => program(name).is_some(),
            Sign::File(path) => Path::new(path).exists(),
        }
    }
}

impl Sign {
    fn name(&self) -> &'static str {
        match self {
            Self::Program(name) | Self::File(name) => name,
        }
    }
}

/// Where `name` is, on `PATH` or among the system's programs.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// What a program printed, if it ran and succeeded.
pub(super) fn output(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_installed(package: &str) -> bool {
    let state = output("dpkg-query", &["-W", "-f=${db:Status-Status}", package]);
    state.is_some_and(|state| state == "installed")
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut apt = Command::new("apt-get");
    apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    // Installing must start and restart no service: what is needed is started here, and stopped again.
    apt.env("RUNLEVEL", "1").env("NEEDRESTART_SUSPEND", "1");
    let status = apt.status().context("cannot run apt-get")?;
    ensure!(status.success(), "apt-get {} failed", arguments.first().copied().unwrap_or_default());
    Ok(())
}

/// Installs what the lock file of `folder` pins, unless that was done since the lock file last changed.
fn install_npm(folder: &Path) -> Result<()> {
    let changed = |name: &str| std::fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok();
    let lock = changed("package-lock.json");
    if lock.is_some() && changed("node_modules/.package-lock.json") >= lock {
        return Ok(());
    }
    println!("installing the npm packages of {}", folder.display());
    let status = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .context("cannot run npm")?;
    ensure!(status.success(), "npm ci failed in {}", folder.display());
    Ok(())
}
