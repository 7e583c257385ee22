//! Compiles `contracts/src` and keeps `contracts/artifacts/*.json` equal to it.
//!
//! Owns: the compiler settings and the artifact format. Never: deployment, or generated Rust.
//! Safe to touch: settings (keep `contracts/foundry.toml` equal), the list of foreign contracts that get an artifact.
//! Artifacts must not depend on the machine: no paths, no metadata hash, keys in sorted order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Trade-off between code size and gas: a call is expected this many times per deployment.
const OPTIMIZER_RUNS: u32 = 1000;
/// Shared facets also run where the newest opcodes do not exist, so no PUSH0, MCOPY or TSTORE.
const EVM_VERSION: &str = "berlin";
/// The one diagnostic accepted: it comes with `EVM_VERSION`, which is a choice.
const OLD_EVM_NOTICE: &str = "Support for EVM versions older than";
/// Largest deployable contract, in bytes (EIP-170).
const MAX_CODE_BYTES: usize = 24_576;
/// Contracts from packages that clients look up by artifact name.
const FOREIGN_ARTIFACTS: [&str; 1] = ["IERC721"];

/// Rebuilds the artifacts, or with `check` compares them and fails with the list of files that drifted.
///
/// # Errors
/// When npm or node is missing, the sources do not compile without warnings, or (with `check`) a file differs.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let room = root.join("contracts");
    install_compiler(&room)?;
    let input = standard_input(&room)?;
    let output = compile(&room, &input)?;
    refuse_diagnostics(&output)?;
    let artifacts = artifacts(&output, &hex::encode(Sha256::digest(&input)))?;
    let folder = room.join("artifacts");
    if check { compare(&folder, &artifacts) } else { write(&folder, &artifacts) }
}

fn install_compiler(room: &Path) -> Result<()> {
    if room.join("node_modules/solc").is_dir() {
        return Ok(());
    }
    let status = Command::new("npm").arg("ci").current_dir(room).status().context("cannot run npm: install Node 20")?;
    ensure!(status.success(), "npm ci failed in {}", room.display());
    Ok(())
}

/// Everything the compiler reads, as one JSON text whose hash names the build.
fn standard_input(room: &Path) -> Result<String> {
    let mut names = Vec::new();
    solidity_files(&room.join("src"), &mut names)?;
    let mut wanted: Vec<String> = Vec::new();
    for file in names {
        let name = file.strip_prefix(room).context("source outside the room")?;
        wanted.push(name.to_str().context("source names are UTF-8")?.replace('\\', "/"));
    }
    let mut sources = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if sources.contains_key(&name) {
            continue;
        }
        let path = if name.starts_with('@') { room.join("node_modules").join(&name) } else { room.join(&name) };
        let content = fs::read_to_string(&path).with_context(|| format!("cannot read source {name}"))?;
        wanted.extend(imports(&name, &content));
        sources.insert(name, json!({ "content": content }));
    }
    let input = json!({
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "evmVersion": EVM_VERSION,
            "optimizer": { "enabled": true, "runs": OPTIMIZER_RUNS },
            "viaIR": true,
            "metadata": { "appendCBOR": false, "bytecodeHash": "none" },
            "outputSelection": { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "storageLayout"] } },
        },
    });
    Ok(input.to_string())
}

fn solidity_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            solidity_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sol") {
            found.push(path);
        }
    }
    Ok(())
}

/// Paths imported by one source, as source unit names. Only what our sources and packages use: quoted paths.
fn imports(name: &str, content: &str) -> Vec<String> {
    let statements = content.lines().filter(|line| line.starts_with("import ") || line.starts_with("} from "));
    statements.filter_map(|line| line.split('"').nth(1)).map(|path| resolve(name, path)).collect()
}

fn resolve(importer: &str, path: &str) -> String {
    if !path.starts_with('.') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

fn compile(room: &Path, input: &str) -> Result<Value> {
    let mut node = Command::new("node")
        .arg("compile.mjs")
        .current_dir(room)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run node: install Node 20")?;
    node.stdin.take().context("the pipe was asked for")?.write_all(input.as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "the compiler stopped with {}", output.status);
    serde_json::from_slice(&output.stdout).context("the compiler did not answer with JSON")
}

/// Warnings are refused like errors, so that none is ever usual.
fn refuse_diagnostics(output: &Value) -> Result<()> {
    let texts: Vec<&str> = output["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|error| error["severity"] != "info")
        .filter_map(|error| error["formattedMessage"].as_str())
        .filter(|text| !text.starts_with(OLD_EVM_NOTICE))
        .collect();
    ensure!(texts.is_empty(), "contracts do not compile cleanly:\n{}", texts.join("\n"));
    Ok(())
}

/// File name to file text for every contract with an ABI.
fn artifacts(output: &Value, input_hash: &str) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for (source, contracts) in output["contracts"].as_object().context("the compiler gave no contracts")? {
        for (name, contract) in contracts.as_object().context("contracts of one source are an object")? {
            let ours = source.starts_with("src/") || FOREIGN_ARTIFACTS.contains(&name.as_str());
            if !ours || contract["abi"].as_array().is_none_or(Vec::is_empty) {
                continue;
            }
            let text = artifact(name, contract, input_hash)?;
            ensure!(files.insert(format!("{name}.json"), text).is_none(), "two contracts are named {name}: rename one");
        }
    }
    Ok(files)
}

fn artifact(name: &str, contract: &Value, input_hash: &str) -> Result<String> {
    let code = |kind: &str| -> Result<String> {
        let object = contract["evm"][kind]["object"].as_str().with_context(|| format!("{name} has no {kind}"))?;
        ensure!(!object.contains('_'), "{name} needs linking: make its library functions internal");
        Ok(format!("0x{object}"))
    };
    let deployed = code("deployedBytecode")?;
    let size = deployed.len() / 2 - 1;
    ensure!(size <= MAX_CODE_BYTES, "{name} is {size} bytes, more than {MAX_CODE_BYTES}: split it");
    let mut artifact = json!({
        "contractName": name,
        "abi": contract["abi"],
        "bytecode": code("bytecode")?,
        "deployedBytecode": deployed,
        "inputHash": format!("0x{input_hash}"),
    });
    if contract["storageLayout"]["storage"].as_array().is_some_and(|slots| !slots.is_empty()) {
        artifact["storageLayout"] = contract["storageLayout"].clone();
    }
    Ok(format!("{artifact:#}\n"))
}

fn existing(folder: &Path) -> Result<BTreeSet<String>> {
    if !folder.is_dir() {
        return Ok(BTreeSet::new());
    }
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        names.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

fn write(folder: &Path, artifacts: &BTreeMap<String, String>) -> Result<()> {
    fs::create_dir_all(folder)?;
    for stale in existing(folder)?.iter().filter(|name| !artifacts.contains_key(*name)) {
        fs::remove_file(folder.join(stale))?;
    }
    for (name, text) in artifacts {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write artifact {name}"))?;
    }
    Ok(())
}

fn compare(folder: &Path, artifacts: &BTreeMap<String, String>) -> Result<()> {
    let mut names = existing(folder)?;
    names.extend(artifacts.keys().cloned());
    let drifted: Vec<String> = names
        .into_iter()
        .filter(|name| fs::read_to_string(folder.join(name)).ok().as_ref() != artifacts.get(name))
        .collect();
    if !drifted.is_empty() {
        bail!("artifacts differ from the sources, run `cargo xtask abi`: {}", drifted.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
