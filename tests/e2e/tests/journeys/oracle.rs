//! A contract author: an oracle contract buys computations and gets the answers, on the real stack.

use std::path::Path;

use alloy::primitives::{I256, U256};
use alloy::sol_types::SolValue as _;
use e2e::{Network, Options, PATIENCE, Witness, amount, eventually};
use protocol::task::Phase;
use protocol::{Address, Amount, TaskId};
use serde_json::json;

use crate::author::{Author, ComputeOracle, Hub, Offers, Prices, mined};
use crate::shared::{POOL_PRICE, shared};

/// Price of one task of the author's app.
const APP_PRICE: u64 = 20_000_000;
/// Three newcomers have to agree.
const TRUST: u64 = 5;
/// What the oracle is given, in RLC.
const STAKE: u64 = 2;

/// Where a question stands, as the contract numbers it.
const UNKNOWN: u8 = 0;
const ASKED: u8 = 1;
const ANSWERED: u8 = 2;
const REFUNDED: u8 = 4;

fn price() -> Amount {
    Amount::nrlc(POOL_PRICE + APP_PRICE)
}

fn stake() -> Amount {
    Amount::rlc(STAKE)
}

/// Puts the app on the market that computes the answers.
fn publish(network: &Network) -> Address {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dapps/median/median.wasm");
    let module = module.to_str().expect("a plain name");
    let publish = ["app", "publish", module, "--name", "my median", "--price", "0.02", "--account", "developer"];
    let published = network.run(&publish).ended_with(0);
    published.event("app")["app"].as_str().and_then(|text| text.parse().ok()).expect("an address")
}

/// Deploys an oracle for an app and a pool, and fills its stake from the requester's wallet.
async fn oracle(network: &Network, author: &Author, app: Address, workerpool: Address) -> Address {
    let terms = (author.hub(), app, workerpool, U256::from(TRUST), price().to_nrlc());
    let oracle = author.deploy("ComputeOracle", &terms.abi_encode_params()).await;
    let filled = network.run(&["account", "deposit", &STAKE.to_string(), "--for", &oracle.to_string()]).ended_with(0);
    assert_eq!(amount(&filled.event("deposited")["amount"]), stake());
    oracle
}

/// What the oracle knows of a task: its status, and the value.
async fn answer(author: &Author, oracle: Address, task: TaskId) -> (u8, I256) {
    let answer = ComputeOracle::new(oracle, &author.node).answers(task.0).call().await.expect("the node answers");
    (answer.status, answer.value)
}

/// Brings an answer in; `false` when the oracle refuses.
async fn collect(author: &Author, oracle: Address, task: TaskId) -> bool {
    let contract = ComputeOracle::new(oracle, &author.node);
    let call = contract.collect(task.0);
    // Tried out first: the library would count a transaction that its node refuses.
    if call.call().await.is_err() {
        return false;
    }
    mined(call.send().await.expect("what was tried out a moment ago")).await.status()
}

async fn ended(witness: &Witness, task: TaskId) -> Phase {
    eventually("the end of the task", async || {
        let view = witness.chain.task(task).await.ok().flatten()?;
        view.phase.is_final().then_some(view.phase)
    })
    .await
}

fn number(value: i64) -> I256 {
    I256::try_from(value).expect("it is wider")
}

#[tokio::test]
async fn a_contract_asks_once_and_holds_what_three_workers_agreed_on() {
    let network = shared().await;
    let witness = network.witness().await;
    let author = Author::with_wallet(&network, "developer");
    let app = publish(&network);
    let offers = Offers::open(&author, app, "0", Address::ZERO).await;
    let oracle = oracle(&network, &author, app, offers.workerpool.workerpool).await;
    assert_eq!(witness.account(oracle).await.stake, stake());

    let offers = Offers::open(&author, app, "0", oracle).await;
    let task = author.ask(oracle, offers, "--decimals 2 101.25 99.75 100.5").await.task;
    eventually("the answer in the contract", async || {
        (answer(&author, oracle, task).await == (ANSWERED, number(10_050))).then_some(())
    })
    .await;

    let view = witness.task(task).await;
    assert!(view.contributors.len() >= 3, "{view:?}");
    let account = witness.account(oracle).await;
    assert_eq!((account.stake.checked_add(price()), account.locked), (Some(stake()), Amount::ZERO), "what it paid");
    let data = format!("0x{:064x}", 10_050);
    let shown = network.run(&["task", "show", &task.to_string()]).ended_with(0);
    let shown = shown.event("task");
    assert_eq!((&shown["callback"], &shown["callback_data"]), (&json!(oracle), &json!(data)));
    let output = network.fresh_folder();
    let output = output.to_str().expect("a plain name");
    let watched = network.run(&["task", "watch", &task.to_string(), "--output", output]).ended_with(0);
    assert_eq!(watched.event("result")["callback_data"], data, "anybody verifies what the contract got");
    witness.assert_money_conserved().await;
}

#[tokio::test]
async fn what_others_buy_with_the_oracle_as_callback_is_paid_and_ignored() {
    let network = shared().await;
    let witness = network.witness().await;
    let author = Author::with_wallet(&network, "developer");
    let app = publish(&network);
    let offers = Offers::open(&author, app, "0", Address::ZERO).await;
    let oracle = oracle(&network, &author, app, offers.workerpool.workerpool).await;

    let app = app.to_string();
    let callback = ["--trust", "5", "--callback", &oracle.to_string()];
    let bought = network.buy(&[&[app.as_str(), "666"], &callback[..]].concat()).ended_with(0);
    let task = bought.task();
    assert_eq!(bought.event("result")["callback_data"], format!("0x{:064x}", 666));
    assert!(matches!(witness.task(task).await.phase, Phase::Completed { .. }));
    assert_eq!(answer(&author, oracle, task).await, (UNKNOWN, I256::ZERO));
    assert!(!collect(&author, oracle, task).await, "nor can it be brought in later");
    assert_eq!(witness.account(oracle).await.stake, stake(), "the buyer paid");
}

#[tokio::test]
async fn the_smallest_consumer_gets_what_its_owner_runs_with_one_option() {
    let network = shared().await;
    let owner = Author::with_wallet(&network, "requester");
    let dry = network.buy(&["median", "1", "--trust", "5", "--dry-run"]).ended_with(0);
    let pool: Address = serde_json::from_value(dry.event("quote")["workerpool"].clone()).expect("an address");
    let prices = owner.deploy("Prices", &(owner.hub(), pool).abi_encode_params()).await;
    let (pool, callback) = (pool.to_string(), prices.to_string());
    let run = ["median", "3 1 2", "--trust", "5", "--workerpool", &pool, "--callback", &callback];
    let bought = network.buy(&run).ended_with(0);
    assert_eq!(bought.event("quote")["callback"], json!(prices));
    assert!(bought.all("warning").is_empty(), "there is a contract\n{}", bought.describe());
    let price = Prices::new(prices, &owner.node).priceOf(bought.task().0).call().await.expect("the node answers");
    assert_eq!(price, number(2));
}

#[tokio::test]
async fn a_callback_to_nobody_is_warned_of_or_refused() {
    let network = shared().await;
    let nobody = "0x00000000000000000000000000000000000000aa";
    let dry = ["median", "1", "--dry-run", "--callback"];
    let warned = network.buy(&[&dry[..], &[nobody]].concat()).ended_with(0).saying(&["no contract at"]);
    assert_eq!(warned.event("warning")["callback"], nobody);
    let zero = Address::ZERO.to_string();
    let _refused = network.buy(&[&dry[..], &[&zero]].concat()).ended_with(2).saying(&["zero address"]);
    let _refused = network.run(&["account", "deposit", "1", "--for", &zero]).ended_with(2).saying(&["zero address"]);
    let _refused = network.buy(&[&dry[..], &["0x12"]].concat()).ended_with(2);
}

#[tokio::test]
async fn an_oracle_whose_callback_fails_or_whose_task_fails_is_not_stuck() {
    let network = Network::start(Options::workers(3));
    let witness = network.witness().await;
    let author = Author::with_wallet(&network, "developer");
    let app = publish(&network);
    let offers = async |who| Offers::open(&author, app, Network::CATEGORY, who).await;
    let oracle = oracle(&network, &author, app, offers(Address::ZERO).await.workerpool.workerpool).await;

    // Too little gas for any contract: the callback fails, and the task is finalized and paid all the same.
    let hub = Hub::new(author.hub(), Author::with_wallet(&network, "owner").node);
    let _set = mined(hub.setCallbackGas(U256::from(5_000)).send().await.expect("the hub's owner may")).await;
    let task = author.ask(oracle, offers(oracle).await, "7 9 8").await.task;
    assert!(matches!(ended(&witness, task).await, Phase::Completed { .. }));
    assert_eq!(answer(&author, oracle, task).await.0, ASKED);
    assert!(collect(&author, oracle, task).await, "anybody may bring the result in");
    assert_eq!(answer(&author, oracle, task).await, (ANSWERED, number(8)));

    let before = witness.account(oracle).await;
    let task = author.ask(oracle, offers(oracle).await, "seven").await.task;
    assert_eq!(witness.account(oracle).await.locked, price());
    assert!(!collect(&author, oracle, task).await, "it is not over");
    let callback = oracle.to_string();
    let silent = network.order(&["echo", "x", "--callback", &callback, "--category", Network::CATEGORY]);
    eventually("the reason why an app without callback data serves no contract", async || {
        silent.describe().contains("no callback data").then_some(())
    })
    .await;
    witness.advance(101).await;
    let _refunded = silent.finish(PATIENCE).ended_with(5);
    assert_eq!(ended(&witness, task).await, Phase::Failed, "the pool itself claims it");
    assert_eq!(witness.account(oracle).await, before, "the price is back");
    assert!(collect(&author, oracle, task).await);
    assert_eq!(answer(&author, oracle, task).await, (REFUNDED, I256::ZERO));

    let owner = network.account("developer");
    let held = witness.fortune(owner).await;
    let contract = ComputeOracle::new(oracle, &author.node);
    let _paid = mined(contract.withdraw(before.stake.to_nrlc()).send().await.expect("the owner may")).await;
    assert_eq!(witness.fortune(owner).await.checked_sub(held), Some(before.stake));
    witness.assert_money_conserved().await;
}
