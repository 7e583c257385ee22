//! A contract author with ordinary tools: an Ethereum library, the compiled contracts, and the market's HTTP.

use std::path::Path;

use alloy::network::{Ethereum, EthereumWallet, TransactionBuilder as _};
use alloy::providers::{DynProvider, PendingTransactionBuilder, Provider as _, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol;
use e2e::{Network, eventually};
use protocol::{Address, B256, DealId, TaskId};
use serde::de::DeserializeOwned;

use crate::shared::wallet;

sol! {
    #[derive(Debug, serde::Deserialize)]
    struct AppOrder {
        address app; uint256 appprice; uint256 volume; bytes32 tag; address datasetrestrict;
        address workerpoolrestrict; address requesterrestrict; bytes32 salt; bytes sign;
    }
    #[derive(Debug, serde::Deserialize)]
    struct WorkerpoolOrder {
        address workerpool; uint256 workerpoolprice; uint256 volume; bytes32 tag; uint256 category; uint256 trust;
        address apprestrict; address datasetrestrict; address requesterrestrict; bytes32 salt; bytes sign;
    }

    #[sol(rpc)]
    interface ComputeOracle {
        event Asked(bytes32 indexed taskid, bytes32 indexed dealid, string params);
        function ask(AppOrder app, WorkerpoolOrder workerpool, string params) external returns (bytes32);
        function answers(bytes32 taskid) external view returns (uint8 status, uint64 time, int256 value);
        function collect(bytes32 taskid) external;
        function withdraw(uint256 amount) external;
    }

    #[sol(rpc)]
    interface Prices {
        function priceOf(bytes32 taskid) external view returns (int256);
    }

    #[sol(rpc)]
    interface Hub {
        function setCallbackGas(uint256 gas) external;
    }
}

/// Somebody with a wallet of the network, and a library that talks to its node.
pub(crate) struct Author {
    pub(crate) node: DynProvider,
    market: String,
    hub: Address,
}

impl Author {
    /// Works with the wallet `name`.
    pub(crate) fn with_wallet(network: &Network, name: &str) -> Self {
        runtime::tls::install();
        let key = B256::from(*wallet(network, name).to_bytes());
        let signer = PrivateKeySigner::from_bytes(&key).expect("a wallet holds a key");
        let node = ProviderBuilder::new().wallet(EthereumWallet::from(signer)).connect_http(network.url("rpc"));
        let hub = network.ready()["network"]["hub"].as_str().and_then(|text| text.parse().ok());
        let hub = hub.expect("the network names its hub");
        Self { node: node.erased(), market: network.url("market").to_string(), hub }
    }

    pub(crate) fn hub(&self) -> Address {
        self.hub
    }

    /// Deploys a contract of `contracts/artifacts` with ABI-encoded arguments.
    pub(crate) async fn deploy(&self, name: &str, arguments: &[u8]) -> Address {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../contracts/artifacts/{name}.json"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; 'cargo xtask abi' makes it", path.display()));
        let artifact: serde_json::Value = serde_json::from_str(&text).expect("an artifact is JSON");
        let code = artifact["bytecode"].as_str().expect("creation code is a text");
        let code: alloy::primitives::Bytes = code.parse().expect("creation code is hexadecimal");
        let code = [&code[..], arguments].concat();
        let sent = self.node.send_transaction(TransactionRequest::default().with_deploy_code(code)).await;
        let receipt = mined(sent.expect("the node takes a deployment")).await;
        receipt.contract_address.expect("a deployment has an address")
    }

    /// The first open order of a book, by these filters, as the market lists it.
    pub(crate) async fn open_order<O: DeserializeOwned>(&self, book: &str, filters: &str) -> O {
        let url = format!("{}{book}?chainId=65535&{filters}", self.market);
        let answer = reqwest::get(&url).await.expect("the market answers").text().await.expect("in words");
        let mut page: serde_json::Value = serde_json::from_str(&answer).expect("in JSON");
        let order = page["orders"][0]["order"].take();
        serde_json::from_value(order).unwrap_or_else(|error| panic!("no order at {url}: {error}\n{answer}"))
    }

    /// Asks the oracle one question, in one transaction.
    pub(crate) async fn ask(&self, oracle: Address, offers: Offers, params: &str) -> Question {
        let contract = ComputeOracle::new(oracle, &self.node);
        let sent = contract.ask(offers.app, offers.workerpool, params.to_owned()).send().await;
        let receipt = mined(sent.expect("the oracle takes the question")).await;
        let asked = receipt.decoded_log::<ComputeOracle::Asked>().expect("the oracle says which task it is");
        Question { deal: DealId(asked.dealid), task: TaskId(asked.taskid) }
    }
}

/// What became of a question.
pub(crate) struct Question {
    pub(crate) deal: DealId,
    pub(crate) task: TaskId,
}

/// The receipt of a transaction that succeeds.
pub(crate) async fn mined(sent: PendingTransactionBuilder<Ethereum>) -> TransactionReceipt {
    let found = eventually("a receipt", async || {
        sent.provider().get_transaction_receipt(*sent.tx_hash()).await.expect("the node answers")
    });
    let receipt = found.await;
    assert!(receipt.status(), "{receipt:?}");
    receipt
}

/// What an oracle's question is matched with.
pub(crate) struct Offers {
    pub(crate) app: AppOrder,
    pub(crate) workerpool: WorkerpoolOrder,
}

impl Offers {
    /// The cheapest open offers of an app and of any pool, in a category, that `requester` may use.
    pub(crate) async fn open(author: &Author, app: Address, category: &str, requester: Address) -> Self {
        let filters = format!("app={app}&dataset=any&workerpool=any&requester={requester}");
        let offer = author.open_order("apporders", &filters).await;
        let none = Address::ZERO;
        let filters = format!("app={app}&dataset={none}&requester={requester}&category={category}&minTrust=5");
        Self { app: offer, workerpool: author.open_order("workerpoolorders", &filters).await }
    }
}
