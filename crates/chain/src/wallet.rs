//! A key that signs orders, authorizations and transactions. The only file that touches secret bytes.

use std::fmt;
use std::sync::Arc;

use alloy::consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718;
use alloy::primitives::{Address, B256, Bytes};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use protocol::order::{Domain, Operation, Order, Signed};
use zeroize::Zeroizing;

use crate::Error;

/// A secp256k1 key. Prints as its address; the key material wipes itself when the last clone is dropped.
#[derive(Clone)]
pub struct Wallet {
    signer: Arc<PrivateKeySigner>,
}

impl Wallet {
    /// The wallet of a private key.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the bytes are zero or not below the order of the curve.
    pub fn from_bytes(key: Zeroizing<[u8; 32]>) -> Result<Self, Error> {
        // The array is passed on by reference so that no unwiped copy stays behind here.
        let signer = PrivateKeySigner::from_slice(key.as_slice());
        let signer = signer.map_err(|_| Error::Invalid { what: "these 32 bytes are not a private key".to_owned() })?;
        Ok(Self { signer: Arc::new(signer) })
    }

    /// A wallet that nobody had before.
    #[must_use]
    pub fn random() -> Self {
        loop {
            // Fewer than one in 2^127 draws is no key.
            if let Ok(wallet) = Self::from_bytes(Zeroizing::new(runtime::random::bytes())) {
                return wallet;
            }
        }
    }

    /// Whose key.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The private key, for writing a keystore file.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.signer.to_bytes().0)
    }

    /// Signs a digest as it is: `r ‖ s ‖ v`, 65 bytes, `v` 27 or 28, `s` in the lower half.
    #[must_use]
    pub fn sign_digest(&self, digest: B256) -> Bytes {
        Bytes::copy_from_slice(&self.raw_signature(digest).as_bytes())
    }

    /// Signs 32 bytes as `personal_sign` does: authorizations, challenges.
    #[must_use]
    pub fn sign_personal(&self, message: B256) -> Bytes {
        self.sign_digest(protocol::hash::personal_digest(message))
    }

    /// Signs an order for the hub of `domain`.
    #[must_use]
    pub fn sign_order<O: Order>(&self, order: O, domain: &Domain) -> Signed<O> {
        let sign = self.sign_digest(order.hash(domain).0);
        Signed { order, sign }
    }

    /// Signs the permission to presign or close an order in somebody else's transaction.
    #[must_use]
    pub fn sign_operation<O: Order>(&self, order: &O, operation: Operation, domain: &Domain) -> Bytes {
        self.sign_digest(order.operation_digest(domain, operation))
    }

    /// Signs a transaction; answers its hash and the bytes to broadcast.
    pub(crate) fn sign_transaction(&self, transaction: TxEip1559) -> (B256, Bytes) {
        let signature = self.raw_signature(transaction.signature_hash());
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        (*envelope.tx_hash(), envelope.encoded_2718().into())
    }

    fn raw_signature(&self, digest: B256) -> alloy::primitives::Signature {
        self.signer.sign_hash_sync(&digest).expect("a valid key signs every 32-byte digest")
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({})", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ones() -> Wallet {
        Wallet::from_bytes(Zeroizing::new([1; 32])).unwrap()
    }

    #[test]
    fn the_recorded_authorization_signature_is_reproduced() {
        // offchain.md 14: RFC 6979 signature of the authorization hash by the key 0x01 × 32.
        let message = "0x67a52464ba98b5323158a4c7fb8d683853be81018db8336a7f1410390d9f1005".parse().unwrap();
        let expected = "0x640bb2ba5fa073eb41d3a92b93cee30feafcb33113a397febce972ae40f0103d\
            297e57706e8bf4b64ef895f7d05f2ecb0615667615daea6e7f12caef3fdb98dc1c";
        assert_eq!(ones().address().to_string(), "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1");
        let signature = ones().sign_personal(message);
        let signer = protocol::hash::signer_of(protocol::hash::personal_digest(message), &signature);
        assert_eq!(signer, Some(ones().address()));
        assert_eq!(signature.to_string(), expected);
    }

    #[test]
    fn debug_prints_the_address_and_no_key() {
        let text = format!("{:?}", ones());
        assert_eq!(text, "Wallet(0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1)");
    }

    #[test]
    fn impossible_keys_are_refused() {
        assert!(Wallet::from_bytes(Zeroizing::new([0; 32])).is_err());
        assert!(Wallet::from_bytes(Zeroizing::new([0xff; 32])).is_err());
        assert_ne!(Wallet::random().address(), Wallet::random().address());
    }
}
