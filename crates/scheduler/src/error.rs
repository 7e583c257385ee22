//! What can go wrong in the scheduler; variants by what the caller can do about it.

use protocol::Address;

/// Why the scheduler cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be used.
    #[error("the scheduler's configuration cannot be used: {what}")]
    Config {
        /// What is wrong, and what to write instead.
        what: String,
    },
    /// The key is not the workerpool's owner: the hub would refuse every authorization and every finalization.
    #[error("{key} does not own workerpool {workerpool} (its owner is {owner:?}): use the owner's key")]
    NotOwner {
        /// The pool.
        workerpool: Address,
        /// Who owns it; `None` when no such contract exists.
        owner: Option<Address>,
        /// The key that was given.
        key: Address,
    },
    /// The chain was not read.
    #[error("the scheduler cannot read the chain")]
    Chain(
        /// What happened.
        #[from]
        chain::Error,
    ),
    /// The result service was not asked.
    #[error("the scheduler cannot ask the result service")]
    Results(
        /// What happened.
        #[from]
        api::http::Error,
    ),
    /// The database was not read or written.
    #[error("the scheduler cannot use its database")]
    Database(
        /// What happened.
        #[from]
        sqlx::Error,
    ),
    /// A row of the database is not what the scheduler wrote.
    #[error("the scheduler's database holds {what}, which it never wrote: restore it, or start with an empty one")]
    Corrupt {
        /// What was found.
        what: String,
    },
}

impl Error {
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt { what: what.to_string() }
    }
}
