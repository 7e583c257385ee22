//! Reading an archive that somebody else made: its digest, its files. All names are checked before a byte comes out, and
//! bytes are counted as they come, whatever the headers say.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use alloy_primitives::B256;
use zip::ZipArchive;
use zip::result::ZipError;

use super::computed::{self, ComputedFile, Subject, refuse};
use super::limits::Budget;
use super::{Limits, digest, paths};
use crate::Error;

/// The digest of an archive, by its own `computed.json`, in constant memory. Equals [`super::digest_of_output`] on the
/// folder it was packed from.
///
/// An archive has no entries for folders: a declared path without any file is taken for an empty folder.
///
/// # Errors
/// [`Error::BadArchive`], [`Error::UnsafePath`] or [`Error::TooLarge`] for an archive that is not acceptable,
/// [`Error::Computed`] when `computed.json` is missing or useless, [`Error::Io`] when the file cannot be opened.
pub fn digest_of_zip(zip: &Path, subject: Subject, limits: &Limits) -> Result<B256, Error> {
    let mut opened = Opened::open(zip, limits)?;
    let computed = opened.computed()?;
    match subject {
        Subject::Callback => digest::of_callback(&computed),
        Subject::Output => opened.digest(&computed.output_path()?),
    }
}

/// Unpacks the archive into `dir`, which must be missing or empty and whose parent must exist. All or nothing.
///
/// # Errors
/// As [`digest_of_zip`]; [`Error::Io`] when `dir` is not empty or cannot be written, [`Error::Full`].
pub fn unpack(zip: &Path, dir: &Path, limits: &Limits) -> Result<(), Error> {
    let mut opened = Opened::open(zip, limits)?;
    let parent = dir.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temp = tempfile::tempdir_in(parent).map_err(Error::io("create a folder in", parent))?;
    for index in 0..opened.names.len() {
        opened.extract(index, temp.path())?;
    }
    // Renaming onto an empty folder replaces it, onto any other fails.
    std::fs::rename(temp.path(), dir).map_err(Error::io("create", dir))?;
    // The name is gone, so there is nothing left to remove.
    let _moved = temp.keep();
    Ok(())
}

/// An archive whose names are all acceptable.
struct Opened {
    archive: ZipArchive<Metered>,
    /// By index. A folder's ends with `/`.
    names: Vec<String>,
    budget: Budget,
}

impl Opened {
    fn open(zip: &Path, limits: &Limits) -> Result<Self, Error> {
        let file = File::open(zip).map_err(Error::io("open", zip))?;
        let packed = file.metadata().map_err(Error::io("look at", zip))?.len();
        let mut archive = ZipArchive::new(Metered::new(file, limits)).map_err(bad)?;
        if archive.len() > limits.entries {
            return Err(limits.too_many());
        }
        if archive.has_duplicate_names() {
            return Err(Error::BadArchive { reason: "two entries have one name".to_owned() });
        }
        if archive.has_overlapping_entries().map_err(bad)? {
            return Err(Error::BadArchive { reason: "entries overlap".to_owned() });
        }
        let names = (0..archive.len()).map(|index| checked_name(&archive, index)).collect::<Result<Vec<_>, _>>()?;
        refuse_conflicts(&names)?;
        archive = ZipArchive::new(archive.into_inner().unmetered()).map_err(bad)?;
        Ok(Self { archive, names, budget: limits.budget(packed) })
    }

    fn computed(&mut self) -> Result<ComputedFile, Error> {
        let index = self.names.iter().position(|name| name == computed::NAME);
        let index = index.ok_or_else(|| refuse("missing in the archive"))?;
        let mut json = Vec::new();
        let entry = self.archive.by_index(index).map_err(bad)?;
        entry.take(computed::LARGEST + 1).read_to_end(&mut json).map_err(bad_read)?;
        if json.len() as u64 > computed::LARGEST {
            return Err(refuse("over 1 MiB"));
        }
        ComputedFile::parse(&json)
    }

    fn digest(&mut self, below: &str) -> Result<B256, Error> {
        if let Some(index) = self.names.iter().position(|name| name == below) {
            return self.hash(index);
        }
        let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
        let mut children: Vec<(String, usize)> = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            if let Some(child) = name.strip_prefix(&prefix).filter(|child| !child.is_empty() && !child.contains('/')) {
                children.push((child.to_owned(), index));
            }
        }
        children.sort_unstable();
        let hashes = children.into_iter().map(|(_, index)| self.hash(index)).collect::<Result<Vec<_>, _>>()?;
        Ok(digest::of_folder(&hashes))
    }

    fn hash(&mut self, index: usize) -> Result<B256, Error> {
        let entry = self.archive.by_index(index).map_err(bad)?;
        let budget = &mut self.budget;
        digest::of_file(entry, |read| budget.spend(read), bad_read)
    }

    fn extract(&mut self, index: usize, into: &Path) -> Result<(), Error> {
        let path = into.join(&self.names[index]);
        let folder = if self.names[index].ends_with('/') { Some(path.as_path()) } else { path.parent() };
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        if self.names[index].ends_with('/') {
            return Ok(());
        }
        let mut file = File::create_new(&path).map_err(Error::io("create", &path))?;
        let entry = self.archive.by_index(index).map_err(bad)?;
        let written = copy(&mut entry.take(self.budget.probe()), &mut file, &path)?;
        self.budget.spend(written)
    }
}

/// Tells a bad archive from a full disk, which `io::copy` does not.
fn copy(from: &mut impl Read, to: &mut File, path: &Path) -> Result<u64, Error> {
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        match from.read(&mut buffer).map_err(bad_read)? {
            0 => return Ok(total),
            read => {
                io::Write::write_all(to, &buffer[..read]).map_err(Error::io("write", path))?;
                total += read as u64;
            }
        }
    }
}

fn checked_name(archive: &ZipArchive<Metered>, index: usize) -> Result<String, Error> {
    let entry = archive.by_index_data(index).map_err(bad)?;
    let name = entry.name().map_err(bad)?.into_owned();
    paths::check_entry(name.strip_suffix('/').unwrap_or(&name))?;
    let refuse = |reason| Err(Error::UnsafePath { path: name.clone(), reason });
    if entry.is_symlink() {
        return refuse("a symbolic link");
    }
    if entry.encrypted() {
        return refuse("encrypted");
    }
    Ok(name)
}

/// No name may be twice, nor be both a file and a folder.
fn refuse_conflicts(names: &[String]) -> Result<(), Error> {
    let mut folders = BTreeSet::new();
    for name in names {
        let parents = name.char_indices().filter(|(_, letter)| *letter == '/').map(|(at, _)| &name[..at]);
        folders.extend(parents);
    }
    let mut seen = HashSet::new();
    for name in names {
        let twice = !seen.insert(name.as_str());
        if twice || folders.contains(name.as_str()) {
            return Err(Error::UnsafePath { path: name.clone(), reason: "there twice, or both a file and a folder" });
        }
    }
    Ok(())
}

fn bad(error: ZipError) -> Error {
    Error::BadArchive { reason: error.to_string() }
}

fn bad_read(error: io::Error) -> Error {
    Error::BadArchive { reason: error.to_string() }
}

/// A file of which only so much may be read while the directory of the archive is parsed: the parser keeps every entry in
/// memory, so this bounds what a directory of millions can cost.
struct Metered {
    file: io::BufReader<File>,
    left: Option<u64>,
}

impl Metered {
    /// Bytes of directory for each entry allowed, and for finding the directory at all.
    const EACH: u64 = 1024;
    const SEARCH: u64 = 1 << 20;

    fn new(file: File, limits: &Limits) -> Self {
        let left = (limits.entries as u64).saturating_mul(Self::EACH).saturating_add(Self::SEARCH);
        Self { file: io::BufReader::new(file), left: Some(left) }
    }

    fn unmetered(self) -> Self {
        Self { file: self.file, left: None }
    }
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if let Some(left) = &mut self.left {
            let over = || io::Error::other("its directory is larger than the limit on files allows");
            *left = left.checked_sub(read as u64).ok_or_else(over)?;
        }
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
