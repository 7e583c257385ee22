//! The app: a WebAssembly module fetched once and kept under its checksum, or an image that the engine fetches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chain::AppInfo;
use sandbox::{App, Sandbox};

use crate::fetch::{Failure, Fetcher, Location, sha256_of};
use crate::trouble::Trouble;
use crate::{Cause, Sandboxes};

/// Largest module. The same on every worker, so that all of them refuse the same modules.
const MAX_APP_BYTES: u64 = 256 << 20;
/// Longest image reference, in bytes.
const MAX_REFERENCE: usize = 500;
const REPUBLISH: &str = "ask the app's owner to publish it again";

/// An app that is ready to run.
pub(crate) struct Ready {
    /// What to run.
    pub(crate) app: App,
    /// Where.
    pub(crate) sandbox: Arc<dyn Sandbox>,
    /// Whether the sandbox meets memory, disk and fuel limits alike on every machine.
    pub(crate) deterministic: bool,
}

/// Makes `info` ready to run, keeping modules below `cache`.
pub(crate) async fn prepare(
    info: &AppInfo,
    sandboxes: &Sandboxes,
    fetcher: &Fetcher,
    cache: &Path,
    time: Duration,
) -> Result<Ready, Trouble> {
    match info.kind.as_str() {
        "WASM" => {
            let sandbox = present(sandboxes.wasm.as_ref(), "WASM")?;
            let path = module(info, fetcher, cache, time).await?;
            let app = App::Wasm { path, digest: info.checksum.0 };
            Ok(Ready { app, sandbox, deterministic: true })
        }
        "DOCKER" => {
            let sandbox = present(sandboxes.container.as_ref(), "DOCKER")?;
            Ok(Ready { app: App::Image { reference: reference(info)? }, sandbox, deterministic: false })
        }
        other => {
            let shown: String = other.chars().take(40).collect();
            let what = format!("the app's type is {shown:?}, which no worker runs");
            Err(Trouble::everyones(Cause::TaskDescriptionInvalid, what, "publish it with the type WASM or DOCKER"))
        }
    }
}

fn present(sandbox: Option<&Arc<dyn Sandbox>>, kind: &str) -> Result<Arc<dyn Sandbox>, Trouble> {
    sandbox.cloned().ok_or_else(|| {
        Trouble::mine(Cause::AppNotFoundLocally, format!("this worker does not run apps of type {kind}"))
    })
}

fn reference(info: &AppInfo) -> Result<String, Trouble> {
    let text = std::str::from_utf8(&info.multiaddr).unwrap_or_default().trim();
    let plain = !text.is_empty() && text.len() <= MAX_REFERENCE && text.chars().all(|c| c.is_ascii_graphic());
    plain.then(|| text.to_owned()).ok_or_else(|| {
        Trouble::everyones(Cause::AppImageDownloadFailed, "the app's address is no image reference", REPUBLISH)
    })
}

async fn module(info: &AppInfo, fetcher: &Fetcher, cache: &Path, time: Duration) -> Result<PathBuf, Trouble> {
    let path = cache.join(format!("{}.wasm", hex::encode(info.checksum)));
    if sha256_of(&path).await.is_ok_and(|kept| kept == info.checksum) {
        return Ok(path);
    }
    let location = Location::parse(&info.multiaddr).ok_or_else(|| failed(Failure::BadAddress))?;
    // Two tasks may fetch the same app at once: each into its own file, the last rename wins with equal bytes.
    let part = cache.join(format!("{}.part", hex::encode(runtime::random::bytes::<8>())));
    let found = fetcher.fetch(&location, &part, MAX_APP_BYTES, time).await.map_err(failed)?;
    if found != info.checksum {
        let _ = tokio::fs::remove_file(&part).await;
        let what = format!("the app's file has the checksum {found}, sold was {}", info.checksum);
        return Err(Trouble::everyones(Cause::AppImageDownloadFailed, what, REPUBLISH));
    }
    let kept = tokio::fs::rename(&part, &path).await;
    kept.map_err(|error| Trouble::disk(Cause::AppImageDownloadFailed, "keep the app", &error))?;
    Ok(path)
}

fn failed(failure: Failure) -> Trouble {
    const CAUSE: Cause = Cause::AppImageDownloadFailed;
    match failure {
        Failure::Missing => Trouble::everyones(CAUSE, "the app's file is not at its address", REPUBLISH),
        Failure::TooLarge { limit } => {
            Trouble::everyones(CAUSE, format!("the app's file has more than {limit} bytes"), "make the app smaller")
        }
        Failure::BadAddress => {
            Trouble::everyones(CAUSE, "the app's address is neither a URL nor an /ipfs/ path", REPUBLISH)
        }
        Failure::Unavailable { reason, .. } => Trouble::mine(CAUSE, format!("cannot fetch the app: {reason}")),
        Failure::Disk(error) => Trouble::disk(CAUSE, "store the app", &error),
    }
}
