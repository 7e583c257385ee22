//! Blobs on a disk: one file each, written beside, made durable, then renamed into place.
//!
//! Layout below the root: `lock`; `tmp/` for what is being written (emptied at start); `blobs/<first byte>/<hash>.<ext>`,
//! hexadecimal. The extension is how the content was hashed, which the hash alone does not tell.

use std::fs::File;
use std::path::{Path, PathBuf};

use cid::Cid;
use runtime::BoxFuture;
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Blob, BlobStore, Content, Stored, Verify, lookup_order, verified};
use crate::unixfs::{Format, Hasher};
use crate::{Address, Error};

/// Bytes in flight during a put; a multiple of what disks like, small against the number of uploads at a time.
const BUFFER: usize = 1 << 18;

/// A folder of blobs, owned by one process.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    /// Held as long as the store is open; the system lets go when the process dies, however it dies.
    _lock: File,
}

impl Disk {
    /// Opens the store at `root`, made if missing, and removes what a killed process left half written.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process (or another `Disk`) has it open, [`Error::Io`] otherwise. Blocks briefly.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        for folder in [root.join("tmp"), root.join("blobs")] {
            std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        }
        let path = root.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(Error::io("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(Error::InUse { path: root }),
            Err(std::fs::TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        sweep(&root.join("tmp"))?;
        Ok(Self { root, _lock: lock })
    }

    fn path(&self, address: Address, format: Format) -> PathBuf {
        let name = address.to_string();
        let extension = match format {
            Format::V0 => "v0",
            Format::V1 => "v1",
            Format::Raw => "raw",
        };
        self.root.join("blobs").join(&name[..2]).join(format!("{name}.{extension}"))
    }

    /// Hashes and writes `content` to a file that disappears again unless it is kept.
    async fn write(&self, content: Content<'_>, format: Format, limit: u64) -> Result<(TempPath, Stored), Error> {
        let folder = self.root.join("tmp");
        let (file, path) = NamedTempFile::new_in(&folder).map_err(Error::io("create a file in", &folder))?.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        let mut content = content.take(limit.saturating_add(1));
        let mut hasher = Hasher::new(format);
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = content.read(&mut buffer).await.map_err(Error::Source)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            file.write_all(&buffer[..read]).await.map_err(Error::io("write", &path))?;
        }
        let stored = hasher.finish()?;
        if stored.size > limit {
            return Err(Error::too_many_bytes("the blob", limit));
        }
        file.flush().await.map_err(Error::io("write", &path))?;
        file.sync_all().await.map_err(Error::io("write", &path))?;
        Ok((path, stored))
    }

    async fn find(&self, cid: &Cid) -> Result<Option<(Format, PathBuf)>, Error> {
        let address = Address::of(cid)?;
        for format in lookup_order(cid) {
            let path = self.path(address, format);
            if tokio::fs::try_exists(&path).await.map_err(Error::io("look at", &path))? {
                return Ok(Some((format, path)));
            }
        }
        Ok(None)
    }
}

impl BlobStore for Disk {
    fn put<'a>(&'a self, content: Content<'a>, format: Format, limit: u64) -> BoxFuture<'a, Result<Stored, Error>> {
        Box::pin(async move {
            let (written, stored) = self.write(content, format, limit).await?;
            let place = self.path(Address::of(&stored.cid)?, format);
            // Once begun the move runs to its end, also when the caller is gone: it is whole either way.
            let moved = tokio::task::spawn_blocking(move || keep(written, &place)).await;
            moved.map_err(|panic| Error::Source(std::io::Error::other(panic)))??;
            Ok(stored)
        })
    }

    fn get<'a>(&'a self, cid: &'a Cid, verify: Verify) -> BoxFuture<'a, Result<Blob, Error>> {
        Box::pin(async move {
            let missing = || Error::NotFound { what: cid.to_string() };
            let (format, path) = self.find(cid).await?.ok_or_else(missing)?;
            let file = match tokio::fs::File::open(&path).await {
                // Removed since it was found.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing()),
                opened => opened.map_err(Error::io("open", &path))?,
            };
            let size = file.metadata().await.map_err(Error::io("look at", &path))?.len();
            let blob = Blob { size, reader: Box::pin(file) };
            match verify {
                Verify::Yes => verified(blob, format, cid).await,
                Verify::No => Ok(blob),
            }
        })
    }

    fn has<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move { Ok(self.find(cid).await?.is_some()) })
    }

    fn remove<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let mut any = false;
            for format in Format::ALL {
                let path = self.path(Address::of(cid)?, format);
                match tokio::fs::remove_file(&path).await {
                    Ok(()) => any = true,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(Error::io("remove", &path)(error)),
                }
            }
            Ok(any)
        })
    }
}

/// Moves a finished file to its place, durably: the file's bytes were synced before, the names are here.
fn keep(written: TempPath, place: &Path) -> Result<(), Error> {
    let folder = place.parent().expect("every blob lies in a folder");
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    written.persist(place).map_err(|failed| Error::io("write", place)(failed.error))?;
    for folder in [Some(folder), folder.parent()].into_iter().flatten() {
        let synced = File::open(folder).and_then(|open| open.sync_all());
        synced.map_err(Error::io("sync", folder))?;
    }
    Ok(())
}

fn sweep(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        tracing::info!(path = %path.display(), "removed a blob that was never finished");
    }
    Ok(())
}
