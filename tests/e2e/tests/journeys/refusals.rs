//! Requests that nobody can serve: refused with a reason, before any money moves.

use e2e::{Finished, Network};

use crate::shared::{sell, shared};

async fn refused(network: &Network, arguments: &[&str]) -> Finished {
    let witness = network.witness().await;
    let requester = network.account("requester");
    let before = witness.account(requester).await;
    let refused = network.buy(arguments);
    assert_eq!(witness.account(requester).await, before, "nothing is locked\n{}", refused.describe());
    assert!(refused.all("deal").is_empty(), "no deal is made\n{}", refused.describe());
    refused
}

#[tokio::test]
async fn a_request_that_nobody_can_serve_costs_nothing_and_says_what_is_missing() {
    let network = shared().await;
    let app = sell(&network, "unsold", &network.home().join("modules/echo.wasm"), false).await.to_string();
    for (arguments, code, parts) in [
        (vec!["echo", "x", "--trust", "100000"], 3, vec!["100000", "trust"]),
        (vec!["wordcount", "x", "--max-price", "0.0001"], 3, vec!["0.11 RLC", "0.0001 RLC", "--max-price"]),
        (vec!["echo", "x", "--category", "3"], 3, vec!["category 3"]),
        (vec!["blender", "x"], 2, vec!["'blender'", "wordcount"]),
        (vec![app.as_str(), "x"], 3, vec!["no open order"]),
        (vec!["0x00000000000000000000000000000000000000aa", "x"], 3, vec!["there is no app"]),
        (vec!["echo", "x", "--tasks", "0"], 2, vec!["0 tasks"]),
        (vec!["echo", "'open"], 2, vec!["quote"]),
        (vec!["echo", "x", "--account", "nobody"], 9, vec!["no wallet 'nobody'", "wallet new nobody"]),
    ] {
        let _refused = refused(&network, &arguments).await.ended_with(code).saying(&parts);
    }
}

#[tokio::test]
async fn a_dry_run_signs_nothing() {
    let network = shared().await;
    let height = network.witness().await;
    let before = height.events(chain::EventKind::ALL).await.len();
    let dry = refused(&network, &["wordcount", "x", "--trust", "5", "--tasks", "3", "--dry-run"]).await.ended_with(0);
    assert_eq!(e2e::amount(&dry.event("quote")["ceiling"]), protocol::Amount::nrlc(330_000_000));
    assert_eq!(height.events(chain::EventKind::ALL).await.len(), before, "nothing happened on the hub");
}
