//! The balanced tree of dag-pb nodes over a file's chunks, and its protobuf, written by hand: six fields in all.
//!
//! Field numbers: PBNode Data 1, Links 2 (links are written first); PBLink Hash 1, Name 2, Tsize 3;
//! UnixFS Type 1, Data 2, filesize 3, blocksizes 4.

use sha2::{Digest as _, Sha256};

use crate::address::{Address, DAG_PB, RAW};
use crate::{Error, Stored};

/// UnixFS `Type` of a file.
const FILE: u64 = 2;
/// Largest UnixFS `Type` there is (a HAMT shard).
const LAST_TYPE: u64 = 5;

/// What else than the content shapes a tree.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// Bytes in a chunk.
    chunk: usize,
    /// Most links in a node.
    links: usize,
    /// Leaves are plain bytes and links are version 1 CIDs.
    raw_leaves: bool,
}

impl Layout {
    pub(super) const V0: Self = Self { chunk: 262_144, links: 174, raw_leaves: false };
    pub(super) const V1: Self = Self { chunk: 262_144, links: 174, raw_leaves: true };
    pub(super) const WIDE: Self = Self { chunk: 1 << 20, links: 1024, raw_leaves: true };
}

/// A subtree: its root, the bytes of file it holds, the bytes of all its blocks.
#[derive(Clone, Copy)]
struct Link {
    root: Address,
    codec: u64,
    file_size: u64,
    dag_size: u64,
}

/// Holds one chunk and at most one unfinished node a level: five levels are more than a disk.
pub(super) struct Tree {
    layout: Layout,
    chunk: Vec<u8>,
    levels: Vec<Vec<Link>>,
}

impl Tree {
    pub(super) const fn new(layout: Layout) -> Self {
        Self { layout, chunk: Vec::new(), levels: Vec::new() }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // A full chunk waits for the next byte: only then is it known not to be the last.
            if self.chunk.len() == self.layout.chunk {
                self.end_chunk();
            }
            let (now, later) = bytes.split_at(bytes.len().min(self.layout.chunk - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
        }
    }

    pub(super) fn finish(mut self) -> Result<Stored, Error> {
        let single = self.levels.is_empty();
        if single && self.layout.raw_leaves && is_node(&self.chunk) {
            return Err(Error::RawNode);
        }
        self.end_chunk();
        let root = self.close();
        let cid = if self.layout.raw_leaves { root.root.v1(root.codec) } else { root.root.v0() };
        Ok(Stored { cid, size: root.file_size, dag_size: root.dag_size })
    }

    fn end_chunk(&mut self) {
        let leaf = if self.layout.raw_leaves { raw_leaf(&self.chunk) } else { file_leaf(&self.chunk) };
        self.chunk.clear();
        self.push(0, leaf);
    }

    /// Adds a subtree to a level; a level that is full becomes one subtree of the next.
    fn push(&mut self, level: usize, link: Link) {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        if self.levels[level].len() == self.layout.links {
            let full = std::mem::take(&mut self.levels[level]);
            self.push(level + 1, self.node(&full));
        }
        self.levels[level].push(link);
    }

    /// Closes the levels from the leaves up; all leaves end at one depth, so a lone link below the top is wrapped too.
    fn close(&mut self) -> Link {
        let mut level = 0;
        loop {
            let links = std::mem::take(&mut self.levels[level]);
            if let ([only], true) = (links.as_slice(), level + 1 == self.levels.len()) {
                return *only;
            }
            self.push(level + 1, self.node(&links));
            level += 1;
        }
    }

    fn node(&self, links: &[Link]) -> Link {
        let file_size = links.iter().map(|link| link.file_size).sum();
        let mut block = Vec::new();
        for link in links {
            bytes_field(&mut block, 2, &self.link(link));
        }
        let mut data = Vec::new();
        number_field(&mut data, 1, FILE);
        number_field(&mut data, 3, file_size);
        links.iter().for_each(|link| number_field(&mut data, 4, link.file_size));
        bytes_field(&mut block, 1, &data);
        let below: u64 = links.iter().map(|link| link.dag_size).sum();
        let root = Address::new(Sha256::digest(&block).into());
        Link { root, codec: DAG_PB, file_size, dag_size: below + block.len() as u64 }
    }

    fn link(&self, link: &Link) -> Vec<u8> {
        let cid = if self.layout.raw_leaves { link.root.v1(link.codec) } else { link.root.v0() };
        let mut out = Vec::new();
        bytes_field(&mut out, 1, &cid.to_bytes());
        bytes_field(&mut out, 2, b"");
        number_field(&mut out, 3, link.dag_size);
        out
    }
}

fn raw_leaf(chunk: &[u8]) -> Link {
    let size = chunk.len() as u64;
    Link { root: Address::new(Sha256::digest(chunk).into()), codec: RAW, file_size: size, dag_size: size }
}

/// A leaf inside a node: the chunk is hashed where it lies, between the bytes before and after it.
fn file_leaf(chunk: &[u8]) -> Link {
    let size = chunk.len() as u64;
    let mut before = Vec::new();
    number_field(&mut before, 1, FILE);
    // An empty file has no data field at all.
    if size > 0 {
        key(&mut before, 2, 2);
        varint(&mut before, size);
    }
    let mut after = Vec::new();
    number_field(&mut after, 3, size);
    let mut start = Vec::new();
    key(&mut start, 1, 2);
    varint(&mut start, before.len() as u64 + size + after.len() as u64);
    let hash = Sha256::new().chain_update(&start).chain_update(&before).chain_update(chunk).chain_update(&after);
    let dag_size = (start.len() + before.len() + after.len()) as u64 + size;
    Link { root: Address::new(hash.finalize().into()), codec: DAG_PB, file_size: size, dag_size }
}

fn key(out: &mut Vec<u8>, field: u8, wire_type: u8) {
    out.push(field << 3 | wire_type);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number_field(out: &mut Vec<u8>, field: u8, value: u64) {
    key(out, field, 0);
    varint(out, value);
}

fn bytes_field(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    key(out, field, 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Whether `block` is a dag-pb node that holds UnixFS data: an IPFS node would take its hash for the file inside.
#[must_use]
pub fn is_node(block: &[u8]) -> bool {
    let mut rest = block;
    let mut found = false;
    while !rest.is_empty() {
        let Some((field, value, next)) = read_bytes_field(rest) else { return false };
        match field {
            1 => found = matches!(value, [8, kind, ..] if u64::from(*kind) <= LAST_TYPE),
            2 => {}
            _ => return false,
        }
        rest = next;
    }
    found
}

/// The field's number, its bytes, and what follows; `None` when `input` does not start with a field of bytes.
fn read_bytes_field(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&first, rest) = input.split_first()?;
    let (length, rest) = read_varint(rest)?;
    let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    (first & 7 == 2).then_some((first >> 3, value, rest))
}

fn read_varint(input: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in input.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &input[at + 1..]));
        }
    }
    None
}
