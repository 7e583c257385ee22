//! Content addresses: reading a CID from text, and what two CIDs of the same object have in common.
//!
//! Only sha2-256 is known here. Codec numbers come from the multicodec table.

use std::fmt;

pub use cid::Cid;
use multihash::Multihash;

use crate::Error;

/// Multicodec of plain bytes.
pub const RAW: u64 = 0x55;
/// Multicodec of a dag-pb node, the kind UnixFS files are made of.
pub const DAG_PB: u64 = 0x70;
/// Multihash code of sha2-256.
const SHA2_256: u64 = 0x12;
/// Longest text looked at: base-32 of version, codec and a 32-byte hash needs 59, hexadecimal 73.
const LONGEST: usize = 100;

/// The sha2-256 of an object's root block: what all CIDs of one object share.
///
/// An IPFS path that went through a binary multiaddr has lost version and codec, so objects are found by this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 32]);

impl Address {
    /// The address of the block with this sha2-256.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// What `cid` points at.
    ///
    /// # Errors
    /// [`Error::BadCid`] unless the CID carries a sha2-256.
    pub fn of(cid: &Cid) -> Result<Self, Error> {
        let hash = cid.hash();
        let refuse = |reason| Error::BadCid { text: cid.to_string(), reason };
        if hash.code() != SHA2_256 {
            return Err(refuse("only sha2-256 addresses are served here"));
        }
        hash.digest().try_into().map(Self).map_err(|_| refuse("a sha2-256 has 32 bytes"))
    }

    /// The address as `Qm…`: version 0, always of codec dag-pb.
    #[must_use]
    pub fn v0(self) -> Cid {
        Cid::new_v0(self.multihash()).expect("version 0 takes every sha2-256 of 32 bytes")
    }

    /// The address as a version 1 CID of `codec`.
    #[must_use]
    pub fn v1(self, codec: u64) -> Cid {
        Cid::new_v1(codec, self.multihash())
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn multihash(self) -> Multihash<64> {
        Multihash::wrap(SHA2_256, &self.0).expect("32 bytes fit into 64")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Reads a CID of any version from `text`.
///
/// # Errors
/// [`Error::BadCid`] when `text` is too long, not a CID, or not of sha2-256.
pub fn parse(text: &str) -> Result<Cid, Error> {
    let shown: String = text.chars().take(LONGEST).collect();
    let refuse = |reason| Error::BadCid { text: shown.clone(), reason };
    if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(refuse("expected something like Qm… or bafy…"));
    }
    let cid = Cid::try_from(text).map_err(|_| refuse("expected something like Qm… or bafy…"))?;
    Address::of(&cid).map(|_| cid)
}

/// Reads the CID out of a path `/ipfs/<cid>` (also `/p2p/<cid>`, which a binary multiaddr turns it into).
///
/// # Errors
/// [`Error::BadCid`] as for [`parse`].
pub fn parse_path(path: &str) -> Result<Cid, Error> {
    let text = path.strip_prefix("/ipfs/").or_else(|| path.strip_prefix("/p2p/")).unwrap_or(path);
    parse(text.strip_suffix('/').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_versions_of_a_root_share_its_address() {
        let v0 = parse("QmfGuvPSx5iHGXmDTFpokXHZmdRDJ9qA8ygPZabFGfC3YE").unwrap();
        let address = Address::of(&v0).unwrap();
        assert_eq!(address.v0(), v0);
        for codec in [RAW, DAG_PB] {
            let again = parse(&address.v1(codec).to_string()).unwrap();
            assert_eq!(Address::of(&again).unwrap(), address);
        }
        assert_eq!(parse_path(&format!("/ipfs/{v0}")).unwrap(), v0);
        assert_eq!(parse_path(&format!("/p2p/{v0}/")).unwrap(), v0);
    }

    #[test]
    fn other_texts_and_hashes_are_refused_by_name() {
        let sha512 = Cid::new_v1(RAW, Multihash::wrap(0x13, &[7; 64]).unwrap()).to_string();
        let identity = Cid::new_v1(RAW, Multihash::wrap(0, b"inline").unwrap()).to_string();
        for text in ["", "..", "Qm", "/ipfs/Qm", "Qm../..", "bafkrei", &sha512, &identity, &"a".repeat(5_000)] {
            let error = parse(text).unwrap_err();
            assert!(matches!(&error, Error::BadCid { .. }), "{text}: {error}");
        }
        assert!(parse(&identity).unwrap_err().to_string().contains("sha2-256"));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in ".{0,120}") {
            drop(parse(&text));
            drop(parse_path(&text));
        }
    }
}
