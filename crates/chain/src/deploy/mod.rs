//! A new hub on any chain: token, facets, diamond, registries, configuration, categories. Order: `poco-contracts.md` 2.4.

mod artifacts;
mod steps;

use std::time::Duration;

use alloy::consensus::TxEip1559;
use alloy::primitives::{Address, B256, U64, U256};
use futures_util::future::try_join_all;
use runtime::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::steps::{Options, STANDARD_CATEGORIES};
use self::steps::{Script, Step};
use crate::node::{Node, RawReceipt};
use crate::outbox::usual_fee;
use crate::{Error, Revert, Wallet};

/// Fees above this are a mistake: 500 gwei.
const MAX_FEE: u128 = 500_000_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A public network mines some thirty transactions of one account in a few blocks.
const MINED_WITHIN: Duration = Duration::from_secs(300);

/// A hub and what belongs to it, as a file under `contracts/deployments` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The hub's proxy.
    pub hub: Address,
    /// RLC.
    pub token: Address,
    /// Knows every app.
    pub app_registry: Address,
    /// Knows every dataset.
    pub dataset_registry: Address,
    /// Knows every workerpool.
    pub workerpool_registry: Address,
    /// The block in which the hub was complete: events begin here.
    pub block: u64,
}

/// Deploys everything with `wallet` as owner. All transactions go out at once, with consecutive nonces.
///
/// # Errors
/// [`Error::NoNode`] when nothing answers, [`Error::Funds`] when the wallet cannot pay, [`Error::Refused`] when a step
/// fails. What was deployed until then stays unused; a second run starts anew.
pub async fn deploy(rpc: &Url, wallet: &Wallet, options: &Options) -> Result<Deployment, Error> {
    let node = Node::new(rpc)?;
    let chain_id: U64 = node.ask("read the chain id", "eth_chainId", ()).await.map_err(|error| match error {
        Error::Unanswered { cause, .. } => Error::NoNode { rpc: rpc.clone(), cause },
        other => other,
    })?;
    let first = node.nonce(wallet.address(), "pending").await?;
    let script = Script::write(wallet.address(), first, chain_id.to(), options);
    let sent = send_all(&node, wallet, chain_id.to(), first, &script.steps).await?;
    let block = wait_for_all(&node, &script.steps, &sent).await?;
    Ok(Deployment { block, ..script.deployment })
}

async fn send_all(node: &Node, wallet: &Wallet, chain_id: u64, first: u64, steps: &[Step]) -> Result<Vec<B256>, Error> {
    let (fee, _) = usual_fee(node, MAX_FEE).await?;
    let mut hashes = Vec::with_capacity(steps.len());
    for (nonce, step) in (first..).zip(steps) {
        let (hash, raw) = wallet.sign_transaction(TxEip1559 {
            chain_id,
            nonce,
            gas_limit: step.gas,
            max_fee_per_gas: fee.max,
            max_priority_fee_per_gas: fee.tip,
            to: step.to,
            value: U256::ZERO,
            access_list: Default::default(),
            input: step.data.clone(),
        });
        node.send_raw(step.name, &raw).await.map_err(|error| explain(error, wallet.address(), step.name))?;
        hashes.push(hash);
    }
    Ok(hashes)
}

fn explain(error: Error, who: Address, call: &'static str) -> Error {
    match error {
        Error::BadNode { message, .. } if message.to_ascii_lowercase().contains("insufficient funds") => {
            Error::Funds { who, call, held: U256::ZERO }
        }
        other => other,
    }
}

/// Waits for the last transaction, then checks every one; answers the last block.
async fn wait_for_all(node: &Node, steps: &[Step], hashes: &[B256]) -> Result<u64, Error> {
    let clock = SystemClock::new();
    let call = "deploy the contracts";
    let Some(last) = hashes.last() else {
        return Err(Error::Invalid { what: "there is nothing to deploy".to_owned() });
    };
    while node.receipt(*last).await?.is_none() {
        if clock.monotonic() > MINED_WITHIN {
            let what = format!("{last} is not mined after {MINED_WITHIN:?}");
            return Err(Error::BadAnswer { call, what });
        }
        clock.sleep(LOOK_EVERY).await;
    }
    let receipts: Vec<Option<RawReceipt>> = try_join_all(hashes.iter().map(|hash| node.receipt(*hash))).await?;
    for (step, receipt) in steps.iter().zip(&receipts) {
        let mined = receipt.as_ref().is_some_and(|receipt| !receipt.status.is_zero());
        if !mined {
            return Err(Error::Refused { call: step.name, reason: Revert::Bare });
        }
    }
    Ok(receipts.into_iter().flatten().map(|receipt| receipt.block_number.to()).max().unwrap_or(0))
}
