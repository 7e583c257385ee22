//! Session tokens: signed here, renewed long before they expire.

use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Address;
use api::session::{MAX_LIFE_SECONDS, SessionToken};
use chain::Wallet;
use runtime::Clock;

/// Renewed when less than this is left, in seconds: longer than any upload needs to start.
const RENEW_BEFORE: u64 = 900;

/// Signs session tokens for one pool.
#[derive(Clone)]
pub(crate) struct Tokens {
    wallet: Wallet,
    pool: Address,
    clock: Arc<dyn Clock>,
    current: Arc<Mutex<Option<SessionToken>>>,
}

impl Tokens {
    pub(crate) fn new(wallet: Wallet, pool: Address, clock: Arc<dyn Clock>) -> Self {
        Self { wallet, pool, clock, current: Arc::default() }
    }

    /// A token that is valid for a good while.
    pub(crate) fn token(&self) -> SessionToken {
        let now = self.clock.unix().as_secs();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(token) if token.expires > now.saturating_add(RENEW_BEFORE) => token.clone(),
            _ => current.insert(self.sign(now.saturating_add(MAX_LIFE_SECONDS))).clone(),
        }
    }

    /// Signs anew at the next use: the pool did not like this one.
    pub(crate) fn renew(&self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn sign(&self, expires: u64) -> SessionToken {
        let worker = self.wallet.address();
        let signature = self.wallet.sign_personal(SessionToken::message(self.pool, worker, expires));
        SessionToken { worker, expires, signature }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use runtime::clock::ManualClock;

    use super::*;

    #[test]
    fn a_token_is_valid_at_the_pool_and_renewed_before_it_expires() {
        let clock = ManualClock::new(Duration::from_secs(1_000_000));
        let (wallet, pool) = (Wallet::random(), Address::repeat_byte(7));
        let tokens = Tokens::new(wallet.clone(), pool, Arc::new(clock.clone()));
        let first = tokens.token();
        let check = |token: &SessionToken| SessionToken::verify(&token.to_header(), pool, clock.unix().as_secs());
        assert_eq!(check(&first), Ok(wallet.address()));
        clock.advance(Duration::from_secs(MAX_LIFE_SECONDS - RENEW_BEFORE - 1));
        assert!(tokens.token() == first);
        clock.advance(Duration::from_secs(1));
        let second = tokens.token();
        assert!(second != first);
        assert_eq!(check(&second), Ok(wallet.address()));
    }
}
