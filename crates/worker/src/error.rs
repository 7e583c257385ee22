//! What ends a worker, and what stops one look at one task. A task that fails is a `Failed` replicate, not this.

use std::path::PathBuf;

use alloy_primitives::Address;

/// Why a worker cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration makes no sense.
    #[error("worker configuration: {what}")]
    Config {
        /// What, and what to do.
        what: String,
    },
    /// The work folder cannot be used.
    #[error("cannot {action} {}: check its permissions and the space left", path.display())]
    Folder {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The database failed. Nothing is lost: the next look repeats.
    #[error("the worker's database failed: check the disk")]
    Database(#[from] sqlx::Error),
    /// The database holds something that this version did not write.
    #[error("the worker's database holds an unreadable {what}: was it written by a newer version?")]
    Unreadable {
        /// What.
        what: &'static str,
        /// Why it cannot be read.
        #[source]
        source: serde_json::Error,
    },
    /// The chain did not answer, or refused.
    #[error("the chain failed the worker")]
    Chain(#[from] chain::Error),
    /// The pool did not answer, or refused.
    #[error("the pool failed the worker")]
    Pool(#[from] api::http::Error),
    /// The pool lives on another chain or hub.
    #[error("the pool works for {theirs}, this worker for {ours}: point both at one hub")]
    OtherHub {
        /// Chain and hub of the pool.
        theirs: String,
        /// Chain and hub of this worker.
        ours: String,
    },
    /// The pool names a workerpool that the hub does not know.
    #[error("the pool says it is workerpool {0}, which is not registered: check the pool's configuration")]
    NoSuchPool(
        /// What it says it is.
        Address,
    ),
}

impl Error {
    pub(crate) fn folder(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Folder { action, path, source }
    }
}
