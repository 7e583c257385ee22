//! Why the hub says no, in words for people and in the bytes that the contracts answer.

use alloy_primitives::{Address, Bytes, U256};

use super::{BagsRefused, BoostRefused};
use crate::matching::{Clause, Refusal};
use crate::settlement::Broke;
use crate::{Amount, DealId, TaskId, task};

/// What the contracts put into the return data of a refused call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revert {
    /// Nothing at all.
    Bare,
    /// `Error(string)`.
    Text(String),
    /// `Panic(uint256)`.
    Panic(u8),
    /// `SafeCastOverflowedUintDowncast(uint8,uint256)`.
    TooWide {
        /// Room for the value.
        bits: u8,
        /// What does not fit.
        value: U256,
    },
    /// Another custom error: its selector and values.
    Custom(Bytes),
}

/// A refused call; nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The orders do not fit: the first clause that refuses.
    #[error("the orders do not match: {0}")]
    Match(Refusal),
    /// An order sells something that is no resource contract.
    #[error("{resource} is no resource contract: create it in its registry first")]
    NoResource {
        /// What the order names.
        resource: Address,
    },
    /// Neither 65 nor 64 bytes.
    #[error("a key's signature has 65 or 64 bytes, not {length}")]
    SignatureFormat {
        /// Bytes given.
        length: usize,
    },
    /// Somebody else's order.
    #[error("only {owner} may sign or close this order, by transaction or by signature; {caller} may not")]
    NotTheOwner {
        /// Whose order it is.
        owner: Address,
        /// Who tried.
        caller: Address,
    },
    /// The deal has no such task.
    #[error("deal {deal} has no task of index {index}")]
    NoSuchTask {
        /// Which deal.
        deal: DealId,
        /// Which index.
        index: U256,
    },
    /// Tasks of light deals are never initialized.
    #[error("task {index} is one of the light deal {deal}: settle it as such")]
    LightTask {
        /// Which deal.
        deal: DealId,
        /// Which index.
        index: U256,
    },
    /// Initialized before.
    #[error("task {0} is initialized already")]
    AlreadyInitialized(TaskId),
    /// Never initialized.
    #[error("task {0} is not initialized")]
    Uninitialized(TaskId),
    /// For the pool's owner alone.
    #[error("only the pool's owner {scheduler} may {action}, not {caller}")]
    NotTheScheduler {
        /// What was tried.
        action: &'static str,
        /// Who may.
        scheduler: Address,
        /// Who tried.
        caller: Address,
    },
    /// An enclave task without an enclave.
    #[error("the deal's tag asks for an enclave: contribute with the enclave's challenge address")]
    EnclaveRequired,
    /// Without the pool's word no worker contributes.
    #[error("worker {worker} is not authorized by {authorizer} for task {task}")]
    NotAuthorized {
        /// Who tried.
        worker: Address,
        /// Who has to sign: pool owner, or broker for enclave tasks.
        authorizer: Address,
        /// For which task.
        task: TaskId,
    },
    /// The enclave's signature is somebody else's.
    #[error("the result is not signed by enclave {enclave}")]
    NotTheEnclave {
        /// Whose signature it should be.
        enclave: Address,
    },
    /// Callback data without callback, or not the data that was voted for.
    #[error("the callback data does not hash to the result digest, or the deal has no callback")]
    CallbackData,
    /// Contributing and finalizing at once is for trust 1.
    #[error("a deal of trust {trust} needs a vote: contribute, reveal, finalize")]
    NeedsAVote {
        /// The deal's trust.
        trust: U256,
    },
    /// Contributing and finalizing at once is for the first contributor.
    #[error("others have contributed to the task before")]
    NotAlone,
    /// A withdrawal above the free money.
    #[error("cannot withdraw {wanted}: {held} is free")]
    Overdrawn {
        /// Free money.
        held: Amount,
        /// Asked for.
        wanted: Amount,
    },
    /// The task's phase or a deadline.
    #[error(transparent)]
    Task(#[from] task::Refused),
    /// A task takes [`crate::task::MAX_CONTRIBUTORS`] votes.
    #[error("task {0} has its most contributors")]
    Full(TaskId),
    /// Calls for many tasks, and those of light deals.
    #[error(transparent)]
    Bags(#[from] BagsRefused),
    /// The boost module.
    #[error(transparent)]
    Boost(#[from] BoostRefused),
    /// The escrow.
    #[error(transparent)]
    Money(#[from] Broke),
}

/// Arithmetic overflow in Solidity.
const OVERFLOW: u8 = 0x11;

impl Refused {
    /// The contracts' answer to the same call.
    #[must_use]
    pub fn revert(&self) -> Revert {
        match self {
            Self::Match(refusal) => Revert::Text(refusal.clause.revert()),
            Self::Bags(refused) => refused.revert(),
            Self::Boost(refused) => refused.revert(),
            Self::SignatureFormat { .. } => Revert::Text("invalid-signature-format".to_owned()),
            Self::NotTheOwner { .. } => Revert::Text("invalid-sender-or-signature".to_owned()),
            Self::Money(Broke::Balance { .. }) => Revert::Text(Clause::PayerFunds.revert()),
            Self::Money(Broke::Frozen { .. } | Broke::Overflow) | Self::Task(task::Refused::Overflow(_)) => {
                Revert::Panic(OVERFLOW)
            }
            Self::NoResource { .. }
            | Self::NoSuchTask { .. }
            | Self::LightTask { .. }
            | Self::AlreadyInitialized(_)
            | Self::Uninitialized(_)
            | Self::NotTheScheduler { .. }
            | Self::EnclaveRequired
            | Self::NotAuthorized { .. }
            | Self::NotTheEnclave { .. }
            | Self::CallbackData
            | Self::NeedsAVote { .. }
            | Self::NotAlone
            | Self::Full(_)
            | Self::Overdrawn { .. }
            | Self::Task(_) => Revert::Bare,
        }
    }
}
