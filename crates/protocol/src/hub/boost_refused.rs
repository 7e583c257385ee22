//! Why the boost module says no, in words for people and in the texts that the contracts answer.

use alloy_primitives::{Address, U256};

use super::Revert;
use crate::matching::{Clause, Refusal};
use crate::{ChainTime, DealId, TaskId};

/// A refused call of the boost module; nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoostRefused {
    /// One worker is all there is.
    #[error("a boost deal has trust 1 at most, the request wants {trust}")]
    Trust {
        /// What the request wants.
        trust: U256,
    },
    /// The orders do not fit: the first clause that refuses.
    #[error("the orders do not match: {0}")]
    Match(Refusal),
    /// A boost deal has no room for a number.
    #[error("{value} does not fit the {bits} bits that a boost deal has for it")]
    TooWide {
        /// Room for the value.
        bits: u8,
        /// What does not fit.
        value: U256,
    },
    /// The deal has no such task.
    #[error("boost deal {deal} has no task of index {index}")]
    NoSuchTask {
        /// Which deal.
        deal: DealId,
        /// Which index.
        index: U256,
    },
    /// Completed or failed before.
    #[error("task {0} has ended already")]
    Ended(TaskId),
    /// Results come before the deadline.
    #[error("the result had to come before {deadline}, now is {now}")]
    TooLate {
        /// The first moment that is too late.
        deadline: ChainTime,
        /// When it came.
        now: ChainTime,
    },
    /// Claims come from the deadline on.
    #[error("a claim has to wait until {deadline}, now is {now}")]
    TooEarly {
        /// The first moment that is late enough.
        deadline: ChainTime,
        /// When it came.
        now: ChainTime,
    },
    /// An enclave task without an enclave.
    #[error("the deal's tag asks for an enclave: push with the enclave's challenge address")]
    EnclaveRequired,
    /// Without the pool's word no worker pushes.
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
    /// The requester's contract would be called with nothing.
    #[error("the deal has a callback: push with the data for it")]
    NoCallbackData,
}

impl BoostRefused {
    /// The contracts' answer to the same call.
    #[must_use]
    pub fn revert(&self) -> Revert {
        let words = match self {
            Self::TooWide { bits, value } => return Revert::TooWide { bits: *bits, value: *value },
            Self::Match(refusal) => words(refusal.clause),
            Self::Trust { .. } => "Bad trust level",
            Self::NoSuchTask { .. } => "Unknown task",
            Self::Ended(_) => "Task status not unset",
            Self::TooLate { .. } => "Deadline reached",
            Self::TooEarly { .. } => "Deadline not reached",
            Self::EnclaveRequired => "Tag requires enclave challenge",
            Self::NotAuthorized { .. } => "Invalid contribution authorization signature",
            Self::NotTheEnclave { .. } => "Invalid enclave signature",
            Self::NoCallbackData => "Callback requires data",
        };
        Revert::Text(format!("PocoBoost: {words}"))
    }
}

fn words(clause: Clause) -> &'static str {
    match clause {
        Clause::Trust => "Bad trust level",
        Clause::SameCategory => "Category mismatch",
        Clause::KnownCategory => "Unknown category",
        Clause::AppPrice => "Overpriced app",
        Clause::DatasetPrice => "Overpriced dataset",
        Clause::WorkerpoolPrice => "Overpriced workerpool",
        Clause::PoolTag => "Workerpool tag does not match demand",
        Clause::AppTag => "App tag does not match demand",
        Clause::App => "App mismatch",
        Clause::Dataset => "Dataset mismatch",
        Clause::RequestAllowsPool => "Workerpool restricted by request order",
        Clause::AppAllowsDataset => "Dataset restricted by app order",
        Clause::AppAllowsPool => "Workerpool restricted by app order",
        Clause::AppAllowsRequester => "Requester restricted by app order",
        Clause::DatasetAllowsApp => "App restricted by dataset order",
        Clause::DatasetAllowsPool => "Workerpool restricted by dataset order",
        Clause::DatasetAllowsRequester => "Requester restricted by dataset order",
        Clause::PoolAllowsApp => "App restricted by workerpool order",
        Clause::PoolAllowsDataset => "Dataset restricted by workerpool order",
        Clause::PoolAllowsRequester => "Requester restricted by workerpool order",
        Clause::AppRegistered => "App not registered",
        Clause::AppSigned => "Invalid app order signature",
        Clause::DatasetRegistered => "Dataset not registered",
        Clause::DatasetSigned => "Invalid dataset order signature",
        Clause::PoolRegistered => "Workerpool not registered",
        Clause::PoolSigned => "Invalid workerpool order signature",
        Clause::RequestSigned => "Invalid request order signature",
        // The boost module knows no light deals, and money is the escrow's affair: it never refuses for these.
        Clause::LightRequested | Clause::LightTrust | Clause::Volume | Clause::PayerFunds | Clause::PoolStake => {
            "One or more orders consumed"
        }
    }
}
