//! Results: a winner uploads the archive of a revealed task; the service checks it against the chain.

use std::time::Duration;

use protocol::TaskId;
use reqwest::{Body, Method, header};
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;
use url::Url;

use crate::http::{Client, Error};
use crate::session::SessionToken;

/// `PUT /v1/results/{task}`: the archive as the raw body; `GET`: [`Stored`].
pub const RESULTS: &str = "/v1/results";
/// Largest archive, in bytes.
pub const MAX_ARCHIVE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Longest time for one upload.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(3_600);

/// A stored result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Which task.
    pub task: TaskId,
    /// Content address of the archive.
    pub cid: String,
    /// What `finalize` writes on chain.
    pub link: String,
}

/// A worker's side of the wire.
#[derive(Clone, Debug)]
pub struct ResultsClient {
    http: Client,
}

impl ResultsClient {
    /// A client of the result service at `base`.
    ///
    /// # Errors
    /// [`Error::BadUrl`].
    pub fn new(base: &Url) -> Result<Self, Error> {
        Ok(Self { http: Client::new(base)? })
    }

    /// What is stored for a task; `None` when nothing is.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn stored(&self, task: TaskId) -> Result<Option<Stored>, Error> {
        match self.http.get(&format!("{RESULTS}/{task}"), &[]).await {
            Ok(stored) => Ok(Some(stored)),
            Err(Error::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Uploads the archive at `path`. Uploading the same again is answered with what is stored.
    ///
    /// # Errors
    /// [`Error`]; an archive that does not prove the task's consensus is `forbidden`.
    pub async fn upload(&self, token: &SessionToken, task: TaskId, archive: tokio::fs::File) -> Result<Stored, Error> {
        let request = self.http.request(Method::PUT, &format!("{RESULTS}/{task}"))?;
        let request = request
            .header(header::AUTHORIZATION, token.to_header())
            .header(header::CONTENT_TYPE, "application/zip")
            .timeout(UPLOAD_TIMEOUT)
            .body(Body::wrap_stream(ReaderStream::new(archive)));
        let response = self.http.accepted(request).await?;
        response.json().await.map_err(|cause| self.http.unanswered(cause))
    }
}
