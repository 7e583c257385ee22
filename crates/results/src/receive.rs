//! From a body to a file: constant memory, limits on bytes, time and silence. Files lie only in the folder of uploads.

use std::path::Path;

use api::problem::Code;
use axum::body::BodyDataStream;
use futures_util::StreamExt as _;
use runtime::Clock;
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;

use crate::refusal::Refusal;
use crate::{Config, Error};

/// What the sweep knows its own files by.
const PREFIX: &str = "upload-";

/// Makes the folder, and removes what a killed process left in it.
pub(crate) fn sweep(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(Error::folder("create", folder))?;
    for entry in std::fs::read_dir(folder).map_err(Error::folder("list", folder))? {
        let entry = entry.map_err(Error::folder("list", folder))?;
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_ours {
            let path = entry.path();
            std::fs::remove_file(&path).map_err(Error::folder("remove", &path))?;
            tracing::info!(path = %path.display(), "removed an upload that was never finished");
        }
    }
    Ok(())
}

/// Writes the body to a file that disappears when dropped.
pub(crate) async fn receive(
    body: &mut BodyDataStream,
    config: &Config,
    clock: &dyn Clock,
) -> Result<TempPath, Refusal> {
    let folder = &config.uploads;
    let made = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder);
    let (file, path) = made.map_err(Error::folder("create a file in", folder))?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut deadline = clock.sleep(config.body_time);
    let mut size = 0_u64;
    loop {
        let chunk = tokio::select! {
            chunk = body.next() => chunk,
            () = &mut deadline => return Err(slow(format!("{} s in all", config.body_time.as_secs()))),
            () = clock.sleep(config.idle_time) => return Err(slow(format!("{} s of silence", config.idle_time.as_secs()))),
        };
        let Some(chunk) = chunk else { break };
        let broken = |_| Refusal::new(Code::BadRequest, "the body broke off: send it again");
        let chunk = chunk.map_err(broken)?;
        size = size.saturating_add(chunk.len() as u64);
        if size > config.max_archive {
            return Err(too_large(config.max_archive));
        }
        file.write_all(&chunk).await.map_err(Error::folder("write", &*path))?;
    }
    file.flush().await.map_err(Error::folder("write", &*path))?;
    Ok(path)
}

pub(crate) fn too_large(limit: u64) -> Refusal {
    Refusal::new(Code::TooLarge, format!("the archive is larger than {limit} bytes, the most this pool takes"))
}

fn slow(limit: String) -> Refusal {
    Refusal::new(Code::BadRequest, format!("the body came too slowly, at most {limit}: send it again"))
}
