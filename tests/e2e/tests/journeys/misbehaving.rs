//! Apps that fail, by accident or on purpose: the requester learns why, and the workers go on.

use std::path::{Path, PathBuf};

use e2e::Network;

use crate::shared::{sell, shared};

fn module(app: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../dapps/{app}/{app}.wasm"))
}

fn still_works(network: &Network) {
    let bought = network.buy(&["echo", "still here", "--category", Network::CATEGORY]).ended_with(0);
    assert_eq!(std::fs::read_to_string(&bought.files()[0]).expect("the result"), "still here\ntask 0\n");
}

#[tokio::test]
async fn an_app_that_fails_says_why_and_harms_nobody() {
    let network = shared().await;
    let app = sell(&network, "misbehave", &module("misbehave"), true).await.to_string();
    for (act, why) in [
        ("loop", "fuel"),
        ("eat-memory", "memory"),
        ("write-much", "disk"),
        ("exit-1", "exit code 1"),
        ("trap", "ended"),
        ("no-computed", "computed.json"),
    ] {
        let failed = network.buy(&[&app, act, "--category", Network::CATEGORY]).ended_with(4);
        let words = failed.words();
        assert!(words.contains(why), "{act}: {}", failed.describe());
    }
    still_works(&network);
}

#[tokio::test]
async fn an_app_cannot_leave_its_sandbox() {
    let network = shared().await;
    let app = sell(&network, "misbehave", &module("misbehave"), true).await.to_string();
    let ended = network.buy(&[&app, "escape", "--category", Network::CATEGORY]).ended_with(0);
    let text = std::fs::read_to_string(&ended.files()[0]).expect("the result");
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(text.lines().all(|line| line.ends_with(": refused")), "{text}");
}

#[tokio::test]
async fn an_app_that_is_no_program_fails_with_a_reason() {
    let network = shared().await;
    let path = network.home().join("garbage.wasm");
    std::fs::write(&path, b"this is no module at all").expect("a file");
    let app = sell(&network, "garbage", &path, true).await.to_string();
    let _failed = network.buy(&[&app, "--category", Network::CATEGORY]).ended_with(4).saying(&["WebAssembly"]);
    still_works(&network);
}
