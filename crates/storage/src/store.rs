//! The seam for blobs: what every store promises, and the stores there are.

mod disk;
mod memory;
mod node;
pub mod testing;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::pin::Pin;

use cid::Cid;
pub use disk::Disk;
pub use memory::Memory;
pub use node::Node;
use runtime::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeek, AsyncSeekExt as _};

use crate::unixfs::{Format, Hasher};
use crate::{Error, address};

/// Bytes on their way into a store.
pub type Content<'a> = Pin<Box<dyn AsyncRead + Send + 'a>>;

/// Bytes on their way out: readable from any position.
pub trait Readable: AsyncRead + AsyncSeek + Send + Sync {}
impl<T: AsyncRead + AsyncSeek + Send + Sync> Readable for T {}

/// What was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its address.
    pub cid: Cid,
    /// Bytes of content.
    pub size: u64,
    /// Bytes of all its blocks, content and tree; the `Size` an IPFS node reports.
    pub dag_size: u64,
}

/// An open blob, at its first byte.
pub struct Blob {
    /// Bytes of content.
    pub size: u64,
    /// The content.
    pub reader: Pin<Box<dyn Readable>>,
}

/// Whether to hash a blob before handing it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// Read it all first: a corrupt blob is an error.
    Yes,
    /// Trust the disk; for sizes, and for readers that hash by themselves.
    No,
}

/// Keeps blobs by content address. Implementations: [`Disk`], [`Memory`] (tests).
///
/// Contract ([`testing::suite`] runs on each)
/// - `put` reads `content` to its end in constant memory; over `limit` bytes it fails with [`Error::TooLarge`], and when
///   the content's source fails with [`Error::Source`]; after any failure, or when dropped half way, nothing is stored.
///   Putting what is there already succeeds, and heals it if it was corrupt.
/// - `get`, `has`, `remove` find an object by the multihash alone, whatever the CID's version and codec. `get` fails
///   with [`Error::NotFound`] for what is not there, and with `Verify::Yes` with [`Error::Corrupt`] for what rotted.
/// - `remove` tells whether anything was there; open readers read on.
pub trait BlobStore: Send + Sync {
    /// Stores `content`, of at most `limit` bytes, under the address `format` gives it.
    fn put<'a>(&'a self, content: Content<'a>, format: Format, limit: u64) -> BoxFuture<'a, Result<Stored, Error>>;
    /// Opens the object `cid` names.
    fn get<'a>(&'a self, cid: &'a Cid, verify: Verify) -> BoxFuture<'a, Result<Blob, Error>>;
    /// Whether `get` would find it.
    fn has<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>>;
    /// Forgets the object; `false` when there was none.
    fn remove<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>>;
}

/// Formats in the order in which to look `cid` up: what its codec says first, then the others.
fn lookup_order(cid: &Cid) -> [Format; 3] {
    match cid.codec() {
        address::RAW => [Format::Raw, Format::V1, Format::V0],
        _ => Format::ALL,
    }
}

/// Fails with [`Error::Corrupt`] unless `blob`, kept as `format`, has the address of `cid`; leaves it at its first byte.
async fn verified(mut blob: Blob, format: Format, cid: &Cid) -> Result<Blob, Error> {
    let name = cid.to_string();
    let corrupt = || Error::Corrupt { what: name.clone() };
    let mut hasher = Hasher::new(format);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match blob.reader.read(&mut buffer).await.map_err(Error::io("read", Path::new(&name)))? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    let found = hasher.finish().map_err(|_| corrupt())?;
    if found.cid.hash() != cid.hash() {
        return Err(corrupt());
    }
    blob.reader.rewind().await.map_err(Error::io("read", Path::new(&name)))?;
    Ok(blob)
}
