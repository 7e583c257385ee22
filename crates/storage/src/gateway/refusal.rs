//! How the gateway says no: a status and `{ code, message, request_id }`, the body all services share.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::Error;

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Body {
    code: &'static str,
    message: String,
    request_id: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let request_id = hex::encode(runtime::random::bytes::<8>());
        if self.status.is_server_error() {
            tracing::error!(code = self.code, message = self.message, request_id, "request failed");
        }
        (self.status, Json(Body { code: self.code, message: self.message, request_id })).into_response()
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::BadCid { .. } => (StatusCode::BAD_REQUEST, "bad_cid"),
            Error::RawNode => (StatusCode::BAD_REQUEST, "raw_node"),
            Error::Source(source) => {
                return Self::bad_request("incomplete_upload", format!("{error}: {source}; nothing of it was stored"));
            }
            Error::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Error::Corrupt { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt"),
            // The rest names folders of this machine, which are nobody's business: the log has them.
            Error::Full { .. } => {
                tracing::error!(%error, "blob store is full");
                return Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", "the store is full: nothing was stored");
            }
            _ => {
                tracing::error!(error = &error as &dyn std::error::Error, "blob store failed");
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "the store failed: see the server's log",
                );
            }
        };
        Self::new(status, code, error.to_string())
    }
}
