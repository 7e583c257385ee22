//! A connection to one network: chain, market, gateway, pool.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes};
use api::market::{MarketClient, Signer};
use api::pool::PoolClient;
use chain::{Client, Wallet};
use runtime::Clock;
use storage::Gateway;
use url::Host;

use crate::{Error, Network};

/// How often to look at a chain on this machine, and elsewhere.
const POLL_LOCAL: Duration = Duration::from_millis(50);
const POLL_REMOTE: Duration = Duration::from_secs(2);
/// Longest time for one file transfer.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// A connection to one network.
#[derive(Clone)]
pub struct Session {
    /// Where everything is.
    pub network: Network,
    /// The chain.
    pub chain: Client,
    /// The order book.
    pub market: MarketClient,
    /// Files.
    pub gateway: Gateway,
    /// The pool, when the network names one.
    pub pool: Option<PoolClient>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Session {
    /// Connects, and checks that the chain has the hub.
    ///
    /// # Errors
    /// [`Error::Chain`], [`Error::Service`] for a bad URL.
    pub async fn connect(network: Network, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let local = is_local(&network.rpc);
        let config = chain::Config {
            rpc: network.rpc.clone(),
            hub: network.hub,
            poll: if local { POLL_LOCAL } else { POLL_REMOTE },
            confirmations: 0,
        };
        let chain = Client::connect(config).await?;
        let market = MarketClient::new(&network.market, chain.info().chain_id)?;
        let gateway = Gateway::new(network.gateway.clone(), PATIENCE)?;
        let pool = network.pool.as_ref().map(PoolClient::new).transpose()?;
        Ok(Self { network, chain, market, gateway, pool, clock })
    }
}

fn is_local(url: &url::Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A wallet as the market's login needs it.
pub(crate) struct Login<'a>(pub(crate) &'a Wallet);

impl Signer for Login<'_> {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign(&self, digest: B256) -> Bytes {
        self.0.sign_digest(digest)
    }
}
