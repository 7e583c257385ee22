//! An app developer puts an app on the market, and earns when others run it.

use e2e::amount;
use protocol::Amount;

use crate::shared::{POOL_PRICE, shared};

#[tokio::test]
async fn a_published_app_is_run_by_others_and_earns_its_price() {
    const PRICE: u64 = 20_000_000;
    let network = shared().await;
    let module = network.home().join("modules/echo.wasm");
    let copy = network.home().join("mine.wasm");
    std::fs::copy(module, &copy).expect("a module of the developer");
    let module = copy.to_str().expect("a plain name");
    let publish = ["app", "publish", module, "--name", "mine", "--price", "0.02", "--account", "developer"];
    let published = network.run(&publish).ended_with(0);
    let app = published.event("app")["app"].as_str().expect("an address").to_owned();

    let witness = network.witness().await;
    let developer = network.account("developer");
    let before = witness.owned(developer).await;
    let bought = network.buy(&[&app, "sold"]).ended_with(0);
    assert_eq!(std::fs::read_to_string(&bought.files()[0]).expect("the result"), "sold\ntask 0\n");
    assert_eq!(amount(&bought.event("quote")["task_price"]), Amount::nrlc(POOL_PRICE + PRICE));
    assert_eq!(witness.owned(developer).await.checked_sub(before), Some(Amount::nrlc(PRICE)));
    witness.assert_money_conserved().await;
}

#[tokio::test]
async fn what_is_no_module_is_not_published() {
    let network = shared().await;
    let path = network.home().join("notes.txt");
    std::fs::write(&path, "notes").expect("a file");
    let path = path.to_str().expect("a plain name");
    let _refused = network.run(&["app", "publish", path, "--account", "developer"]).ended_with(2).saying(&[path]);
}
