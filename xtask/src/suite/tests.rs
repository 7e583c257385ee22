//! Tests of what the suite promises: names, counts, and what a CI accepts.

use std::time::Duration;

use super::provide::{Missing, Need, Sign};
use super::*;

fn missing(installable: bool) -> Verdict {
    Verdict::Skipped(Missing { reason: "no engine".to_owned(), installable })
}

#[test]
fn the_closing_line_counts_groups() {
    let mut report = Report::new(false);
    report.add("a", Verdict::Passed, Duration::ZERO);
    report.add("b", Verdict::Passed, Duration::ZERO);
    report.add("c", missing(true), Duration::ZERO);
    assert!(report.is_green());
    report.add("d", Verdict::Failed("broken".to_owned()), Duration::ZERO);
    assert!(!report.is_green());
    assert!(report.to_string().ends_with("\n2 passed, 1 failed, 1 skipped\n"));
}

#[test]
fn on_ci_what_could_have_been_installed_may_not_be_skipped() {
    let mut report = Report::new(true);
    report.add("a", missing(false), Duration::ZERO);
    assert!(report.is_green());
    report.add("b", missing(true), Duration::ZERO);
    assert!(!report.is_green());
    assert!(report.to_string().contains("could have been installed: no engine"));
}

#[test]
fn what_is_there_needs_nothing_installed() {
    let needs = [
        Need { sign: Sign::Program("sh"), package: "no-such-package" },
        Need { sign: Sign::File("/"), package: "no-such-package" },
    ];
    Machine::here().provide(&needs).expect("both are on every machine");
}

#[test]
fn an_unknown_group_is_refused_before_anything_runs() {
    let refused = run(PathBuf::new(), &["testz".to_owned()]).expect_err("no such group");
    assert!(refused.to_string().contains("testz"));
}
