//! What can go wrong for a user; variants by what the user can do about it, each with its exit code.

use std::path::PathBuf;

use protocol::matching::Refusal;
use protocol::{Address, Amount, TaskId};

/// How a command ended. The numbers are the exit codes of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// All that was asked for is done and verified.
    Success = 0,
    /// Something unforeseen.
    Failure = 1,
    /// The command itself is wrong.
    Usage = 2,
    /// No orders match the request; nothing was signed.
    NoMatch = 3,
    /// The app failed: the network computed and agreed on its failure.
    AppFailed = 4,
    /// A task was not completed; its price was refunded.
    TaskFailed = 5,
    /// A result does not prove itself, or cannot be fetched.
    BadResult = 6,
    /// Not enough money.
    Funds = 7,
    /// A service or the chain does not answer.
    Unreachable = 8,
    /// A wallet cannot be opened.
    Wallet = 9,
    /// Interrupted; the work goes on, and the message says how to follow it.
    Interrupted = 130,
}

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The chain.
    #[error("{0}{reason}", reason = chain_reason(.0))]
    Chain(#[from] chain::Error),
    /// A service.
    #[error(transparent)]
    Service(#[from] api::http::Error),
    /// The blob store or an archive.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A file of the user.
    #[error("cannot {action} {}: {cause}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The local database of an account.
    #[error(transparent)]
    Database(#[from] runtime::sqlite::CannotOpen),
    /// A network description that cannot be used.
    #[error("{0}")]
    Network(String),
    /// A wallet that cannot be used.
    #[error("{0}")]
    Wallet(String),
    /// Arguments that make no sense together.
    #[error("{0}")]
    Usage(String),
    /// No orders match.
    #[error("no offer fits this request: {summary}")]
    NoMatch {
        /// What is missing, in words, with the next step.
        summary: String,
    },
    /// The orders found do not match.
    #[error("the hub would refuse this match: {}", list(.0))]
    Refused(Vec<Refusal>),
    /// Above the ceiling.
    #[error("one task costs {price}, and your ceiling is {ceiling}: raise --max-price, or look for cheaper offers")]
    TooDear {
        /// Price of one task.
        price: Amount,
        /// What the caller allows.
        ceiling: Amount,
    },
    /// Not enough money deposited.
    #[error("account {account} has {held} deposited and {needed} are needed: deposit {missing} more with 'fairgrid account deposit {amount}{option}'{hint}", amount = decimal(.missing))]
    Funds {
        /// Whose.
        account: Address,
        /// Free on the hub.
        held: Amount,
        /// For this purchase.
        needed: Amount,
        /// The difference.
        missing: Amount,
        /// How the command names the account, such as ` --account bob`; empty for the usual one.
        option: String,
        /// What the wallet holds outside the hub.
        hint: String,
    },
    /// Less money than an account is to give.
    #[error("{0}")]
    Short(String),
    /// A result that cannot be trusted.
    #[error("the result of task {task} does not prove itself: {reason}")]
    BadResult {
        /// Which.
        task: TaskId,
        /// Why not.
        reason: String,
    },
    /// A stop was requested.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// How a command that met this error ends.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Chain(error) => chain_outcome(error),
            Self::Service(api::http::Error::Unanswered { .. }) => Outcome::Unreachable,
            Self::Service(api::http::Error::BadUrl(_)) | Self::Usage(_) | Self::Network(_) => Outcome::Usage,
            Self::NoMatch { .. } | Self::Refused(_) | Self::TooDear { .. } => Outcome::NoMatch,
            Self::Funds { .. } | Self::Short(_) => Outcome::Funds,
            // This machine's own disk says nothing about the result.
            Self::Storage(storage::Error::Full { .. } | storage::Error::Io { .. }) => Outcome::Failure,
            Self::Storage(storage::Error::Unreachable { .. }) => Outcome::Unreachable,
            Self::BadResult { .. } | Self::Storage(_) => Outcome::BadResult,
            Self::Wallet(_) => Outcome::Wallet,
            Self::Interrupted => Outcome::Interrupted,
            Self::Service(_) | Self::File { .. } | Self::Database(_) => Outcome::Failure,
        }
    }

    /// The same error, its next step written for the wallet that the user calls `name`.
    #[must_use]
    pub fn for_wallet(self, name: &str) -> Self {
        match self {
            Self::Funds { account, held, needed, missing, hint, .. } => {
                Self::Funds { account, held, needed, missing, option: format!(" --account {name}"), hint }
            }
            other => other,
        }
    }

    /// For `map_err` on file operations.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { action, path, cause }
    }
}

fn chain_outcome(error: &chain::Error) -> Outcome {
    match error {
        chain::Error::Unanswered { .. } | chain::Error::NoNode { .. } => Outcome::Unreachable,
        chain::Error::NoHub { .. } | chain::Error::Invalid { .. } => Outcome::Usage,
        chain::Error::Funds { .. } => Outcome::Funds,
        chain::Error::Stopped { .. } => Outcome::Interrupted,
        _ => Outcome::Failure,
    }
}

fn chain_reason(error: &chain::Error) -> String {
    error.revert().map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn list(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn decimal(amount: &Amount) -> String {
    amount.to_string().trim_end_matches(" RLC").to_owned()
}
