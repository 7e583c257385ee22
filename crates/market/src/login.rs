//! Logins: a challenge is asked for, signed once, used once. In memory: after a restart clients ask again.

use std::collections::HashMap;
use std::time::Duration;

use api::market::{CHALLENGE_PREFIX, LOGIN_DOMAIN, login_digest};
use protocol::{Address, B256, Bytes};
use serde_json::{Value, json};

use crate::Config;

/// Characters of the random part: 31 letters and digits that nobody mistakes, and one more to make 32.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Challenges that were given out and not used.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    pending: HashMap<Address, Vec<Pending>>,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    digest: B256,
    expires: Duration,
}

/// The three parts of an authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    digest: B256,
    signature: Bytes,
    address: Address,
}

impl Authorization {
    /// Reads `hash_signature_address`; `None` for anything else.
    pub(crate) fn read(header: &str) -> Option<Self> {
        // Longer than any: refused before it is parsed.
        if header.len() > 400 {
            return None;
        }
        let mut parts = header.split('_');
        let (digest, signature, address) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = parts.next().is_none() && [digest, signature, address].iter().all(|part| part.starts_with("0x"));
        let read = || {
            Some(Self {
                digest: digest.parse().ok()?,
                signature: signature.parse().ok()?,
                address: address.parse().ok()?,
            })
        };
        is_whole.then(read)?
    }
}

impl Logins {
    /// A new challenge for `address`; `None` when too many are pending. `now` is monotonic.
    pub(crate) fn challenge(
        &mut self,
        config: &Config,
        chain_id: u64,
        address: Address,
        now: Duration,
    ) -> Option<Value> {
        if self.count >= config.challenges {
            self.forget_expired(now);
        }
        let theirs = self.pending.entry(address).or_default();
        if theirs.len() >= config.challenges_per_wallet.max(1) {
            theirs.remove(0);
            self.count -= 1;
        }
        if self.count >= config.challenges {
            return None;
        }
        let text = format!("{CHALLENGE_PREFIX}{}", random_text());
        let digest = login_digest(LOGIN_DOMAIN, chain_id, &text);
        theirs.push(Pending { digest, expires: now.saturating_add(config.challenge_lives) });
        self.count += 1;
        Some(typed_data(chain_id, &text))
    }

    /// Who logs in; the challenge is used up. `None` for a wrong, a used, an expired or a foreign one.
    pub(crate) fn redeem(&mut self, authorization: &Authorization, now: Duration) -> Option<Address> {
        let Authorization { digest, signature, address } = authorization;
        if protocol::hash::signer_of(*digest, signature) != Some(*address) {
            return None;
        }
        let theirs = self.pending.get_mut(address)?;
        let found = theirs.iter().position(|pending| pending.digest == *digest)?;
        let pending = theirs.remove(found);
        self.count -= 1;
        if theirs.is_empty() {
            self.pending.remove(address);
        }
        (now < pending.expires).then_some(*address)
    }

    fn forget_expired(&mut self, now: Duration) {
        self.pending.retain(|_, theirs| {
            theirs.retain(|pending| now < pending.expires);
            !theirs.is_empty()
        });
        self.count = self.pending.values().map(Vec::len).sum();
    }
}

fn random_text() -> String {
    let bytes: [u8; 32] = runtime::random::bytes();
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// What wallets sign and show.
fn typed_data(chain_id: u64, challenge: &str) -> Value {
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" },
                { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" },
            ],
            "Challenge": [{ "name": "challenge", "type": "string" }],
        },
        "domain": { "name": LOGIN_DOMAIN, "version": "1", "chainId": chain_id },
        "primaryType": "Challenge",
        "message": { "challenge": challenge },
    })
}

#[cfg(test)]
mod tests {
    use chain::Wallet;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn asked(logins: &mut Logins, config: &Config, wallet: &Wallet) -> Authorization {
        let data = logins.challenge(config, 134, wallet.address(), NOW).unwrap();
        let text = data["message"]["challenge"].as_str().unwrap();
        assert_eq!(text.len(), CHALLENGE_PREFIX.len() + 32);
        let digest = login_digest(LOGIN_DOMAIN, 134, text);
        Authorization { digest, signature: wallet.sign_digest(digest), address: wallet.address() }
    }

    #[test]
    fn a_challenge_works_once_and_not_after_five_minutes() {
        let (mut logins, config, wallet) = (Logins::default(), Config::default(), Wallet::random());
        let (first, second) = (asked(&mut logins, &config, &wallet), asked(&mut logins, &config, &wallet));
        assert_eq!(logins.redeem(&first, NOW), Some(wallet.address()));
        assert_eq!(logins.redeem(&first, NOW), None);
        assert_eq!(logins.redeem(&second, NOW + config.challenge_lives), None);
        assert_eq!(logins.count, 0);
    }

    #[test]
    fn nobody_logs_in_for_somebody_else() {
        let (mut logins, config) = (Logins::default(), Config::default());
        let (owner, thief) = (Wallet::random(), Wallet::random());
        let theirs = asked(&mut logins, &config, &owner);
        let forged = Authorization { signature: thief.sign_digest(theirs.digest), ..theirs.clone() };
        let claimed = Authorization { address: thief.address(), ..forged.clone() };
        assert_eq!(logins.redeem(&forged, NOW), None);
        assert_eq!(logins.redeem(&claimed, NOW), None);
        assert_eq!(logins.redeem(&theirs, NOW), Some(owner.address()));
    }

    #[test]
    fn pending_challenges_are_bounded_for_each_wallet_and_in_all() {
        let config = Config { challenges_per_wallet: 2, challenges: 3, ..Config::default() };
        let (mut logins, wallet) = (Logins::default(), Wallet::random());
        let first = asked(&mut logins, &config, &wallet);
        for _ in 0..9 {
            asked(&mut logins, &config, &wallet);
        }
        assert_eq!((logins.count, logins.redeem(&first, NOW)), (2, None));
        asked(&mut logins, &config, &Wallet::random());
        let more = |logins: &mut Logins, now| logins.challenge(&config, 134, Wallet::random().address(), now);
        assert!(more(&mut logins, NOW).is_none());
        assert!(more(&mut logins, NOW + config.challenge_lives).is_some());
    }

    #[test]
    fn anything_but_three_hexadecimal_parts_is_no_authorization() {
        let wallet = Wallet::random();
        let good = format!("{}_{}_{}", B256::ZERO, wallet.sign_digest(B256::ZERO), wallet.address());
        assert!(Authorization::read(&good).is_some());
        for bad in ["", "_", "a_b_c", "0x_0x_0x", &format!("{good}_"), &good[2..], &"0".repeat(5_000)] {
            assert!(Authorization::read(bad).is_none(), "{bad}");
        }
    }
}
