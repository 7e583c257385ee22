//! Programs that xtask starts.

use std::path::Path;
use std::process::{Command, Stdio};

/// A command in the repository, without input. Cargo tells `cargo run` about xtask in variables on which some build scripts
/// depend: passed on, they would rebuild half of the dependencies.
pub(crate) fn command(root: &Path, name: &str) -> Command {
    let mut command = match (name, std::env::var_os("CARGO")) {
        ("cargo", Some(cargo)) => Command::new(cargo),
        _ => Command::new(name),
    };
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command.current_dir(root).stdin(Stdio::null());
    command
}
