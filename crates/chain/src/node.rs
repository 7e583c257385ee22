//! One JSON-RPC node over HTTP: typed requests with a time limit, and errors sorted by what can be done about them.
//!
//! Objects are read leniently (only the members used), so that networks with extra or odd members work.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, U64, U128, U256};
use alloy::rpc::client::RpcClient;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolCall;
use alloy::transports::{RpcError, TransportError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use crate::{Error, Revert};

/// Longest wait for one answer: a busy public node takes seconds, a dead one forever.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Node words kept in an error.
const MAX_WORDS: usize = 500;

/// A block's header, as far as it is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    pub(crate) number: U64,
    pub(crate) hash: B256,
    pub(crate) timestamp: U64,
    pub(crate) gas_limit: U64,
    #[serde(default)]
    pub(crate) base_fee_per_gas: Option<U128>,
}

/// A receipt, as far as it is used.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawReceipt {
    pub(crate) transaction_hash: B256,
    pub(crate) block_number: U64,
    pub(crate) status: U64,
    pub(crate) gas_used: U64,
    #[serde(default)]
    pub(crate) effective_gas_price: U128,
    pub(crate) logs: Vec<Log>,
}

#[derive(Debug)]
pub(crate) struct Node {
    client: RpcClient,
    pub(crate) url: Url,
}

impl Node {
    pub(crate) fn new(url: &Url) -> Result<Self, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Invalid {
                what: format!("{url} is not a node's URL: it must start with http:// or https://"),
            });
        }
        runtime::tls::install();
        let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).connect_timeout(CONNECT_WITHIN).build();
        let http = http.map_err(|error| Error::Invalid { what: format!("no HTTP client can be built: {error}") })?;
        Ok(Self { client: RpcClient::new_http_with_client(http, url.clone()), url: url.clone() })
    }

    /// Asks `method`; `call` names the purpose in errors.
    pub(crate) async fn ask<P, R>(&self, call: &'static str, method: &'static str, params: P) -> Result<R, Error>
    where
        P: Serialize + Clone + Debug + Send + Sync + Unpin,
        R: DeserializeOwned + Debug + Send + Sync + Unpin + 'static,
    {
        self.client.request(method, params).await.map_err(|error| sort(call, error))
    }

    pub(crate) async fn header(&self, block: &str) -> Result<Option<Header>, Error> {
        self.ask("read a block", "eth_getBlockByNumber", (block, false)).await
    }

    pub(crate) async fn header_at(&self, number: u64) -> Result<Option<Header>, Error> {
        self.header(&format!("{number:#x}")).await
    }

    pub(crate) async fn latest(&self) -> Result<Header, Error> {
        let call = "read the newest block";
        self.header("latest").await?.ok_or_else(|| Error::BadAnswer { call, what: "there is none".to_owned() })
    }

    pub(crate) async fn call<C: SolCall>(&self, name: &'static str, to: Address, call: &C) -> Result<C::Return, Error> {
        let data: Bytes =
            self.ask(name, "eth_call", (request(None, to, &call.abi_encode(), U256::ZERO, None), "latest")).await?;
        C::abi_decode_returns(&data).map_err(|error| Error::BadAnswer { call: name, what: error.to_string() })
    }

    pub(crate) async fn code(&self, at: Address) -> Result<Bytes, Error> {
        self.ask("read the code of a contract", "eth_getCode", (at, "latest")).await
    }

    pub(crate) async fn balance(&self, of: Address) -> Result<U256, Error> {
        self.ask("read a balance", "eth_getBalance", (of, "latest")).await
    }

    /// The next nonce of `of` at `block`: `latest`, `pending` or a quantity.
    pub(crate) async fn nonce(&self, of: Address, block: &str) -> Result<u64, Error> {
        let nonce: U64 = self.ask("read a nonce", "eth_getTransactionCount", (of, block)).await?;
        Ok(nonce.to())
    }

    pub(crate) async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, Error> {
        self.ask("read events", "eth_getLogs", (filter,)).await
    }

    pub(crate) async fn receipt(&self, transaction: B256) -> Result<Option<RawReceipt>, Error> {
        self.ask("read a receipt", "eth_getTransactionReceipt", (transaction,)).await
    }

    /// Whether a mined transaction is known by this hash, with or without a receipt.
    pub(crate) async fn knows(&self, transaction: B256) -> Result<bool, Error> {
        let found: Option<Value> = self.ask("read a transaction", "eth_getTransactionByHash", (transaction,)).await?;
        Ok(found.is_some_and(|found| !found["blockHash"].is_null()))
    }

    pub(crate) async fn send_raw(&self, call: &'static str, raw: &Bytes) -> Result<B256, Error> {
        self.ask(call, "eth_sendRawTransaction", (raw,)).await
    }

    pub(crate) async fn tip(&self) -> Result<u128, Error> {
        let tip: U128 = self.ask("read the usual tip", "eth_maxPriorityFeePerGas", ()).await?;
        Ok(tip.to())
    }
}

/// A call object. Both names of the data, because nodes differ in which they read.
pub(crate) fn request(from: Option<Address>, to: Address, data: &[u8], value: U256, gas: Option<u64>) -> Value {
    let mut object = json!({ "to": to, "input": Bytes::copy_from_slice(data), "data": Bytes::copy_from_slice(data) });
    if let Some(from) = from {
        object["from"] = json!(from);
    }
    if !value.is_zero() {
        object["value"] = json!(value);
    }
    if let Some(gas) = gas {
        object["gas"] = json!(U64::from(gas));
    }
    object
}

fn sort(call: &'static str, error: TransportError) -> Error {
    match error {
        RpcError::ErrorResp(no) => refusal(call, no.code, &no.message, no.data.as_deref().map(RawValue::get)),
        RpcError::Transport(_) => Error::Unanswered { call, cause: Arc::new(error) },
        // A gateway in trouble answers HTML: the text is cut, the next answer may be right.
        other => Error::BadAnswer { call, what: other.to_string().chars().take(MAX_WORDS).collect() },
    }
}

fn refusal(call: &'static str, code: i64, message: &str, data: Option<&str>) -> Error {
    let words: String = message.chars().take(MAX_WORDS).collect();
    let lower = words.to_ascii_lowercase();
    let data = data.and_then(|json| serde_json::from_str::<Value>(json).ok());
    if lower.contains("revert") {
        let data = data.as_ref().and_then(revert_data).unwrap_or_default();
        return Error::Refused { call, reason: Revert::decode(&data) };
    }
    let halts = ["invalid opcode", "invalidfeopcode", "outofgas", "out of gas", "gas required exceeds", "stack "];
    if halts.iter().any(|halt| lower.contains(halt)) {
        return Error::Refused { call, reason: Revert::Halt(words) };
    }
    Error::BadNode { call, code, message: words }
}

/// Revert data sits in `data`, or in `data.data` with some gateways.
fn revert_data(data: &Value) -> Option<Bytes> {
    let text = data.as_str().or_else(|| data.get("data").and_then(Value::as_str))?;
    text.split_whitespace().find_map(|word| word.parse().ok())
}
