//! `cargo xtask bench gas`. The scenario and the rows are in `tests/conformance/src/gas`; here they are judged and written down.

mod measured; // what the measuring program printed
mod snapshot; // contracts/gas.json: what was accepted, and what differs from it

use std::path::Path;

use anyhow::{Result, bail};

use super::page;
use super::table::{grouped, markdown};
use measured::{Measured, Row};
use snapshot::{Change, Snapshot};

/// What to do where figures differ from the accepted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Compare,
    Accept,
}

/// What decides about gas.
const SOURCES: [&str; 3] = ["contracts/src", "contracts/artifacts", "tests/conformance/src"];
const ACCEPT: &str = "cargo xtask bench gas --accept";

/// Measures, prints, compares, and writes the page.
///
/// # Errors
/// When nothing can be measured, a file is unreadable, or a figure needs to be accepted first; then the page stays as it was.
pub(super) fn run(root: &Path, mode: Mode) -> Result<()> {
    let measured = Measured::of(root)?;
    print!("{}", report(&measured));
    match mode {
        Mode::Accept => Snapshot::of(&measured).write(root)?,
        Mode::Compare => compare(&Snapshot::read(root)?, &measured)?,
    }
    let origin = page::origin(root, &SOURCES);
    page::write(root, "gas", &format!("{origin}\n\n{}", report(&measured)))
}

/// Refuses what has to be accepted, and reminds of what could be.
fn compare(accepted: &Snapshot, measured: &Measured) -> Result<()> {
    let (blocking, falls): (Vec<_>, Vec<_>) =
        accepted.changes(measured).into_iter().partition(Change::has_to_be_accepted);
    let lines = |changes: &[Change]| changes.iter().map(|change| format!("  {change}\n")).collect::<String>();
    if !falls.is_empty() {
        print!("\nless than accepted, keep it with `{ACCEPT}`:\n{}", lines(&falls));
    }
    if !blocking.is_empty() {
        bail!("gas differs from contracts/gas.json; if it must be: `{ACCEPT}`\n{}", lines(&blocking));
    }
    Ok(())
}

/// The figures against their targets, and the sizes.
fn report(measured: &Measured) -> String {
    let head = ["operation", "reference", "ours", "ours / reference", "at most", "goal", "verdict"];
    let rows: Vec<_> = measured.rows.iter().map(cells).collect();
    let sizes: Vec<_> = measured.sizes.iter().map(|size| vec![size.name.clone(), grouped(size.bytes)]).collect();
    let met = |wanted: Verdict| measured.rows.iter().filter(|row| Verdict::of(row) == wanted).count();
    format!(
        "{}\nGoals met: {}; only promises met: {}; not met: {}.\n\n{}",
        markdown(&head, &rows),
        met(Verdict::GoalMet),
        met(Verdict::Met),
        met(Verdict::NotMet),
        markdown(&["contract", &format!("bytes, of {}", grouped(measured.most_bytes))], &sizes),
    )
}

fn cells(row: &Row) -> Vec<String> {
    let bound = |gas: Option<u64>| gas.map_or_else(|| "–".to_owned(), grouped);
    vec![
        row.name.clone(),
        grouped(row.reference),
        grouped(row.gas),
        percent(row.gas, row.reference),
        bound(row.bounds.map(|bounds| bounds.most)),
        bound(row.bounds.map(|bounds| bounds.goal)),
        Verdict::of(row).words().to_owned(),
    ]
}

/// With one digit behind the point, rounded to the nearest. Gas figures are far below 2^50.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (part * 1_000 + whole / 2) / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// How a figure stands to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    GoalMet,
    Met,
    NotMet,
    NoTarget,
}

impl Verdict {
    fn of(row: &Row) -> Self {
        match row.bounds {
            None => Self::NoTarget,
            Some(bounds) if row.gas <= bounds.goal => Self::GoalMet,
            Some(bounds) if row.gas <= bounds.most => Self::Met,
            Some(_) => Self::NotMet,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::GoalMet => "goal met",
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::NoTarget => "–",
        }
    }
}

#[cfg(test)]
mod tests;
