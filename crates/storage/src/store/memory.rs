//! Blobs in memory: for tests, gone with the process.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use cid::Cid;
use runtime::BoxFuture;
use tokio::io::AsyncReadExt as _;

use super::{Blob, BlobStore, Content, Stored, Verify, lookup_order, verified};
use crate::unixfs::{Format, Hasher};
use crate::{Address, Error};

type Objects = HashMap<(Address, Format), Bytes>;

/// A store for tests.
#[derive(Debug, Default)]
pub struct Memory {
    objects: Mutex<Objects>,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the bytes under `cid` without changing its address, as a failing disk would.
    pub fn corrupt(&self, cid: &Cid, bytes: Bytes) {
        let Ok(address) = Address::of(cid) else { return };
        for ((of, _), held) in self.objects().iter_mut() {
            if *of == address {
                held.clone_from(&bytes);
            }
        }
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        // No step below leaves the map half changed, so a panicked holder changes nothing.
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, cid: &Cid) -> Result<Option<(Format, Bytes)>, Error> {
        let address = Address::of(cid)?;
        let objects = self.objects();
        let found = |format| objects.get(&(address, format)).map(|bytes| (format, bytes.clone()));
        Ok(lookup_order(cid).into_iter().find_map(found))
    }
}

impl BlobStore for Memory {
    fn put<'a>(&'a self, mut content: Content<'a>, format: Format, limit: u64) -> BoxFuture<'a, Result<Stored, Error>> {
        Box::pin(async move {
            let mut hasher = Hasher::new(format);
            let mut bytes = BytesMut::new();
            loop {
                let before = bytes.len();
                if content.read_buf(&mut bytes).await.map_err(Error::Source)? == 0 {
                    break;
                }
                if bytes.len() as u64 > limit {
                    return Err(Error::too_many_bytes("the blob", limit));
                }
                hasher.update(&bytes[before..]);
            }
            let stored = hasher.finish()?;
            self.objects().insert((Address::of(&stored.cid)?, format), bytes.freeze());
            Ok(stored)
        })
    }

    fn get<'a>(&'a self, cid: &'a Cid, verify: Verify) -> BoxFuture<'a, Result<Blob, Error>> {
        Box::pin(async move {
            let (format, bytes) = self.find(cid)?.ok_or_else(|| Error::NotFound { what: cid.to_string() })?;
            let blob = Blob { size: bytes.len() as u64, reader: Box::pin(Cursor::new(bytes)) };
            match verify {
                Verify::Yes => verified(blob, format, cid).await,
                Verify::No => Ok(blob),
            }
        })
    }

    fn has<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move { Ok(self.find(cid)?.is_some()) })
    }

    fn remove<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let address = Address::of(cid)?;
            let mut objects = self.objects();
            let removed = Format::ALL.map(|format| objects.remove(&(address, format)).is_some());
            Ok(removed.contains(&true))
        })
    }
}
