//! A layer of changes over a state: what the transactions of one block see, and what `eth_call` overrides.
//!
//! Changes are merged slot by slot, so that a later transaction never hides what an earlier one wrote beside it.

use std::collections::HashSet;
use std::convert::Infallible;

use alloy::primitives::{Address, B256, U256};
use revm::bytecode::Bytecode;
use revm::state::{AccountInfo, EvmState};
use revm::{Database, DatabaseRef as _};

use crate::state::{Account, Diff, View, info};

/// `view` plus changes that nobody else sees.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    view: View,
    changes: Diff,
    /// Accounts whose storage below this layer is hidden (`state` overrides).
    wiped: HashSet<Address>,
}

impl Layer {
    pub(crate) fn new(view: View) -> Self {
        Self { view, changes: Diff::default(), wiped: HashSet::new() }
    }

    pub(crate) fn account(&self, address: Address) -> Option<Account> {
        match self.changes.accounts.get(&address) {
            Some(changed) => *changed,
            None => self.view.account(address),
        }
    }

    pub(crate) fn code_of(&self, address: Address) -> Bytecode {
        let hash = self.account(address).unwrap_or_default().code_hash;
        self.changes.code.get(&hash).cloned().unwrap_or_else(|| self.view.code(hash))
    }

    pub(crate) fn set_account(&mut self, address: Address, account: Account) {
        self.changes.accounts.insert(address, Some(account));
    }

    pub(crate) fn set_slot(&mut self, address: Address, slot: U256, value: U256) {
        self.changes.slots.insert((address, slot), value);
    }

    pub(crate) fn add_code(&mut self, code: Bytecode) -> B256 {
        let hash = code.hash_slow();
        self.changes.code.insert(hash, code);
        hash
    }

    /// Hides all storage of `address` that this layer does not hold itself.
    pub(crate) fn wipe(&mut self, address: Address) {
        self.wiped.insert(address);
    }

    /// Adds what one transaction changed.
    pub(crate) fn absorb(&mut self, state: EvmState) {
        for (address, account) in state {
            if !account.is_touched() {
                continue;
            }
            // Rules since Cancun: only what the same transaction created can be destroyed, so no older storage is left behind.
            if account.is_selfdestructed() || account.is_empty() {
                if self.account(address).is_some() {
                    self.changes.accounts.insert(address, None);
                }
                continue;
            }
            let kept =
                Account { balance: account.info.balance, nonce: account.info.nonce, code_hash: account.info.code_hash };
            let before = self.account(address);
            if before != Some(kept) {
                self.changes.accounts.insert(address, Some(kept));
            }
            if before.unwrap_or_default().code_hash != kept.code_hash
                && let Some(code) = account.info.code.as_ref().filter(|code| !code.is_empty())
            {
                self.changes.code.insert(kept.code_hash, code.clone());
            }
            for (slot, value) in account.changed_storage_slots() {
                self.changes.slots.insert((address, *slot), value.present_value);
            }
        }
    }

    pub(crate) fn into_diff(self) -> Diff {
        self.changes
    }
}

impl Database for Layer {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.account(address).map(info))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.changes.code.get(&code_hash).cloned().unwrap_or_else(|| self.view.code(code_hash)))
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, Infallible> {
        match self.changes.slots.get(&(address, index)) {
            Some(value) => Ok(*value),
            None if self.wiped.contains(&address) => Ok(U256::ZERO),
            None => Ok(self.view.slot(address, index)),
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        self.view.block_hash_ref(number)
    }
}
