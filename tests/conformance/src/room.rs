//! Where this room lies: its files are read while tests run.

use std::path::PathBuf;

/// This crate's folder, in the clone whose tests run. Clones that share a folder of built programs may run what another one
/// compiled, so the folder of the compilation is only asked where cargo did not start the program.
#[must_use]
pub fn room() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}
