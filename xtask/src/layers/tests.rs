//! Tests of the rules, without cargo and git.

use super::*;

#[test]
fn imports_that_point_down_are_allowed() {
    for (importer, imported) in [
        ("fairgrid", "fairgrid-sdk"),
        ("fairgrid", "fairgrid-protocol"),
        ("fairgrid-sdk", "fairgrid-chain"),
        ("fairgrid-worker", "fairgrid-sandbox"),
        ("fairgrid-storage", "fairgrid-runtime"),
        ("fairgrid-e2e", "fairgrid-api"),
    ] {
        assert_eq!(import_fault(importer, imported, false), None, "{importer} {imported}");
    }
}

#[test]
fn imports_that_point_up_are_refused_with_both_names() {
    for (importer, imported) in [
        ("fairgrid-protocol", "fairgrid-chain"),
        ("fairgrid-chain", "fairgrid-worker"),
        ("fairgrid-market", "fairgrid-sdk"),
        ("fairgrid-sdk", "fairgrid"),
    ] {
        let fault = import_fault(importer, imported, false).expect("refused");
        assert_eq!(fault, format!("{importer} imports {imported}: imports point down only"));
        assert!(import_fault(importer, imported, true).is_some(), "tests are no excuse");
    }
}

#[test]
fn neighbours_never_import_each_other() {
    for (importer, imported, word) in [
        ("fairgrid-market", "fairgrid-scheduler", "services"),
        ("fairgrid-worker", "fairgrid-results", "services"),
        ("fairgrid-storage", "fairgrid-api", "storage"),
        ("fairgrid-runtime", "fairgrid-protocol", "know nothing"),
        ("xtask", "fairgrid-e2e", "nothing imports"),
    ] {
        let fault = import_fault(importer, imported, false).expect("refused");
        assert!(fault.contains(word), "{fault}");
    }
}

#[test]
fn the_chain_may_use_the_embedded_chain_in_its_tests_only() {
    assert_eq!(import_fault("fairgrid-chain", "fairgrid-devnet", true), None);
    assert!(import_fault("fairgrid-chain", "fairgrid-devnet", false).is_some());
    assert!(import_fault("fairgrid-devnet", "fairgrid-chain", true).is_some());
}

#[test]
fn a_source_file_without_its_sign_is_named() {
    assert_eq!(file_fault("a.rs", b"//! Says what it is for.\n"), None);
    assert_eq!(file_fault("a.md", b"no sign needed"), None);
    assert!(file_fault("a.rs", b"use std::fs;\n").expect("refused").starts_with("a.rs does not open"));
}

#[test]
fn a_path_of_one_machine_is_found_anywhere_in_a_file() {
    for path in MACHINE_PATHS {
        let text = format!("some\ntext {path}x\n");
        assert!(file_fault("a.md", text.as_bytes()).expect("refused").contains(path));
    }
    assert_eq!(file_fault("a.md", b"crates/worker/src and network/file"), None);
}
