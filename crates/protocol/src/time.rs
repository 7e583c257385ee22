//! Chain time: what `block.timestamp` says, and nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Chain time: seconds, as `block.timestamp`. Never compared with the local clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChainTime(pub u64);

impl ChainTime {
    /// `ratio * unit` seconds later, saturating: a deadline past the end of time never comes.
    #[must_use]
    pub fn plus(self, ratio: u64, unit: u64) -> Self {
        Self(self.0.saturating_add(ratio.saturating_mul(unit)))
    }

    /// Seconds from `self` until `later`; zero when that has passed.
    #[must_use]
    pub fn until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0)
    }
}

impl fmt::Display for ChainTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
