//! A task's life on the hub: phases, deadlines, contributions, and what each transition refuses.

use alloy_primitives::{Address, U256};

use crate::consensus::{Overflow, Tally, reward_share, weight};
use crate::deal::REVEAL_RATIO;
use crate::{ChainTime, ResultDigest, ResultHash, ResultSeal, TaskId};

/// Most contributors of one task. Source: hub.
pub const MAX_CONTRIBUTORS: usize = 64;

/// Where a task stands. Source: hub `viewTask().status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Contributions are open until the consensus or the contribution deadline.
    Active,
    /// The winners reveal their digest.
    Revealing {
        /// The result hash that won.
        consensus: ResultHash,
        /// Deadline, exclusive: its own second is already late.
        reveal_before: ChainTime,
        /// Workers who contributed the winning hash.
        winners: u32,
        /// Those who revealed.
        revealed: u32,
    },
    /// Paid.
    Completed {
        /// The result hash that won.
        consensus: ResultHash,
    },
    /// Claimed: refunded.
    Failed,
}

impl Phase {
    /// The field's word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revealing { .. } => "revealing",
            Self::Completed { .. } => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing can change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Completed { .. } | Self::Failed => true,
            Self::Active | Self::Revealing { .. } => false,
        }
    }
}

/// Where one worker's contribution stands. Source: hub `viewContribution().status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContributionStatus {
    /// Committed.
    Contributed,
    /// Revealed.
    Proved,
    /// Was in a consensus that nobody revealed.
    Rejected,
}

/// One worker's contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Who.
    pub worker: Address,
    /// Where it stands.
    pub status: ContributionStatus,
    /// Commitment shared by equal results.
    pub hash: ResultHash,
    /// Commitment of this worker only.
    pub seal: ResultSeal,
    /// Share in the reward: `floor(log2(vote weight))`.
    pub share: U256,
}

/// An initialized task with everything that decides its future.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which.
    pub id: TaskId,
    /// Where it stands.
    pub phase: Phase,
    /// The category's reference time, in seconds.
    pub unit: u64,
    /// Deadline of contributions, exclusive.
    pub contribute_before: ChainTime,
    /// From here on only `claim` remains.
    pub final_before: ChainTime,
    /// The vote.
    pub tally: Tally,
    /// In the order in which they came.
    pub contributions: Vec<Contribution>,
    /// The revealed digest.
    pub digest: Option<ResultDigest>,
}

/// Why a transition is refused; the hub reverts without a word where these say one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The task is in another phase.
    #[error("cannot {action} while the task is {phase}")]
    WrongPhase {
        /// What was tried.
        action: &'static str,
        /// Where the task stands.
        phase: &'static str,
    },
    /// A deadline has passed; the deadline's own second is late.
    #[error("too late to {action}: the deadline was {deadline}, it is {now}")]
    TooLate {
        /// What was tried.
        action: &'static str,
        /// Exclusive deadline.
        deadline: ChainTime,
        /// Block time.
        now: ChainTime,
    },
    /// A deadline has not passed yet.
    #[error("too early to {action}: possible from {from}, it is {now}")]
    TooEarly {
        /// What was tried.
        action: &'static str,
        /// First moment.
        from: ChainTime,
        /// Block time.
        now: ChainTime,
    },
    /// One worker has one vote.
    #[error("worker {worker} has contributed before")]
    AlreadyContributed {
        /// Who.
        worker: Address,
    },
    /// The worker is not among the winners.
    #[error("worker {worker} has no contribution to reveal for the consensus")]
    NotAWinner {
        /// Who.
        worker: Address,
    },
    /// The digest is not the one committed to.
    #[error("the digest is not the one that worker {worker} committed to")]
    WrongDigest {
        /// Who.
        worker: Address,
    },
    /// Not every winner revealed, and they still have time.
    #[error("{revealed} of {winners} winners have revealed")]
    NotRevealed {
        /// Who did.
        revealed: u32,
        /// Who should.
        winners: u32,
    },
    /// The vote cannot be counted.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl Task {
    /// A freshly initialized task.
    #[must_use]
    pub fn new(id: TaskId, unit: u64, contribute_before: ChainTime, final_before: ChainTime) -> Self {
        Self {
            id,
            phase: Phase::Active,
            unit,
            contribute_before,
            final_before,
            tally: Tally::default(),
            contributions: Vec::new(),
            digest: None,
        }
    }

    /// Counts one contribution by a worker of `score`; tells whether it made the consensus.
    ///
    /// # Errors
    /// [`Refused`] where the hub reverts; nothing has changed then.
    pub fn contribute(
        &mut self,
        worker: Address,
        hash: ResultHash,
        seal: ResultSeal,
        score: U256,
        trust: U256,
        now: ChainTime,
    ) -> Result<bool, Refused> {
        self.require_active("contribute")?;
        self.require_before("contribute", self.contribute_before, now)?;
        if self.contribution(worker).is_some() {
            return Err(Refused::AlreadyContributed { worker });
        }
        let vote = weight(score);
        let won = self.tally.vote(hash, vote, trust)?;
        let share = reward_share(vote);
        self.contributions.push(Contribution { worker, status: ContributionStatus::Contributed, hash, seal, share });
        if won {
            let winners = self.count(|c| c.hash == hash && c.status == ContributionStatus::Contributed);
            let reveal_before = now.plus(REVEAL_RATIO, self.unit);
            self.phase = Phase::Revealing { consensus: hash, reveal_before, winners, revealed: 0 };
        }
        Ok(won)
    }

    /// Counts one proved reveal.
    ///
    /// # Errors
    /// [`Refused`] where the hub reverts; nothing has changed then.
    pub fn reveal(&mut self, worker: Address, digest: ResultDigest, now: ChainTime) -> Result<(), Refused> {
        let Phase::Revealing { consensus, reveal_before, winners, revealed } = self.phase else {
            return Err(Refused::WrongPhase { action: "reveal", phase: self.phase.name() });
        };
        self.require_before("reveal", reveal_before, now)?;
        let id = self.id;
        let own = self.contributions.iter_mut().find(|c| c.worker == worker);
        let own = own.filter(|c| c.status == ContributionStatus::Contributed && c.hash == consensus);
        let own = own.ok_or(Refused::NotAWinner { worker })?;
        let proved = own.hash == ResultHash::derive(id, digest) && own.seal == ResultSeal::derive(worker, id, digest);
        if !proved {
            return Err(Refused::WrongDigest { worker });
        }
        own.status = ContributionStatus::Proved;
        self.digest = Some(digest);
        self.phase = Phase::Revealing { consensus, reveal_before, winners, revealed: revealed + 1 };
        Ok(())
    }

    /// Opens the vote again after a consensus that nobody revealed.
    ///
    /// # Errors
    /// [`Refused`] where the hub reverts; nothing has changed then.
    pub fn reopen(&mut self, now: ChainTime) -> Result<(), Refused> {
        let Phase::Revealing { consensus, reveal_before, winners, revealed } = self.phase else {
            return Err(Refused::WrongPhase { action: "reopen", phase: self.phase.name() });
        };
        self.require_before("reopen", self.final_before, now)?;
        if now < reveal_before {
            return Err(Refused::TooEarly { action: "reopen", from: reveal_before, now });
        }
        if revealed > 0 {
            return Err(Refused::NotRevealed { revealed, winners });
        }
        for loser in self.contributions.iter_mut().filter(|c| c.hash == consensus) {
            loser.status = ContributionStatus::Rejected;
        }
        self.tally.reject(consensus);
        self.phase = Phase::Active;
        Ok(())
    }

    /// Whether `finalize` would pass (the callback rule aside).
    ///
    /// # Errors
    /// [`Refused`] where the hub reverts.
    pub fn may_finalize(&self, now: ChainTime) -> Result<ResultHash, Refused> {
        let Phase::Revealing { consensus, reveal_before, winners, revealed } = self.phase else {
            return Err(Refused::WrongPhase { action: "finalize", phase: self.phase.name() });
        };
        self.require_before("finalize", self.final_before, now)?;
        let all = revealed == winners;
        let enough = revealed > 0 && now >= reveal_before;
        if all || enough { Ok(consensus) } else { Err(Refused::NotRevealed { revealed, winners }) }
    }

    /// Completes the task.
    ///
    /// # Errors
    /// Those of [`Task::may_finalize`].
    pub fn finalize(&mut self, now: ChainTime) -> Result<(), Refused> {
        let consensus = self.may_finalize(now)?;
        self.phase = Phase::Completed { consensus };
        Ok(())
    }

    /// Fails the task after its final deadline.
    ///
    /// # Errors
    /// [`Refused`] where the hub reverts.
    pub fn claim(&mut self, now: ChainTime) -> Result<(), Refused> {
        if self.phase.is_final() {
            return Err(Refused::WrongPhase { action: "claim", phase: self.phase.name() });
        }
        if now < self.final_before {
            return Err(Refused::TooEarly { action: "claim", from: self.final_before, now });
        }
        self.phase = Phase::Failed;
        Ok(())
    }

    /// The contribution of one worker.
    #[must_use]
    pub fn contribution(&self, worker: Address) -> Option<&Contribution> {
        self.contributions.iter().find(|c| c.worker == worker)
    }

    fn count(&self, test: impl Fn(&Contribution) -> bool) -> u32 {
        u32::try_from(self.contributions.iter().filter(|c| test(c)).count()).unwrap_or(u32::MAX)
    }

    fn require_active(&self, action: &'static str) -> Result<(), Refused> {
        match self.phase {
            Phase::Active => Ok(()),
            Phase::Revealing { .. } | Phase::Completed { .. } | Phase::Failed => {
                Err(Refused::WrongPhase { action, phase: self.phase.name() })
            }
        }
    }

    fn require_before(&self, action: &'static str, deadline: ChainTime, now: ChainTime) -> Result<(), Refused> {
        if now < deadline { Ok(()) } else { Err(Refused::TooLate { action, deadline, now }) }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;

    const NOW: ChainTime = ChainTime(1_000);

    fn task() -> Task {
        Task::new(TaskId(B256::repeat_byte(1)), 100, ChainTime(1_700), ChainTime(2_000))
    }

    fn worker(byte: u8) -> Address {
        Address::repeat_byte(byte)
    }

    fn contribute(task: &mut Task, who: u8, digest: u8, trust: u64) -> Result<bool, Refused> {
        let digest = ResultDigest(B256::repeat_byte(digest));
        let hash = ResultHash::derive(task.id, digest);
        let seal = ResultSeal::derive(worker(who), task.id, digest);
        task.contribute(worker(who), hash, seal, U256::ZERO, U256::from(trust), NOW)
    }

    #[test]
    fn a_task_goes_from_contributions_to_completion() {
        let mut task = task();
        assert!(!contribute(&mut task, 1, 7, 3).unwrap());
        assert!(contribute(&mut task, 2, 7, 3).unwrap());
        assert!(matches!(task.phase, Phase::Revealing { winners: 2, reveal_before: ChainTime(1_200), .. }));
        let digest = ResultDigest(B256::repeat_byte(7));
        task.reveal(worker(1), digest, NOW).unwrap();
        assert_eq!(task.may_finalize(NOW), Err(Refused::NotRevealed { revealed: 1, winners: 2 }));
        assert!(task.may_finalize(ChainTime(1_200)).is_ok());
        task.reveal(worker(2), digest, NOW).unwrap();
        task.finalize(NOW).unwrap();
        assert!(task.phase.is_final());
        assert!(matches!(task.claim(ChainTime(3_000)), Err(Refused::WrongPhase { .. })));
    }

    #[test]
    fn every_refusal_leaves_the_task_as_it_was() {
        let mut task = task();
        contribute(&mut task, 1, 7, 3).unwrap();
        let before = task.clone();
        assert!(matches!(contribute(&mut task, 1, 8, 3), Err(Refused::AlreadyContributed { .. })));
        let digest = ResultDigest(B256::repeat_byte(7));
        assert!(matches!(task.reveal(worker(1), digest, NOW), Err(Refused::WrongPhase { .. })));
        assert!(matches!(task.reopen(NOW), Err(Refused::WrongPhase { .. })));
        assert!(matches!(task.claim(ChainTime(1_999)), Err(Refused::TooEarly { .. })));
        let (hash, seal) = (ResultHash::default(), ResultSeal::default());
        let late = task.contribute(worker(3), hash, seal, U256::ZERO, U256::from(3), ChainTime(1_700));
        assert!(matches!(late, Err(Refused::TooLate { .. })));
        assert_eq!(task, before);
    }

    #[test]
    fn a_copied_hash_cannot_be_revealed() {
        let mut task = task();
        let digest = ResultDigest(B256::repeat_byte(7));
        let hash = ResultHash::derive(task.id, digest);
        let stolen = ResultSeal::derive(worker(1), task.id, digest);
        contribute(&mut task, 1, 7, 3).unwrap();
        assert!(task.contribute(worker(2), hash, stolen, U256::ZERO, U256::from(3), NOW).unwrap());
        assert_eq!(task.reveal(worker(2), digest, NOW), Err(Refused::WrongDigest { worker: worker(2) }));
    }

    #[test]
    fn a_reopened_task_takes_new_workers_only() {
        let mut task = task();
        contribute(&mut task, 1, 7, 1).unwrap();
        assert!(matches!(task.reopen(ChainTime(1_199)), Err(Refused::TooEarly { .. })));
        task.reopen(ChainTime(1_200)).unwrap();
        assert_eq!(task.contributions[0].status, ContributionStatus::Rejected);
        assert!(matches!(contribute(&mut task, 1, 7, 1), Err(Refused::AlreadyContributed { .. })));
        assert!(contribute(&mut task, 2, 7, 1).unwrap());
        assert!(matches!(task.phase, Phase::Revealing { winners: 1, .. }));
    }
}
