//! Calls for many tasks, signed by whoever has to sign. Every part can be spoiled before it is sent.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use protocol::bags::{self, RangeAuthorization, solo_range};
use protocol::hash::{authorization, enclave_message};
use protocol::order::Domain;
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::abi::{Bags, Ballot, RangePermit, SoloResult, Vote};
use crate::{Actor, Done, Reverted, Stage};

/// A result of task `number`: a digest, and 85 bytes that say where it is, as clients do, each another place.
#[must_use]
pub fn result(number: u64) -> SoloResult {
    let digest = keccak256(number.to_be_bytes());
    let place = &digest.to_string()[2..46];
    let results = format!(r#"{{"storage":"ipfs","location":"/ipfs/Qm{place}/"}}"#);
    SoloResult { resultDigest: digest, results: results.into_bytes().into(), resultsCallback: Bytes::new() }
}

/// What one worker settles in one call.
#[derive(Clone, Debug)]
pub struct SoloRange {
    /// Caller of the hub.
    pub worker: Address,
    /// The deal.
    pub deal: DealId,
    /// Index of the first task.
    pub first: u64,
    /// One result a task.
    pub entries: Vec<SoloResult>,
    /// Vouches for all results.
    pub enclave: Option<Actor>,
    /// Lets the worker settle [`SoloRange::permitted`].
    pub authorizer: Actor,
    /// First index and count.
    pub permitted: (U256, U256),
}

impl SoloRange {
    /// Worker 10 with the pool's permission for just these tasks.
    #[must_use]
    pub fn new(stage: &Stage, deal: DealId, first: u64, count: u64) -> Self {
        Self {
            worker: Actor::number(10).address(),
            deal,
            first,
            entries: (first..first + count).map(result).collect(),
            enclave: None,
            authorizer: stage.scheduler.clone(),
            permitted: (U256::from(first), U256::from(count)),
        }
    }

    /// The tasks of the call, in order.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskId> {
        (self.first..).map(|index| TaskId::derive(self.deal, U256::from(index))).take(self.entries.len()).collect()
    }

    /// The signed call.
    #[must_use]
    pub fn call(&self, domain: &Domain) -> Bags::contributeAndFinalizeRangeCall {
        let enclave = self.enclave.as_ref().map_or(Address::ZERO, Actor::address);
        let (first, count) = self.permitted;
        let permit = RangeAuthorization { worker: self.worker, deal: self.deal, first, count, enclave };
        let digests: Vec<_> = self.entries.iter().map(|entry| ResultDigest(entry.resultDigest)).collect();
        let vouched = domain.digest(solo_range(self.worker, self.deal, U256::from(self.first), &digests));
        let sign = self.authorizer.sign_digest(domain.digest(permit.struct_hash()));
        Bags::contributeAndFinalizeRangeCall {
            dealid: self.deal.0,
            first: U256::from(self.first),
            entries: self.entries.clone(),
            enclaveChallenge: enclave,
            enclaveSign: self.enclave.as_ref().map_or_else(Bytes::new, |enclave| enclave.sign_digest(vouched)),
            permit: RangePermit { first, count, sign },
        }
    }

    /// Signs and sends.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn send(&self, stage: &mut Stage) -> Result<Done, Reverted> {
        let call = self.call(&stage.market.domain());
        stage.market.call(self.worker, &call)
    }
}

/// A vote for a result, with the authorizer's permission.
#[must_use]
pub fn vote(authorizer: &Actor, worker: Address, task: TaskId, digest: B256) -> Vote {
    let digest = ResultDigest(digest);
    Vote {
        taskid: task.0,
        resultHash: ResultHash::derive(task, digest).0,
        resultSeal: ResultSeal::derive(worker, task, digest).0,
        enclaveChallenge: Address::ZERO,
        enclaveSign: Bytes::new(),
        authorizationSign: authorizer.sign_message(authorization(worker, task, Address::ZERO)),
    }
}

/// The same from inside an enclave.
#[must_use]
pub fn vote_inside(enclave: &Actor, authorizer: &Actor, worker: Address, task: TaskId, digest: B256) -> Vote {
    let plain = vote(authorizer, worker, task, digest);
    Vote {
        enclaveChallenge: enclave.address(),
        enclaveSign: enclave.sign_message(enclave_message(ResultHash(plain.resultHash), ResultSeal(plain.resultSeal))),
        authorizationSign: authorizer.sign_message(authorization(worker, task, enclave.address())),
        ..plain
    }
}

/// Votes that their worker signed.
#[must_use]
pub fn ballot(worker: &Actor, domain: &Domain, votes: Vec<Vote>) -> Ballot {
    let sign = worker.sign_digest(ballot_digest(worker.address(), domain, &votes));
    Ballot { worker: worker.address(), votes, workerSign: sign }
}

/// What a worker signs for its votes.
#[must_use]
pub fn ballot_digest(worker: Address, domain: &Domain, votes: &[Vote]) -> B256 {
    let signed = votes.iter().map(|vote| bags::Vote {
        task: TaskId(vote.taskid),
        hash: ResultHash(vote.resultHash),
        seal: ResultSeal(vote.resultSeal),
        enclave: vote.enclaveChallenge,
    });
    domain.digest(bags::ballot(worker, &signed.collect::<Vec<_>>()))
}
