//! The pool: signed transactions that wait for a block, and the rules of what may wait.
//!
//! Whatever can be known at submission is refused at submission: a hash that never gets a receipt makes clients hang.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use alloy::consensus::Transaction as _;
use alloy::primitives::{Address, B256, U256};

use crate::block::Signed;
use crate::state::Account;

/// How many of the newest submissions a poll filter can look back on.
const RECENT: usize = 16_384;

/// Why a transaction may not wait. The texts are the ones that client libraries match.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow { next: u64, nonce: u64 },
    #[error("nonce too high: next nonce {next}, tx nonce {nonce}, at most {gap} may be skipped")]
    NonceTooHigh { next: u64, nonce: u64, gap: u64 },
    #[error("already known")]
    AlreadyKnown,
    #[error("replacement transaction underpriced")]
    Underpriced,
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, pending {pending}")]
    Funds { balance: U256, cost: U256, pending: U256 },
    #[error("the chain makes no more blocks: it is stopping, or its disk failed; see its log")]
    Halted,
    #[error("txpool is full: {limit} transactions wait, try again after the next block")]
    Full { limit: usize },
}

/// Bounds of the pool, from `config::Limits`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) pool: usize,
    pub(crate) nonce_gap: u64,
}

#[derive(Debug)]
struct Waiting {
    /// Order of arrival; a replacement keeps the place of what it replaces.
    order: u64,
    tx: Arc<Signed>,
}

#[derive(Debug, Default)]
struct Queue {
    by_nonce: BTreeMap<u64, Waiting>,
    /// Most that all of `by_nonce` can cost, in wei.
    cost: U256,
}

impl Queue {
    /// First nonce at or above `nonce` that nothing in the queue uses.
    fn next_free(&self, nonce: u64) -> u64 {
        let run = self.by_nonce.range(nonce..).zip(nonce..).take_while(|((have, _), want)| *have == want).count();
        nonce.saturating_add(run as u64)
    }

    fn remove(&mut self, nonce: u64) -> Option<Arc<Signed>> {
        let gone = self.by_nonce.remove(&nonce)?.tx;
        self.cost = self.cost.saturating_sub(cost(&gone));
        Some(gone)
    }
}

/// Transactions that wait, by sender and nonce.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    queues: HashMap<Address, Queue>,
    by_hash: HashMap<B256, Arc<Signed>>,
    arrivals: u64,
    /// Newest submissions; the last one has number `arrivals`.
    recent: VecDeque<B256>,
}

/// Most that `signed` can cost its sender, in wei.
fn cost(signed: &Signed) -> U256 {
    let gas = U256::from(signed.tx.gas_limit()).saturating_mul(U256::from(signed.tx.max_fee_per_gas()));
    gas.saturating_add(signed.tx.value())
}

/// Whether both fees of `new` are at least 10 % above those of `old`.
fn outbids(new: &Signed, old: &Signed) -> bool {
    let above = |new: u128, old: u128| new >= old.saturating_add(old.div_ceil(10)) && new > old;
    let tip = |signed: &Signed| signed.tx.max_priority_fee_per_gas().unwrap_or(signed.tx.max_fee_per_gas());
    above(new.tx.max_fee_per_gas(), old.tx.max_fee_per_gas()) && above(tip(new), tip(old))
}

impl Pool {
    /// Lets `signed` wait; `account` is its sender as of now. Returns whether it can go into the next block.
    ///
    /// # Errors
    /// [`Refusal`], and nothing changed.
    pub(crate) fn add(&mut self, signed: Arc<Signed>, account: Account, bounds: Bounds) -> Result<bool, Refusal> {
        let (hash, nonce) = (signed.hash(), signed.tx.nonce());
        if self.by_hash.contains_key(&hash) {
            return Err(Refusal::AlreadyKnown);
        }
        if nonce < account.nonce {
            return Err(Refusal::NonceTooLow { next: account.nonce, nonce });
        }
        let known = self.by_hash.len();
        let empty = Queue::default();
        let queue = self.queues.get(&signed.sender).unwrap_or(&empty);
        let next = queue.next_free(account.nonce);
        if nonce.saturating_sub(next) > bounds.nonce_gap {
            return Err(Refusal::NonceTooHigh { next, nonce, gap: bounds.nonce_gap });
        }
        let old = queue.by_nonce.get(&nonce);
        if old.is_some_and(|old| !outbids(&signed, &old.tx)) {
            return Err(Refusal::Underpriced);
        }
        if old.is_none() && known >= bounds.pool {
            return Err(Refusal::Full { limit: bounds.pool });
        }
        let pending = queue.cost.saturating_sub(old.map_or(U256::ZERO, |old| cost(&old.tx)));
        let cost = cost(&signed);
        if pending.saturating_add(cost) > account.balance {
            return Err(Refusal::Funds { balance: account.balance, cost, pending });
        }
        self.insert(signed, hash, nonce);
        Ok(nonce <= next)
    }

    fn insert(&mut self, signed: Arc<Signed>, hash: B256, nonce: u64) {
        self.arrivals += 1;
        self.recent.push_back(hash);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        let queue = self.queues.entry(signed.sender).or_default();
        let order = queue.by_nonce.get(&nonce).map_or(self.arrivals, |old| old.order);
        if let Some(old) = queue.remove(nonce) {
            self.by_hash.remove(&old.hash());
        }
        queue.cost = queue.cost.saturating_add(cost(&signed));
        queue.by_nonce.insert(nonce, Waiting { order, tx: Arc::clone(&signed) });
        self.by_hash.insert(hash, signed);
    }

    /// What can be executed now, first come first served, a sender's own in order of nonce; at most `most`.
    pub(crate) fn ready(&self, nonce_of: impl Fn(&Address) -> u64, most: usize) -> Vec<Signed> {
        let head = |sender: &Address, nonce: u64| {
            let waiting = self.queues.get(sender)?.by_nonce.get(&nonce)?;
            Some(Reverse((waiting.order, *sender, nonce)))
        };
        let mut heads: BinaryHeap<_> = self.queues.keys().filter_map(|sender| head(sender, nonce_of(sender))).collect();
        let mut ready = Vec::new();
        while ready.len() < most
            && let Some(Reverse((_, sender, nonce))) = heads.pop()
        {
            if let Some(waiting) = self.queues.get(&sender).and_then(|queue| queue.by_nonce.get(&nonce)) {
                ready.push(Signed::clone(&waiting.tx));
            }
            heads.extend(nonce.checked_add(1).and_then(|next| head(&sender, next)));
        }
        ready
    }

    /// Whether [`Pool::ready`] would return anything.
    pub(crate) fn has_ready(&self, nonce_of: impl Fn(&Address) -> u64) -> bool {
        self.queues.iter().any(|(sender, queue)| queue.by_nonce.contains_key(&nonce_of(sender)))
    }

    /// Forgets what `sender` can no longer send, now that its next nonce is `next`.
    pub(crate) fn settle(&mut self, sender: Address, next: u64) {
        let Some(queue) = self.queues.get_mut(&sender) else { return };
        while let Some((&nonce, _)) = queue.by_nonce.first_key_value()
            && nonce < next
        {
            if let Some(gone) = queue.remove(nonce) {
                self.by_hash.remove(&gone.hash());
            }
        }
        if queue.by_nonce.is_empty() {
            self.queues.remove(&sender);
        }
    }

    /// Forgets one transaction that turned out to be impossible.
    pub(crate) fn drop_refused(&mut self, hash: &B256) {
        let Some(gone) = self.by_hash.remove(hash) else { return };
        if let Some(queue) = self.queues.get_mut(&gone.sender) {
            queue.remove(gone.tx.nonce());
            if queue.by_nonce.is_empty() {
                self.queues.remove(&gone.sender);
            }
        }
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<Arc<Signed>> {
        self.by_hash.get(hash).cloned()
    }

    /// The nonce behind the gapless run that starts at `account_nonce`.
    pub(crate) fn pending_nonce(&self, sender: &Address, account_nonce: u64) -> u64 {
        self.queues.get(sender).map_or(account_nonce, |queue| queue.next_free(account_nonce))
    }

    /// How many submissions there were since the start.
    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// Submissions behind number `since`, as far back as they are remembered.
    pub(crate) fn since(&self, since: u64) -> Vec<B256> {
        let new = usize::try_from(self.arrivals.saturating_sub(since)).unwrap_or(usize::MAX);
        let skip = self.recent.len().saturating_sub(new);
        self.recent.iter().skip(skip).copied().collect()
    }
}
