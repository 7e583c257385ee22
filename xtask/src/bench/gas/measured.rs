//! The measuring program and what it prints. It is a process of its own, so that xtask links no EVM.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::tool;

/// The crate that measures, relative to the repository.
const CRATE: &str = "tests/conformance";

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) rows: Vec<Row>,
    /// Gas by which a figure may change without a change of the contracts.
    pub(super) noise: u64,
    pub(super) sizes: Vec<Size>,
    /// Largest contract that can be deployed, in bytes.
    pub(super) most_bytes: u64,
}

/// One operation, in gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) gas: u64,
    pub(super) reference: u64,
    pub(super) bounds: Option<Bounds>,
}

/// What an operation may cost, in gas: as promised, and as wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) most: u64,
    pub(super) goal: u64,
}

/// One contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) name: String,
    pub(super) bytes: u64,
}

impl Measured {
    /// Builds and runs the measuring program.
    ///
    /// # Errors
    /// When it does not build, stops, or prints something else than it should.
    pub(super) fn of(root: &Path) -> Result<Self> {
        let mut cargo = tool::command(root, "cargo");
        cargo.args(["run", "--quiet", "--package", "fairgrid-conformance", "--example", "gas"]);
        let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
        ensure!(output.status.success(), "the measuring program stopped with {}: see above", output.status);
        let json = serde_json::from_slice(&output.stdout).context("the measuring program did not print JSON")?;
        refuse_another_clone(&json, &root.join(CRATE))?;
        Self::parse(&json)
    }

    pub(super) fn parse(json: &Value) -> Result<Self> {
        let measured = Self {
            rows: list(json, "rows")?.iter().map(row).collect::<Result<_>>()?,
            noise: number(json, "noise")?,
            sizes: list(json, "sizes")?.iter().map(size).collect::<Result<_>>()?,
            most_bytes: number(json, "most_bytes")?,
        };
        ensure!(!measured.rows.is_empty(), "the measuring program has no rows");
        Ok(measured)
    }
}

/// Clones that share a folder of built programs may find each other's: it would measure the other's contracts.
pub(super) fn refuse_another_clone(json: &Value, own: &Path) -> Result<()> {
    let compiled_in = json["compiled_in"].as_str().context("the measuring program did not say where it is from")?;
    let same = Path::new(compiled_in) == own;
    ensure!(same, "the measuring program was built in {compiled_in}: `touch {CRATE}/src/lib.rs`, and run this again");
    Ok(())
}

fn row(json: &Value) -> Result<Row> {
    let bounds = &json["bounds"];
    let bounds = match bounds {
        Value::Null => None,
        bounds => Some(Bounds { most: number(bounds, "most")?, goal: number(bounds, "goal")? }),
    };
    Ok(Row { name: name(json)?, gas: number(json, "gas")?, reference: number(json, "reference")?, bounds })
}

fn size(json: &Value) -> Result<Size> {
    Ok(Size { name: name(json)?, bytes: number(json, "bytes")? })
}

fn list<'a>(json: &'a Value, key: &str) -> Result<&'a [Value]> {
    Ok(json[key].as_array().with_context(|| format!("the measuring program printed no list of {key}"))?)
}

fn name(json: &Value) -> Result<String> {
    Ok(json["name"].as_str().with_context(|| format!("the measuring program left out a name: {json}"))?.to_owned())
}

fn number(json: &Value, key: &str) -> Result<u64> {
    json[key].as_u64().with_context(|| format!("the measuring program printed no {key}: {json}"))
}
