//! Commitments and signatures of a task: result hash, seal, authorization, and who signed a message.

use alloy_primitives::{Address, B256, Signature, eip191_hash_message, keccak256};

use crate::{ResultDigest, ResultHash, ResultSeal, TaskId};

impl ResultHash {
    /// What every worker with this digest commits to.
    #[must_use]
    pub fn derive(task: TaskId, digest: ResultDigest) -> Self {
        Self(keccak256([task.0.0, digest.0.0].concat()))
    }
}

impl ResultSeal {
    /// What only `worker` can commit to: copying another worker's hash gives a seal that cannot be revealed.
    #[must_use]
    pub fn derive(worker: Address, task: TaskId, digest: ResultDigest) -> Self {
        Self(keccak256([worker.as_slice(), task.0.as_slice(), digest.0.as_slice()].concat()))
    }
}

/// What the pool's owner signs to let `worker` contribute to `task`; `enclave` is zero for a standard task.
#[must_use]
pub fn authorization(worker: Address, task: TaskId, enclave: Address) -> B256 {
    keccak256([worker.as_slice(), task.0.as_slice(), enclave.as_slice()].concat())
}

/// What an enclave signs over its result.
#[must_use]
pub fn enclave_message(hash: ResultHash, seal: ResultSeal) -> B256 {
    keccak256([hash.0.0, seal.0.0].concat())
}

/// The digest that `personal_sign` of 32 bytes puts under the signature.
#[must_use]
pub fn personal_digest(message: B256) -> B256 {
    eip191_hash_message(message)
}

/// Who signed `digest` with this 65-byte or 64-byte (EIP-2098) signature; `None` when nobody can have.
///
/// Signatures with an upper-half `s` are nobody's, as on the hub.
#[must_use]
pub fn signer_of(digest: B256, signature: &[u8]) -> Option<Address> {
    let signature = match signature.len() {
        65 => {
            let v = signature[64];
            (v == 27 || v == 28).then(|| Signature::from_raw(signature).ok())??
        }
        64 => Signature::from_erc2098(signature),
        _ => return None,
    };
    if signature.normalize_s().is_some() {
        return None;
    }
    signature.recover_address_from_prehash(&digest).ok()
}
