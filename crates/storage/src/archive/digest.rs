//! The result digest: a wire rule, workers that differ here never agree.
//!
//! File: sha2-256. Folder: keccak-256 of its regular files' sha2-256, sorted by name; folders inside count for nothing.

use std::io::Read;
use std::path::Path;

use alloy_primitives::{B256, keccak256};
use sha2::{Digest as _, Sha256};

use super::computed::{ComputedFile, Subject, refuse};
use crate::Error;

/// The digest of what `computed` declares below `output_dir`, the host's side of `/iexec_out`.
///
/// # Errors
/// [`Error::UnsafePath`] for a path that leaves the folder or meets a symbolic link; [`Error::Computed`] when the
/// declared thing is missing or neither file nor folder; [`Error::Io`] when it cannot be read.
pub fn digest_of_output(output_dir: &Path, computed: &ComputedFile, subject: Subject) -> Result<B256, Error> {
    match subject {
        Subject::Callback => of_callback(computed),
        Subject::Output => of_path(output_dir, &computed.output_path()?),
    }
}

pub(super) fn of_callback(computed: &ComputedFile) -> Result<B256, Error> {
    computed.callback_bytes().map(keccak256)
}

/// Of files in the order of their names.
pub(super) fn of_folder(files: &[B256]) -> B256 {
    keccak256(files.concat())
}

/// Reads `input` to its end, telling `count` how many bytes came each time.
pub(super) fn of_file(
    mut input: impl Read,
    mut count: impl FnMut(u64) -> Result<(), Error>,
    failed: impl FnOnce(std::io::Error) -> Error,
) -> Result<B256, Error> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(B256::new(hash.finalize().into())),
            Ok(read) => {
                count(read as u64)?;
                hash.update(&buffer[..read]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

fn of_path(output_dir: &Path, below: &str) -> Result<B256, Error> {
    let mut path = output_dir.to_owned();
    let mut kind = metadata(&path)?;
    for name in below.split('/').filter(|name| !name.is_empty()) {
        path.push(name);
        kind = metadata(&path)?;
        refuse_link(&path, &kind)?;
    }
    if kind.is_file() {
        return of_disk_file(&path);
    }
    // The output folder itself may be a link that the operator made; nothing below it may.
    if path.is_dir() {
        return of_disk_folder(&path);
    }
    Err(refuse(format!("deterministic-output-path /iexec_out/{below} is neither a file nor a folder")))
}

fn of_disk_folder(folder: &Path) -> Result<B256, Error> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io("list", folder))? {
        names.push(entry.map_err(Error::io("list", folder))?.file_name());
    }
    names.sort_unstable();
    let mut hashes = Vec::new();
    for name in names {
        let path = folder.join(name);
        let kind = metadata(&path)?;
        refuse_link(&path, &kind)?;
        // Opening anything else than a regular file could wait forever.
        if kind.is_file() {
            hashes.push(of_disk_file(&path)?);
        }
    }
    Ok(of_folder(&hashes))
}

fn of_disk_file(path: &Path) -> Result<B256, Error> {
    let file = std::fs::File::open(path).map_err(Error::io("open", path))?;
    of_file(file, |_| Ok(()), Error::io("read", path))
}

fn metadata(path: &Path) -> Result<std::fs::Metadata, Error> {
    path.symlink_metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            refuse(format!("deterministic-output-path: nothing at {}", path.display()))
        }
        _ => Error::io("look at", path)(error),
    })
}

fn refuse_link(path: &Path, kind: &std::fs::Metadata) -> Result<(), Error> {
    if kind.is_symlink() {
        let path = path.display().to_string();
        return Err(Error::UnsafePath { path, reason: "a symbolic link is no result" });
    }
    Ok(())
}
