//! Tags: what an order needs or offers, one bit a feature.

use std::fmt;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

/// Features of an order as a set of bits; bit 0 is the lowest bit of the last byte. Source: order field `tag`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag(pub B256);

impl Tag {
    /// A standard task: no enclave, no GPU.
    pub const STANDARD: Self = Self(B256::ZERO);

    const TEE: u8 = 0x01;
    const FRAMEWORK_BITS: u8 = 0x0e;
    const GPU_BYTE: usize = 30;
    const LIGHT_BYTE: usize = 29;

    /// A tag from its low bits.
    #[must_use]
    pub fn from_low(bits: u16) -> Self {
        let mut bytes = [0; 32];
        bytes[30..].copy_from_slice(&bits.to_be_bytes());
        Self(B256::from(bytes))
    }

    /// Whether bit 0, "runs in an enclave", is set.
    #[must_use]
    pub fn is_tee(self) -> bool {
        self.0[31] & Self::TEE != 0
    }

    /// Whether bit 8, "needs a GPU", is set.
    #[must_use]
    pub fn is_gpu(self) -> bool {
        self.0[Self::GPU_BYTE] & 1 != 0
    }

    /// Whether bit 16, "settled by ranges, results proved on demand", is set.
    #[must_use]
    pub fn is_light(self) -> bool {
        self.0[Self::LIGHT_BYTE] & 1 != 0
    }

    /// The tag with bit 16 set: what requester and pool both sign for a light deal.
    #[must_use]
    pub fn with_light(self) -> Self {
        let mut bytes = self.0;
        bytes[Self::LIGHT_BYTE] |= 1;
        Self(bytes)
    }

    /// All features of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every feature here is in `offer` too.
    #[must_use]
    pub fn is_within(self, offer: Self) -> bool {
        self.0 & !offer.0 == B256::ZERO
    }

    /// Features here that `offer` lacks.
    #[must_use]
    pub fn missing_from(self, offer: Self) -> Self {
        Self(self.0 & !offer.0)
    }

    /// The tag without the enclave framework bits 1 to 3: how the hub reads a dataset's tag.
    #[must_use]
    pub fn without_framework(self) -> Self {
        let mut bytes = self.0;
        bytes[31] &= !Self::FRAMEWORK_BITS;
        Self(bytes)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == B256::ZERO {
            return f.write_str("standard");
        }
        let names = [
            (31, 0x01, "tee"),
            (31, 0x02, "scone"),
            (31, 0x04, "gramine"),
            (31, 0x08, "tdx"),
            (30, 0x01, "gpu"),
            (29, 0x01, "light"),
        ];
        let mut rest = self.0;
        let mut separator = "";
        for (byte, bit, name) in names {
            if rest[byte] & bit != 0 {
                rest[byte] &= !bit;
                write!(f, "{separator}{name}")?;
                separator = "+";
            }
        }
        if rest != B256::ZERO { write!(f, "{separator}{rest}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_have_the_names_of_the_protocol() {
        assert_eq!(Tag::from_low(0x109).to_string(), "tee+tdx+gpu");
        assert!(Tag::from_low(0x109).is_tee() && Tag::from_low(0x100).is_gpu());
        let light = Tag::from_low(0x100).with_light();
        assert_eq!((light.to_string().as_str(), light.is_light()), ("gpu+light", true));
        assert!(!Tag::from_low(0xffff).is_light());
        assert_eq!(Tag::from_low(0x0f).without_framework(), Tag::from_low(0x01));
        assert!(Tag::from_low(0x1).is_within(Tag::from_low(0x9)));
        assert_eq!(Tag::from_low(0x101).missing_from(Tag::from_low(0x1)), Tag::from_low(0x100));
    }
}
