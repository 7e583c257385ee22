//! Moves money and says so.

use alloy_primitives::Address;

use super::events::Till;
use crate::Amount;
use crate::settlement::{Broke, KITTY, Ledger};

/// The escrow's books during one call.
pub(super) struct Books<'a> {
    pub(super) ledger: Ledger,
    pub(super) till: Till<'a>,
}

impl Books<'_> {
    pub(super) fn seize(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        self.ledger.seize(account, amount)?;
        self.till.seize(account, amount);
        Ok(())
    }

    pub(super) fn reward(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        self.ledger.reward(account, amount)?;
        self.till.reward(account, amount);
        Ok(())
    }

    pub(super) fn unlock(&mut self, account: Address, amount: Amount) -> Result<(), Broke> {
        self.ledger.unlock(account, amount)?;
        self.till.unlock(account, amount);
        Ok(())
    }

    /// Takes from the kitty what one call earns.
    pub(super) fn draw(&mut self) -> Result<Option<Amount>, Broke> {
        let drawn = self.ledger.kitty_part()?;
        if let Some(drawn) = drawn {
            self.seize(KITTY, drawn)?;
        }
        Ok(drawn)
    }

    /// Puts the stake of a scheduler who failed into the kitty.
    pub(super) fn feed(&mut self, scheduler: Address, stake: Amount) -> Result<(), Broke> {
        self.ledger.feed_kitty(scheduler, stake)?;
        self.till.feed_kitty(scheduler, stake);
        Ok(())
    }
}
