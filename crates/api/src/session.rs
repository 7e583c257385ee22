//! Session tokens: a worker proves who it is by signing for one pool and one hour; no service keeps a list.
//!
//! On the wire: `Authorization: Worker <address>.<expiry>.<signature>`.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use protocol::hash::{personal_digest, signer_of};

/// Longest life of a token, in seconds; longer ones are refused.
pub const MAX_LIFE_SECONDS: u64 = 3_600;
/// How far a worker's wall clock may run ahead of the service's, in seconds.
const CLOCK_SKEW_SECONDS: u64 = 120;

/// A worker's proof of who it is, for one pool.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken {
    /// Who.
    pub worker: Address,
    /// Wall-clock second after which it is void.
    pub expires: u64,
    /// `personal_sign` of [`SessionToken::message`].
    pub signature: Bytes,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// Not of this form.
    #[error("the authorization header is not of the form 'Worker <address>.<expiry>.<signature>'")]
    Malformed,
    /// Void, or valid for too long.
    #[error(
        "the session token expired, or lives longer than {MAX_LIFE_SECONDS} s: check this machine's clock and sign a new one"
    )]
    Expired,
    /// Signed by somebody else, or for another pool.
    #[error("the session token is not signed by {0} for this pool")]
    WrongSigner(Address),
}

impl SessionToken {
    /// What the worker signs.
    #[must_use]
    pub fn message(pool: Address, worker: Address, expires: u64) -> B256 {
        let expiry = expires.to_be_bytes();
        keccak256([b"fairgrid worker session".as_slice(), pool.as_slice(), worker.as_slice(), &expiry].concat())
    }

    /// The header's value.
    #[must_use]
    pub fn to_header(&self) -> String {
        format!("Worker {}.{}.{}", self.worker, self.expires, self.signature)
    }

    /// Reads the header's value and checks it for `pool` at wall-clock second `now`.
    ///
    /// # Errors
    /// [`BadToken`].
    pub fn verify(header: &str, pool: Address, now: u64) -> Result<Address, BadToken> {
        let token = Self::parse(header).ok_or(BadToken::Malformed)?;
        if token.expires < now || token.expires > now + MAX_LIFE_SECONDS + CLOCK_SKEW_SECONDS {
            return Err(BadToken::Expired);
        }
        let digest = personal_digest(Self::message(pool, token.worker, token.expires));
        if signer_of(digest, &token.signature) == Some(token.worker) {
            Ok(token.worker)
        } else {
            Err(BadToken::WrongSigner(token.worker))
        }
    }

    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.strip_prefix("Worker ")?.splitn(3, '.');
        let worker = parts.next()?.parse().ok()?;
        let expires = parts.next()?.parse().ok()?;
        let signature: Bytes = parts.next()?.parse().ok()?;
        (signature.len() == 65).then_some(Self { worker, expires, signature })
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionToken").field("worker", &self.worker).field("signature", &"[redacted]").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_headers_are_refused_by_name() {
        let pool = Address::repeat_byte(1);
        let worker = Address::repeat_byte(2);
        let forged = format!("Worker {worker}.1000.0x{}", "11".repeat(64) + "1b");
        for (header, refusal) in [
            ("", BadToken::Malformed),
            ("Bearer abc", BadToken::Malformed),
            ("Worker 0x12.5.0x", BadToken::Malformed),
            (forged.as_str(), BadToken::WrongSigner(worker)),
        ] {
            assert_eq!(SessionToken::verify(header, pool, 900), Err(refusal), "{header}");
        }
        assert_eq!(SessionToken::verify(&forged, pool, 1_001), Err(BadToken::Expired));
        assert_eq!(SessionToken::verify(&forged.replace("1000", "99000"), pool, 1_001), Err(BadToken::Expired));
    }
}
