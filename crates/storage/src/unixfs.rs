//! The content address of a file, as an IPFS node computes it, in one pass and constant memory.
//!
//! Follows the UnixFS and dag-pb specifications with the node's defaults: chunks of 262 144 bytes, balanced tree, at most
//! 174 links a node. Every constant and the order of fields go into the hash: change nothing without the vectors.

mod dag;
#[cfg(test)]
mod tests;

use cid::Cid;
use sha2::{Digest as _, Sha256};

pub use dag::is_node;
use dag::{Layout, Tree};

use crate::address::{Address, RAW};
use crate::{Error, Stored};

/// Largest single block: what IPFS nodes still exchange.
pub const LARGEST_BLOCK: u64 = 2 << 20;

/// How content becomes an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A UnixFS file addressed `Qm…`: what `add` does by default.
    V0,
    /// A UnixFS file with raw leaves, addressed `bafy…` (or `bafk…` when one chunk holds it): `add --cid-version=1`.
    V1,
    /// One block of plain bytes, at most [`LARGEST_BLOCK`], addressed `bafk…` by its own sha2-256.
    Raw,
}

impl Format {
    /// All formats, in the order in which an address without a known codec is looked up.
    pub const ALL: [Self; 3] = [Self::V0, Self::V1, Self::Raw];

    const fn layout(self) -> Option<Layout> {
        match self {
            Self::V0 => Some(Layout::V0),
            Self::V1 => Some(Layout::V1),
            Self::Raw => None,
        }
    }
}

/// Computes the address of content that passes by in pieces.
pub struct Hasher(State);

enum State {
    Tree(Box<Tree>),
    Raw(RawBlock),
}

impl Hasher {
    /// Starts on empty content.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self(
            format
                .layout()
                .map_or_else(|| State::Raw(RawBlock::default()), |layout| State::Tree(Box::new(Tree::new(layout)))),
        )
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Tree(tree) => tree.update(bytes),
            State::Raw(block) => block.update(bytes),
        }
    }

    /// The address of everything added.
    ///
    /// # Errors
    /// [`Error::RawNode`] when a raw block would share its address with a UnixFS file of other content,
    /// [`Error::TooLarge`] when a raw block passes [`LARGEST_BLOCK`].
    pub fn finish(self) -> Result<Stored, Error> {
        match self.0 {
            State::Tree(tree) => tree.finish(),
            State::Raw(block) => block.finish(),
        }
    }
}

/// The start of a block, as far as it can be one, and the hash of all of it.
#[derive(Default)]
struct RawBlock {
    start: Vec<u8>,
    size: u64,
    hash: Sha256,
}

impl RawBlock {
    fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        if self.size <= LARGEST_BLOCK {
            self.start.extend_from_slice(bytes);
        }
    }

    fn finish(self) -> Result<Stored, Error> {
        if self.size > LARGEST_BLOCK {
            return Err(Error::too_many_bytes("a raw block", LARGEST_BLOCK));
        }
        if is_node(&self.start) {
            return Err(Error::RawNode);
        }
        let cid = Address::new(self.hash.finalize().into()).v1(RAW);
        Ok(Stored { cid, size: self.size, dag_size: self.size })
    }
}

/// Decides whether content that passes by in pieces is what a CID names.
///
/// The layout of a tree is not part of its CID, so the usual ones are tried side by side: both of this crate's, and raw
/// leaves of 1 MiB with 1024 links, which newer nodes use.
pub struct Verifier {
    wanted: Address,
    tries: Vec<Hasher>,
    plain: Option<Sha256>,
}

impl Verifier {
    /// Starts on empty content.
    ///
    /// # Errors
    /// [`Error::BadCid`] unless `cid` carries a sha2-256.
    pub fn new(cid: &Cid) -> Result<Self, Error> {
        let wanted = Address::of(cid)?;
        if cid.codec() == RAW {
            return Ok(Self { wanted, tries: Vec::new(), plain: Some(Sha256::new()) });
        }
        let wide = Hasher(State::Tree(Box::new(Tree::new(Layout::WIDE))));
        let tries = Format::ALL.into_iter().map(Hasher::new).chain([wide]).collect();
        Ok(Self { wanted, tries, plain: None })
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.tries.iter_mut().for_each(|hasher| hasher.update(bytes));
        if let Some(plain) = &mut self.plain {
            plain.update(bytes);
        }
    }

    /// Whether everything added is the content the CID names.
    #[must_use]
    pub fn matches(self) -> bool {
        let wanted = self.wanted;
        let plain = self.plain.is_some_and(|hash| Address::new(hash.finalize().into()) == wanted);
        plain || self.tries.into_iter().any(|hasher| hasher.is(wanted))
    }
}

impl Hasher {
    /// Whether the content has this address; content without an address has none.
    fn is(self, wanted: Address) -> bool {
        self.finish().and_then(|stored| Address::of(&stored.cid)).is_ok_and(|address| address == wanted)
    }
}

/// The address of bytes held in memory.
///
/// # Errors
/// As [`Hasher::finish`].
pub fn address_of(format: Format, bytes: &[u8]) -> Result<Stored, Error> {
    let mut hasher = Hasher::new(format);
    hasher.update(bytes);
    hasher.finish()
}
