//! `contracts/gas.json`: gas by name, in the order of the names, and nothing that depends on a day or a machine.
//! The test `no_operation_costs_more_than_was_accepted` of the conformance crate reads the same file.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::measured::Measured;
use super::{ACCEPT, grouped};

/// The file, relative to the repository.
const FILE: &str = "contracts/gas.json";

/// What was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot(pub(super) BTreeMap<String, u64>);

/// One figure that is not what was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Rise { name: String, was: u64, is: u64 },
    Fall { name: String, was: u64, is: u64 },
    New { name: String, is: u64 },
    Gone { name: String, was: u64 },
}

impl Snapshot {
    pub(super) fn of(measured: &Measured) -> Self {
        Self(measured.rows.iter().map(|row| (row.name.clone(), row.gas)).collect())
    }

    /// # Errors
    /// When the file is missing or is not a number a name.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(FILE)).with_context(|| {
            format!("cannot read {FILE}: `git checkout -- {FILE}` brings it back, `{ACCEPT}` makes a new one")
        })?;
        Self::parse(&text)
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let figures = serde_json::from_str(text);
        figures.map(Self).with_context(|| format!("{FILE} is not JSON with a whole number for each name: `{ACCEPT}`"))
    }

    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, root: &Path) -> Result<()> {
        std::fs::write(root.join(FILE), self.text()).with_context(|| format!("cannot write {FILE}"))
    }

    pub(super) fn text(&self) -> String {
        let figures = serde_json::to_string_pretty(&self.0).expect("names and numbers are JSON");
        format!("{figures}\n")
    }

    /// What `measured` has otherwise, in the order of the table. Differences within the noise are none.
    pub(super) fn changes(&self, measured: &Measured) -> Vec<Change> {
        let mut changes = Vec::new();
        for row in &measured.rows {
            let (name, is) = (row.name.clone(), row.gas);
            match self.0.get(&name).copied() {
                None => changes.push(Change::New { name, is }),
                Some(was) if is > was.saturating_add(measured.noise) => changes.push(Change::Rise { name, was, is }),
                Some(was) if is.saturating_add(measured.noise) < was => changes.push(Change::Fall { name, was, is }),
                Some(_) => {}
            }
        }
        let gone = self.0.iter().filter(|(name, _)| !measured.rows.iter().any(|row| row.name == **name));
        changes.extend(gone.map(|(name, was)| Change::Gone { name: name.clone(), was: *was }));
        changes
    }
}

impl Change {
    /// A fall does not: what was accepted still bounds it. All others would leave something unguarded.
    pub(super) fn has_to_be_accepted(&self) -> bool {
        match self {
            Self::Rise { .. } | Self::New { .. } | Self::Gone { .. } => true,
            Self::Fall { .. } => false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rise { name, was, is } => {
                write!(f, "{name}: {} accepted, {} now, +{}", grouped(*was), grouped(*is), grouped(is - was))
            }
            Self::Fall { name, was, is } => {
                write!(f, "{name}: {} accepted, {} now, -{}", grouped(*was), grouped(*is), grouped(was - is))
            }
            Self::New { name, is } => write!(f, "{name}: nothing accepted, {} now", grouped(*is)),
            Self::Gone { name, was } => write!(f, "{name}: {} accepted, not measured any more", grouped(*was)),
        }
    }
}
