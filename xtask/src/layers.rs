//! The shape of the house: who may import whom, and what every file must or must not say.
//!
//! Safe to touch: [`PLACES`], when a crate is added. A crate without a place there fails the check.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// Floors of the house, lowest first. A crate imports only from floors below its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Floor {
    Ground,
    Seams,
    Services,
    Verbs,
    Roof,
}

impl Floor {
    /// Why neighbours on this floor stay apart.
    fn rule(self) -> &'static str {
        match self {
            Self::Ground => "runtime and protocol know nothing of Fairgrid's other crates",
            Self::Seams => "chain, devnet, api, storage and sandbox never import each other",
            Self::Services => "services never import each other: they meet on chain or through api",
            Self::Verbs => "sdk is imported only by bin, tests and xtask",
            Self::Roof => "nothing imports bin, tests or xtask",
        }
    }
}

/// Where each crate lives.
const PLACES: [(&str, Floor); 16] = [
    ("fairgrid-protocol", Floor::Ground),
    ("fairgrid-runtime", Floor::Ground),
    ("fairgrid-api", Floor::Seams),
    ("fairgrid-chain", Floor::Seams),
    ("fairgrid-devnet", Floor::Seams),
    ("fairgrid-sandbox", Floor::Seams),
    ("fairgrid-storage", Floor::Seams),
    ("fairgrid-market", Floor::Services),
    ("fairgrid-results", Floor::Services),
    ("fairgrid-scheduler", Floor::Services),
    ("fairgrid-worker", Floor::Services),
    ("fairgrid-sdk", Floor::Verbs),
    ("fairgrid", Floor::Roof),
    ("fairgrid-conformance", Floor::Roof),
    ("fairgrid-e2e", Floor::Roof),
    ("xtask", Floor::Roof),
];

/// Imports that tests may have and the crates may not: (importer, imported).
const IN_TESTS: [(&str, &str); 1] = [("fairgrid-chain", "fairgrid-devnet")];

/// Folders of somebody's machine. Split, so that this file passes its own check.
const MACHINE_PATHS: [&str; 2] = [concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Checks imports and files of the repository at `root`.
///
/// # Errors
/// With one line for each broken rule; when cargo or git cannot be asked.
pub(crate) fn run(root: &Path) -> Result<()> {
    let mut broken = imports(root)?;
    let files = files(root)?;
    for name in &files {
        let Ok(bytes) = std::fs::read(root.join(name)) else { continue };
        broken.extend(file_fault(name, &bytes));
    }
    if !broken.is_empty() {
        bail!("{} broken rules:\n{}", broken.len(), broken.join("\n"));
    }
    println!("layers: {} files, every import points down", files.len());
    Ok(())
}

/// The broken rules among the imports of the workspace's members.
fn imports(root: &Path) -> Result<Vec<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata did not answer with JSON")?;
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().context("cargo metadata lists packages")? {
        let importer = package["name"].as_str().context("a package has a name")?;
        if floor(importer).is_none() {
            broken.push(format!("{importer} has no floor: add it to PLACES in xtask/src/layers.rs"));
        }
        // Ours are those with a path; everything else comes from a registry.
        let own = package["dependencies"].as_array().into_iter().flatten().filter(|import| import["path"].is_string());
        for import in own {
            let imported = import["name"].as_str().context("a dependency has a name")?;
            broken.extend(import_fault(importer, imported, import["kind"] == "dev"));
        }
    }
    Ok(broken)
}

fn floor(name: &str) -> Option<Floor> {
    PLACES.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

/// The rule that the import breaks, with both names; `None` when it is allowed. Crates without a floor are reported by
/// [`imports`].
fn import_fault(importer: &str, imported: &str, only_in_tests: bool) -> Option<String> {
    let (from, to) = (floor(importer)?, floor(imported)?);
    if to < from || (only_in_tests && IN_TESTS.contains(&(importer, imported))) {
        return None;
    }
    let rule = if to == from { from.rule() } else { "imports point down only" };
    Some(format!("{importer} imports {imported}: {rule}"))
}

/// What is wrong with one file; `name` is relative to the repository.
fn file_fault(name: &str, bytes: &[u8]) -> Option<String> {
    if name.ends_with(".rs") && !bytes.starts_with(b"//!") {
        return Some(format!("{name} does not open with `//!`: say what the file is for and what may be touched"));
    }
    let named = MACHINE_PATHS.iter().find(|path| bytes.windows(path.len()).any(|part| part == path.as_bytes()))?;
    Some(format!("{name} names a folder of one machine, {named}: make it relative"))
}

/// Files of the repository, committed or about to be, relative to `root`.
///
/// # Errors
/// When git cannot be asked.
pub(crate) fn files(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("cannot run git: install it")?;
    ensure!(output.status.success(), "git cannot list the files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).context("file names are UTF-8")?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests;
