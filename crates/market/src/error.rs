//! Why a market cannot go on. Refusals of requests are in `refusal`.

/// What went wrong, by what the operator can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk is full, gone, or somebody holds the file.
    #[error("the market cannot use its database: check the disk and that nothing else holds the file")]
    Database(#[from] sqlx::Error),
    /// Another version wrote the database, or something damaged it.
    #[error("the market's database holds {what}: restore a copy, or start with an empty file and publish again")]
    Corrupt {
        /// What cannot be read.
        what: String,
    },
    /// The chain cannot be read.
    #[error("the market cannot read the chain")]
    Chain(#[from] chain::Error),
}

impl Error {
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt { what: what.to_string() }
    }
}
