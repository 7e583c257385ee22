//! People with keys: the same number is the same person in every test.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use protocol::hash::{authorization, enclave_message};
use protocol::hub::Pledge;
use protocol::order::{Domain, Operation, Order, Signed};
use protocol::{ResultHash, ResultSeal, TaskId};

/// Somebody who can sign.
#[derive(Clone, Debug)]
pub struct Actor {
    key: PrivateKeySigner,
}

impl Actor {
    /// The actor of this number.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self::of_key(B256::from(U256::from(0xfa1e_0000_u64 + number)))
    }

    /// The owner of a secret key.
    ///
    /// # Panics
    /// When it is no key of the curve.
    #[must_use]
    pub fn of_key(key: B256) -> Self {
        Self { key: PrivateKeySigner::from_bytes(&key).expect("a number between 1 and the curve's order") }
    }

    /// Where its money is.
    #[must_use]
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// Signs a digest as it is.
    ///
    /// # Panics
    /// Never: a key in memory signs everything.
    #[must_use]
    pub fn sign_digest(&self, digest: B256) -> Bytes {
        self.key.sign_hash_sync(&digest).expect("a key in memory signs").as_bytes().to_vec().into()
    }

    /// Signs 32 bytes as `personal_sign` does.
    ///
    /// # Panics
    /// Never: a key in memory signs everything.
    #[must_use]
    pub fn sign_message(&self, message: B256) -> Bytes {
        self.key.sign_message_sync(message.as_slice()).expect("a key in memory signs").as_bytes().to_vec().into()
    }

    /// Signs an order.
    pub fn sign<O: Order>(&self, order: O, domain: &Domain) -> Signed<O> {
        let sign = self.sign_digest(order.hash(domain).0);
        Signed { order, sign }
    }

    /// Signs what shall happen to an order.
    pub fn sign_operation<O: Order>(&self, order: &O, operation: Operation, domain: &Domain) -> Bytes {
        self.sign_digest(order.operation_digest(domain, operation))
    }

    /// Lets `worker` contribute to `task`, as its pool.
    #[must_use]
    pub fn authorize(&self, worker: Address, task: TaskId) -> Pledge {
        let authorization = self.sign_message(authorization(worker, task, Address::ZERO));
        Pledge { authorization, ..Pledge::default() }
    }

    /// Lets `worker` contribute to `task` from inside `enclave`, which signs its result.
    #[must_use]
    pub fn authorize_enclave(
        &self,
        worker: Address,
        task: TaskId,
        enclave: &Self,
        (hash, seal): (ResultHash, ResultSeal),
    ) -> Pledge {
        Pledge {
            enclave: enclave.address(),
            enclave_sign: enclave.sign_message(enclave_message(hash, seal)),
            authorization: self.sign_message(authorization(worker, task, enclave.address())),
        }
    }
}
