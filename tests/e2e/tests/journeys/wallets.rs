//! Wallets: made, listed, imported, and kept shut.

use std::path::Path;

use e2e::{Finished, PATIENCE, Process};

fn wallet(home: &Path, arguments: &[&str]) -> Finished {
    let folder = home.to_str().expect("a plain name");
    let all: Vec<String> =
        ["--json", "--home", folder, "wallet"].iter().chain(arguments).map(|text| (*text).to_owned()).collect();
    Process::start("wallet", &all, &home.join("log")).finish(PATIENCE)
}

#[test]
fn a_wallet_is_made_listed_and_imported_elsewhere_with_its_password_only() {
    let (home, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a plain name").to_owned()
    };
    let (right, wrong) = (write("right", "correct horse\n"), write("wrong", "battery staple\n"));
    let short = write("short", "horse\n");

    let made = wallet(home.path(), &["new", "alice", "--password-file", &right]).ended_with(0);
    let address = made.event("wallet")["address"].clone();
    let _taken = wallet(home.path(), &["new", "alice", "--password-file", &right]).ended_with(9).saying(&["alice"]);
    let _weak = wallet(home.path(), &["new", "bob", "--password-file", &short]).ended_with(9).saying(&["at least 8"]);
    let listed = wallet(home.path(), &["list"]).ended_with(0);
    assert_eq!((&listed.event("wallet")["name"], &listed.event("wallet")["address"]), (&"alice".into(), &address));

    let file = home.path().join("wallets/alice");
    let file = file.to_str().expect("a plain name");
    let import = |password: &str| wallet(other.path(), &["import", "hers", file, "--password-file", password]);
    let _shut = import(&wrong).ended_with(9).saying(&["wrong password"]);
    assert_eq!(wallet(other.path(), &["list"]).ended_with(0).events.len(), 0, "nothing was imported");
    assert_eq!(import(&right).ended_with(0).event("wallet")["address"], address);

    let key_in_clear = std::fs::read_to_string(file).expect("the wallet");
    assert!(key_in_clear.contains("\"ciphertext\""), "a keystore file, encrypted");
    let no_terminal = wallet(home.path(), &["new", "carol"]).ended_with(9).saying(&["--password-file"]);
    assert!(no_terminal.all("wallet").is_empty());
}
