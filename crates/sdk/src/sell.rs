//! Selling: put an app, or a pool's computing, on the market.

use std::path::Path;

use chain::{AppInfo, calls};
use protocol::order::{AppOrder, Signed, WorkerpoolOrder};
use protocol::{Address, Amount, B256, U256};
use sha2::{Digest as _, Sha256};

use crate::session::Login;
use crate::{Account, Error};

/// An app in the form of a WebAssembly module.
#[derive(Clone, Debug)]
pub struct WasmApp<'a> {
    /// Name for people.
    pub name: &'a str,
    /// The module.
    pub module: &'a Path,
}

/// Terms of an app offer.
#[derive(Clone, Copy, Debug)]
pub struct AppTerms {
    /// Price of one task.
    pub price: Amount,
    /// Tasks that the order is good for.
    pub volume: u64,
}

/// Terms of a computing offer.
#[derive(Clone, Copy, Debug)]
pub struct PoolTerms {
    /// Price of one task.
    pub price: Amount,
    /// Tasks that the order is good for.
    pub volume: u64,
    /// Category offered.
    pub category: u64,
    /// Greatest trust offered.
    pub trust: u64,
}

/// Uploads a module and registers it as an app; the same module of the same owner is registered once.
///
/// # Errors
/// [`Error::Storage`], [`Error::Chain`].
pub async fn register_wasm(account: &Account, app: &WasmApp<'_>) -> Result<Address, Error> {
    let session = account.session();
    let added = session.gateway.add(app.module).await?;
    let bytes = tokio::fs::read(app.module).await.map_err(Error::file("read", app.module))?;
    let info = AppInfo {
        owner: account.address(),
        name: app.name.to_owned(),
        kind: "WASM".to_owned(),
        multiaddr: format!("/ipfs/{}", added.cid).into_bytes().into(),
        checksum: B256::from_slice(&Sha256::digest(&bytes)),
        mrenclave: protocol::Bytes::new(),
    };
    register_app(account, &info).await
}

/// Registers an app as described; one that exists already is found again.
///
/// # Errors
/// [`Error::Chain`].
pub async fn register_app(account: &Account, info: &AppInfo) -> Result<Address, Error> {
    let chain = &account.session().chain;
    let address = chain.predict_app(info).await?;
    if chain.app(address).await?.is_none() {
        let call = calls::create_app(chain.info().app_registry, info);
        account.outbox().submit(format!("app:{address}"), call).await?;
    }
    Ok(address)
}

/// Registers a workerpool; one that exists already is found again.
///
/// # Errors
/// [`Error::Chain`].
pub async fn register_pool(account: &Account, description: &str) -> Result<Address, Error> {
    let chain = &account.session().chain;
    let address = chain.predict_workerpool(account.address(), description).await?;
    if chain.workerpool(address).await?.is_none() {
        let call = calls::create_workerpool(chain.info().workerpool_registry, account.address(), description);
        account.outbox().submit(format!("pool:{address}"), call).await?;
    }
    Ok(address)
}

/// Signs and publishes an app order.
///
/// # Errors
/// [`Error::Service`] when the market refuses.
pub async fn offer_app(account: &Account, app: Address, terms: &AppTerms) -> Result<Signed<AppOrder>, Error> {
    let order = AppOrder {
        app,
        appprice: terms.price,
        volume: U256::from(terms.volume),
        salt: B256::from(runtime::random::bytes::<32>()),
        ..AppOrder::default()
    };
    let session = account.session();
    let signed = account.wallet().sign_order(order, &session.chain.info().domain);
    session.market.publish(&signed, &Login(account.wallet())).await?;
    Ok(signed)
}

/// Deposits the stake that `terms` need, then signs and publishes a workerpool order.
///
/// # Errors
/// [`Error::Usage`] when the wallet lacks the stake, [`Error::Service`] when the market refuses.
pub async fn offer_computing(
    account: &Account,
    workerpool: Address,
    terms: &PoolTerms,
) -> Result<Signed<WorkerpoolOrder>, Error> {
    let stake = terms.price.percent(U256::from(protocol::deal::POOL_STAKE_PERCENT));
    let stake = stake.and_then(|stake| stake.checked_mul(U256::from(terms.volume)));
    account.ensure_stake(stake.ok_or_else(|| Error::Usage("price times volume is out of range".to_owned()))?).await?;
    let order = WorkerpoolOrder {
        workerpool,
        workerpoolprice: terms.price,
        volume: U256::from(terms.volume),
        category: U256::from(terms.category),
        trust: U256::from(terms.trust),
        salt: B256::from(runtime::random::bytes::<32>()),
        ..WorkerpoolOrder::default()
    };
    let session = account.session();
    let signed = account.wallet().sign_order(order, &session.chain.info().domain);
    session.market.publish(&signed, &Login(account.wallet())).await?;
    Ok(signed)
}
