//! What is signed for many tasks at once: ranges, light ranges, relayed votes. Pure; the twin of
//! `contracts/src/hub/BagHashes.sol`. All are EIP-712 structs: `Domain::digest` binds them to one hub on one chain.

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::{DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

/// EIP-712 type of [`RangeAuthorization`].
pub const RANGE_AUTHORIZATION_TYPE: &str =
    "RangeAuthorization(address worker,bytes32 dealid,uint256 first,uint256 count,address enclaveChallenge)";
/// EIP-712 type of [`solo_range`].
pub const SOLO_RANGE_TYPE: &str = "SoloRange(address worker,bytes32 dealid,uint256 first,bytes32[] resultDigests)";
/// EIP-712 type of [`LightRange`].
pub const LIGHT_RANGE_TYPE: &str = "LightRange(address worker,bytes32 dealid,uint256 first,uint256 count,bytes32 root)";
/// EIP-712 type of [`Vote`].
pub const VOTE_TYPE: &str = "Vote(bytes32 taskid,bytes32 resultHash,bytes32 resultSeal,address enclaveChallenge)";
const BALLOT_HEAD: &str = "Ballot(address worker,Vote[] votes)";

/// What the pool's owner, or the broker for enclaves, signs to let a worker settle any part of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeAuthorization {
    /// Who may.
    pub worker: Address,
    /// In which deal.
    pub deal: DealId,
    /// Index of the first task, counted over the whole request order.
    pub first: U256,
    /// Tasks.
    pub count: U256,
    /// Zero for a standard deal.
    pub enclave: Address,
}

impl RangeAuthorization {
    /// EIP-712 struct hash.
    #[must_use]
    pub fn struct_hash(&self) -> B256 {
        let words = [
            keccak256(RANGE_AUTHORIZATION_TYPE),
            self.worker.into_word(),
            self.deal.0,
            self.first.into(),
            self.count.into(),
            self.enclave.into_word(),
        ];
        keccak256(words.concat())
    }

    /// Whether [first, first + count) lies in the authorized range.
    #[must_use]
    pub fn covers(&self, first: U256, count: U256) -> bool {
        let Some(skipped) = first.checked_sub(self.first) else { return false };
        count <= self.count && skipped <= self.count - count
    }
}

/// What an enclave signs for the digests of consecutive tasks: the EIP-712 struct hash.
#[must_use]
pub fn solo_range(worker: Address, deal: DealId, first: U256, digests: &[ResultDigest]) -> B256 {
    let digests = keccak256(digests.iter().flat_map(|digest| digest.0.0).collect::<Vec<_>>());
    keccak256([keccak256(SOLO_RANGE_TYPE), worker.into_word(), deal.0, first.into(), digests].concat())
}

/// A settled range of a light deal: an enclave signs it, the hub keeps its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LightRange {
    /// Who settled it.
    pub worker: Address,
    /// In which deal.
    pub deal: DealId,
    /// Index of the first task, counted over the whole request order.
    pub first: U256,
    /// Tasks.
    pub count: U256,
    /// Of the [`crate::range_tree::RangeTree`] over the tasks' result hashes.
    pub root: B256,
}

impl LightRange {
    /// EIP-712 struct hash.
    #[must_use]
    pub fn struct_hash(&self) -> B256 {
        let words = [
            keccak256(LIGHT_RANGE_TYPE),
            self.worker.into_word(),
            self.deal.0,
            self.first.into(),
            self.count.into(),
            self.root,
        ];
        keccak256(words.concat())
    }
}

/// The `ref` of the money events of a range of a light deal. Its preimage has 96 bytes, that of a task id 64.
#[must_use]
pub fn light_range_id(deal: DealId, first: U256, count: U256) -> B256 {
    keccak256([deal.0, first.into(), count.into()].concat())
}

/// One vote of a worker that somebody else submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The task.
    pub task: TaskId,
    /// What is voted for.
    pub hash: ResultHash,
    /// That the worker knows the digest.
    pub seal: ResultSeal,
    /// Zero for a standard deal.
    pub enclave: Address,
}

impl Vote {
    /// EIP-712 struct hash.
    #[must_use]
    pub fn struct_hash(&self) -> B256 {
        keccak256([keccak256(VOTE_TYPE), self.task.0, self.hash.0, self.seal.0, self.enclave.into_word()].concat())
    }
}

/// What a worker signs to have its votes submitted: the EIP-712 struct hash.
#[must_use]
pub fn ballot(worker: Address, votes: &[Vote]) -> B256 {
    let votes = keccak256(votes.iter().flat_map(|vote| vote.struct_hash().0).collect::<Vec<_>>());
    keccak256([keccak256([BALLOT_HEAD, VOTE_TYPE].concat()), worker.into_word(), votes].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(first: u64, count: u64) -> RangeAuthorization {
        let (worker, deal) = (Address::repeat_byte(7), DealId(B256::repeat_byte(9)));
        RangeAuthorization { worker, deal, first: U256::from(first), count: U256::from(count), enclave: Address::ZERO }
    }

    #[test]
    fn a_range_is_covered_only_as_a_whole() {
        let permit = permit(10, 5);
        for (first, count, covered) in [(10, 5, true), (14, 1, true), (12, 2, true), (9, 2, false), (14, 2, false)] {
            assert_eq!(permit.covers(U256::from(first), U256::from(count)), covered, "{first} {count}");
        }
        assert!(!permit.covers(U256::from(10), U256::MAX) && !permit.covers(U256::MAX, U256::from(1)));
    }

    #[test]
    fn nothing_signed_for_one_range_or_worker_fits_another() {
        let base = permit(10, 5);
        let others = [
            RangeAuthorization { worker: Address::repeat_byte(8), ..base },
            RangeAuthorization { deal: DealId(B256::repeat_byte(8)), ..base },
            RangeAuthorization { first: base.count, count: base.first, ..base },
            RangeAuthorization { enclave: Address::repeat_byte(1), ..base },
        ];
        assert!(others.iter().all(|other| other.struct_hash() != base.struct_hash()));
        let light =
            |root| LightRange { worker: base.worker, deal: base.deal, first: base.first, count: base.count, root };
        assert_ne!(light(B256::ZERO).struct_hash(), base.struct_hash());
        assert_ne!(light(B256::ZERO).struct_hash(), light(B256::repeat_byte(1)).struct_hash());
    }

    #[test]
    fn a_ballot_binds_its_worker_and_the_order_of_its_votes() {
        let vote = |task| Vote {
            task: TaskId(B256::repeat_byte(task)),
            hash: ResultHash(B256::repeat_byte(2)),
            seal: ResultSeal(B256::repeat_byte(3)),
            enclave: Address::ZERO,
        };
        let worker = Address::repeat_byte(7);
        let signed = ballot(worker, &[vote(1), vote(2)]);
        assert_ne!(signed, ballot(worker, &[vote(2), vote(1)]));
        assert_ne!(signed, ballot(worker, &[vote(1)]));
        assert_ne!(signed, ballot(Address::repeat_byte(8), &[vote(1), vote(2)]));
    }
}
