//! What can go wrong in this crate, by what the caller can do about it.

use std::path::{Path, PathBuf};

/// Why storage did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no content address this crate knows. Never repeat.
    #[error("bad content address {text:?}: {reason}")]
    BadCid {
        /// What was given, shortened.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nothing is stored there (for a gateway: status 404 or 410, `what` is the URL). It may appear later.
    #[error("nothing found at {what}")]
    NotFound {
        /// The CID or URL asked for.
        what: String,
    },
    /// The content passes the limit. Never repeat with the same limit.
    #[error("{what} passes the limit of {limit}")]
    TooLarge {
        /// What passes it.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// The bytes are not those the address names. Another source may have the right ones; putting them again heals a store.
    #[error("the bytes of {what} do not hash to that address")]
    Corrupt {
        /// The CID or URL asked for.
        what: String,
    },
    /// No room on the disk. Nothing was stored; free space below `path`, then repeat.
    #[error("no space left below {}: nothing was stored, free some and repeat", path.display())]
    Full {
        /// The folder on the full disk.
        path: PathBuf,
    },
    /// Another process has this store open.
    #[error("the blob store at {} is open in another process: stop that one, or choose another folder", path.display())]
    InUse {
        /// The folder of the store.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it was refused.
        #[source]
        source: std::io::Error,
    },
    /// The content ended early: its source failed. Nothing was stored.
    #[error("the content could not be read to its end")]
    Source(#[source] std::io::Error),
    /// These raw bytes are themselves a UnixFS node: stored as they are, two contents would answer to one address.
    #[error("refusing a raw block that is a unixfs node: add the file it belongs to instead")]
    RawNode,
    /// No answer from the gateway, or the answer broke off. Repeat later, or ask another gateway.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// The URL asked for.
        url: String,
        /// What the connection said.
        reason: String,
    },
    /// The gateway answered something that makes no sense here.
    #[error("{url} answered {status}: {body}")]
    Answered {
        /// The URL asked for.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The start of its body, or what is wrong with it.
        body: String,
    },
    /// A path in an app's output or in an archive leads somewhere it must not.
    #[error("refusing the path {path:?}: {reason}")]
    UnsafePath {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A result file's name is longer than the result format allows.
    #[error("the file name of {path:?} is longer than 31 characters: let the app choose a shorter one")]
    LongName {
        /// Path below the output folder.
        path: String,
    },
    /// `computed.json` is missing or useless. The app has to write it.
    #[error("computed.json: {reason}")]
    Computed {
        /// What is wrong with it.
        reason: String,
    },
    /// The archive is not one this crate can read. Never repeat.
    #[error("bad archive: {reason}")]
    BadArchive {
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are not a result link.
    #[error("bad result link: {reason}")]
    BadLink {
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// An I/O error on `path`, a full disk told apart.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path: path.parent().unwrap_or(path).to_owned() }
            }
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }

    pub(crate) fn too_many_bytes(what: impl Into<String>, limit: u64) -> Self {
        Self::TooLarge { what: what.into(), limit: format!("{limit} bytes") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_and_names_the_folder() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::io("write", Path::new("store/tmp/1"))(full);
        assert!(matches!(&error, Error::Full { path } if path == Path::new("store/tmp")), "{error}");
    }
}
