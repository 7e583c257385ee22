//! The program from outside: exit codes, streams, and the words of its refusals. No network is started here.

use std::process::{Command, Output};

fn fairgrid(home: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fairgrid"))
        .arg("--home")
        .arg(home)
        .args(arguments)
        .env_remove("FAIRGRID_PASSWORD")
        .env_remove("FAIRGRID_HOME")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_is_a_success_and_names_the_exit_codes() {
    let home = tempfile::tempdir().unwrap();
    let output = fairgrid(home.path(), &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    for word in ["demo", "up", "run", "Exit codes", "130 interrupted"] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn wrong_usage_is_two_and_names_the_option() {
    let home = tempfile::tempdir().unwrap();
    let output = fairgrid(home.path(), &["run", "echo", "--trust", "many"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--trust"), "{}", stderr(&output));
}

#[test]
fn without_a_network_the_next_step_is_named() {
    let home = tempfile::tempdir().unwrap();
    let output = fairgrid(home.path(), &["account", "show", "0x0000000000000000000000000000000000000001"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("fairgrid up"), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_network_that_does_not_answer_is_eight() {
    let home = tempfile::tempdir().unwrap();
    let hub = "0x0000000000000000000000000000000000000001";
    let place = ["--rpc", "http://127.0.0.1:1", "--hub", hub, "--market", "http://127.0.0.1:1"];
    let output = fairgrid(home.path(), &[&["account", "show", hub][..], &place].concat());
    assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
    assert!(stderr(&output).contains("http://127.0.0.1:1"), "{}", stderr(&output));
}

#[test]
fn a_damaged_network_file_is_named() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("network.json"), "{\"rpc\": 7").unwrap();
    let output = fairgrid(home.path(), &["account", "show", "0x0000000000000000000000000000000000000001"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("network.json is not a network file"), "{}", stderr(&output));
}

#[test]
fn wallets_are_made_and_listed_and_wrong_passwords_are_nine() {
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, "correct horse\n").unwrap();
    let file = password.to_str().unwrap();
    let made = fairgrid(home.path(), &["wallet", "new", "alice", "--password-file", file]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let listed = fairgrid(home.path(), &["--json", "wallet", "list"]);
    let line: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!((line["event"].as_str(), line["name"].as_str()), (Some("wallet"), Some("alice")));
    // People see checksums in the letters' case, programs see lower case.
    let shown = String::from_utf8(made.stdout).unwrap().to_lowercase();
    assert!(shown.starts_with(line["address"].as_str().unwrap()), "{shown}");
    std::fs::write(&password, "wrong").unwrap();
    let keystore = home.path().join("wallets").join("alice");
    let import = ["wallet", "import", "copy", keystore.to_str().unwrap(), "--password-file", file];
    let refused = fairgrid(home.path(), &import);
    assert_eq!(refused.status.code(), Some(9));
    assert!(stderr(&refused).contains("wrong password"), "{}", stderr(&refused));
}

#[test]
fn a_short_password_and_a_missing_one_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, "short").unwrap();
    let output = fairgrid(home.path(), &["wallet", "new", "bob", "--password-file", password.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(9));
    assert!(stderr(&output).contains("at least 8"), "{}", stderr(&output));
    let output = fairgrid(home.path(), &["wallet", "new", "bob", "--password-file", "/does/not/exist"]);
    assert_eq!(output.status.code(), Some(9));
    assert!(stderr(&output).contains("/does/not/exist"), "{}", stderr(&output));
}

#[test]
fn completions_are_printed_for_a_shell() {
    let home = tempfile::tempdir().unwrap();
    let output = fairgrid(home.path(), &["completions", "bash"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("_fairgrid"));
}
