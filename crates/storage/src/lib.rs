//! Storage: blobs under their content address, and the archive a task's result travels in.
//!
//! Owns: content addresses as IPFS computes them ([`unixfs`]), the [`BlobStore`] seam with [`Disk`] and [`Memory`],
//! the HTTP [`gateway`] over it, the [`client`] of any such gateway, the result [`archive`] and its digests.
//! Never: decides who may upload or read, knows a deal, believes a gateway, an app or an archive.
//!
//! Invariants (tests carry these names)
//! - B1 a blob is there whole or not at all: whatever fails or is killed half way, nothing is found under its address
//! - B2 bytes that do not hash to the address asked for are an error, never an answer, where verification is asked for
//! - B3 CID versions and codecs of one multihash find one object
//! - B4 the digest of a packed archive is the digest of the folder it was packed from
//! - B5 no path out of a folder: neither `..` nor a symbolic link leads the digest, the packer or the unpacker outside
//!
//! Start at [`BlobStore`] for blobs, at [`archive`] for results.

pub mod address;
pub mod archive;
pub mod client;
mod error;
pub mod gateway;
mod store;
pub mod unixfs;

pub use address::{Address, Cid};
pub use client::Gateway;
pub use error::Error;
pub use store::testing;
pub use store::{Blob, BlobStore, Content, Disk, Memory, Node, Readable, Stored, Verify};
pub use unixfs::Format;
