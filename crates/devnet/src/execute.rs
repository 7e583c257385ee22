//! Execution: a list of transactions and a timestamp become a sealed block. Pure in (parent, state, list, time).
//!
//! Who calls [`seal`], and when, is a seam: the miner today, a consensus among validators later. Keep both out of here.
//! The rules are fixed at Prague.

use alloy::consensus::constants::EMPTY_WITHDRAWALS;
use alloy::consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy::consensus::{
    EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Eip658Value, Header, Receipt, ReceiptEnvelope, Transaction as _,
    TxReceipt as _,
};
use alloy::eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy::primitives::{Address, B256, Bloom, Bytes, U256, keccak256};
use revm::context::either::Either;
use revm::context::result::{EVMError, ExecutionResult, InvalidTransaction};
use revm::context::{BlockEnv, CfgEnv, ContextTr as _, TxEnv};
use revm::primitives::hardfork::SpecId;
use revm::{Context, ExecuteEvm as _, MainBuilder as _, MainContext as _};

use crate::block::{Block, Signed, receipt};
use crate::layer::Layer;
use crate::state::{Diff, View};

/// What stays the same from block to block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) chain_id: u64,
    /// Wei per gas.
    pub(crate) base_fee: u64,
    pub(crate) gas_limit: u64,
}

/// A block and what became of the list it was made from.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) block: Block,
    pub(crate) diff: Diff,
    /// Transactions that cannot be executed at this point of the chain, with the reason.
    pub(crate) refused: Vec<(B256, InvalidTransaction)>,
}

/// Executes `txs` in order on top of `parent`, and seals those that fit.
///
/// A transaction that finds no room for its gas limit ends the block; it and those behind it are for the next one.
pub(crate) fn seal(rules: &Rules, parent: &Block, view: View, txs: Vec<Signed>, timestamp: u64) -> Sealed {
    let env = next_env(rules, parent, timestamp);
    let mut evm = Context::mainnet().with_db(Layer::new(view)).with_block(env).with_cfg(cfg(rules)).build_mainnet();
    let (mut body, mut refused) = (Body::default(), Vec::new());
    for signed in txs {
        let gas = signed.tx.gas_limit();
        if gas > rules.gas_limit - body.gas_used && gas <= rules.gas_limit {
            break;
        }
        match evm.transact(tx_env(&signed)) {
            Ok(done) => {
                evm.ctx.db_mut().absorb(done.state);
                body.push(signed, done.result);
            }
            Err(EVMError::Transaction(reason)) => refused.push((signed.hash(), reason)),
            Err(other) => refused.push((signed.hash(), InvalidTransaction::Str(other.to_string().into()))),
        }
    }
    let diff = evm.ctx.journaled_state.database.into_diff();
    let block = body.close(rules, parent, timestamp, &diff);
    Sealed { block, diff, refused }
}

#[derive(Default)]
struct Body {
    txs: Vec<Signed>,
    receipts: Vec<ReceiptEnvelope>,
    bloom: Bloom,
    gas_used: u64,
}

impl Body {
    fn push(&mut self, signed: Signed, result: ExecutionResult) {
        let cumulative_gas_used = self.gas_used + result.tx_gas_used();
        let status = Eip658Value::Eip658(result.is_success());
        // Logs of a reverted transaction do not exist.
        let logs = if result.is_success() { result.into_logs() } else { Vec::new() };
        let receipt = receipt(&signed.tx, Receipt { status, cumulative_gas_used, logs });
        self.bloom |= receipt.bloom();
        self.gas_used = cumulative_gas_used;
        self.receipts.push(receipt);
        self.txs.push(signed);
    }

    fn close(self, rules: &Rules, parent: &Block, timestamp: u64, diff: &Diff) -> Block {
        let envelopes: Vec<_> = self.txs.iter().map(|signed| signed.tx.clone()).collect();
        let header = Header {
            parent_hash: parent.hash,
            number: parent.number() + 1,
            timestamp,
            state_root: diff.commit(parent.header.state_root),
            transactions_root: calculate_transaction_root(&envelopes),
            receipts_root: calculate_receipt_root(&self.receipts),
            logs_bloom: self.bloom,
            gas_used: self.gas_used,
            mix_hash: randao(parent),
            ..empty_header(rules)
        };
        Block { hash: header.hash_slow(), header, txs: self.txs, receipts: self.receipts }
    }
}

/// Block 0: `diff` is the state it starts with.
pub(crate) fn genesis(rules: &Rules, diff: &Diff, timestamp: u64) -> Block {
    let header = Header {
        timestamp,
        state_root: diff.commit(B256::ZERO),
        extra_data: Bytes::from_static(b"fairgrid"),
        ..empty_header(rules)
    };
    Block { hash: header.hash_slow(), header, txs: Vec::new(), receipts: Vec::new() }
}

fn empty_header(rules: &Rules) -> Header {
    Header {
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        gas_limit: rules.gas_limit,
        base_fee_per_gas: Some(rules.base_fee),
        withdrawals_root: Some(EMPTY_WITHDRAWALS),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

/// `PREVRANDAO` of the block behind `parent`: fixed by it, so anybody can replay the chain; never a source of secrets.
fn randao(parent: &Block) -> B256 {
    keccak256(parent.hash)
}

/// The environment of the block behind `parent`.
pub(crate) fn next_env(rules: &Rules, parent: &Block, timestamp: u64) -> BlockEnv {
    env(rules, parent.number() + 1, timestamp, randao(parent))
}

/// The environment `block` was executed in, whatever the rules are by now.
pub(crate) fn env_of(rules: &Rules, block: &Block) -> BlockEnv {
    let Header { number, timestamp, mix_hash, gas_limit, base_fee_per_gas, .. } = block.header;
    let rules = Rules { gas_limit, base_fee: base_fee_per_gas.unwrap_or_default(), ..*rules };
    env(&rules, number, timestamp, mix_hash)
}

/// An environment for checks that depend on neither number nor time.
pub(crate) fn checking_env(rules: &Rules) -> BlockEnv {
    env(rules, 0, 0, B256::ZERO)
}

fn env(rules: &Rules, number: u64, timestamp: u64, randao: B256) -> BlockEnv {
    let mut env = BlockEnv {
        number: U256::from(number),
        beneficiary: Address::ZERO,
        timestamp: U256::from(timestamp),
        gas_limit: rules.gas_limit,
        basefee: rules.base_fee,
        prevrandao: Some(randao),
        ..BlockEnv::default()
    };
    env.set_blob_excess_gas_and_price(0, revm::primitives::eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE);
    env
}

pub(crate) fn cfg(rules: &Rules) -> CfgEnv {
    let mut cfg = CfgEnv::new();
    cfg.set_spec_and_mainnet_gas_params(SpecId::PRAGUE);
    cfg.with_chain_id(rules.chain_id)
}

/// A signed transaction as revm wants it.
pub(crate) fn tx_env(signed: &Signed) -> TxEnv {
    let tx = &signed.tx;
    TxEnv {
        tx_type: u8::from(tx.tx_type()),
        caller: signed.sender,
        gas_limit: tx.gas_limit(),
        gas_price: tx.max_fee_per_gas(),
        kind: tx.kind(),
        value: tx.value(),
        data: tx.input().clone(),
        nonce: tx.nonce(),
        chain_id: tx.chain_id(),
        access_list: tx.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: tx.max_priority_fee_per_gas(),
        authorization_list: tx.authorization_list().unwrap_or_default().iter().cloned().map(Either::Left).collect(),
        ..TxEnv::default()
    }
}
