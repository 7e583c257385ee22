//! Tests of what the bench promises: what is refused, what is only said, and what the files look like.

use serde_json::json;

use super::measured::{Bounds, Size, refuse_another_clone};
use super::*;

fn measured(figures: &[(&str, u64)]) -> Measured {
    let bounds = Some(Bounds { most: 600, goal: 500 });
    let row = |(name, gas): &(&str, u64)| Row { name: (*name).to_owned(), gas: *gas, reference: 1_000, bounds };
    let sizes = vec![Size { name: "Facet".to_owned(), bytes: 12_345 }];
    Measured { rows: figures.iter().map(row).collect(), noise: 10, sizes, most_bytes: 24_576 }
}

fn snapshot(figures: &[(&str, u64)]) -> Snapshot {
    Snapshot::of(&measured(figures))
}

#[test]
fn a_rise_is_refused_with_row_old_new_and_the_command() {
    let refused =
        compare(&snapshot(&[("claim", 600), ("reveal", 500)]), &measured(&[("claim", 1_611), ("reveal", 500)]));
    let text = refused.expect_err("claim rose").to_string();
    assert!(text.contains("claim: 600 accepted, 1 611 now, +1 011"), "{text}");
    assert!(text.contains("cargo xtask bench gas --accept"), "{text}");
    assert!(!text.contains("reveal"), "{text}");
}

#[test]
fn a_fall_and_the_noise_pass() {
    let accepted = snapshot(&[("claim", 600), ("reveal", 500)]);
    compare(&accepted, &measured(&[("claim", 610), ("reveal", 400)])).expect("nothing rose");
    let changes = accepted.changes(&measured(&[("claim", 610), ("reveal", 489)]));
    assert_eq!(changes, [Change::Fall { name: "reveal".to_owned(), was: 500, is: 489 }]);
    assert_eq!(changes[0].to_string(), "reveal: 500 accepted, 489 now, -11");
}

#[test]
fn a_row_without_a_figure_and_a_figure_without_a_row_are_refused() {
    let accepted = snapshot(&[("claim", 600)]);
    let new = compare(&accepted, &measured(&[("claim", 600), ("reveal", 500)])).expect_err("reveal is new");
    assert!(new.to_string().contains("reveal: nothing accepted, 500 now"), "{new}");
    let gone = compare(&accepted, &measured(&[("reveal", 600)])).expect_err("claim is gone");
    assert!(gone.to_string().contains("claim: 600 accepted, not measured any more"), "{gone}");
}

#[test]
fn the_snapshot_reads_what_it_writes_in_the_order_of_names() {
    let accepted = snapshot(&[("reveal", 500), ("claim", 600)]);
    assert_eq!(accepted.text(), "{\n  \"claim\": 600,\n  \"reveal\": 500\n}\n");
    assert_eq!(Snapshot::parse(&accepted.text()).expect("it was just written"), accepted);
}

#[test]
fn a_snapshot_that_is_no_table_of_numbers_is_refused_with_the_next_step() {
    for text in ["", "[]", "{\"claim\": \"600\"}", "{\"claim\": -1}", "{\"claim\": 1.5}", "{\"claim\": 600"] {
        let refused = Snapshot::parse(text).expect_err(text).to_string();
        assert!(refused.contains("contracts/gas.json") && refused.contains("--accept"), "{refused}");
    }
    let missing = Snapshot::read(Path::new("no-such-folder")).expect_err("there is none").to_string();
    assert!(missing.contains("cannot read contracts/gas.json"), "{missing}");
}

#[test]
fn verdicts_end_at_their_bounds() {
    let verdict = |gas| Verdict::of(&measured(&[("claim", gas)]).rows[0]);
    assert_eq!([500, 501, 600, 601].map(verdict), [Verdict::GoalMet, Verdict::Met, Verdict::Met, Verdict::NotMet]);
    let row = Row { bounds: None, ..measured(&[("claim", 1)]).rows.remove(0) };
    assert_eq!(Verdict::of(&row), Verdict::NoTarget);
}

#[test]
fn the_table_is_aligned_markdown_with_a_verdict_a_row() {
    let text = report(&measured(&[("claim", 601), ("contribute, first", 59)]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "| operation         | reference | ours | ours / reference | at most | goal |  verdict |");
    assert_eq!(lines[1], "| ----------------- | --------: | ---: | ---------------: | ------: | ---: | -------: |");
    assert_eq!(lines[2], "| claim             |     1 000 |  601 |           60.1 % |     600 |  500 |  not met |");
    assert_eq!(lines[3], "| contribute, first |     1 000 |   59 |            5.9 % |     600 |  500 | goal met |");
    assert!(text.contains("Goals met: 1; only promises met: 0; not met: 1."), "{text}");
    assert!(text.contains("| Facet    |           12 345 |"), "{text}");
}

#[test]
fn what_is_no_report_is_refused() {
    let row = json!({ "name": "claim", "gas": 5, "reference": 9, "bounds": null });
    let whole = json!({ "rows": [row], "noise": 1, "sizes": [], "most_bytes": 2 });
    let row = &Measured::parse(&whole).expect("a whole report").rows[0];
    assert_eq!((row.name.as_str(), row.gas, row.reference, row.bounds), ("claim", 5, 9, None));
    let broken = [("/rows", json!([])), ("/noise", json!("1")), ("/sizes", json!(7)), ("/most_bytes", json!(null))];
    let broken_rows =
        [("/rows/0/gas", json!(-5)), ("/rows/0/name", json!(7)), ("/rows/0/bounds", json!({ "most": 1 }))];
    for (place, value) in broken.into_iter().chain(broken_rows) {
        let mut report = whole.clone();
        *report.pointer_mut(place).expect("a whole report has it") = value;
        assert!(Measured::parse(&report).is_err(), "{place}");
    }
}

#[test]
fn the_program_of_another_clone_is_refused_with_the_next_step() {
    let report = json!({ "compiled_in": "/other/tests/conformance" });
    refuse_another_clone(&report, Path::new("/other/tests/conformance")).expect("it is this clone's");
    let refused = refuse_another_clone(&report, Path::new("/own/tests/conformance")).expect_err("it is the other's");
    assert!(refused.to_string().contains("built in /other/tests/conformance: `touch "), "{refused}");
    refuse_another_clone(&json!({}), Path::new("/own")).expect_err("it does not say");
}

#[test]
fn a_section_is_replaced_and_all_else_stays() {
    let page = "# Title\n<!-- gas: begin -->\nold\n<!-- gas: end -->\nafter\n";
    let new = page::replaced(page, "gas", "new\n").expect("it has a place");
    assert_eq!(new, "# Title\n<!-- gas: begin -->\n\nnew\n\n<!-- gas: end -->\nafter\n");
    assert_eq!(page::replaced(&new, "gas", "new\n").expect("it has a place"), new);
    for broken in ["", "<!-- gas: begin -->\n", "<!-- gas: end -->\n<!-- gas: begin -->\n", &page.repeat(2)] {
        assert!(page::replaced(broken, "gas", "new").is_err(), "{broken}");
    }
}
