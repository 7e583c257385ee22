//! Refusals on their way out: one body, the status table of `offchain.md` 11. Touch freely; clients read `code`.

use api::problem::Code;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Error;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The request itself is wrong; `message` names the field.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadRequest.name(), message)
    }

    /// Any failure of a login: an attacker learns nothing from the difference.
    pub(crate) fn login() -> Self {
        let message = "invalid authorization: ask /challenge for a new one, sign it, and send hash_signature_address";
        Self::new(StatusCode::FORBIDDEN, Code::Unauthorized.name(), message)
    }

    /// A rule of the book.
    pub(crate) fn rule(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, Code::Forbidden.name(), message)
    }

    /// There is no such thing.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound.name(), format!("{what} not found"))
    }

    /// This path has other methods.
    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest.name(), "this path knows another method")
    }

    /// A body over the limit.
    pub(crate) fn large(limit: usize) -> Self {
        let message = format!("the body cannot be read: it is cut off, or larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge.name(), message)
    }

    /// Too much at once.
    pub(crate) fn busy(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable.name(), message)
    }

    /// Too many from one address.
    pub(crate) fn limited() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Rate limit exceeded: wait a minute")
    }

    /// The chain node or the disk is in trouble.
    fn trouble() -> Self {
        let message = "Something went wrong, you should retry later.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Unavailable.name(), message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a request failed");
        Self::trouble()
    }
}

impl From<chain::Error> for Refusal {
    fn from(error: chain::Error) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        let request_id = hex::encode(runtime::random::bytes::<8>());
        tracing::debug!(%request_id, code, %message, "refused a request");
        let body = json!({
            "ok": false, "error": message, "code": code, "message": message, "request_id": request_id,
        });
        (status, Json(body)).into_response()
    }
}
