//! How fast the chain takes transfers: `cargo run -p fairgrid-devnet --example load -- [COUNT] [FOLDER]`.
//!
//! Signs first, then sends batches over HTTP from a few connections at once, and waits until all are mined.

use std::io::Write as _;

use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use devnet::{Config, Node};
use runtime::{Clock as _, Stopper, SystemClock};
use serde_json::{Value, json};

const SENDERS: u64 = 50;
const BATCH: usize = 100;
const CONNECTIONS: usize = 8;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    runtime::tls::install();
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(10_000), |count| count.parse())?;
    let clock = SystemClock::new();
    let keys = (1..=SENDERS)
        .map(|n| PrivateKeySigner::from_bytes(&B256::from(U256::from(n))))
        .collect::<Result<Vec<_>, _>>()?;
    let mut config = Config { data: arguments.next().map(Into::into), ..Config::default() };
    config.genesis.balances = keys.iter().map(|key| (key.address(), U256::from(1) << 80)).collect();
    let stopper = Stopper::new();
    let before = clock.monotonic();
    let node = Node::start(config, SystemClock::shared(), stopper.stop()).await?;
    let started = clock.monotonic() - before;
    let batches = batches(&keys, count)?;
    let before = clock.monotonic();
    let client = reqwest::Client::new();
    let lanes = (0..CONNECTIONS).map(|lane| send(&client, node.url(), batches.iter().skip(lane).step_by(CONNECTIONS)));
    futures_util::future::try_join_all(lanes).await?;
    wait(&client, &node.url(), &keys[0], count / SENDERS).await?;
    let took = (clock.monotonic() - before).as_secs_f64();
    writeln!(
        std::io::stdout(),
        "start {started:?}; {count} transfers in {took:.2} s: {:.0} a second",
        count as f64 / took
    )?;
    stopper.request();
    node.join().await;
    Ok(())
}

/// Bodies of batches. The transactions of one sender stay on one connection, in order of nonce.
fn batches(keys: &[PrivateKeySigner], count: u64) -> Result<Vec<String>, Failure> {
    let mut requests = Vec::new();
    for nonce in 0..count / SENDERS {
        for key in keys {
            let tx = TxEip1559 {
                chain_id: 65_535,
                nonce,
                gas_limit: 21_000,
                to: Address::repeat_byte(9).into(),
                ..Default::default()
            };
            let signature = key.sign_hash_sync(&tx.signature_hash())?;
            let raw = Bytes::from(TxEnvelope::from(tx.into_signed(signature)).encoded_2718());
            requests.push(json!({ "id": nonce, "method": "eth_sendRawTransaction", "params": [raw] }));
        }
    }
    Ok(requests.chunks(BATCH).map(|chunk| Value::from(chunk).to_string()).collect())
}

async fn send(client: &reqwest::Client, url: String, bodies: impl Iterator<Item = &String>) -> Result<(), Failure> {
    for body in bodies {
        let answers: Vec<Value> = client.post(&url).body(body.clone()).send().await?.json().await?;
        if let Some(refused) = answers.iter().find(|answer| answer.get("error").is_some()) {
            return Err(refused.to_string().into());
        }
    }
    Ok(())
}

async fn wait(client: &reqwest::Client, url: &str, key: &PrivateKeySigner, nonce: u64) -> Result<(), Failure> {
    let request = json!({ "id": 1, "method": "eth_getTransactionCount", "params": [key.address(), "latest"] });
    loop {
        let answer: Value = client.post(url).body(request.to_string()).send().await?.json().await?;
        if answer["result"] == format!("{nonce:#x}") {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
