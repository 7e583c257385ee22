//! `cargo xtask test`: every check of the repository in one command, with what it needs installed on the way.
//!
//! Owns: the list of groups and their order. Never: hides what a tool prints, or calls something green that did not run.
//! Safe to touch: [`GROUPS`]; a group is one function in `suite/groups.rs`.

mod engine; // a Docker engine of our own
mod groups; // what each group runs
mod provide; // programs and packages: found, installed, or named
mod report; // verdicts and the table at the end

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};

use provide::Machine;
use report::{Report, Verdict};

/// One group: its name, what it checks, and what runs it.
struct Group {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Site) -> Result<Verdict>,
}

/// Cheap ones first. `build` comes before everything that runs what it built.
const GROUPS: [Group; 8] = [
    Group { name: "format", about: "cargo fmt --check", run: groups::format },
    Group { name: "layers", about: "imports point down, every file says what it is for", run: groups::layers },
    Group { name: "clippy", about: "lints of the whole workspace, warnings are errors", run: groups::clippy },
    Group { name: "build", about: "the whole workspace with tests and examples", run: groups::build },
    Group { name: "tests", about: "every Rust test, with a real Docker engine and anvil", run: groups::tests },
    Group { name: "clients", about: "ethers 6 against the embedded chain", run: groups::clients },
    Group { name: "contracts", about: "artifacts are what the Solidity sources say", run: groups::contracts },
    Group { name: "dapps", about: "the catalogue's modules are what their C sources say", run: groups::dapps },
];

/// What a group works with.
struct Site {
    /// The repository.
    root: PathBuf,
    machine: Machine,
    /// Parts of the running group that could not run: name and reason.
    left_out: Vec<(&'static str, provide::Missing)>,
}

/// Prints the groups.
pub(crate) fn list() {
    for group in &GROUPS {
        println!("{:<10} {}", group.name, group.about);
    }
}

/// Runs the groups named by `only`, or all, to the end, whatever fails on the way.
///
/// # Errors
/// When `only` names no group. A failed group is no error but a failing exit code.
pub(crate) fn run(root: PathBuf, only: &[String]) -> Result<ExitCode> {
    for name in only {
        let known = GROUPS.iter().any(|group| group.name == *name);
        ensure!(known, "there is no group {name}: `cargo xtask test --list` shows them");
    }
    let mut site = Site { root, machine: Machine::here(), left_out: Vec::new() };
    let mut report = Report::new(site.machine.is_ci());
    for group in GROUPS.iter().filter(|group| only.is_empty() || only.iter().any(|name| name == group.name)) {
        println!("\n=== {}: {}", group.name, group.about);
        let start = now();
        let verdict = (group.run)(&mut site).unwrap_or_else(|error| Verdict::Failed(format!("{error:#}")));
        report.add(group.name, verdict, start.elapsed());
        for (part, missing) in site.left_out.drain(..) {
            report.add(part, Verdict::Skipped(missing), std::time::Duration::ZERO);
        }
    }
    print!("{report}");
    Ok(if report.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::disallowed_methods, reason = "tells a person how long a group took; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
