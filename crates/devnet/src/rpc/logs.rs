//! Log queries over a range of blocks, and their limits.

use alloy::eips::BlockNumberOrTag;
use alloy::rpc::types::{Filter, FilterBlockOption, Log};

use super::blocks;
use super::error::RpcError;
use crate::chain::Chain;
use crate::config::Limits;

/// Refuses filters with more alternatives than one client may ask for.
///
/// # Errors
/// Names the limit.
pub(crate) fn check(filter: &Filter, limits: &Limits) -> Result<(), RpcError> {
    let most = filter.topics.iter().map(|topic| topic.len()).chain([filter.address.len()]).max().unwrap_or_default();
    if most > limits.log_alternatives {
        let limit = limits.log_alternatives;
        return Err(RpcError::limit(format!("log filter with {most} alternatives: at most {limit} are allowed")));
    }
    Ok(())
}

/// Everything `filter` asks for.
///
/// # Errors
/// Unknown block, a range that makes no sense, or more than the limits allow.
pub(crate) fn query(chain: &Chain, filter: &Filter, limits: &Limits) -> Result<Vec<Log>, RpcError> {
    check(filter, limits)?;
    match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let block = chain.number_of(&hash).and_then(|number| chain.block(number));
            let block = block.ok_or_else(|| RpcError::refused("unknown block"))?;
            Ok(blocks::logs(&block, filter))
        }
        FilterBlockOption::Range { from_block, to_block } => {
            let head = chain.head().number();
            let (from, to) = (number(from_block, head), number(to_block, head));
            if from > to {
                return Err(RpcError::refused("invalid block range params"));
            }
            range(chain, filter, limits, from, to.min(head))
        }
    }
}

/// Logs of the blocks `from..=to`; none when `from` lies behind `to`.
///
/// # Errors
/// More blocks or results than the limits allow.
pub(crate) fn range(chain: &Chain, filter: &Filter, limits: &Limits, from: u64, to: u64) -> Result<Vec<Log>, RpcError> {
    if to.saturating_sub(from) >= limits.log_blocks {
        let most = limits.log_blocks;
        return Err(RpcError::limit(format!("block range too large: at most {most} blocks a query, narrow it")));
    }
    let mut found = Vec::new();
    for block in (from..=to).map_while(|number| chain.block(number)) {
        found.extend(blocks::logs(&block, filter));
        if found.len() > limits.logs {
            let most = limits.logs;
            return Err(RpcError::limit(format!("query returned more than {most} results: narrow the block range")));
        }
    }
    Ok(found)
}

fn number(block: Option<BlockNumberOrTag>, head: u64) -> u64 {
    match block {
        Some(BlockNumberOrTag::Number(number)) => number,
        Some(BlockNumberOrTag::Earliest) => 0,
        _ => head,
    }
}
