//! Fee suggestions and history. The base fee is constant, so the past tells all.

use alloy::consensus::Transaction as _;
use alloy::eips::BlockNumberOrTag;
use alloy::primitives::U64;
use alloy::rpc::types::FeeHistory;
use serde::Deserialize;

use super::error::RpcError;
use super::params::Params;
use crate::block::Block;
use crate::chain::Chain;

/// Blocks one answer may cover.
const MOST_BLOCKS: u64 = 1024;
/// Percentiles one request may ask for.
const MOST_PERCENTILES: usize = 100;

/// Some clients send the count as a quantity, some as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Quantity(U64),
    Number(u64),
}

/// `eth_feeHistory`.
///
/// # Errors
/// A block ahead of the head, or percentiles that are not ascending in 0..=100.
pub(crate) fn history(chain: &Chain, params: &mut Params) -> Result<FeeHistory, RpcError> {
    let count = match params.required(0)? {
        Count::Quantity(count) => count.to(),
        Count::Number(count) => count,
    };
    let head = chain.head().number();
    let newest = match params.required::<BlockNumberOrTag>(1)? {
        BlockNumberOrTag::Number(number) if number > head => {
            return Err(RpcError::refused(format!("request beyond head block: requested {number}, head {head}")));
        }
        BlockNumberOrTag::Number(number) => number,
        BlockNumberOrTag::Earliest => 0,
        _ => head,
    };
    let percentiles: Option<Vec<f64>> = params.optional(2)?;
    check(percentiles.as_deref().unwrap_or_default())?;
    let count = count.min(MOST_BLOCKS).min(newest + 1);
    let oldest = newest + 1 - count;
    let blocks: Vec<_> = (oldest..oldest + count).map_while(|number| chain.block(number)).collect();
    let base_fee = u128::from(chain.rules.base_fee);
    Ok(FeeHistory {
        oldest_block: oldest,
        base_fee_per_gas: vec![base_fee; blocks.len() + 1],
        gas_used_ratio: blocks.iter().map(|block| ratio(block)).collect(),
        base_fee_per_blob_gas: vec![1; blocks.len() + 1],
        blob_gas_used_ratio: vec![0.0; blocks.len()],
        reward: percentiles.map(|percentiles| blocks.iter().map(|block| rewards(block, &percentiles)).collect()),
    })
}

fn check(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > MOST_PERCENTILES {
        return Err(RpcError::params(format!("invalid argument 2: at most {MOST_PERCENTILES} percentiles")));
    }
    let inside = percentiles.iter().all(|percentile| (0.0..=100.0).contains(percentile));
    if !inside || !percentiles.is_sorted() {
        return Err(RpcError::params("invalid argument 2: percentiles must ascend from 0 to 100"));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people, gas is far below 2^52")]
fn ratio(block: &Block) -> f64 {
    block.header.gas_used as f64 / block.header.gas_limit as f64
}

/// Tips at `percentiles` of the block's gas, in wei per gas; zero for an empty block.
#[expect(clippy::cast_precision_loss, reason = "a threshold within a block, gas is far below 2^52")]
fn rewards(block: &Block, percentiles: &[f64]) -> Vec<u128> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut tips: Vec<(u128, u64)> = block
        .txs
        .iter()
        .enumerate()
        .map(|(index, signed)| (signed.tx.effective_tip_per_gas(base_fee).unwrap_or_default(), block.gas_used(index)))
        .collect();
    tips.sort_unstable();
    let at = |percentile: &f64| {
        let threshold = block.header.gas_used as f64 * percentile / 100.0;
        let mut gas = 0_u64;
        let reached = tips.iter().find(|(_, used)| {
            gas += used;
            gas as f64 >= threshold
        });
        reached.or(tips.last()).map_or(0, |(tip, _)| *tip)
    };
    percentiles.iter().map(at).collect()
}
