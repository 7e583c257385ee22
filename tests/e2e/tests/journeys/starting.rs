//! What a first command meets: no network, a broken network file, a port in use, an interrupted start.

use std::net::TcpListener;
use std::path::Path;

use e2e::{Finished, PATIENCE, Process};

fn alone(home: &Path, arguments: &[&str]) -> Finished {
    let folder = home.to_str().expect("a plain name");
    let all: Vec<String> =
        ["--json", "--home", folder].iter().chain(arguments).map(|text| (*text).to_owned()).collect();
    Process::start(arguments[0], &all, &home.join("log")).finish(PATIENCE)
}

#[test]
fn without_a_network_every_verb_says_how_to_get_one() {
    let home = tempfile::tempdir().expect("a folder");
    let task = format!("0x{}", "11".repeat(32));
    for arguments in [
        vec!["run", "echo"],
        vec!["account", "show", "0x00000000000000000000000000000000000000aa"],
        vec!["account", "deposit", "1"],
        vec!["deal", "show", &task],
        vec!["task", "watch", &task],
        vec!["pool", "run"],
        vec!["worker", "run"],
    ] {
        let _refused = alone(home.path(), &arguments).ended_with(2).saying(&["no network is known", "fairgrid up"]);
    }
}

#[test]
fn a_broken_network_file_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(home.path().join("network.json"), "{ not json").expect("a file");
    let _refused = alone(home.path(), &["run", "echo"]).ended_with(2).saying(&["network.json", "fairgrid up"]);
}

#[test]
fn a_network_that_is_gone_does_not_answer() {
    let home = tempfile::tempdir().expect("a folder");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let url = format!("http://127.0.0.1:{port}/");
    let hub = "0x00000000000000000000000000000000000000aa";
    let arguments = ["account", "show", hub, "--rpc", &url, "--hub", hub, "--market", &url];
    let _gone = alone(home.path(), &arguments).ended_with(8).saying(&[&port.to_string()]);
}

#[test]
fn a_port_in_use_is_named_with_its_option() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for option in ["--rpc-port", "--market-port", "--gateway-port", "--pool-port"] {
        let home = tempfile::tempdir().expect("a folder");
        let mut arguments = vec!["up", "--workers", "0"];
        for other in ["--rpc-port", "--market-port", "--gateway-port", "--pool-port"] {
            arguments.extend([other, if other == option { &port } else { "0" }]);
        }
        let _refused = alone(home.path(), &arguments).ended_with(1).saying(&[&port, option]);
    }
}
