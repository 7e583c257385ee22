//! How much an archive may hold. The packer keeps the same limits as the reader, so nobody packs what nobody may read.

use crate::Error;

/// Unpacked bytes that are never called a bomb, however small the archive: text and zeros shrink a lot.
const FREE: u64 = 64 << 20;

/// Bounds for one archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most files, and most files plus folders while walking an output folder. Default 10 000.
    pub entries: usize,
    /// Most unpacked bytes. Default 10 GiB.
    pub total: u64,
    /// Most unpacked bytes for each byte of archive, beyond the first 64 MiB. Default 200; deflate itself ends near 1000.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 10_000, total: 10 << 30, ratio: 200 }
    }
}

impl Limits {
    /// What may come out of an archive of `packed` bytes.
    pub(super) fn budget(&self, packed: u64) -> Budget {
        let limit = self.total.min(packed.saturating_mul(self.ratio).max(FREE));
        Budget { limit, left: limit }
    }

    pub(super) fn too_many(&self) -> Error {
        Error::TooLarge { what: "the number of files".to_owned(), limit: self.entries.to_string() }
    }
}

/// Bytes that may still come out.
pub(super) struct Budget {
    limit: u64,
    left: u64,
}

impl Budget {
    /// Counts `bytes` that came out.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), Error> {
        self.left =
            self.left.checked_sub(bytes).ok_or_else(|| Error::too_many_bytes("the unpacked result", self.limit))?;
        Ok(())
    }

    /// One more than may come out: enough to notice that there is more.
    pub(super) const fn probe(&self) -> u64 {
        self.left.saturating_add(1)
    }
}
