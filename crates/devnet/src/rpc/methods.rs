//! One request, one answer: the table of methods. To add a method, add a line to [`Rpc::dispatch`].

use std::sync::Arc;

use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy::rpc::types::Filter;
use serde::Serialize;
use serde_json::{Value, json};

use super::calls::Trial;
use super::error::RpcError;
use super::filters::Watch;
use super::params::Params;
use super::service::Rpc;
use super::{blocks, fees, logs};
use crate::admit::admit;
use crate::block::Block;
use crate::execute::{env_of, next_env};
use crate::layer::Layer;
use crate::state::View;

pub(crate) type Answer = Result<Value, RpcError>;

/// `value` as JSON.
///
/// # Errors
/// Never for the types used here; reported rather than panicked on.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Answer {
    serde_json::to_value(value).map_err(|error| RpcError::refused(format!("answer cannot be written: {error}")))
}

fn quantity(value: u64) -> Answer {
    to_json(&U64::from(value))
}

/// Whether `method` may take long, so that it must not run on a thread that serves connections.
pub(crate) fn is_heavy(method: &str) -> bool {
    matches!(
        method,
        "eth_call"
            | "eth_estimateGas"
            | "eth_getLogs"
            | "eth_getFilterLogs"
            | "eth_getFilterChanges"
            | "eth_feeHistory"
    )
}

impl Rpc {
    /// Answers every method that needs no connection and no waiting.
    pub(crate) fn dispatch(&self, method: &str, mut params: Params) -> Answer {
        let p = &mut params;
        match method {
            "eth_chainId" => quantity(self.chain.rules.chain_id),
            "net_version" => Ok(self.chain.rules.chain_id.to_string().into()),
            "net_listening" => Ok(true.into()),
            "net_peerCount" => quantity(0),
            "web3_clientVersion" => Ok(concat!("fairgrid/v", env!("CARGO_PKG_VERSION")).into()),
            "web3_sha3" => to_json(&keccak256(p.required::<Bytes>(0)?)),
            "eth_syncing" => Ok(false.into()),
            "eth_accounts" => Ok(json!([])),
            "eth_blockNumber" => quantity(self.chain.head().number()),
            "eth_gasPrice" => quantity(self.chain.rules.base_fee),
            "eth_maxPriorityFeePerGas" => quantity(0),
            "eth_blobBaseFee" => quantity(1),
            "eth_feeHistory" => to_json(&fees::history(&self.chain, p)?),
            "eth_getBalance" => {
                let (address, view) = self.account_params(p, 1)?;
                to_json(&view.account(address).unwrap_or_default().balance)
            }
            "eth_getCode" => {
                let (address, view) = self.account_params(p, 1)?;
                to_json(&view.code_of(address).original_bytes())
            }
            "eth_getStorageAt" => {
                let slot: U256 = p.required(1)?;
                let (address, view) = self.account_params(p, 2)?;
                to_json(&B256::from(view.slot(address, slot)))
            }
            "eth_getTransactionCount" => self.transaction_count(p),
            "eth_call" => self.call(p),
            "eth_estimateGas" => self.estimate(p),
            "eth_getLogs" => to_json(&logs::query(&self.chain, &p.required::<Filter>(0)?, &self.limits)?),
            _ if method.starts_with("eth_getBlock") || method.starts_with("eth_getUncle") => self.by_block(method, p),
            _ if method.starts_with("eth_getTransaction") || method.starts_with("eth_getRaw") => self.by_tx(method, p),
            _ if method.contains("Filter") => self.filter(method, p),
            _ => Err(RpcError::no_method(method)),
        }
    }

    fn by_block(&self, method: &str, p: &mut Params) -> Answer {
        let block = match method {
            "eth_getBlockByHash" | "eth_getBlockTransactionCountByHash" | "eth_getUncleCountByBlockHash" => {
                self.block_by_hash(p.required(0)?)
            }
            "eth_getBlockByNumber"
            | "eth_getBlockTransactionCountByNumber"
            | "eth_getUncleCountByBlockNumber"
            | "eth_getBlockReceipts" => self.block_by_id(p.required(0)?),
            _ => return Err(RpcError::no_method(method)),
        };
        let Some(block) = block else { return Ok(Value::Null) };
        match method {
            "eth_getBlockByHash" | "eth_getBlockByNumber" => {
                to_json(&blocks::block(&block, p.optional(1)?.unwrap_or_default()))
            }
            "eth_getBlockReceipts" => {
                to_json(&(0..block.txs.len()).map(|index| blocks::receipt(&block, index)).collect::<Vec<_>>())
            }
            "eth_getUncleCountByBlockHash" | "eth_getUncleCountByBlockNumber" => quantity(0),
            _ => quantity(block.txs.len() as u64),
        }
    }

    fn by_tx(&self, method: &str, p: &mut Params) -> Answer {
        match method {
            "eth_getTransactionByHash" => {
                let hash = p.required(0)?;
                match self.chain.find_tx(&hash) {
                    Some((block, index)) => to_json(&blocks::transaction(&block, index)),
                    None => to_json(&self.chain.waiting(&hash).map(|signed| blocks::pending(&signed))),
                }
            }
            "eth_getRawTransactionByHash" => {
                let hash = p.required(0)?;
                let mined = self.chain.find_tx(&hash).map(|(block, index)| blocks::raw(&block.txs[index]));
                to_json(&mined.or_else(|| self.chain.waiting(&hash).map(|signed| blocks::raw(&signed))))
            }
            "eth_getTransactionReceipt" => {
                let found = self.chain.find_tx(&p.required(0)?);
                to_json(&found.map(|(block, index)| blocks::receipt(&block, index)))
            }
            "eth_getTransactionByBlockHashAndIndex" => self.tx_at(self.block_by_hash(p.required(0)?), p),
            "eth_getTransactionByBlockNumberAndIndex" => self.tx_at(self.block_by_id(p.required(0)?), p),
            _ => Err(RpcError::no_method(method)),
        }
    }

    fn tx_at(&self, block: Option<Arc<Block>>, p: &mut Params) -> Answer {
        let index = p.required::<U64>(1)?.saturating_to::<usize>();
        let found = block.filter(|block| index < block.txs.len());
        to_json(&found.map(|block| blocks::transaction(&block, index)))
    }

    fn filter(&self, method: &str, p: &mut Params) -> Answer {
        let now = self.clock.monotonic();
        let install = |watch| Ok(self.filters.install(&self.chain, watch, &self.limits, now)?.into());
        match method {
            "eth_newBlockFilter" => install(Watch::Blocks),
            "eth_newPendingTransactionFilter" => install(Watch::Pending),
            "eth_newFilter" => {
                let filter: Filter = p.required(0)?;
                logs::check(&filter, &self.limits)?;
                install(Watch::Logs(Box::new(filter)))
            }
            "eth_uninstallFilter" => Ok(self.filters.remove(&p.required::<String>(0)?).into()),
            "eth_getFilterChanges" => self.filters.changes(&self.chain, &p.required::<String>(0)?, &self.limits, now),
            "eth_getFilterLogs" => {
                let filter = self.filters.log_filter(&p.required::<String>(0)?, &self.limits, now)?;
                to_json(&logs::query(&self.chain, &filter, &self.limits)?)
            }
            _ => Err(RpcError::no_method(method)),
        }
    }

    fn transaction_count(&self, p: &mut Params) -> Answer {
        let address: Address = p.required(0)?;
        match p.optional(1)? {
            Some(BlockId::Number(BlockNumberOrTag::Pending)) => quantity(self.chain.pending_nonce(address)),
            block => quantity(self.view(block)?.account(address).unwrap_or_default().nonce),
        }
    }

    fn account_params(&self, p: &mut Params, block: usize) -> Result<(Address, View), RpcError> {
        Ok((p.required(0)?, self.view(p.optional(block)?)?))
    }

    fn view(&self, block: Option<BlockId>) -> Result<View, RpcError> {
        Ok(self.chain.view(self.state_block(block)?.number()))
    }

    fn call(&self, p: &mut Params) -> Answer {
        let request = p.required(0)?;
        let trial = self.trial(p, false)?;
        to_json(&trial.call(request)?)
    }

    fn estimate(&self, p: &mut Params) -> Answer {
        let request = p.required(0)?;
        // An estimate is about the next block: with the head's time, a deadline that has passed would look open.
        let trial = self.trial(p, true)?;
        quantity(trial.estimate(request)?)
    }

    /// The state and environment named by parameters 1 to 3: block, state overrides, block overrides.
    fn trial(&self, p: &mut Params, absent_is_pending: bool) -> Result<Trial<'_>, RpcError> {
        let asked: Option<BlockId> = p.optional(1)?;
        let pending = match asked {
            Some(BlockId::Number(BlockNumberOrTag::Pending)) => true,
            Some(BlockId::Number(BlockNumberOrTag::Latest)) | None => absent_is_pending,
            Some(_) => false,
        };
        let block = self.state_block(asked)?;
        let rules = &self.chain.rules;
        let env = if pending {
            next_env(rules, &block, self.time.preview(block.header.timestamp))
        } else {
            env_of(rules, &block)
        };
        let mut trial = Trial { rules, env, layer: Layer::new(self.chain.view(block.number())) };
        if let Some(state) = p.optional(2)? {
            trial.override_state(state)?;
        }
        if let Some(block) = p.optional(3)? {
            trial.override_block(block);
        }
        Ok(trial)
    }

    /// Takes a raw transaction in; the flag says whether it can go into the next block.
    pub(crate) fn send_raw(&self, p: &mut Params) -> Result<(B256, bool), RpcError> {
        let raw: Bytes = p.required(0)?;
        let view = self.chain.view(u64::MAX);
        let signed = admit(&self.chain.rules, &view, &raw, self.limits.transaction).map_err(RpcError::refused)?;
        let hash = signed.hash();
        Ok((hash, self.chain.submit(signed)?))
    }

    fn block_by_hash(&self, hash: B256) -> Option<Arc<Block>> {
        self.chain.block(self.chain.number_of(&hash)?)
    }

    /// The block a getter asks for; tags that other chains tell apart all mean the head here.
    fn block_by_id(&self, id: BlockId) -> Option<Arc<Block>> {
        match id {
            BlockId::Hash(hash) => self.block_by_hash(hash.block_hash),
            BlockId::Number(BlockNumberOrTag::Number(number)) => self.chain.block(number),
            BlockId::Number(BlockNumberOrTag::Earliest) => self.chain.block(0),
            BlockId::Number(_) => Some(self.chain.head()),
        }
    }

    /// The block whose state a reader asks for; absent means the head.
    fn state_block(&self, id: Option<BlockId>) -> Result<Arc<Block>, RpcError> {
        let Some(id) = id else { return Ok(self.chain.head()) };
        self.block_by_id(id).ok_or_else(|| match id {
            BlockId::Hash(_) => RpcError::refused("header for hash not found"),
            BlockId::Number(_) => RpcError::refused("header not found"),
        })
    }
}
