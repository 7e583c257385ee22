//! Money: an empty wallet, a deposit, a withdrawal.

use e2e::{Finished, Network, amount};
use protocol::{Address, Amount};
use serde_json::Value;

use crate::shared::shared;

fn shows(finished: &Finished, free: u64, wallet: u64) {
    let line: &Value = finished.event("account");
    let shown = (amount(&line["free"]), amount(&line["wallet"]), amount(&line["locked"]));
    assert_eq!(shown, (Amount::nrlc(free), Amount::nrlc(wallet), Amount::ZERO), "{}", finished.describe());
}

fn new_wallet(network: &Network, name: &str) -> String {
    let made = network.run(&["wallet", "new", name]).ended_with(0);
    let address: Address =
        made.event("wallet")["address"].as_str().and_then(|text| text.parse().ok()).expect("an address");
    address.to_string()
}

#[tokio::test]
async fn an_empty_wallet_is_told_what_to_deposit_and_money_goes_round() {
    let network = shared().await;
    let address = new_wallet(&network, "newcomer");
    let buy = ["wordcount", "mine", "--account", "newcomer"];
    let _poor = network.buy(&buy).ended_with(7).saying(&["fairgrid account deposit 0.11", &address, "no RLC"]);
    let own = ["--account", "newcomer"];
    let deposit = |amount| network.run(&[&["account", "deposit", amount], &own[..]].concat());
    let withdraw = |amount| network.run(&[&["account", "withdraw", amount], &own[..]].concat());
    let _poor = deposit("5").ended_with(7).saying(&["holds 0 RLC", "5 RLC"]);

    let _sent = network.run(&["account", "send", &address, "2"]).ended_with(0);
    let _poor = network.buy(&buy).ended_with(7).saying(&["fairgrid account deposit 0.11", "the wallet holds 2 RLC"]);
    shows(&deposit("1.5").ended_with(0), 1_500_000_000, 500_000_000);
    let _too_much = withdraw("1.6").ended_with(7).saying(&["1.5 RLC is free"]);
    let bought = network.buy(&buy).ended_with(0);
    assert_eq!(std::fs::read_to_string(&bought.files()[0]).expect("the result"), "1 mine\n");
    shows(&withdraw("1.39").ended_with(0), 0, 1_890_000_000);
    shows(&network.run(&["account", "show", "newcomer"]).ended_with(0), 0, 1_890_000_000);
    let _nothing = deposit("0").ended_with(2).saying(&["above zero"]);
    network.witness().await.assert_money_conserved().await;
}
