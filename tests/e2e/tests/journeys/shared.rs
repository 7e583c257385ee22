//! The network that tests share, and what several of them do to it.

use std::path::Path;
use std::sync::OnceLock;

use e2e::{Network, Options};
use protocol::{Address, Amount, B256};
use runtime::{Stopper, SystemClock};
use sdk::sell::{AppTerms, WasmApp, offer_app, register_wasm};
use sdk::wallets::Wallets;
use sdk::{Account, Session};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, MutexGuard};

/// Price of one task of the local pool.
pub(crate) const POOL_PRICE: u64 = 100_000_000;
/// Price of one task of the wordcount app.
pub(crate) const WORDCOUNT_PRICE: u64 = 10_000_000;

/// The shared network, for one test at a time: its requester has one wallet.
pub(crate) async fn shared() -> MutexGuard<'static, Network> {
    static NETWORK: OnceLock<Mutex<Network>> = OnceLock::new();
    NETWORK.get_or_init(|| Mutex::new(Network::start(Options::workers(5)))).lock().await
}

/// Registers the module at `path` as an app of the network's developer; with `offer`, anybody may use it for free.
pub(crate) async fn sell(network: &Network, name: &str, path: &Path, offer: bool) -> Address {
    runtime::tls::install();
    let known = sdk::Network::read(&network.home().join("network.json")).expect("a network file");
    let session = Session::connect(known, SystemClock::shared()).await.expect("the network answers");
    let wallet = wallet(network, "developer");
    let stopper = Stopper::new();
    let account = Account::open(&session, wallet, &network.home().join("accounts"), &stopper.stop()).await;
    let account = account.expect("the developer's account opens");
    let app = register_wasm(&account, &WasmApp { name, module: path }).await.expect("the app is registered");
    if offer {
        let terms = AppTerms { price: Amount::ZERO, volume: 1_000 };
        offer_app(&account, app, &terms).await.expect("the app is offered");
    }
    account.close().await;
    app
}

/// A wallet of the network, opened.
pub(crate) fn wallet(network: &Network, name: &str) -> chain::Wallet {
    let folder = network.home().join("wallets");
    let password = std::fs::read_to_string(folder.join(".password")).expect("a local network keeps its password");
    Wallets::at(folder).open(name, password.trim()).unwrap_or_else(|error| panic!("the wallet '{name}': {error}"))
}

/// SHA-256 of a file: what consensus on a single file is about.
pub(crate) fn sha256(path: &Path) -> B256 {
    B256::from_slice(&Sha256::digest(std::fs::read(path).expect("the file is there")))
}
