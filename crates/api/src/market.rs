//! Market: the order book. Paths, shapes and the login of `offchain.md` 1.5 and 11.
//!
//! Success bodies carry `"ok": true`, refusals `{"ok": false, "error": text}` beside the fields of
//! [`crate::problem::Problem`], so that existing clients and ours read the same answers.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use protocol::OrderHash;
use protocol::order::{AppOrder, DatasetOrder, Kind, Order, RequestOrder, Signed, WorkerpoolOrder};
use reqwest::{Method, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::{Client, Error};

/// Domain name of the login signature.
pub const LOGIN_DOMAIN: &str = "iExec Gateway";
/// Text before the random part of a challenge.
pub const CHALLENGE_PREFIX: &str = "Sign this message to log into iExec Gateway: ";
/// Most open orders of one kind that one wallet may publish.
pub const MAX_OPEN_ORDERS: usize = 50;
/// Largest page.
pub const MAX_PAGE: u64 = 1_000;
/// Page size when none is asked for.
pub const DEFAULT_PAGE: u64 = 20;

/// Whether an order can still be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Yes.
    Open,
    /// Its volume is used up.
    Filled,
    /// Closed on chain by its owner.
    Canceled,
    /// Its owner lost the contract, or lacks the stake or the money.
    Dead,
}

/// A published order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record<O> {
    /// EIP-712 hash of the order.
    pub order_hash: OrderHash,
    /// The order with its signature.
    pub order: Signed<O>,
    /// Chain id.
    pub chain_id: u64,
    /// Tasks left.
    #[serde(with = "protocol::order::wire::uint")]
    pub remaining: U256,
    /// Whether it can still be matched.
    pub status: Status,
    /// ISO 8601.
    pub publication_timestamp: String,
    /// The owner who published it.
    pub signer: Address,
}

/// A page of an order book, best price first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<O> {
    /// Always true.
    pub ok: bool,
    /// Matching orders in all.
    pub count: u64,
    /// Where the next page starts; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<u64>,
    /// This page.
    pub orders: Vec<Record<O>>,
}

/// `POST /{kind}orders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish<O> {
    /// What to publish.
    pub order: Signed<O>,
}

/// Answer to [`Publish`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published<O> {
    /// Always true.
    pub ok: bool,
    /// As it stands in the book.
    pub published: Record<O>,
}

/// `PUT /{kind}orders`, target `unpublish_orderHash`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpublish {
    /// What to do; this is the only target of our client.
    pub target: String,
    /// Which order.
    #[serde(rename = "orderHash")]
    pub order_hash: OrderHash,
}

/// Answer to [`Unpublish`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpublished {
    /// Always true.
    pub ok: bool,
    /// Removed orders.
    pub unpublished: Vec<OrderHash>,
}

/// `GET /{kind}orders/{hash}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found<O> {
    /// Always true.
    pub ok: bool,
    /// As it stands in the book, in any status.
    #[serde(flatten)]
    pub record: Record<O>,
}

/// The orders of the book, with the name in their paths.
pub trait Listed: Order + Serialize + DeserializeOwned + Clone + Send + Sync {
    /// `apporders` and so on.
    const PATH: &'static str;
}

impl Listed for AppOrder {
    const PATH: &'static str = "apporders";
}

impl Listed for DatasetOrder {
    const PATH: &'static str = "datasetorders";
}

impl Listed for WorkerpoolOrder {
    const PATH: &'static str = "workerpoolorders";
}

impl Listed for RequestOrder {
    const PATH: &'static str = "requestorders";
}

/// The path of a kind's book.
#[must_use]
pub fn path_of(kind: Kind) -> &'static str {
    match kind {
        Kind::App => AppOrder::PATH,
        Kind::Dataset => DatasetOrder::PATH,
        Kind::Workerpool => WorkerpoolOrder::PATH,
        Kind::Request => RequestOrder::PATH,
    }
}

/// The EIP-712 digest that logs in: `Challenge(string challenge)` under a domain without contract.
#[must_use]
pub fn login_digest(domain_name: &str, chain_id: u64, challenge: &str) -> B256 {
    let domain = [
        keccak256("EIP712Domain(string name,string version,uint256 chainId)"),
        keccak256(domain_name),
        keccak256("1"),
        B256::from(U256::from(chain_id)),
    ];
    let message = [keccak256("Challenge(string challenge)"), keccak256(challenge)];
    let (domain, message) = (keccak256(domain.concat()), keccak256(message.concat()));
    keccak256([&[0x19, 0x01], domain.as_slice(), message.as_slice()].concat())
}

/// A wallet as the client needs it: an address, and a way to sign a digest.
pub trait Signer: Send + Sync {
    /// Whose.
    fn address(&self) -> Address;
    /// 65 bytes over `digest` as it is.
    fn sign(&self, digest: B256) -> Bytes;
}

/// A trader's side of the wire.
#[derive(Clone, Debug)]
pub struct MarketClient {
    http: Client,
    chain_id: u64,
}

#[derive(Deserialize)]
struct Challenge {
    data: TypedData,
}

#[derive(Deserialize)]
struct TypedData {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    challenge: String,
}

impl MarketClient {
    /// A client of the market at `base` for orders of one chain.
    ///
    /// # Errors
    /// [`Error::BadUrl`].
    pub fn new(base: &Url, chain_id: u64) -> Result<Self, Error> {
        Ok(Self { http: Client::new(base)?, chain_id })
    }

    /// Publishes an order of `owner`.
    ///
    /// # Errors
    /// [`Error`]; a refusal says which rule.
    pub async fn publish<O: Listed>(&self, order: &Signed<O>, owner: &dyn Signer) -> Result<Record<O>, Error> {
        let login = self.login(owner).await?;
        let request = self.request(Method::POST, O::PATH)?.header(header::AUTHORIZATION, login);
        let published: Published<O> = self.http.json(request.json(&Publish { order: order.clone() })).await?;
        Ok(published.published)
    }

    /// Removes an order of `owner` from the book; on chain it stays valid.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn unpublish<O: Listed>(&self, order: OrderHash, owner: &dyn Signer) -> Result<Vec<OrderHash>, Error> {
        let login = self.login(owner).await?;
        let request = self.request(Method::PUT, O::PATH)?.header(header::AUTHORIZATION, login);
        let body = Unpublish { target: "unpublish_orderHash".to_owned(), order_hash: order };
        let removed: Unpublished = self.http.json(request.json(&body)).await?;
        Ok(removed.unpublished)
    }

    /// One page of open orders; `filters` as in `offchain.md` 11.2.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn orders<O: Listed>(&self, filters: &[(&str, String)]) -> Result<Page<O>, Error> {
        let request = self.request(Method::GET, O::PATH)?.query(filters);
        self.http.json(request).await
    }

    /// One order in any status; `None` when it was never published here.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn order<O: Listed>(&self, hash: OrderHash) -> Result<Option<Record<O>>, Error> {
        let found: Result<Found<O>, _> = {
            let request = self.request(Method::GET, &format!("{}/{hash}", O::PATH))?;
            self.http.json(request).await
        };
        match found {
            Ok(found) => Ok(Some(found.record)),
            Err(Error::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn request(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder, Error> {
        Ok(self.http.request(method, path)?.query(&[("chainId", self.chain_id)]))
    }

    async fn login(&self, owner: &dyn Signer) -> Result<String, Error> {
        let address = owner.address();
        let request = self.request(Method::GET, "challenge")?.query(&[("address", address)]);
        let challenge: Challenge = self.http.json(request).await?;
        let digest = login_digest(LOGIN_DOMAIN, self.chain_id, &challenge.data.message.challenge);
        Ok(format!("{digest}_{}_{address}", owner.sign(digest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_digests_are_the_recorded_ones() {
        // Source: offchain.md 14.
        for (name, digest) in [
            ("iExec Core", "0x24d66377850d1aa53a35fd398a5f749ef3fb9f859861b1d6bbd7932f98ee9a02"),
            ("iExec Gateway", "0xa9eabcb64819d248f5be7c9d2ffe7ff33cae48088acf1dfe9ecde27aa2ea6eb6"),
        ] {
            assert_eq!(login_digest(name, 134, "abc").to_string(), digest);
        }
    }
}
