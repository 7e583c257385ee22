//! What is remembered of one task: where this worker's copy stands, and what it has committed to.
//!
//! Stored as JSON: a new field needs a default, a changed name loses replicates of running workers.

use alloy_primitives::{Address, B256, Bytes, U256};
use protocol::{ChainTime, DealId, ResultDigest, ResultHash, ResultSeal, TaskId};
use serde::{Deserialize, Serialize};

use crate::Cause;

/// One worker's copy of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replicate {
    /// Which.
    pub task: TaskId,
    /// Of which deal.
    pub deal: DealId,
    /// Its index, counted over the whole request order.
    #[serde(with = "protocol::order::wire::uint")]
    pub index: U256,
    /// The pool owner's signature.
    pub authorization: Bytes,
    /// Number of the command that brought it.
    pub number: u64,
    /// Where it stands.
    pub stage: Stage,
    /// Chain time of the first look at it.
    #[serde(default)]
    pub first_look: Option<ChainTime>,
    /// The pool asked for the archive.
    #[serde(default)]
    pub upload: bool,
    /// The pool took it back, and why.
    #[serde(default)]
    pub dropped: Option<String>,
    /// How often the hub refused the contribution although nothing speaks against it.
    #[serde(default)]
    pub refusals: u32,
}

/// Where a replicate stands. From `Contributing` on a stake may be locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Stage {
    /// The command is on disk; nothing is computed.
    Assigned,
    /// The result is on disk.
    Computed {
        /// What it commits to.
        commitment: Commitment,
    },
    /// The contribution was handed to the outbox; it may or may not have happened.
    Contributing {
        /// What it commits to.
        commitment: Commitment,
    },
    /// The contribution was seen on chain.
    Contributed {
        /// What it commits to.
        commitment: Commitment,
    },
    /// The reveal was seen on chain.
    Revealed {
        /// What it commits to.
        commitment: Commitment,
    },
    /// The archive is in the pool's store.
    Uploaded {
        /// What it commits to.
        commitment: Commitment,
        /// What the pool finalizes.
        link: String,
    },
    /// The task ended on chain; nothing is left here.
    Done {
        /// Completed, or claimed.
        completed: bool,
    },
    /// This worker will not contribute, or cannot reveal; nothing is left here.
    Failed {
        /// The code.
        cause: Cause,
        /// In words.
        message: String,
    },
    /// The pool took it back before anything was at stake; nothing is left here.
    Dropped,
}

/// What a worker commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// Digest of the computed result; what a reveal shows.
    pub digest: ResultDigest,
    /// What is contributed.
    pub hash: ResultHash,
    /// What is contributed.
    pub seal: ResultSeal,
}

impl Commitment {
    /// An honest commitment.
    #[must_use]
    pub fn honest(worker: Address, task: TaskId, digest: ResultDigest) -> Self {
        Self { digest, hash: ResultHash::derive(task, digest), seal: ResultSeal::derive(worker, task, digest) }
    }

    /// A lie: commits to `invented` although `digest` was computed. It can never be revealed.
    #[must_use]
    pub fn lie(worker: Address, task: TaskId, digest: ResultDigest, invented: B256) -> Self {
        Self { digest, ..Self::honest(worker, task, ResultDigest(invented)) }
    }
}

impl Replicate {
    /// A freshly assigned one.
    #[must_use]
    pub fn assigned(task: TaskId, deal: DealId, index: U256, authorization: Bytes, number: u64) -> Self {
        Self {
            task,
            deal,
            index,
            authorization,
            number,
            stage: Stage::Assigned,
            first_look: None,
            upload: false,
            dropped: None,
            refusals: 0,
        }
    }

    /// Whether anything is left to do.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self.stage {
            Stage::Assigned
            | Stage::Computed { .. }
            | Stage::Contributing { .. }
            | Stage::Contributed { .. }
            | Stage::Revealed { .. }
            | Stage::Uploaded { .. } => true,
            Stage::Done { .. } | Stage::Failed { .. } | Stage::Dropped => false,
        }
    }

    /// What it commits to, once computed.
    #[must_use]
    pub fn commitment(&self) -> Option<Commitment> {
        match &self.stage {
            Stage::Computed { commitment }
            | Stage::Contributing { commitment }
            | Stage::Contributed { commitment }
            | Stage::Revealed { commitment }
            | Stage::Uploaded { commitment, .. } => Some(*commitment),
            Stage::Assigned | Stage::Done { .. } | Stage::Failed { .. } | Stage::Dropped => None,
        }
    }
}
