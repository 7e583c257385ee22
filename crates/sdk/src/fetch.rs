//! Fetching a result: download, prove against the chain, unpack. An archive that does not prove itself is not kept.
//!
//! A deal with a callback has no archive: its result is what the hub handed to the contract, and is read from there.

use std::path::{Path, PathBuf};

use alloy_primitives::{hex, keccak256};
use protocol::task::Phase;
use protocol::{Bytes, ResultDigest, ResultHash, TaskId};
use storage::archive::{self, ComputedFile, ResultLink, Subject};

use crate::{Error, Session};

/// Largest result archive that is downloaded, in bytes.
const MAX_ARCHIVE: u64 = 4 << 30;

/// Lines, and characters, of an error result that are told.
const MAX_LINES: usize = 4;
const MAX_WORDS: usize = 1_000;

/// A result that proved itself.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Which task.
    pub task: TaskId,
    /// The digest, recomputed from the archive and equal to the consensus on chain.
    pub digest: ResultDigest,
    /// Where it was unpacked.
    pub folder: PathBuf,
    /// The app's own description of it.
    pub computed: ComputedFile,
    /// What the hub handed to the deal's callback contract; `None` for a deal without one.
    pub called_back: Option<Bytes>,
}

impl Fetched {
    /// Why the app failed, when the workers agreed that it did: the words of their error result, in one line.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let code = self.computed.error_message.as_deref()?;
        let words = self.subject().and_then(|path| std::fs::read_to_string(path).ok());
        // The file has a headline of its own, then the code with what happened, then the next step.
        let words: Vec<&str> = words.as_deref().unwrap_or_default().lines().skip(1).take(MAX_LINES).collect();
        Some(if words.is_empty() { code.to_owned() } else { words.join("; ").chars().take(MAX_WORDS).collect() })
    }

    /// The file that the consensus is about; `None` when it is about the data of a callback.
    #[must_use]
    pub fn subject(&self) -> Option<PathBuf> {
        let path = self.computed.deterministic_output_path.as_deref()?;
        Some(self.folder.join(path.strip_prefix("/iexec_out").unwrap_or(path).trim_start_matches('/')))
    }
}

/// Downloads the result of a completed task into `folder`. For a task with a callback, writes there what the contract
/// was handed.
///
/// # Errors
/// [`Error::BadResult`] when the task is not completed, names no result, or the archive does not prove itself;
/// [`Error::Storage`] when it cannot be fetched or unpacked.
pub async fn fetch(session: &Session, task: TaskId, folder: &Path) -> Result<Fetched, Error> {
    let bad = |reason: String| Error::BadResult { task, reason };
    let view = session.chain.task(task).await?;
    let view = view.ok_or_else(|| bad("the task is not initialized".to_owned()))?;
    let Phase::Completed { consensus } = view.phase else {
        return Err(bad(format!("the task is {}: only completed tasks have results", view.phase.name())));
    };
    let deal = session.chain.deal(view.deal).await?;
    if deal.is_some_and(|deal| !deal.callback.is_zero()) {
        return from_callback(task, consensus, view.callback_results, folder);
    }
    let link = ResultLink::parse(&view.results)?;
    let cid = link.cid()?;
    if folder.exists() {
        return already_here(task, consensus, folder);
    }
    let partial = begin(folder)?;
    let zip = beside(folder, "zip");
    session.gateway.fetch(&cid, &zip, MAX_ARCHIVE).await?;
    let unpacked = prove_and_unpack(task, consensus, zip.clone(), partial.clone()).await;
    std::fs::remove_file(&zip).map_err(Error::file("remove", &zip))?;
    let (digest, computed) = unpacked?;
    std::fs::rename(&partial, folder).map_err(Error::file("write", folder))?;
    Ok(Fetched { task, digest, folder: folder.to_owned(), computed, called_back: None })
}

/// Makes room for what is on its way into `folder`; gives the hidden folder where it is put together.
fn begin(folder: &Path) -> Result<PathBuf, Error> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(Error::file("make the folder", parent))?;
    let partial = beside(folder, "partial");
    // What an interrupted download left.
    if partial.exists() {
        std::fs::remove_dir_all(&partial).map_err(Error::file("remove", &partial))?;
    }
    Ok(partial)
}

/// The result of a task with a callback: all of it is on chain. It is kept as the `computed.json` that says the same.
fn from_callback(task: TaskId, consensus: ResultHash, data: Bytes, folder: &Path) -> Result<Fetched, Error> {
    let digest = ResultDigest(keccak256(&data));
    if ResultHash::derive(task, digest) != consensus {
        let reason = "what the node says the contract was handed is not what the workers agreed on".to_owned();
        return Err(Error::BadResult { task, reason });
    }
    let computed = ComputedFile { callback_data: Some(hex::encode_prefixed(&data)), ..ComputedFile::default() };
    let fetched = Fetched { task, digest, folder: folder.to_owned(), computed, called_back: Some(data) };
    if folder.exists() {
        let held = ComputedFile::read(folder).ok();
        let same = held.is_some_and(|held| held.callback_data == fetched.computed.callback_data);
        return if same { Ok(fetched) } else { Err(something_else(folder)) };
    }
    let partial = begin(folder)?;
    std::fs::create_dir(&partial).map_err(Error::file("make the folder", &partial))?;
    let path = partial.join("computed.json");
    let text = serde_json::to_vec(&fetched.computed).expect("texts always serialize");
    std::fs::write(&path, text).map_err(Error::file("write", &path))?;
    std::fs::rename(&partial, folder).map_err(Error::file("write", folder))?;
    Ok(fetched)
}

/// A hidden name for what is on its way into `folder`.
fn beside(folder: &Path, what: &str) -> PathBuf {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    folder.with_file_name(format!(".{name}.{what}"))
}

/// A folder that is there is this result, downloaded before, or somebody's that must not be touched.
fn already_here(task: TaskId, consensus: ResultHash, folder: &Path) -> Result<Fetched, Error> {
    let held = ComputedFile::read(folder).and_then(|computed| {
        let digest = archive::digest_of_output(folder, &computed, Subject::Output)?;
        Ok((ResultDigest(digest), computed))
    });
    match held {
        Ok((digest, computed)) if ResultHash::derive(task, digest) == consensus => {
            Ok(Fetched { task, digest, folder: folder.to_owned(), computed, called_back: None })
        }
        _ => Err(something_else(folder)),
    }
}

fn something_else(folder: &Path) -> Error {
    Error::Usage(format!(
        "{} exists and holds something else: move it away, or choose another folder with --output",
        folder.display()
    ))
}

async fn prove_and_unpack(
    task: TaskId,
    consensus: ResultHash,
    zip: PathBuf,
    folder: PathBuf,
) -> Result<(ResultDigest, ComputedFile), Error> {
    let work = move || {
        let limits = archive::Limits::default();
        let digest = ResultDigest(archive::digest_of_zip(&zip, Subject::Output, &limits)?);
        if ResultHash::derive(task, digest) != consensus {
            let reason = "its digest is not the one that the workers agreed on; the gateway or the pool's result \
                store handed out something else";
            return Err(Error::BadResult { task, reason: reason.to_owned() });
        }
        archive::unpack(&zip, &folder, &limits)?;
        Ok((digest, ComputedFile::read(&folder)?))
    };
    tokio::task::spawn_blocking(work).await.expect("unpacking never panics: it returns errors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_contract_was_handed_is_kept_once_and_only_if_it_proves_itself() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("results/0");
        let (task, data) = (TaskId::default(), Bytes::from_static(&[0xbe, 0xef]));
        let consensus = ResultHash::derive(task, ResultDigest(keccak256(&data)));
        let forged = from_callback(task, consensus, Bytes::from_static(b"forged"), &folder);
        assert!(matches!(forged, Err(Error::BadResult { .. })) && !folder.exists(), "{forged:?}");
        for _ in 0..2 {
            let fetched = from_callback(task, consensus, data.clone(), &folder).unwrap();
            assert_eq!((fetched.called_back, fetched.folder.as_path()), (Some(data.clone()), folder.as_path()));
            assert_eq!(std::fs::read_to_string(folder.join("computed.json")).unwrap(), r#"{"callback-data":"0xbeef"}"#);
        }
        std::fs::write(folder.join("computed.json"), r#"{"callback-data":"0xdead"}"#).unwrap();
        let other = from_callback(task, consensus, data, &folder);
        assert!(matches!(other, Err(Error::Usage(_))), "another's folder is left alone: {other:?}");
    }
}
