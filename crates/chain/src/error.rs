//! What can go wrong between us and a chain; variants by what the caller can do about it.

use std::sync::Arc;

use alloy::primitives::{Address, U256};
use alloy::transports::TransportError;
use url::Url;

use crate::Revert;

/// Why something on chain was not read or done. Cheap to clone: one failure may have several waiters.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A contract answered no. Never repeat the call: read again, plan again.
    #[error("the contract refused {call}")]
    Refused {
        /// What was asked.
        call: &'static str,
        /// What the contract said.
        #[source]
        reason: Revert,
    },
    /// No answer. A read may be repeated; a transaction may or may not have happened.
    #[error("no answer from the node to {call}; check that it runs and try again")]
    Unanswered {
        /// What was asked.
        call: &'static str,
        /// What the transport said.
        #[source]
        cause: Arc<TransportError>,
    },
    /// The node itself answered no.
    #[error("the node refused {call}: {message} (code {code})")]
    BadNode {
        /// What was asked.
        call: &'static str,
        /// JSON-RPC error code.
        code: i64,
        /// The node's words, at most 500 characters.
        message: String,
    },
    /// The node answered something that is not an answer to the question.
    #[error("the node's answer to {call} makes no sense: {what}")]
    BadAnswer {
        /// What was asked.
        call: &'static str,
        /// What is wrong with the answer.
        what: String,
    },
    /// Nothing listens there.
    #[error("no node answers at {rpc}: start one, or give the URL of one")]
    NoNode {
        /// Where.
        rpc: Url,
        /// What the transport said.
        #[source]
        cause: Arc<TransportError>,
    },
    /// A node answers, but no hub lives at the address.
    #[error("chain {chain_id} has no hub at {hub}: check the address and the network, or deploy the contracts there")]
    NoHub {
        /// Where it was looked for.
        hub: Address,
        /// Chain id of the node that answered.
        chain_id: u64,
    },
    /// The key cannot pay the gas.
    #[error("{who} cannot pay for {call}: it holds {held} wei; send it some of the chain's coin")]
    Funds {
        /// Whose key.
        who: Address,
        /// What was to be sent.
        call: &'static str,
        /// What it holds, in wei.
        held: U256,
    },
    /// The outbox cannot keep its promises without its database.
    #[error("the outbox cannot use its database")]
    Database(
        /// What the database said.
        #[source]
        Arc<sqlx::Error>,
    ),
    /// A stop was requested before there was an answer; a submitted transaction stays in the outbox.
    #[error("stopped before {call} had an answer")]
    Stopped {
        /// What was waited for.
        call: &'static str,
    },
    /// The caller gave something that cannot be used.
    #[error("{what}")]
    Invalid {
        /// What, and what to do.
        what: String,
    },
}

impl Error {
    /// Whether the same question, asked again later, may get another answer without anybody mending anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unanswered { .. } | Self::NoNode { .. } | Self::BadAnswer { .. } => true,
            // -32005 is a provider's rate limit, -32603 its internal error; -32000 covers a lagging replica.
            Self::BadNode { code, .. } => matches!(code, -32005 | -32603 | -32000 | 429),
            Self::Refused { .. }
            | Self::NoHub { .. }
            | Self::Funds { .. }
            | Self::Database(_)
            | Self::Stopped { .. }
            | Self::Invalid { .. } => false,
        }
    }

    /// What the contract said, when a contract refused.
    #[must_use]
    pub fn revert(&self) -> Option<&Revert> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        Self::Database(Arc::new(cause))
    }
}
