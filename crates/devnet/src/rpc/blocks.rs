//! Blocks, transactions, receipts and logs in the shape clients read.

use alloy::consensus::transaction::Recovered;
use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::primitives::{B256, Log as RawLog, U256};
use alloy::rlp::Encodable as _;
use alloy::rpc::types as rpc;

use crate::block::{Block, Signed};

/// The header as `newHeads` and blocks carry it.
pub(crate) fn header(block: &Block) -> rpc::Header {
    // Lists of uncles and withdrawals are empty: one byte each.
    let body: usize = block.txs.iter().map(|signed| signed.tx.length()).sum();
    let size = block.header.length() + alloy::rlp::Header { list: true, payload_length: body }.length() + body + 2;
    rpc::Header {
        hash: block.hash,
        inner: block.header.clone(),
        total_difficulty: Some(U256::ZERO),
        size: Some(U256::from(size)),
    }
}

/// The block, with whole transactions or their hashes.
pub(crate) fn block(block: &Block, full: bool) -> rpc::Block {
    let transactions = if full {
        rpc::BlockTransactions::Full((0..block.txs.len()).map(|index| transaction(block, index)).collect())
    } else {
        rpc::BlockTransactions::Hashes(block.txs.iter().map(Signed::hash).collect())
    };
    rpc::Block { header: header(block), uncles: Vec::new(), transactions, withdrawals: Some(Vec::new().into()) }
}

/// Transaction `index` of a block.
pub(crate) fn transaction(block: &Block, index: usize) -> rpc::Transaction {
    let signed = &block.txs[index];
    rpc::Transaction {
        inner: recovered(signed),
        block_hash: Some(block.hash),
        block_number: Some(block.number()),
        transaction_index: Some(index as u64),
        effective_gas_price: Some(signed.tx.effective_gas_price(block.header.base_fee_per_gas)),
        block_timestamp: Some(block.header.timestamp),
    }
}

/// A transaction that waits for a block.
pub(crate) fn pending(signed: &Signed) -> rpc::Transaction {
    rpc::Transaction {
        inner: recovered(signed),
        block_hash: None,
        block_number: None,
        transaction_index: None,
        effective_gas_price: None,
        block_timestamp: None,
    }
}

fn recovered(signed: &Signed) -> Recovered<TxEnvelope> {
    Recovered::new_unchecked(signed.tx.clone(), signed.sender)
}

/// The receipt of transaction `index` of a block.
pub(crate) fn receipt(block: &Block, index: usize) -> rpc::TransactionReceipt {
    let signed = &block.txs[index];
    let mut place = Place::new(block, index);
    rpc::TransactionReceipt {
        inner: block.receipts[index].clone().map_logs(|inner| place.log(inner)),
        transaction_hash: signed.hash(),
        transaction_index: Some(index as u64),
        block_hash: Some(block.hash),
        block_number: Some(block.number()),
        gas_used: block.gas_used(index),
        effective_gas_price: signed.tx.effective_gas_price(block.header.base_fee_per_gas),
        blob_gas_used: None,
        blob_gas_price: None,
        from: signed.sender,
        to: signed.tx.to(),
        contract_address: signed.creates(),
    }
}

/// Where the logs of one transaction lie in its block.
struct Place<'a> {
    block: &'a Block,
    transaction_hash: B256,
    transaction_index: u64,
    log_index: u64,
}

impl<'a> Place<'a> {
    fn new(block: &'a Block, index: usize) -> Self {
        let transaction_hash = block.txs[index].hash();
        Self { block, transaction_hash, transaction_index: index as u64, log_index: block.first_log(index) }
    }

    /// The next log of the transaction.
    fn log(&mut self, inner: RawLog) -> rpc::Log {
        let log_index = self.log_index;
        self.log_index += 1;
        rpc::Log {
            inner,
            block_hash: Some(self.block.hash),
            block_number: Some(self.block.number()),
            block_timestamp: Some(self.block.header.timestamp),
            transaction_hash: Some(self.transaction_hash),
            transaction_index: Some(self.transaction_index),
            log_index: Some(log_index),
            removed: false,
        }
    }
}

/// Logs of a block that `filter` wants, in order of `logIndex`.
pub(crate) fn logs(block: &Block, filter: &rpc::Filter) -> Vec<rpc::Log> {
    if block.txs.is_empty() || !filter.matches_bloom(block.header.logs_bloom) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut first = 0_u64;
    for (index, receipt) in block.receipts.iter().enumerate() {
        let mut place = Place {
            block,
            transaction_hash: block.txs[index].hash(),
            transaction_index: index as u64,
            log_index: first,
        };
        first += receipt.logs().len() as u64;
        for log in receipt.logs() {
            if filter.matches_address(log.address) && filter.matches_topics(log.topics()) {
                found.push(place.log(log.clone()));
            } else {
                place.log_index += 1;
            }
        }
    }
    found
}

/// Bytes of `signed` as it was sent.
pub(crate) fn raw(signed: &Signed) -> alloy::primitives::Bytes {
    signed.tx.encoded_2718().into()
}
