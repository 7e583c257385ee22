//! Packing an output folder: same folder, same bytes. Entries are files only, sorted, with one fixed time and mode.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Limits;
use super::walk::{Found, Kind, walk};
use crate::Error;

/// From this size on an entry gets 64-bit sizes; below 4 GiB by what deflate may add to random bytes.
const LARGE: u64 = 0xf000_0000;

/// Packs everything below `output_dir` into the archive `dest`, which must not lie below it; returns the archive's bytes.
///
/// `dest` is there whole or not at all.
///
/// # Errors
/// [`Error::TooLarge`] when the result passes `limits`, [`Error::UnsafePath`] for a name archives cannot carry,
/// [`Error::Full`], [`Error::Io`].
pub fn pack(output_dir: &Path, dest: &Path, limits: &Limits) -> Result<u64, Error> {
    let found = walk(output_dir, limits)?;
    let folder = dest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temp = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("create a file in", folder))?;
    let unpacked = write(output_dir, &found, temp.as_file(), dest, limits)?;
    let packed = temp.as_file().metadata().map_err(Error::io("look at", dest))?.len();
    // What the reader would take for a bomb is not worth uploading.
    limits.budget(packed).spend(unpacked)?;
    temp.as_file().sync_all().map_err(Error::io("write", dest))?;
    temp.persist(dest).map_err(|failed| Error::io("write", dest)(failed.error))?;
    Ok(packed)
}

/// Writes all entries; returns the bytes that went in.
fn write(output_dir: &Path, found: &[Found], file: &File, dest: &Path, limits: &Limits) -> Result<u64, Error> {
    let mut zip = ZipWriter::new(BufWriter::new(file));
    let mut unpacked = 0;
    for Found { below, kind } in found {
        let size = match kind {
            Kind::File(size) => *size,
            Kind::Link => 0,
        };
        zip.start_file(below.as_str(), options(size)).map_err(|error| failed(error, dest))?;
        if matches!(kind, Kind::File(_)) {
            unpacked += copy(&output_dir.join(below), limits.total - unpacked, &mut zip, dest)?;
        }
        if unpacked > limits.total {
            return Err(Error::too_many_bytes("the unpacked result", limits.total));
        }
    }
    let mut buffered = zip.finish().map_err(|error| failed(error, dest))?;
    buffered.flush().map_err(Error::io("write", dest))?;
    Ok(unpacked)
}

/// Copies the file and at most one byte more than `left`.
fn copy<W: Write + Seek>(from: &Path, left: u64, zip: &mut ZipWriter<W>, dest: &Path) -> Result<u64, Error> {
    let file = File::open(from).map_err(Error::io("open", from))?;
    std::io::copy(&mut file.take(left.saturating_add(1)), zip).map_err(Error::io("pack", dest))
}

fn options(size: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .large_file(size >= LARGE)
}

fn failed(error: zip::result::ZipError, dest: &Path) -> Error {
    Error::io("write", dest)(error.into())
}
