//! The world state with its whole history in memory: what was the value at block N, in one lookup.
//!
//! A write at block N never changes what a reader at N - 1 sees, so a call runs without holding a lock.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use alloy::primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use revm::DatabaseRef;
use revm::bytecode::Bytecode;
use revm::state::AccountInfo;

/// Balance, nonce and code of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Wei.
    pub(crate) balance: U256,
    pub(crate) nonce: u64,
    /// `keccak256` of the code.
    pub(crate) code_hash: B256,
}

impl Default for Account {
    fn default() -> Self {
        Self { balance: U256::ZERO, nonce: 0, code_hash: KECCAK256_EMPTY }
    }
}

/// All that one block changed, slot by slot, in the order of the keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diff {
    /// `None`: the account is gone.
    pub(crate) accounts: BTreeMap<Address, Option<Account>>,
    pub(crate) slots: BTreeMap<(Address, U256), U256>,
    /// New code by its hash.
    pub(crate) code: BTreeMap<B256, Bytecode>,
}

impl Diff {
    /// The next link of the chain of state commitments: `keccak256(previous ‖ entries)`; an empty diff keeps `previous`.
    pub(crate) fn commit(&self, previous: B256) -> B256 {
        if self.accounts.is_empty() && self.slots.is_empty() {
            return previous;
        }
        let mut bytes = previous.to_vec();
        for (address, account) in &self.accounts {
            bytes.push(u8::from(account.is_some()));
            bytes.extend_from_slice(address.as_slice());
            let account = account.unwrap_or_default();
            bytes.extend_from_slice(&account.balance.to_be_bytes::<32>());
            bytes.extend_from_slice(&account.nonce.to_be_bytes());
            bytes.extend_from_slice(account.code_hash.as_slice());
        }
        for ((address, slot), value) in &self.slots {
            bytes.push(2);
            bytes.extend_from_slice(address.as_slice());
            bytes.extend_from_slice(&slot.to_be_bytes::<32>());
            bytes.extend_from_slice(&value.to_be_bytes::<32>());
        }
        keccak256(bytes)
    }
}

/// Values by key and block: the newest apart, because nearly every read wants it.
#[derive(Debug)]
struct Versions<K, V> {
    newest: HashMap<K, (u64, V)>,
    /// Older ones, ascending by block.
    older: HashMap<K, Vec<(u64, V)>>,
}

impl<K, V> Default for Versions<K, V> {
    fn default() -> Self {
        Self { newest: HashMap::new(), older: HashMap::new() }
    }
}

impl<K: Eq + Hash + Copy, V: Copy> Versions<K, V> {
    fn set(&mut self, key: K, block: u64, value: V) {
        if let Some((since, old)) = self.newest.insert(key, (block, value))
            && since < block
        {
            self.older.entry(key).or_default().push((since, old));
        }
    }

    fn at(&self, key: &K, block: u64) -> Option<V> {
        let (since, value) = self.newest.get(key)?;
        if *since <= block {
            return Some(*value);
        }
        let older = self.older.get(key)?;
        let after = older.partition_point(|(since, _)| *since <= block);
        after.checked_sub(1).map(|index| older[index].1)
    }
}

/// The state at every block.
#[derive(Debug, Default)]
pub(crate) struct World {
    accounts: Versions<Address, Option<Account>>,
    slots: Versions<(Address, U256), U256>,
    code: HashMap<B256, Bytecode>,
    /// Hash of block N at index N, for `BLOCKHASH`.
    hashes: Vec<B256>,
}

impl World {
    /// Makes `diff` the outcome of block `block`, whose hash is `hash`. Blocks come in order.
    pub(crate) fn apply(&mut self, block: u64, hash: B256, diff: Diff) {
        for (address, account) in diff.accounts {
            self.set_account(address, block, account);
        }
        for ((address, slot), value) in diff.slots {
            self.set_slot(address, slot, block, value);
        }
        for (hash, code) in diff.code {
            self.set_code(hash, code);
        }
        self.push_hash(hash);
    }

    pub(crate) fn set_account(&mut self, address: Address, block: u64, account: Option<Account>) {
        self.accounts.set(address, block, account);
    }

    pub(crate) fn set_slot(&mut self, address: Address, slot: U256, block: u64, value: U256) {
        self.slots.set((address, slot), block, value);
    }

    pub(crate) fn set_code(&mut self, hash: B256, code: Bytecode) {
        self.code.insert(hash, code);
    }

    pub(crate) fn push_hash(&mut self, hash: B256) {
        self.hashes.push(hash);
    }

    pub(crate) fn account(&self, address: &Address, block: u64) -> Option<Account> {
        self.accounts.at(address, block).flatten()
    }
}

/// The state as it was after one block. Cheap to clone; takes the lock for one lookup at a time.
#[derive(Clone, Debug)]
pub(crate) struct View {
    world: Arc<RwLock<World>>,
    block: u64,
}

impl View {
    pub(crate) fn new(world: Arc<RwLock<World>>, block: u64) -> Self {
        Self { world, block }
    }

    pub(crate) fn account(&self, address: Address) -> Option<Account> {
        self.read(|world| world.account(&address, self.block))
    }

    pub(crate) fn slot(&self, address: Address, slot: U256) -> U256 {
        self.read(|world| world.slots.at(&(address, slot), self.block)).unwrap_or_default()
    }

    pub(crate) fn code(&self, hash: B256) -> Bytecode {
        self.read(|world| world.code.get(&hash).cloned()).unwrap_or_default()
    }

    /// Code of `address` as it was put on chain; empty for a plain account.
    pub(crate) fn code_of(&self, address: Address) -> Bytecode {
        match self.account(address) {
            Some(account) if account.code_hash != KECCAK256_EMPTY => self.code(account.code_hash),
            _ => Bytecode::default(),
        }
    }

    fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        // Writers only insert; a panic in one leaves nothing half done that a reader could see below its block.
        look(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl DatabaseRef for View {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.account(address).map(info))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.code(code_hash))
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, Infallible> {
        Ok(self.slot(address, index))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        Ok(self.read(|world| world.hashes.get(index).copied()).unwrap_or_default())
    }
}

/// `account` as revm wants it; the code is looked up when needed.
pub(crate) fn info(account: Account) -> AccountInfo {
    AccountInfo {
        balance: account.balance,
        nonce: account.nonce,
        code_hash: account.code_hash,
        code: None,
        ..AccountInfo::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_reads_as_it_was_at_each_block() {
        let mut versions = Versions::default();
        for (block, value) in [(1, 10), (5, 50), (5, 51), (9, 90)] {
            versions.set('k', block, value);
        }
        let seen: Vec<_> = [0, 1, 4, 5, 8, 9, 99].into_iter().map(|block| versions.at(&'k', block)).collect();
        assert_eq!(seen, [None, Some(10), Some(10), Some(51), Some(51), Some(90), Some(90)]);
    }

    #[test]
    fn an_empty_diff_keeps_the_commitment_and_any_other_changes_it() {
        let start = B256::repeat_byte(7);
        assert_eq!(Diff::default().commit(start), start);
        let mut one = Diff::default();
        one.slots.insert((Address::ZERO, U256::from(1)), U256::from(2));
        let mut other = one.clone();
        other.slots.insert((Address::ZERO, U256::from(2)), U256::ZERO);
        assert!(one.commit(start) != start && one.commit(start) != other.commit(start));
    }
}
