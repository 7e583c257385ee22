//! Bad input: every message gets a clear answer, and the chain goes on.

use std::time::Duration;

use crate::world::World;
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionRequest;
use devnet::{Config, Error, Limits, Mining, Node};
use runtime::{Stopper, SystemClock};
use serde_json::{Value, json};

#[tokio::test]
async fn broken_messages_get_the_code_that_says_why() {
    let world = World::new().await;
    let deep = "[".repeat(100_000);
    for (body, code) in [
        ("garbage", -32700),
        ("", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1", -32700),
        (deep.as_str(), -32700),
        ("[]", -32600),
        ("7", -32600),
        ("{}", -32600),
        (r#"{"id":1,"method":7}"#, -32600),
        (r#"{"id":{"a":1},"method":"eth_chainId"}"#, -32600),
        (r#"{"id":1,"method":"eth_getBalance","params":{"a":1}}"#, -32602),
        (r#"{"id":1,"method":"eth_getBalance","params":["0x12"]}"#, -32602),
        (r#"{"id":1,"method":"eth_getBalance","params":[null]}"#, -32602),
        (r#"{"id":1,"method":"eth_call","params":[{"data":"0x01","input":"0x02"}]}"#, -32602),
        (r#"{"id":1,"method":"eth_call","params":[{"gasPrice":"0x1","maxFeePerGas":"0x2"}]}"#, -32602),
        (r#"{"id":1,"method":"eth_feeHistory","params":["0x1","latest",[50,20]]}"#, -32602),
        (r#"{"id":1,"method":"eth_sendRawTransaction","params":["zz"]}"#, -32602),
        (r#"{"id":1,"method":"eth_subscribe","params":["newHeads"]}"#, -32601),
        (r#"{"id":1,"method":"evm_setNextBlockTimestamp","params":[-1]}"#, -32602),
    ] {
        let answer = world.post(body.into()).await;
        assert_eq!(answer["error"]["code"], code, "{body:.60}: {answer}");
    }
    assert_eq!(world.ask("eth_blockNumber", json!([])).await, "0x0");
    world.stop().await;
}

#[tokio::test]
async fn a_failed_entry_does_not_fail_its_batch_and_ids_keep_their_type() {
    let world = World::new().await;
    let mut batch =
        vec![json!({ "id": "text", "method": "eth_chainId" }), json!({ "id": 7, "method": "nope" }), json!(3)];
    batch.extend((0..20).map(|id| json!({ "id": id, "method": "eth_call", "params": [{ "to": world.me }] })));
    let answer = world.post(Value::Array(batch).to_string()).await;
    let answers = answer.as_array().unwrap();
    assert_eq!((answers.len(), &answers[0]["id"], &answers[0]["result"]), (23, &json!("text"), &json!("0xffff")));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"]), (&json!(7), &json!(-32601)));
    assert_eq!((&answers[2]["id"], &answers[2]["error"]["code"]), (&Value::Null, &json!(-32600)));
    assert!(answers[3..].iter().all(|answer| answer["result"] == "0x"));
    world.stop().await;
}

#[tokio::test]
async fn sizes_counts_and_ranges_are_limited() {
    let mut config = crate::world::config();
    config.limits = Limits { body: 4000, batch: 5, log_blocks: 3, filters: 2, logs: 3, pool: 2, ..Limits::default() };
    let world = World::with(config).await;
    let long = world.http.post(world.node.url()).body(" ".repeat(5000)).send().await.unwrap();
    assert_eq!(long.status(), 413);
    assert_eq!(long.json::<Value>().await.unwrap()["error"]["code"], -32600);
    let batch = Value::Array(vec![json!({ "id": 1, "method": "eth_chainId" }); 6]);
    assert_eq!(world.post(batch.to_string()).await["error"]["code"], -32600);
    let probe = world.deploy().await;
    world.set(probe, 1).await;
    world.set(probe, 2).await;
    let wide = world.refusal("eth_getLogs", json!([{ "fromBlock": "0x0" }])).await;
    assert!(wide.0 == -32005 && wide.1.contains("block range too large"), "{wide:?}");
    let many = world.refusal("eth_getLogs", json!([{ "fromBlock": "0x2" }])).await;
    assert!(many.0 == -32005 && many.1.contains("more than 3 results"), "{many:?}");
    world.ask("eth_newBlockFilter", json!([])).await;
    world.ask("eth_newBlockFilter", json!([])).await;
    assert_eq!(world.refusal("eth_newBlockFilter", json!([])).await.0, -32005);
    for nonce in [10, 11] {
        let _waits = world.provider.send_transaction(gapped(&world, nonce)).await.unwrap();
    }
    let full = world.provider.send_transaction(gapped(&world, 12)).await.unwrap_err().to_string();
    assert!(full.contains("txpool is full"), "{full}");
    world.stop().await;
}

fn gapped(world: &World, nonce: u64) -> TransactionRequest {
    let base = TransactionRequest::default().to(world.me).nonce(nonce).gas_limit(21_000);
    base.max_fee_per_gas(0).max_priority_fee_per_gas(0)
}

#[tokio::test]
async fn a_block_takes_what_fits_and_the_rest_follows_by_itself() {
    let mut config = crate::world::config();
    config.gas_limit = 1_000_000;
    let world = World::with(config).await;
    let mut pending = Vec::new();
    // The first nonce comes last, so that all of them become ready at once.
    for nonce in (0..5).rev() {
        let request = gapped(&world, nonce).gas_limit(990_000);
        pending.push(world.provider.send_transaction(request).await.unwrap());
    }
    let mut blocks = Vec::new();
    for waiting in pending {
        blocks.push(waiting.get_receipt().await.unwrap().block_number.unwrap());
    }
    blocks.reverse();
    // One uses 21 000 gas of 1 000 000: what is left has no room for the limit of the next.
    assert_eq!(blocks, [1, 2, 3, 4, 5]);
    world.stop().await;
}

#[tokio::test]
async fn an_idle_chain_makes_heartbeat_blocks_and_an_interval_chain_its_rhythm() {
    for (mining, heartbeat) in
        [(Mining::Instant, Some(Duration::from_millis(20))), (Mining::Interval(Duration::from_millis(20)), None)]
    {
        let world = World::with(Config { mining, heartbeat, ..crate::world::config() }).await;
        while world.provider.get_block_number().await.unwrap() < 3 {
            tokio::task::yield_now().await;
        }
        let receipt = world.send(TransactionRequest::default().to(world.me)).await;
        assert!(receipt.block_number.unwrap() > 3);
        world.stop().await;
    }
}

#[tokio::test]
async fn a_configuration_that_makes_no_sense_is_refused() {
    for config in [
        Config { chain_id: 0, ..Config::default() },
        Config { gas_limit: 10, ..Config::default() },
        Config { mining: Mining::Interval(Duration::ZERO), ..Config::default() },
        Config { heartbeat: Some(Duration::ZERO), ..Config::default() },
    ] {
        let refused = Node::start(config, SystemClock::shared(), Stopper::new().stop()).await;
        assert!(matches!(refused, Err(Error::Config(_))), "{refused:?}");
    }
    let world = World::new().await;
    let taken = Config { listen: world.node.address(), ..Config::default() };
    let refused = Node::start(taken, SystemClock::shared(), Stopper::new().stop()).await;
    assert!(matches!(refused, Err(Error::Listen { .. })), "{refused:?}");
    world.stop().await;
}

#[tokio::test]
async fn test_methods_exist_only_where_they_were_asked_for() {
    let world = World::with(Config { test_methods: false, ..crate::world::config() }).await;
    assert_eq!(world.refusal("evm_mine", json!([])).await.0, -32601);
    world.stop().await;
}

#[tokio::test]
async fn browsers_may_ask_from_anywhere() {
    let world = World::new().await;
    let preflight = world.http.request(reqwest::Method::OPTIONS, world.node.url());
    let preflight = preflight.header("origin", "http://example.org").header("access-control-request-method", "POST");
    let answer = preflight.header("access-control-request-headers", "content-type").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["access-control-allow-origin"].to_str().unwrap()),
        (200, "*")
    );
    world.stop().await;
}
