//! Downloads: from plain URLs, or by content address from the pool's gateways. Streamed to disk, bounded, checked.
//!
//! The outcome tells what everybody meets (not there, too large, no such address) from what only this machine met.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use protocol::B256;
use reqwest::StatusCode;
use sha2::{Digest as _, Sha256};
use storage::Gateway;
use storage::address::{self, Address, Cid};
use tokio::io::AsyncWriteExt as _;
use url::Url;

use crate::{Error, guard};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A download that brings nothing for this long is broken.
const STALL: Duration = Duration::from_secs(30);
/// Longest a transfer may ever take; each has its own, shorter time as well.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);
/// Pauses before asking again a server that does not answer or is busy: it may just be restarting, and a replicate that
/// is given up never comes back to this worker.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// What precedes the multihash in a binary multiaddr of `/p2p/…`: code 421 and the length 34, both varints.
const BINARY_P2P: [u8; 3] = [0xa5, 0x03, 0x22];

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// At any gateway.
    Content(Cid),
    /// There only.
    Web(Url),
}

/// Why something was not fetched.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It is nowhere: everybody meets the same.
    Missing,
    /// It is larger than any worker takes.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The address is no address.
    BadAddress,
    /// No answer, a wrong one, or no time left; others may have more luck.
    Unavailable {
        /// In words.
        reason: String,
        /// Whether the same question may soon be answered: a server that restarts or is busy.
        passing: bool,
    },
    /// This machine's disk.
    Disk(std::io::Error),
}

/// Fetches files.
pub(crate) struct Fetcher {
    web: reqwest::Client,
    gateways: Vec<Gateway>,
    private_networks: bool,
    pauses: &'static [Duration],
}

impl Location {
    /// Reads a URL, an `/ipfs/…` path, or the bytes of a multiaddr; `None` for anything else.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if let Some(multihash) = bytes.strip_prefix(&BINARY_P2P) {
            let digest: [u8; 32] = multihash.strip_prefix(&[0x12, 0x20])?.try_into().ok()?;
            return Some(Self::Content(Address::new(digest).v0()));
        }
        let text = std::str::from_utf8(bytes).ok()?.trim();
        if text.starts_with("/ipfs/") || text.starts_with("/p2p/") {
            return address::parse_path(text).ok().map(Self::Content);
        }
        if let Some(cid) = text.strip_prefix("ipfs://") {
            return address::parse(cid.trim_end_matches('/')).ok().map(Self::Content);
        }
        let url = Url::parse(text).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(Self::Web(url))
    }
}

impl Failure {
    fn final_one(reason: String) -> Self {
        Self::Unavailable { reason, passing: false }
    }

    fn passing(reason: String) -> Self {
        Self::Unavailable { reason, passing: true }
    }

    fn of_gateway(error: &storage::Error) -> Self {
        let passing = match error {
            storage::Error::Unreachable { .. } => true,
            storage::Error::Answered { status, .. } => is_busy(*status),
            _ => false,
        };
        Self::Unavailable { reason: error.to_string(), passing }
    }
}

/// Statuses of a server that may answer better soon.
fn is_busy(status: u16) -> bool {
    status >= 500 || status == StatusCode::TOO_MANY_REQUESTS.as_u16()
}

impl Fetcher {
    /// A fetcher that asks the gateways in their order.
    ///
    /// # Errors
    /// [`Error::Config`] when this machine cannot have an HTTP client.
    pub(crate) fn new(gateways: &[Url], private_networks: bool) -> Result<Self, Error> {
        runtime::tls::install();
        let builder = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(STALL).no_proxy();
        let mut web = builder.redirect(guard::redirects(private_networks));
        if !private_networks {
            web = web.dns_resolver(guard::PublicOnly);
        }
        let refuse = |what: String| Error::Config { what: format!("no HTTP client on this machine: {what}") };
        let gateways = gateways.iter().map(|base| Gateway::new(base.clone(), LONGEST)).collect::<Result<_, _>>();
        Ok(Self {
            web: web.build().map_err(|error| refuse(error.to_string()))?,
            gateways: gateways.map_err(|error| refuse(error.to_string()))?,
            private_networks,
            pauses: &PAUSES,
        })
    }

    /// The same, asking once only.
    #[cfg(test)]
    pub(crate) fn impatient(self) -> Self {
        Self { pauses: &[], ..self }
    }

    /// Fetches `location` into the new file `into` within `time`; at most `limit` bytes. Answers its SHA-256.
    pub(crate) async fn fetch(
        &self,
        location: &Location,
        into: &Path,
        limit: u64,
        time: Duration,
    ) -> Result<B256, Failure> {
        let fetched = match tokio::time::timeout(time, self.attempts(location, into, limit)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(Failure::final_one(format!("not complete after {} s", time.as_secs()))),
        };
        if fetched.is_err() {
            // Half a file is worth nothing; that it may never have existed does not matter.
            let _ = tokio::fs::remove_file(into).await;
        }
        fetched
    }

    async fn attempts(&self, location: &Location, into: &Path, limit: u64) -> Result<B256, Failure> {
        for pause in self.pauses {
            match self.attempt(location, into, limit).await {
                Err(Failure::Unavailable { passing: true, reason }) => tracing::debug!(reason, "asking again"),
                other => return other,
            }
            tokio::time::sleep(*pause).await;
        }
        self.attempt(location, into, limit).await
    }

    async fn attempt(&self, location: &Location, into: &Path, limit: u64) -> Result<B256, Failure> {
        match location {
            Location::Web(url) if !self.private_networks && !guard::may_reach(url) => {
                Err(Failure::final_one(format!("{url} is a private address: allow private networks to fetch it")))
            }
            Location::Web(url) => download(&self.web, url, into, limit).await,
            Location::Content(cid) => self.by_content(cid, into, limit).await,
        }
    }

    /// From the first gateway that has it; missing only if every gateway says so.
    async fn by_content(&self, cid: &Cid, into: &Path, limit: u64) -> Result<B256, Failure> {
        let mut worst = None;
        for gateway in &self.gateways {
            match gateway.fetch(cid, into, limit).await {
                Ok(_) => return sha256_of(into).await.map_err(Failure::Disk),
                Err(storage::Error::NotFound { .. }) => worst = worst.or(Some(Failure::Missing)),
                Err(storage::Error::TooLarge { .. }) => return Err(Failure::TooLarge { limit }),
                Err(storage::Error::Full { .. }) => return Err(Failure::Disk(ErrorKind::StorageFull.into())),
                Err(storage::Error::Io { source, .. }) => return Err(Failure::Disk(source)),
                Err(other) => worst = Some(Failure::of_gateway(&other)),
            }
        }
        Err(worst.unwrap_or_else(|| Failure::final_one("the pool names no gateway".to_owned())))
    }
}

/// SHA-256 of a file.
pub(crate) async fn sha256_of(path: &Path) -> std::io::Result<B256> {
    let path = path.to_owned();
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hash = Sha256::new();
        std::io::copy(&mut std::fs::File::open(path)?, &mut hash)?;
        Ok(B256::new(hash.finalize().into()))
    });
    hashed.await.map_err(std::io::Error::other)?
}

/// Streams `url` into the new file `into`, hashing it.
async fn download(client: &reqwest::Client, url: &Url, into: &Path, limit: u64) -> Result<B256, Failure> {
    let broken = |error: reqwest::Error| {
        let reason = format!("{url}: {}", root_cause(&error));
        // A redirect that is refused stays refused.
        if error.is_redirect() { Failure::final_one(reason) } else { Failure::passing(reason) }
    };
    let response = client.get(url.clone()).send().await.map_err(broken)?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(Failure::Missing),
        status => {
            let reason = format!("{url} answered {status}");
            return Err(Failure::Unavailable { reason, passing: is_busy(status.as_u16()) });
        }
    }
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(Failure::TooLarge { limit });
    }
    let mut file = tokio::fs::File::create(into).await.map_err(Failure::Disk)?;
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(broken)?;
        size = size.saturating_add(chunk.len() as u64);
        if size > limit {
            return Err(Failure::TooLarge { limit });
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(Failure::Disk)?;
    }
    file.flush().await.map_err(Failure::Disk)?;
    Ok(B256::new(hash.finalize().into()))
}

/// The innermost reason, which is the one that helps.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_paths_and_binary_multiaddrs_are_told_apart() {
        let cid = "QmfGuvPSx5iHGXmDTFpokXHZmdRDJ9qA8ygPZabFGfC3YE";
        let content = Some(Location::Content(address::parse(cid).unwrap()));
        assert_eq!(Location::parse(format!("/ipfs/{cid}").as_bytes()), content);
        assert_eq!(Location::parse(format!("/p2p/{cid}").as_bytes()), content);
        let digest = *Address::of(&address::parse(cid).unwrap()).unwrap().bytes();
        let binary = [BINARY_P2P.as_slice(), &[0x12, 0x20], &digest].concat();
        assert_eq!(Location::parse(&binary), content);
        let web = Some(Location::Web("https://example.com/in.txt".parse().unwrap()));
        assert_eq!(Location::parse(b"https://example.com/in.txt"), web);
        for rubbish in ["", "file:///etc/passwd", "/ipfs/", "/etc/passwd", "http://", "ftp://x/y", "\u{0}"] {
            assert_eq!(Location::parse(rubbish.as_bytes()), None, "{rubbish}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_busy_for_a_moment_is_asked_again() {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counter = std::sync::Arc::clone(&asked);
        let answer = move || {
            let first = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            let (status, text) = if first { (503, "restarting") } else { (200, "content") };
            std::future::ready((axum::http::StatusCode::from_u16(status).unwrap(), text))
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/file", listener.local_addr().unwrap());
        let mut tasks = runtime::Tasks::new();
        let router = axum::Router::new().route("/file", axum::routing::get(answer));
        tasks.spawn("server", async move { axum::serve(listener, router).await.unwrap() });
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("file");
        let location = Location::parse(url.as_bytes()).unwrap();
        let fetcher = Fetcher::new(&[], true).unwrap();
        fetcher.fetch(&location, &into, 100, Duration::from_secs(30)).await.unwrap();
        assert_eq!(std::fs::read_to_string(&into).unwrap(), "content");
        assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2);
    }
}
