//! Raw JSON-RPC, for what the chain's client does not offer on purpose: moving time, and a second opinion on money.

use protocol::{Address, U256};
use serde_json::{Value, json};
use url::Url;

/// Selector of `totalSupply()`.
const TOTAL_SUPPLY: &str = "0x18160ddd";

/// A node, spoken to by hand.
pub(crate) struct Rpc {
    http: reqwest::Client,
    url: Url,
}

impl Rpc {
    pub(crate) fn new(url: Url) -> Self {
        runtime::tls::install();
        Self { http: reqwest::Client::new(), url }
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.http.post(self.url.clone()).json(&body).send().await.expect("the node answers");
        let answer: Value = answer.json().await.expect("the node answers in JSON");
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Moves the chain's time forward, and makes a block that shows it.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.ask("evm_increaseTime", json!([seconds])).await;
        self.ask("evm_mine", json!([])).await;
    }

    /// `totalSupply()` of a token.
    pub(crate) async fn total_supply(&self, token: Address) -> U256 {
        let answer = self.ask("eth_call", json!([{ "to": token, "data": TOTAL_SUPPLY }, "latest"])).await;
        answer.as_str().and_then(|word| word.parse().ok()).expect("totalSupply() answers a number")
    }
}
