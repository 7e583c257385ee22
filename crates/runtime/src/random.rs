//! Randomness from the operating system: keys, salts, tokens.

use rand::TryRngCore as _;

/// `N` unpredictable bytes.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done without it.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0_u8; N];
    rand::rngs::OsRng.try_fill_bytes(&mut out).expect("the operating system provides randomness");
    out
}
