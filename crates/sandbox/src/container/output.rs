//! How full the output folder is, and what may stay in it. The app writes here while we look.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, Limit, Limits};

/// Bytes and entries below a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) bytes: u64,
    pub(super) entries: u64,
}

impl Fill {
    /// The limit that is passed, if one is.
    pub(super) const fn passed(self, limits: &Limits) -> Option<Limit> {
        if self.bytes > limits.disk {
            Some(Limit::Disk)
        } else if self.entries > limits.files {
            Some(Limit::Files)
        } else {
            None
        }
    }
}

/// Measures `folder`, and gives up counting once a limit is passed.
///
/// # Errors
/// [`Error::Machine`] when the folder itself cannot be read; what vanishes during the walk is not counted.
pub(super) fn measure(folder: &Path, limits: &Limits) -> Result<Fill, Error> {
    let mut fill = Fill::default();
    walk(folder, &mut |_, about| {
        fill.entries += 1;
        fill.bytes += if about.is_dir() { 0 } else { about.len() };
        fill.passed(limits).is_none()
    })
    .map_err(Error::machine("measure", folder))?;
    Ok(fill)
}

/// Removes whatever is neither a plain file nor a folder: a link could lead whoever reads the result anywhere.
///
/// # Errors
/// [`Error::Machine`] when something cannot be removed.
pub(super) fn keep_only_plain(folder: &Path) -> Result<(), Error> {
    let mut others = Vec::new();
    walk(folder, &mut |path, about| {
        if !about.is_dir() && !about.is_file() {
            others.push(path.to_owned());
        }
        true
    })
    .map_err(Error::machine("list", folder))?;
    for path in others {
        std::fs::remove_file(&path).map_err(Error::machine("remove the link or device", path))?;
    }
    Ok(())
}

/// Calls `visit` for everything below `folder`, without following links, until it says no.
fn walk(folder: &Path, visit: &mut dyn FnMut(&Path, &Metadata) -> bool) -> io::Result<()> {
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let listing = match std::fs::read_dir(&next) {
            Err(_gone) if next != folder => continue,
            listing => listing?,
        };
        for entry in listing.flatten() {
            let Ok(about) = entry.metadata() else { continue };
            if !visit(&entry.path(), &about) {
                return Ok(());
            }
            if about.is_dir() {
                open.push(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_counted_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/f"), [0; 100]).unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        let limits = Limits { disk: 1_000, files: 3, ..Limits::default() };
        let fill = measure(folder.path(), &limits).unwrap();
        assert_eq!((fill.entries, fill.passed(&limits)), (3, None));
        assert_eq!(fill.passed(&Limits { disk: 99, ..limits.clone() }), Some(Limit::Disk));
        assert_eq!(fill.passed(&Limits { files: 2, ..limits }), Some(Limit::Files));
        keep_only_plain(folder.path()).unwrap();
        assert!(!folder.path().join("root").is_symlink() && folder.path().join("a/f").is_file());
    }
}
