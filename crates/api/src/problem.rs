//! The one body of every refusal.

use serde::{Deserialize, Serialize};

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs; one of [`Code`]'s names, or another service's.
    pub code: String,
    /// For people: lower case, names the thing, says the next step.
    pub message: String,
    /// Finds the request in the service's log.
    #[serde(default)]
    pub request_id: String,
}

/// The codes that Fairgrid's own services use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request itself is wrong; sending it again changes nothing.
    BadRequest,
    /// No valid session token.
    Unauthorized,
    /// A valid caller who may not do this.
    Forbidden,
    /// No such thing.
    NotFound,
    /// Not possible as things stand; read again.
    Conflict,
    /// Larger than allowed.
    TooLarge,
    /// The service waits for something else (its chain node, its disk): try later.
    Unavailable,
    /// A defect of the service.
    Internal,
}

impl Code {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

impl Problem {
    /// A refusal; the service adds the request id.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: code.name().to_owned(), message: message.into(), request_id: String::new() }
    }
}
