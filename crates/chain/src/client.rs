//! A connection to one hub on one chain. Reads are in `reads`, events in `filter`; both hang on [`Client`].

use std::sync::Arc;
use std::time::Duration;

use protocol::order::{Domain, Kind};
use protocol::{Address, ChainTime, U256};
use url::Url;

use crate::bindings::Hub;
use crate::node::Node;
use crate::{Error, Head, HubInfo};

/// Where the hub is, and how patient to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// JSON-RPC over HTTP; `https` works too.
    pub rpc: Url,
    /// The hub's proxy.
    pub hub: Address,
    /// How often to look for a new head: about a fifth of the block time; 100 ms locally.
    pub poll: Duration,
    /// Blocks on top of a block before it is believed; 0 on a chain that never reorganises.
    pub confirmations: u64,
}

/// A connection to one hub on one chain. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) node: Node,
    pub(crate) info: HubInfo,
    pub(crate) poll: Duration,
    pub(crate) confirmations: u64,
}

impl Client {
    /// Finds the hub and what belongs to it.
    ///
    /// # Errors
    /// [`Error::NoNode`] when nothing answers, [`Error::NoHub`] when a node answers but no hub is at the address.
    pub async fn connect(config: Config) -> Result<Self, Error> {
        let node = Node::new(&config.rpc)?;
        let chain_id = chain_id(&node).await?;
        if node.code(config.hub).await?.is_empty() {
            return Err(Error::NoHub { hub: config.hub, chain_id });
        }
        let info = match hub_info(&node, config.hub, chain_id).await {
            Err(Error::Refused { .. } | Error::BadAnswer { .. }) => {
                return Err(Error::NoHub { hub: config.hub, chain_id });
            }
            other => other?,
        };
        if info.domain.chain_id != U256::from(chain_id) || info.domain.hub != config.hub {
            let what = format!("the hub's signing domain is {:?}, the chain id is {chain_id}", info.domain);
            return Err(Error::BadAnswer { call: "read the hub's domain", what });
        }
        let poll = config.poll.max(Duration::from_millis(1));
        Ok(Self { inner: Arc::new(Inner { node, info, poll, confirmations: config.confirmations }) })
    }

    /// The hub and what belongs to it.
    #[must_use]
    pub fn info(&self) -> &HubInfo {
        &self.inner.info
    }

    /// How often to look for a new head.
    #[must_use]
    pub fn poll(&self) -> Duration {
        self.inner.poll
    }

    /// The registry of one kind of contract; `None` for requests, which have no contract.
    #[must_use]
    pub fn registry(&self, kind: Kind) -> Option<Address> {
        match kind {
            Kind::App => Some(self.inner.info.app_registry),
            Kind::Dataset => Some(self.inner.info.dataset_registry),
            Kind::Workerpool => Some(self.inner.info.workerpool_registry),
            Kind::Request => None,
        }
    }

    /// The newest block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn head(&self) -> Result<Head, Error> {
        let header = self.node().latest().await?;
        Ok(Head { number: header.number.to(), hash: header.hash, time: ChainTime(header.timestamp.to()) })
    }

    pub(crate) fn node(&self) -> &Node {
        &self.inner.node
    }
}

async fn chain_id(node: &Node) -> Result<u64, Error> {
    let id: Result<alloy::primitives::U64, _> = node.ask("read the chain id", "eth_chainId", ()).await;
    match id {
        Ok(id) => Ok(id.to()),
        Err(Error::Unanswered { cause, .. }) => Err(Error::NoNode { rpc: node.url.clone(), cause }),
        Err(other) => Err(other),
    }
}

async fn hub_info(node: &Node, hub: Address, chain_id: u64) -> Result<HubInfo, Error> {
    let call = "read the hub's addresses";
    let (token, app_registry, dataset_registry, workerpool_registry, domain) = tokio::try_join!(
        node.call(call, hub, &Hub::tokenCall {}),
        node.call(call, hub, &Hub::appregistryCall {}),
        node.call(call, hub, &Hub::datasetregistryCall {}),
        node.call(call, hub, &Hub::workerpoolregistryCall {}),
        node.call(call, hub, &Hub::domainCall {}),
    )?;
    let domain =
        Domain { name: domain.name, version: domain.version, chain_id: domain.chainId, hub: domain.verifyingContract };
    Ok(HubInfo { chain_id, hub, token, app_registry, dataset_registry, workerpool_registry, domain })
}
