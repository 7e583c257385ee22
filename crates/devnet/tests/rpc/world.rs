//! What the tests share: a chain to talk to, a funded key, the probe contract (`Probe.sol`, compiled with the settings in `genesis.rs`).

use alloy::network::EthereumWallet;
use alloy::primitives::{Address, B256, Bytes, U256, hex};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol;
use alloy::sol_types::SolCall;
use devnet::{Config, Node};
use runtime::{Stopper, SystemClock};
use serde_json::{Value, json};

sol! {
    error Custom(uint256 code, address who);
    event Indexed(address indexed who, uint256 indexed value, string note);
    event Plain(address who, uint256 value);
    function value() external view returns (uint256);
    function set(uint256 to) external;
    function failString() external;
    function failCustom() external;
    function failPanic(uint256 by) external returns (uint256);
    function time() external view returns (uint256);
}

/// The key that owns all the money of the test chains.
pub(crate) fn rich() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).unwrap()
}

/// A configuration where [`rich`] has a million coins, and nothing happens by itself.
pub(crate) fn config() -> Config {
    let mut config = Config { heartbeat: None, test_methods: true, ..Config::default() };
    config.genesis.balances.push((rich().address(), U256::from(10).pow(U256::from(24))));
    config
}

/// A running chain and a client with the rich key.
pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) stopper: Stopper,
    pub(crate) provider: DynProvider,
    pub(crate) http: reqwest::Client,
    pub(crate) me: Address,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        runtime::tls::install();
        let stopper = Stopper::new();
        let node = Node::start(config, SystemClock::shared(), stopper.stop()).await.unwrap();
        let provider = provider(&node.url());
        Self { node, stopper, provider, http: reqwest::Client::new(), me: rich().address() }
    }

    pub(crate) async fn stop(self) {
        self.stopper.request();
        self.node.join().await;
    }

    /// The whole answer to one request.
    pub(crate) async fn raw(&self, method: &str, params: Value) -> Value {
        self.post(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()).await
    }

    /// The result of one request, which must succeed.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let mut answer = self.raw(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Code and message of the refusal of one request, which must fail.
    pub(crate) async fn refusal(&self, method: &str, params: Value) -> (i64, String) {
        let answer = self.raw(method, params).await;
        let error = &answer["error"];
        (
            error["code"].as_i64().unwrap_or_else(|| panic!("{method}: {answer}")),
            error["message"].as_str().unwrap().into(),
        )
    }

    pub(crate) async fn post(&self, body: String) -> Value {
        let request = self.http.post(self.node.url()).header("content-type", "application/json").body(body);
        request.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn deploy(&self) -> Address {
        let code = hex::decode(include_str!("../probe.hex").trim_end()).unwrap();
        let receipt = self.send(TransactionRequest::default().into_create(code.into())).await;
        receipt.contract_address.unwrap()
    }

    pub(crate) async fn send(&self, request: TransactionRequest) -> TransactionReceipt {
        let receipt = self.provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
        assert!(receipt.status(), "{receipt:?}");
        receipt
    }

    pub(crate) async fn set(&self, probe: Address, value: u64) -> TransactionReceipt {
        self.send(call(probe, setCall { to: U256::from(value) })).await
    }
}

pub(crate) trait IntoCreate {
    fn into_create(self, code: Bytes) -> Self;
}

impl IntoCreate for TransactionRequest {
    fn into_create(mut self, code: Bytes) -> Self {
        self.to = Some(alloy::primitives::TxKind::Create);
        self.input(code.into())
    }
}

pub(crate) fn provider(url: &str) -> DynProvider {
    let wallet = EthereumWallet::new(rich());
    ProviderBuilder::new().wallet(wallet).connect_http(url.parse().unwrap()).erased()
}

pub(crate) fn call(to: Address, call: impl SolCall) -> TransactionRequest {
    TransactionRequest::default().to(to).input(call.abi_encode().into())
}
