//! The result link that is finalized on chain: where a requester finds the result. Its text is wire, spaces included.

use std::fmt;

use serde::Deserialize;

use crate::Error;
use crate::address::{self, Cid};

/// Longest link looked at; real ones have about 100 bytes.
const LONGEST: usize = 1 << 16;

/// Where a result lies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ResultLink {
    /// `ipfs`, `dropbox`, `ethereum`, `none`.
    pub storage: String,
    /// What it means depends on the storage; for `ipfs` it is `/ipfs/<cid>`. Empty when there was none.
    #[serde(default)]
    pub location: String,
}

impl ResultLink {
    /// The link to a result in IPFS.
    #[must_use]
    pub fn ipfs(cid: &Cid) -> Self {
        Self { storage: "ipfs".to_owned(), location: format!("/ipfs/{cid}") }
    }

    /// Reads a link, also with other spacing, other order and more keys.
    ///
    /// # Errors
    /// [`Error::BadLink`] when it is empty, over 64 KiB or no JSON object with a `storage`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > LONGEST {
            return Err(Error::BadLink { reason: "over 64 KiB".to_owned() });
        }
        // By way of a map: a struct alone would also be read from an array.
        let keys = serde_json::from_slice::<serde_json::Map<_, _>>(bytes);
        keys.and_then(|keys| serde_json::from_value(keys.into()))
            .map_err(|error| Error::BadLink { reason: error.to_string() })
    }

    /// The content address of an IPFS link; the location may lack its prefix.
    ///
    /// # Errors
    /// [`Error::BadLink`] for another storage, [`Error::BadCid`] for a location without a usable CID.
    pub fn cid(&self) -> Result<Cid, Error> {
        if self.storage != "ipfs" {
            return Err(Error::BadLink { reason: format!("the result is in storage {:?}, not in ipfs", self.storage) });
        }
        address::parse_path(&self.location)
    }
}

/// Exactly `{ "storage": "…", "location": "…" }`.
impl fmt::Display for ResultLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &str| serde_json::Value::from(value);
        write!(f, r#"{{ "storage": {}, "location": {} }}"#, text(&self.storage), text(&self.location))
    }
}
