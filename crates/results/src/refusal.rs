//! A refusal on its way out: the body that every service uses, with an id that finds it in the log.

use alloy_primitives::hex;
use api::problem::{Code, Problem};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::Error;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal(Code, String);

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(code, message.into())
    }
}

impl From<Error> for Refusal {
    /// The caller learns what to do; paths and causes stay in the log.
    fn from(error: Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a request for a result failed");
        let message = match &error {
            full if full.is_full() => "the result service's disk is full, nothing was stored: tell the pool's operator",
            Error::Chain(_) => "the result service's chain node does not answer: try again later",
            Error::Folder { .. } | Error::Store(_) => "the result service cannot use its disk: try again later",
            Error::Config { .. } | Error::Database(_) | Error::Corrupt { .. } => {
                "the result service cannot use its database: try again later"
            }
        };
        Self::new(Code::Unavailable, message)
    }
}

impl From<storage::Error> for Refusal {
    /// What is wrong with an archive is its sender's; the rest is this service's.
    fn from(error: storage::Error) -> Self {
        let code = match &error {
            storage::Error::TooLarge { .. } => Code::TooLarge,
            storage::Error::BadArchive { .. }
            | storage::Error::UnsafePath { .. }
            | storage::Error::LongName { .. }
            | storage::Error::Computed { .. } => Code::BadRequest,
            _ => return Error::Store(error).into(),
        };
        Self::new(code, format!("the archive is refused: {error}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(code, message) = self;
        let request_id = hex::encode(runtime::random::bytes::<8>());
        tracing::debug!(%request_id, code = code.name(), %message, "refused a request");
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(Problem { request_id, ..Problem::new(code, message) })).into_response()
    }
}
