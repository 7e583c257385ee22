//! The chain in memory: blocks, state and pool, with one writer (the miner) and many readers.
//!
//! Locks are held for lookups and inserts only, never across an await or an execution.
//! Order when several are needed: pool, world, ledger.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use alloy::consensus::Transaction as _;
use alloy::primitives::{Address, B256};
use tokio::sync::{Notify, watch};

use crate::block::{Block, Signed};
use crate::execute::{Rules, Sealed};
use crate::pool::{Bounds, Pool, Refusal};
use crate::state::{Account, View, World};

/// The smallest gas a transaction can use: bounds how many fit a block.
const TRANSFER_GAS: u64 = 21_000;

#[derive(Debug, Default)]
struct Ledger {
    /// Block N at index N.
    blocks: Vec<Arc<Block>>,
    by_hash: HashMap<B256, u64>,
    /// Block and index of each transaction.
    txs: HashMap<B256, (u64, usize)>,
}

impl Ledger {
    fn push(&mut self, block: Arc<Block>) {
        self.by_hash.insert(block.hash, block.number());
        for (index, signed) in block.txs.iter().enumerate() {
            self.txs.insert(signed.hash(), (block.number(), index));
        }
        self.blocks.push(block);
    }
}

/// Everything readers and the miner share.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) rules: Rules,
    bounds: Bounds,
    world: Arc<RwLock<World>>,
    ledger: RwLock<Ledger>,
    pool: Mutex<Pool>,
    head: watch::Sender<u64>,
    arrivals: watch::Sender<u64>,
    /// Set once no block will ever follow.
    halted: AtomicBool,
    /// Woken when something can go into a block.
    pub(crate) work: Notify,
}

impl Chain {
    /// A chain of `blocks` (at least block 0, in order) whose history is `world`.
    pub(crate) fn new(rules: Rules, bounds: Bounds, world: World, blocks: Vec<Block>) -> Self {
        let mut ledger = Ledger::default();
        blocks.into_iter().for_each(|block| ledger.push(Arc::new(block)));
        let head = ledger.blocks.last().expect("a chain has a block 0").number();
        Self {
            rules,
            bounds,
            world: Arc::new(RwLock::new(world)),
            ledger: RwLock::new(ledger),
            pool: Mutex::default(),
            head: watch::Sender::new(head),
            arrivals: watch::Sender::new(0),
            halted: AtomicBool::new(false),
            work: Notify::new(),
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The newest block.
    pub(crate) fn head(&self) -> Arc<Block> {
        self.ledger(|ledger| Arc::clone(ledger.blocks.last().expect("a chain has a block 0")))
    }

    pub(crate) fn block(&self, number: u64) -> Option<Arc<Block>> {
        let index = usize::try_from(number).ok()?;
        self.ledger(|ledger| ledger.blocks.get(index).cloned())
    }

    pub(crate) fn number_of(&self, hash: &B256) -> Option<u64> {
        self.ledger(|ledger| ledger.by_hash.get(hash).copied())
    }

    /// The block of a mined transaction, and its index there.
    pub(crate) fn find_tx(&self, hash: &B256) -> Option<(Arc<Block>, usize)> {
        self.ledger(|ledger| {
            let (number, index) = ledger.txs.get(hash)?;
            let block = ledger.blocks.get(usize::try_from(*number).ok()?)?;
            Some((Arc::clone(block), *index))
        })
    }

    /// The state as it was after block `number`.
    pub(crate) fn view(&self, number: u64) -> View {
        View::new(Arc::clone(&self.world), number)
    }

    /// A transaction that waits for a block.
    pub(crate) fn waiting(&self, hash: &B256) -> Option<Arc<Signed>> {
        self.pool().get(hash)
    }

    /// Sees each new head number; numbers may be skipped, blocks may not: read them with [`Chain::block`].
    pub(crate) fn heads(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Sees how many transactions were submitted so far.
    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    /// Hashes submitted behind number `since`, and the newest number.
    pub(crate) fn submitted_since(&self, since: u64) -> (Vec<B256>, u64) {
        let pool = self.pool();
        (pool.since(since), pool.arrivals())
    }

    /// The next nonce of `sender`, counting what waits without a gap.
    pub(crate) fn pending_nonce(&self, sender: Address) -> u64 {
        let pool = self.pool();
        pool.pending_nonce(&sender, self.account_now(&sender).nonce)
    }

    /// Lets `signed` wait for a block. Returns whether it can go into the next one.
    ///
    /// # Errors
    /// [`Refusal`]: it can never be mined, or not on these terms.
    pub(crate) fn submit(&self, signed: Signed) -> Result<bool, Refusal> {
        if self.halted.load(Ordering::Acquire) {
            return Err(Refusal::Halted);
        }
        let mut pool = self.pool();
        let account = self.account_now(&signed.sender);
        let added = pool.add(Arc::new(signed), account, self.bounds);
        let arrivals = pool.arrivals();
        drop(pool);
        let ready = added?;
        self.arrivals.send_modify(|seen| *seen = arrivals.max(*seen));
        if ready {
            self.work.notify_one();
        }
        Ok(ready)
    }

    /// From now on nothing is accepted: nobody would mine it.
    pub(crate) fn halt(&self) {
        self.halted.store(true, Ordering::Release);
    }

    fn account_now(&self, address: &Address) -> Account {
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        world.account(address, u64::MAX).unwrap_or_default()
    }

    /// What the next block should hold, in order.
    pub(crate) fn ready(&self) -> Vec<Signed> {
        let most = usize::try_from(self.rules.gas_limit / TRANSFER_GAS).unwrap_or(usize::MAX);
        let pool = self.pool();
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        pool.ready(|sender| world.account(sender, u64::MAX).unwrap_or_default().nonce, most)
    }

    /// Whether anything can go into the next block.
    pub(crate) fn has_ready(&self) -> bool {
        let pool = self.pool();
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        pool.has_ready(|sender| world.account(sender, u64::MAX).unwrap_or_default().nonce)
    }

    /// Makes `sealed` the newest block. Only the miner calls this, after the block is on disk.
    pub(crate) fn publish(&self, sealed: Sealed) {
        let block = Arc::new(sealed.block);
        let mut pool = self.pool();
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        world.apply(block.number(), block.hash, sealed.diff);
        drop(world);
        self.ledger.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&block));
        for (hash, reason) in &sealed.refused {
            tracing::warn!(%hash, %reason, "dropped a transaction that became impossible");
            pool.drop_refused(hash);
        }
        // An authorization of EIP-7702 raises the nonce of an account that sent nothing.
        let authorities = block.txs.iter().flat_map(|signed| signed.tx.authorization_list().unwrap_or_default());
        let authorities = authorities.filter_map(|authorization| authorization.recover_authority().ok());
        let senders: HashSet<Address> = block.txs.iter().map(|signed| signed.sender).chain(authorities).collect();
        for sender in senders {
            pool.settle(sender, self.account_now(&sender).nonce);
        }
        drop(pool);
        self.head.send_replace(block.number());
    }
}
