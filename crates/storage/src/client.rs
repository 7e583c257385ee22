//! Client of a gateway, anybody's: what it says is checked against the address, never believed.

mod form;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

use crate::address::{self, Address, Cid};
use crate::unixfs::{Format, Hasher, Verifier};
use crate::{Error, Stored};

/// Longest wait for a connection, and longest silence on one.
const CONNECT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
/// Most bytes of an answer that is not content.
const ANSWER: usize = 64 << 10;

/// One IPFS gateway and node, by its base URL; a path in it is kept.
#[derive(Clone, Debug)]
pub struct Gateway {
    base: Url,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "Hash")]
    hash: String,
}

impl Gateway {
    /// A client of `base`; `patience` is the longest a whole transfer may take.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when no HTTP client can be made for this machine (its TLS roots or proxy settings are bad).
    pub fn new(base: Url, patience: Duration) -> Result<Self, Error> {
        runtime::tls::install();
        let http = reqwest::Client::builder().connect_timeout(CONNECT).read_timeout(IDLE).timeout(patience).build();
        let http = http.map_err(|error| unreachable(base.as_str(), &error))?;
        Ok(Self { base, http })
    }

    /// Where this gateway has `cid`.
    #[must_use]
    pub fn url(&self, cid: &Cid) -> String {
        self.endpoint(&format!("ipfs/{cid}"))
    }

    /// Downloads what `cid` names into the file `dest`, which appears whole and verified or not at all; returns its size.
    ///
    /// # Errors
    /// [`Error::NotFound`] (status 404 or 410), [`Error::TooLarge`] over `limit` bytes, [`Error::Corrupt`] when the bytes
    /// are not what `cid` names, [`Error::Unreachable`], [`Error::Answered`] for other statuses, [`Error::Full`],
    /// [`Error::Io`].
    pub async fn fetch(&self, cid: &Cid, dest: &Path, limit: u64) -> Result<u64, Error> {
        let url = self.url(cid);
        let mut verifier = Verifier::new(cid)?;
        let mut answer = self.http.get(&url).send().await.map_err(|error| unreachable(&url, &error))?;
        if !answer.status().is_success() {
            return Err(refused(&url, answer).await);
        }
        let too_large = || Error::too_many_bytes(&url, limit);
        if answer.content_length().is_some_and(|size| size > limit) {
            return Err(too_large());
        }
        let folder = dest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temp = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("create a file in", folder))?;
        let (file, temp) = temp.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        let mut size = 0_u64;
        while let Some(bytes) = answer.chunk().await.map_err(|error| unreachable(&url, &error))? {
            size = size.saturating_add(bytes.len() as u64);
            if size > limit {
                return Err(too_large());
            }
            verifier.update(&bytes);
            file.write_all(&bytes).await.map_err(Error::io("write", dest))?;
        }
        if !verifier.matches() {
            return Err(Error::Corrupt { what: url });
        }
        file.flush().await.map_err(Error::io("write", dest))?;
        file.sync_all().await.map_err(Error::io("write", dest))?;
        temp.persist(dest).map_err(|failed| Error::io("write", dest)(failed.error))?;
        Ok(size)
    }

    /// Uploads `file`, as a UnixFS file of version 0, and checks that the node calls it what it is.
    ///
    /// # Errors
    /// [`Error::Unreachable`]; [`Error::TooLarge`] (status 413); [`Error::Answered`] for other refusals and for an answer
    /// that names another content; [`Error::Io`] when `file` cannot be read.
    pub async fn add(&self, file: &Path) -> Result<Stored, Error> {
        let expected = hash(file).await?;
        let url = self.endpoint("api/v0/add");
        let (kind, body) = form::of_file(file).await?;
        let request = self.http.post(&url).query(&[("pin", "true"), ("progress", "false")]);
        let request = request.header(reqwest::header::CONTENT_TYPE, kind).body(body);
        let answer = request.send().await.map_err(|error| unreachable(&url, &error))?;
        if !answer.status().is_success() {
            return Err(refused(&url, answer).await);
        }
        let status = answer.status().as_u16();
        let text = text(answer, ANSWER).await.map_err(|error| unreachable(&url, &error))?;
        let named = text.lines().rev().find_map(|line| serde_json::from_str::<Line>(line).ok());
        let named = named.and_then(|line| address::parse(&line.hash).ok()).and_then(|cid| Address::of(&cid).ok());
        if named != Some(Address::of(&expected.cid)?) {
            let body = format!("expected it to store {}, it says {}", expected.cid, shorten(&text));
            return Err(Error::Answered { url, status, body });
        }
        Ok(expected)
    }

    /// Whether this gateway has what `cid` names, as it says.
    ///
    /// # Errors
    /// [`Error::Unreachable`]; [`Error::Answered`] for answers that are neither yes nor no.
    pub async fn has(&self, cid: &Cid) -> Result<bool, Error> {
        let url = self.url(cid);
        let answer = self.http.head(&url).send().await.map_err(|error| unreachable(&url, &error))?;
        match answer.status() {
            status if status.is_success() => Ok(true),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(false),
            _ => Err(refused(&url, answer).await),
        }
    }

    fn endpoint(&self, path: &str) -> String {
        format!("{}/{path}", self.base.as_str().trim_end_matches('/'))
    }
}

async fn hash(file: &Path) -> Result<Stored, Error> {
    let mut open = tokio::fs::File::open(file).await.map_err(Error::io("open", file))?;
    let mut hasher = Hasher::new(Format::V0);
    let mut buffer = vec![0; 1 << 18];
    loop {
        match open.read(&mut buffer).await.map_err(Error::io("read", file))? {
            0 => return hasher.finish(),
            read => hasher.update(&buffer[..read]),
        }
    }
}

async fn refused(url: &str, answer: Response) -> Error {
    match answer.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => Error::NotFound { what: url.to_owned() },
        StatusCode::PAYLOAD_TOO_LARGE => {
            Error::TooLarge { what: format!("the upload to {url}"), limit: "what that node accepts".to_owned() }
        }
        status => {
            let body = text(answer, ANSWER).await.unwrap_or_default();
            Error::Answered { url: url.to_owned(), status: status.as_u16(), body: shorten(&body) }
        }
    }
}

/// At most about `limit` bytes of the answer, whatever it is, as text.
async fn text(mut answer: Response, limit: usize) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(more) = answer.chunk().await? {
        bytes.extend_from_slice(&more);
        if bytes.len() >= limit {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The start of a text from elsewhere, on one line.
fn shorten(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(200).collect()
}

/// The innermost cause says what happened; the outer ones only repeat the URL.
fn unreachable(url: &str, error: &reqwest::Error) -> Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let reason = if error.is_timeout() { "it took too long".to_owned() } else { cause.to_string() };
    Error::Unreachable { url: url.to_owned(), reason }
}
