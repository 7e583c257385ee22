//! Rules of execution, pool and time, tested without a server.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use alloy::consensus::{SignableTransaction as _, Transaction as _, TxEip1559, TxEnvelope};
use alloy::primitives::{Address, B256, Bytes, U256, hex};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use revm::bytecode::Bytecode;
use runtime::clock::ManualClock;

use crate::block::{Block, Signed};
use crate::chain::Chain;
use crate::clock::BlockTime;
use crate::execute::{Rules, genesis, seal};
use crate::pool::{Bounds, Pool, Refusal};
use crate::state::{Account, Diff, View, World};

const RULES: Rules = Rules { chain_id: 65_535, base_fee: 0, gas_limit: 1_000_000 };
const BOUNDS: Bounds = Bounds { pool: 100, nonce_gap: 10 };
/// Stores its second word at the slot named by its first.
const STORE: [u8; 8] = hex!("6020356000355500");
const STORE_AT: Address = Address::repeat_byte(0x57);

fn key(n: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(n)).unwrap()
}

fn transaction(key: &PrivateKeySigner, nonce: u64, to: Address, input: Vec<u8>) -> Signed {
    let tx = TxEip1559 {
        chain_id: 65_535,
        nonce,
        gas_limit: 90_000,
        to: to.into(),
        input: input.into(),
        ..TxEip1559::default()
    };
    let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
    Signed { tx: TxEnvelope::from(tx.into_signed(signature)), sender: key.address() }
}

fn store(key: &PrivateKeySigner, nonce: u64, slot: u64, value: u64) -> Signed {
    let words = [U256::from(slot).to_be_bytes::<32>(), U256::from(value).to_be_bytes::<32>()];
    transaction(key, nonce, STORE_AT, words.concat())
}

/// Block 0 with the storing contract, and its state.
fn start() -> (Block, Arc<RwLock<World>>) {
    let mut diff = Diff::default();
    let code = Bytecode::new_legacy(Bytes::from_static(&STORE));
    let account = Account { nonce: 1, code_hash: code.hash_slow(), ..Account::default() };
    diff.accounts.insert(STORE_AT, Some(account));
    diff.code.insert(account.code_hash, code);
    let block = genesis(&RULES, &diff, 1000);
    let mut world = World::default();
    world.apply(0, block.hash, diff);
    (block, Arc::new(RwLock::new(world)))
}

#[test]
fn the_writes_of_all_transactions_of_a_block_are_merged_slot_by_slot() {
    let (parent, world) = start();
    let txs = vec![store(&key(1), 0, 1, 10), store(&key(2), 0, 2, 20), store(&key(1), 1, 1, 11)];
    let sealed = seal(&RULES, &parent, View::new(world, 0), txs, 1001);
    let slots: Vec<_> =
        sealed.diff.slots.into_iter().map(|((_, slot), value)| (slot.to::<u64>(), value.to::<u64>())).collect();
    assert_eq!(slots, [(1, 11), (2, 20)]);
    assert!(sealed.block.receipts.iter().all(|receipt| receipt.is_success()));
}

#[test]
fn the_same_list_at_the_same_time_gives_the_same_block() {
    let (parent, world) = start();
    let sealed = |timestamp, value| {
        let txs = vec![store(&key(1), 0, 1, value)];
        seal(&RULES, &parent, View::new(Arc::clone(&world), 0), txs, timestamp).block
    };
    assert_eq!(sealed(1001, 1).hash, sealed(1001, 1).hash);
    assert_ne!(sealed(1001, 1).hash, sealed(1002, 1).hash);
    assert_ne!(sealed(1001, 1).header.state_root, sealed(1001, 2).header.state_root);
    assert_eq!(sealed(1001, 1).header.state_root, sealed(1002, 1).header.state_root);
}

#[test]
fn a_block_survives_its_form_on_disk() {
    let (parent, world) = start();
    let txs = vec![store(&key(1), 0, 1, 10), transaction(&key(2), 0, Address::ZERO, vec![1, 2, 3])];
    let block = seal(&RULES, &parent, View::new(world, 0), txs, 1001).block;
    let bytes = block.to_bytes();
    let read = Block::from_bytes(&bytes).unwrap();
    assert_eq!((read.hash, &read.header, &read.receipts), (block.hash, &block.header, &block.receipts));
    assert!(read.txs.iter().zip(&block.txs).all(|(read, was)| read.hash() == was.hash() && read.sender == was.sender));
    for cut in 0..bytes.len() {
        assert!(Block::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn what_cannot_be_executed_is_named_and_does_not_stop_the_rest() {
    let (parent, world) = start();
    let txs = vec![store(&key(1), 5, 1, 10), store(&key(2), 0, 2, 20)];
    let early = txs[0].hash();
    let sealed = seal(&RULES, &parent, View::new(world, 0), txs, 1001);
    assert_eq!(sealed.refused.iter().map(|(hash, _)| *hash).collect::<Vec<_>>(), [early]);
    assert_eq!(sealed.block.txs.len(), 1);
}

#[test]
fn the_pool_serves_in_order_of_arrival_and_of_nonce() {
    let mut pool = Pool::default();
    let arrivals = [(2, 1), (1, 0), (3, 0), (2, 0), (1, 1)];
    for (who, nonce) in arrivals {
        pool.add(Arc::new(store(&key(who), nonce, 0, 0)), Account::default(), BOUNDS).unwrap();
    }
    let order = |pool: &Pool, most| {
        let ready = pool.ready(|_| 0, most);
        ready.iter().map(|signed| (signed.sender, signed.tx.nonce())).collect::<Vec<_>>()
    };
    let expected: Vec<_> =
        [(1, 0), (3, 0), (2, 0), (2, 1), (1, 1)].into_iter().map(|(who, nonce)| (key(who).address(), nonce)).collect();
    assert_eq!(order(&pool, 10), expected);
    assert_eq!(order(&pool, 2), expected[..2]);
    pool.settle(key(2).address(), 2);
    assert_eq!(pool.pending_nonce(&key(2).address(), 2), 2);
    assert_eq!(order(&pool, 10).len(), 3);
}

#[test]
fn the_pool_counts_what_already_waits_against_the_balance() {
    let mut pool = Pool::default();
    let account = Account { balance: U256::from(150), ..Account::default() };
    let paying = |nonce| {
        let tx = TxEip1559 { nonce, value: U256::from(100), ..TxEip1559::default() };
        let signature = key(1).sign_hash_sync(&tx.signature_hash()).unwrap();
        Arc::new(Signed { tx: TxEnvelope::from(tx.into_signed(signature)), sender: key(1).address() })
    };
    assert_eq!(pool.add(paying(0), account, BOUNDS), Ok(true));
    let refused = pool.add(paying(1), account, BOUNDS).unwrap_err();
    assert!(matches!(refused, Refusal::Funds { .. }), "{refused}");
}

#[test]
fn nothing_is_accepted_once_nobody_makes_blocks() {
    let (block, _) = start();
    let chain = Chain::new(RULES, BOUNDS, World::default(), vec![block]);
    assert!(chain.submit(store(&key(1), 0, 1, 1)).is_ok());
    chain.halt();
    assert_eq!(chain.submit(store(&key(1), 1, 1, 1)), Err(Refusal::Halted));
}

#[test]
fn block_time_never_goes_back_and_goes_on_from_where_a_test_set_it() {
    let clock = ManualClock::new(Duration::from_secs(100));
    let time = BlockTime::new(Arc::new(clock.clone()), 0);
    assert_eq!((time.take(90), time.take(250)), (100, 250));
    time.advance(1000);
    assert_eq!(time.take(0), 1100);
    time.set_next(5000);
    assert_eq!((time.preview(0), time.take(0), time.take(0)), (5000, 5000, 5000));
    clock.advance(Duration::from_secs(7));
    assert_eq!(time.take(0), 5007);
}
