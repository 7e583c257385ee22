//! The HTTP client under every typed client: time and size limits, and refusals as errors.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::problem::Problem;

/// Largest answer that is read into memory, in bytes. Streams and downloads have their own limits.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service said no.
    #[error("{service} refused: {} ({})", problem.message, problem.code)]
    Refused {
        /// Origin of the service.
        service: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        problem: Problem,
    },
    /// No answer; the call may or may not have had its effect.
    #[error("no answer from {service}: is it running?")]
    Unanswered {
        /// Origin of the service.
        service: String,
        /// What happened.
        #[source]
        cause: reqwest::Error,
    },
    /// An answer that is not of this API.
    #[error("{service} answered something that is not of this API: {detail}")]
    Nonsense {
        /// Origin of the service.
        service: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The base URL cannot carry this path.
    #[error("'{0}' is not a base URL of an HTTP service: expected something like http://127.0.0.1:8000")]
    BadUrl(String),
}

impl Error {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unanswered { .. } => true,
            Self::Nonsense { .. } | Self::BadUrl(_) => false,
        }
    }
}

/// One service's origin with a bounded client.
#[derive(Clone, Debug)]
pub struct Client {
    base: Url,
    http: reqwest::Client,
}

impl Client {
    /// A client of the service at `base`.
    ///
    /// # Errors
    /// [`Error::BadUrl`] unless `base` is an `http` or `https` URL.
    pub fn new(base: &Url) -> Result<Self, Error> {
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(Error::BadUrl(base.to_string()));
        }
        let http = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).no_proxy().build();
        let http = http.map_err(|cause| Error::Unanswered { service: base.to_string(), cause })?;
        Ok(Self { base: base.clone(), http })
    }

    /// The origin.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Starts a request to `path` (absolute, without query), with no total time limit yet.
    ///
    /// # Errors
    /// [`Error::BadUrl`] when `path` makes no URL.
    pub fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        let url = self.base.join(path).map_err(|_| Error::BadUrl(format!("{}{path}", self.base)))?;
        Ok(self.http.request(method, url))
    }

    /// `GET path`, read as JSON.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Error> {
        let request = self.request(Method::GET, path)?.query(query);
        self.json(request).await
    }

    /// `POST path` with a JSON body, read as JSON.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post<B: Serialize + Sync, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, Error> {
        let request = self.request(Method::POST, path)?.json(body);
        self.json(request).await
    }

    /// Sends `request` within the time limit and reads a JSON answer within the size limit.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let response = self.accepted(request.timeout(ANSWER_TIMEOUT)).await?;
        let bytes = self.bounded(response).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.nonsense(error))
    }

    /// Sends `request` and turns a refusal into an error; the caller reads the body.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn accepted(&self, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|cause| self.unanswered(cause))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let bytes = self.bounded(response).await?;
        let problem = serde_json::from_slice(&bytes).unwrap_or_else(|_| Problem {
            code: format!("http_{status}"),
            message: String::from_utf8_lossy(&bytes[..bytes.len().min(500)]).trim().to_owned(),
            request_id: String::new(),
        });
        Err(Error::Refused { service: self.base.to_string(), status, problem })
    }

    async fn bounded(&self, response: Response) -> Result<Bytes, Error> {
        let mut body = BytesMut::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|cause| self.unanswered(cause))?;
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(self.nonsense(format!("more than {MAX_ANSWER_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    pub(crate) fn unanswered(&self, cause: reqwest::Error) -> Error {
        Error::Unanswered { service: self.base.to_string(), cause }
    }

    pub(crate) fn nonsense(&self, detail: impl ToString) -> Error {
        Error::Nonsense { service: self.base.to_string(), detail: detail.to_string() }
    }
}
