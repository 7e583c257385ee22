//! Verdicts of groups, and the table at the end.

use std::fmt;
use std::time::Duration;

use super::provide::Missing;

/// How a group ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    /// What failed; the details were printed by the tool that found it.
    Failed(String),
    /// What would be needed to run it.
    Skipped(Missing),
}

/// What ran so far.
pub(super) struct Report {
    ci: bool,
    rows: Vec<(&'static str, Verdict, Duration)>,
}

impl Report {
    /// On `ci` nothing that could have been installed may be missing.
    pub(super) fn new(ci: bool) -> Self {
        Self { ci, rows: Vec::new() }
    }

    /// Notes how a group ended, and says so at once.
    pub(super) fn add(&mut self, name: &'static str, verdict: Verdict, took: Duration) {
        let verdict = match verdict {
            Verdict::Skipped(missing) if self.ci && missing.installable => {
                Verdict::Failed(format!("could have been installed: {}", missing.reason))
            }
            other => other,
        };
        println!("{}", row(name, &verdict, took));
        self.rows.push((name, verdict, took));
    }

    /// Whether nothing failed.
    pub(super) fn is_green(&self) -> bool {
        !self.rows.iter().any(|(_, verdict, _)| matches!(verdict, Verdict::Failed(_)))
    }

    fn count(&self, wanted: fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|(_, verdict, _)| wanted(verdict)).count()
    }
}

fn row(name: &str, verdict: &Verdict, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    match verdict {
        Verdict::Passed => format!("{name:<12} passed  {seconds:>7.1} s"),
        Verdict::Failed(why) => format!("{name:<12} FAILED  {seconds:>7.1} s  {why}"),
        Verdict::Skipped(missing) => format!("{name:<12} skipped {seconds:>7.1} s  {}", missing.reason),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n=== summary")?;
        for (name, verdict, took) in &self.rows {
            writeln!(f, "{}", row(name, verdict, *took))?;
        }
        let passed = self.count(|verdict| *verdict == Verdict::Passed);
        let failed = self.count(|verdict| matches!(verdict, Verdict::Failed(_)));
        let skipped = self.count(|verdict| matches!(verdict, Verdict::Skipped(_)));
        writeln!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}
