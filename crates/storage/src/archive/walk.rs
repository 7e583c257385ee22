//! What lies in an app's output folder: every path checked, counted, sorted. Links are seen, never followed.

use std::path::{Path, PathBuf};

use super::{Limits, paths};
use crate::Error;

/// Longest base name of a result file, in characters. Source: the result format of the deployed stack.
const LONGEST_NAME: usize = 31;

/// One thing to pack.
pub(super) struct Found {
    /// Names below the folder, joined by `/`.
    pub(super) below: String,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// A regular file and its size now.
    File(u64),
    /// A symbolic link: packed as an empty entry, as the deployed stack does.
    Link,
}

/// All files and links below `folder`, sorted by path bytes. Pipes, sockets and devices are left out: reading one could
/// wait forever.
pub(super) fn walk(folder: &Path, limits: &Limits) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut seen = 0;
    let mut open: Vec<(PathBuf, String)> = vec![(folder.to_owned(), String::new())];
    while let Some((path, prefix)) = open.pop() {
        for entry in std::fs::read_dir(&path).map_err(Error::io("list", &path))? {
            let entry = entry.map_err(Error::io("list", &path))?;
            seen += 1;
            if seen > limits.entries {
                return Err(limits.too_many());
            }
            let below = below(&prefix, &entry.file_name())?;
            let meta = entry.path().symlink_metadata().map_err(Error::io("look at", &entry.path()))?;
            if meta.is_dir() {
                open.push((entry.path(), format!("{below}/")));
            } else if meta.is_symlink() {
                found.push(Found { below, kind: Kind::Link });
            } else if meta.is_file() {
                found.push(Found { below, kind: Kind::File(meta.len()) });
            }
        }
    }
    found.sort_unstable_by(|one, other| one.below.cmp(&other.below));
    Ok(found)
}

fn below(prefix: &str, name: &std::ffi::OsStr) -> Result<String, Error> {
    let path = format!("{prefix}{}", name.to_string_lossy());
    if name.to_str().is_none() {
        return Err(Error::UnsafePath { path, reason: "not UTF-8" });
    }
    paths::check_entry(&path)?;
    Ok(path)
}

/// Refuses a result with a file name over 31 characters, anywhere below `output_dir`.
///
/// # Errors
/// [`Error::LongName`] naming the first such file; otherwise as for packing.
pub fn check_names(output_dir: &Path, limits: &Limits) -> Result<(), Error> {
    let too_long = |found: &Found| {
        let name = found.below.rsplit('/').next().unwrap_or_default();
        name.chars().count() > LONGEST_NAME
    };
    match walk(output_dir, limits)?.into_iter().find(too_long) {
        Some(found) => Err(Error::LongName { path: found.below }),
        None => Ok(()),
    }
}
