//! What can go wrong in the service itself; refusals of requests are in `refusal`.

use std::path::PathBuf;

/// Why the result service cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be used.
    #[error("the result service's configuration cannot be used: {what}")]
    Config {
        /// What is wrong, and what to write instead.
        what: String,
    },
    /// The folder of uploads cannot be used.
    #[error("cannot {action} {}: check that the folder is yours and has space left", path.display())]
    Folder {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// The chain was not read.
    #[error("the result service cannot read the chain")]
    Chain(
        /// What happened.
        #[from]
        chain::Error,
    ),
    /// The blob store failed.
    #[error("the result service cannot use its blob store")]
    Store(
        /// What happened.
        #[source]
        storage::Error,
    ),
    /// The database was not read or written.
    #[error("the result service cannot use its database")]
    Database(
        /// What happened.
        #[from]
        sqlx::Error,
    ),
    /// A row of the database is not what the service wrote.
    #[error("the result service's database holds {what}, which it never wrote: restore it, or start with an empty one")]
    Corrupt {
        /// What was found.
        what: String,
    },
}

impl Error {
    pub(crate) fn folder(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Folder { action, path, cause }
    }

    /// Whether a disk has no room left.
    pub(crate) fn is_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Folder { cause, .. } => matches!(cause.kind(), StorageFull | QuotaExceeded),
            Self::Store(storage::Error::Full { .. }) => true,
            Self::Store(_) | Self::Config { .. } | Self::Chain(_) | Self::Database(_) | Self::Corrupt { .. } => false,
        }
    }
}
