//! What each group runs. A group inherits the terminal: what its tools print is what a person and a CI read.
//!
//! Everything is built with `--workspace` in the dev profile, so that one set of features is built once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Site;
use super::engine::Engine;
use super::provide::{Missing, Need, Sign, output};
use super::report::Verdict;
use crate::layers as house;
use crate::tool;

/// The compiler whose output is committed under `dapps/`.
const DAPPS_CLANG: &str = "14";

pub(super) fn format(site: &mut Site) -> Result<Verdict> {
    site.cargo(&["fmt", "--check"], "files are not formatted: run `cargo fmt`")
}

pub(super) fn layers(site: &mut Site) -> Result<Verdict> {
    house::run(&site.root).map(|()| Verdict::Passed)
}

pub(super) fn clippy(site: &mut Site) -> Result<Verdict> {
    site.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], "clippy found something")
}

pub(super) fn build(site: &mut Site) -> Result<Verdict> {
    site.cargo(&["build", "--workspace", "--all-targets"], "it does not build")
}

/// Every Rust test. Parts whose service cannot be had are left out by the tests themselves, and counted here.
pub(super) fn tests(site: &mut Site) -> Result<Verdict> {
    // Tests of whole processes run the program that lies beside them: never an old one.
    let built = build(site)?;
    if built != Verdict::Passed {
        return Ok(built);
    }
    let mut cargo = site.command("cargo");
    if site.cargo_knows("nextest") {
        cargo.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    } else {
        cargo.args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    }
    let engine = engine(site);
    match &engine {
        Ok(engine) => {
            println!("container tests run on the engine at {}", engine.socket().display());
            cargo.env("FAIRGRID_TEST_DOCKER", "1").env("FAIRGRID_TEST_DOCKER_SOCKET", engine.socket());
        }
        Err(missing) => site.left_out.push(("containers", missing.clone())),
    }
    match foundry(site, "anvil") {
        Ok(binary) => {
            println!("the chain's suite also runs on {}", binary.display());
            cargo.env("FAIRGRID_TEST_ANVIL", binary);
        }
        Err(missing) => site.left_out.push(("anvil", missing)),
    }
    match cast(site) {
        Ok(binary) => {
            println!("the documentation's lines for contract authors run with {}", binary.display());
            cargo.env("FAIRGRID_TEST_CAST", binary);
        }
        Err(missing) => site.left_out.push(("cast", missing)),
    }
    let ordinary = done(&mut cargo, "a test failed")?;
    drop(engine);
    if ordinary != Verdict::Passed || !has_doc_examples(&site.root)? {
        return Ok(ordinary);
    }
    site.cargo(&["test", "--workspace", "--doc"], "an example in the docs failed")
}

/// Whether any doc comment has an example: where none has, rustdoc need not look at every crate.
fn has_doc_examples(root: &Path) -> Result<bool> {
    let example = |line: &str| {
        let text = line.trim_start();
        ["/// ```", "//! ```"].iter().any(|fence| text.starts_with(fence))
    };
    let sources = house::files(root)?.into_iter().filter(|name| name.ends_with(".rs"));
    Ok(sources.filter_map(|name| std::fs::read_to_string(root.join(name)).ok()).any(|text| text.lines().any(example)))
}

/// ethers 6 against the embedded chain, as a process of its own.
pub(super) fn clients(site: &mut Site) -> Result<Verdict> {
    let folder = site.root.join("tests/clients");
    if let Err(missing) = site.machine.provide_npm(&folder) {
        return Ok(Verdict::Skipped(missing));
    }
    let node = site.example("node")?;
    let mut ethers = site.command("node");
    ethers.args(["--test", "ethers.mjs"]).current_dir(folder).env("FAIRGRID_TEST_NODE", node);
    done(&mut ethers, "the embedded chain does not pass for ethers")
}

pub(super) fn contracts(site: &mut Site) -> Result<Verdict> {
    if let Err(missing) = site.machine.provide_npm(&site.root.join("contracts")) {
        return Ok(Verdict::Skipped(missing));
    }
    crate::abi::run(&site.root, true)?;
    println!("contracts/artifacts are what the sources say");
    Ok(Verdict::Passed)
}

pub(super) fn dapps(site: &mut Site) -> Result<Verdict> {
    let provided = site.machine.provide(&[
        Need { sign: Sign::Program("make"), package: "make" },
        Need { sign: Sign::Program("clang"), package: "clang" },
        Need { sign: Sign::Program("wasm-ld"), package: "lld" },
        Need { sign: Sign::File("/usr/lib/wasm32-wasi/libc.a"), package: "wasi-libc" },
        Need {
            sign: Sign::File("/usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi/libclang_rt.builtins-wasm32.a"),
            package: "libclang-rt-14-dev-wasm32",
        },
    ]);
    if let Err(missing) = provided {
        return Ok(Verdict::Skipped(missing));
    }
    let version = output("clang", &["-dumpversion"]).unwrap_or_default();
    if version.split('.').next() != Some(DAPPS_CLANG) {
        let reason = format!("only clang {DAPPS_CLANG} (Debian 12) gives the same bytes; this is {}", version.trim());
        return Ok(Verdict::Skipped(Missing { reason, installable: false }));
    }
    let mut make = site.command("make");
    done(make.args(["-C", "dapps", "check"]), "a module is not what its source says: run `make -C dapps`")
}

/// A Docker engine, and the static busybox that test images are made of.
fn engine(site: &mut Site) -> Result<Engine, Missing> {
    let busybox = Need { sign: Sign::Program("busybox"), package: "busybox-static" };
    site.machine.provide(&[busybox])?;
    if let Some(engine) = Engine::running() {
        return Ok(engine);
    }
    if !site.machine.is_root() {
        let reason = "no Docker engine answers, and only root can start one".to_owned();
        return Err(Missing { reason, installable: false });
    }
    site.machine.provide(&[Need { sign: Sign::Program("dockerd"), package: "docker.io" }])?;
    Engine::start().map_err(|error| Missing { reason: format!("{error:#}"), installable: true })
}

/// What contract authors type: cast, and the tools beside it.
fn cast(site: &mut Site) -> Result<PathBuf, Missing> {
    let curl = Need { sign: Sign::Program("curl"), package: "curl" };
    site.machine.provide(&[curl, Need { sign: Sign::Program("jq"), package: "jq" }])?;
    foundry(site, "cast")
}

/// A binary of Foundry, whose node is the reference, from its npm package for this platform.
fn foundry(site: &mut Site, name: &str) -> Result<PathBuf, Missing> {
    let folder = site.root.join("tests/clients");
    site.machine.provide_npm(&folder)?;
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let binary = folder.join(format!("node_modules/@foundry-rs/{name}-{system}-{processor}/bin/{name}"));
    if binary.is_file() {
        return Ok(binary);
    }
    let reason = format!("npm has no {name} for {system}-{processor}");
    Err(Missing { reason, installable: false })
}

impl Site {
    /// A command in the repository.
    pub(super) fn command(&self, name: &str) -> Command {
        tool::command(&self.root, name)
    }

    fn cargo(&self, arguments: &[&str], failure: &str) -> Result<Verdict> {
        done(self.command("cargo").args(arguments), failure)
    }

    fn cargo_knows(&self, verb: &str) -> bool {
        let mut asked = self.command("cargo");
        asked.args([verb, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    }

    /// Builds an example with the workspace's features, and tells where it is.
    fn example(&self, name: &str) -> Result<PathBuf> {
        let mut cargo = self.command("cargo");
        cargo.args(["build", "--workspace", "--message-format=json-render-diagnostics", "--example", name]);
        let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
        ensure!(output.status.success(), "the example {name} does not build");
        let messages = String::from_utf8_lossy(&output.stdout);
        let built = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|message| message["target"]["name"] == name && message["executable"].is_string());
        let path = built.as_ref().and_then(|message| message["executable"].as_str());
        path.map(|path| Path::new(path).to_owned()).with_context(|| format!("cargo built no example {name}"))
    }
}

/// Runs a command to its end on the terminal.
fn done(command: &mut Command, failure: &str) -> Result<Verdict> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    Ok(if status.success() { Verdict::Passed } else { Verdict::Failed(failure.to_owned()) })
}
