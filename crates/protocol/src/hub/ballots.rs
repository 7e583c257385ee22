//! Votes that somebody else submits. Twin of the hub's `contributeFor`: what is wrong with one vote passes it over.

use alloy_primitives::{Address, Bytes, U256};

use super::events::Till;
use super::{BagsRefused, Event, Hub, Refused};
use crate::bags::{self, Vote};
use crate::consensus::weight;
use crate::hash::{authorization, enclave_message, personal_digest};
use crate::settlement::Ledger;
use crate::task::{MAX_CONTRIBUTORS, Phase, Task};
use crate::{ChainTime, TaskId};

/// Most votes of one `contributeFor`.
pub const MAX_VOTES: u32 = 256;
/// Bits that the hub has for the weight of a group of equal votes.
const WEIGHT_BITS: usize = 224;

/// One vote with what others signed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayedVote {
    /// What the worker signed, with the rest of its ballot.
    pub vote: Vote,
    /// The enclave's signature; ignored without an enclave.
    pub enclave_sign: Bytes,
    /// The pool's permission for this worker and task; ignored when the pool relays the vote itself.
    pub authorization: Bytes,
}

/// Votes of one worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayedBallot {
    /// Whose votes.
    pub worker: Address,
    /// In the order that was signed.
    pub votes: Vec<RelayedVote>,
    /// The worker's signature over all of them.
    pub sign: Bytes,
}

/// Why a relayed vote was passed over. In the order of the contracts' enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum VoteRefusal {
    /// The worker did not sign the ballot.
    Signature,
    /// The task takes no contributions, or none any more.
    Closed,
    /// The task has its most contributors, or its tally cannot hold the vote.
    Full,
    /// The worker has a contribution, maybe a rejected one.
    Voted,
    /// None where the deal needs one, or it did not sign.
    Enclave,
    /// The pool, or the broker for enclaves, did not sign.
    Authorization,
    /// The worker's free money is below its stake.
    Stake,
}

impl VoteRefusal {
    /// All of them, in the order of the contracts' enum.
    pub const ALL: [Self; 7] =
        [Self::Signature, Self::Closed, Self::Full, Self::Voted, Self::Enclave, Self::Authorization, Self::Stake];
}

/// The books after a vote, and what it said.
struct Counted {
    ledger: Ledger,
    task: Task,
    said: Vec<Event>,
}

impl Hub {
    /// Contributes for workers who signed their votes; anybody may. Votes that do not count are passed over.
    ///
    /// # Errors
    /// [`BagsRefused::BadCount`], [`BagsRefused::NothingCounted`].
    pub fn contribute_for(
        &mut self,
        caller: Address,
        ballots: &[RelayedBallot],
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let votes: usize = ballots.iter().map(|ballot| ballot.votes.len()).sum();
        if votes == 0 || votes > MAX_VOTES as usize {
            return Err(BagsRefused::BadCount { count: U256::from(votes), most: MAX_VOTES }.into());
        }
        let (mut said, mut counted) = (Vec::new(), 0);
        for ballot in ballots {
            let signed = self.is_signed(ballot);
            for vote in &ballot.votes {
                let outcome =
                    if signed { self.judge(caller, ballot.worker, vote, now) } else { Err(VoteRefusal::Signature) };
                match outcome {
                    Ok(good) => {
                        counted += 1;
                        said.extend(good.said);
                        self.store(good.ledger, good.task);
                    }
                    Err(reason) => {
                        said.push(Event::VoteSkipped { task: vote.vote.task, worker: ballot.worker, reason });
                    }
                }
            }
        }
        if counted == 0 { Err(BagsRefused::NothingCounted.into()) } else { Ok(said) }
    }

    fn is_signed(&self, ballot: &RelayedBallot) -> bool {
        let votes: Vec<_> = ballot.votes.iter().map(|relayed| relayed.vote).collect();
        let digest = self.domain.digest(bags::ballot(ballot.worker, &votes));
        Self::signed_by(ballot.worker, digest, &ballot.sign).unwrap_or(false)
    }

    fn judge(
        &self,
        caller: Address,
        worker: Address,
        relayed: &RelayedVote,
        now: ChainTime,
    ) -> Result<Counted, VoteRefusal> {
        let Vote { task: id, hash, seal, enclave } = relayed.vote;
        let (deal, mut task) = self.load(id).map_err(|_| VoteRefusal::Closed)?;
        if task.phase != Phase::Active || now >= task.contribute_before {
            return Err(VoteRefusal::Closed);
        }
        let score = self.score(worker);
        if task.contributions.len() >= MAX_CONTRIBUTORS || !has_room(&task, &relayed.vote, score, deal.trust) {
            return Err(VoteRefusal::Full);
        }
        if task.contribution(worker).is_some() {
            return Err(VoteRefusal::Voted);
        }
        if deal.tag.is_tee() && enclave == Address::ZERO {
            return Err(VoteRefusal::Enclave);
        }
        let authorizer = self.authorizer(deal.workerpool.owner, enclave);
        if caller != authorizer && !permits(authorizer, worker, id, enclave, &relayed.authorization) {
            return Err(VoteRefusal::Authorization);
        }
        let sealed = personal_digest(enclave_message(hash, seal));
        if enclave != Address::ZERO && !Self::signed_by(enclave, sealed, &relayed.enclave_sign).unwrap_or(false) {
            return Err(VoteRefusal::Enclave);
        }
        let mut ledger = self.ledger.clone();
        ledger.lock(worker, deal.worker_stake).map_err(|_| VoteRefusal::Stake)?;
        let won = task.contribute(worker, hash, seal, score, deal.trust, now).map_err(|_| VoteRefusal::Full)?;
        let mut said = Vec::new();
        Till::new(self.domain.hub, id, &mut said).lock(worker, deal.worker_stake);
        said.push(Event::TaskContribute { task: id, worker, hash });
        said.extend(won.then_some(Event::TaskConsensus { task: id, consensus: hash }));
        Ok(Counted { ledger, task, said })
    }
}

fn permits(authorizer: Address, worker: Address, task: TaskId, enclave: Address, sign: &[u8]) -> bool {
    Hub::signed_by(authorizer, personal_digest(authorization(worker, task, enclave)), sign).unwrap_or(false)
}

/// Whether the tally can hold the vote: no product of weights, nor its comparison, leaves its word.
fn has_room(task: &Task, vote: &Vote, score: U256, trust: U256) -> bool {
    let mut tally = task.tally.clone();
    tally.vote(vote.hash, weight(score), trust).is_ok() && tally.group(vote.hash).bit_len() <= WEIGHT_BITS
}
