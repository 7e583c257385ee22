//! Which paths are acceptable, in an archive and in `computed.json`. Text only: nothing here touches a disk.

use crate::Error;

/// Longest path in an archive, in bytes; together with a base folder it stays below what systems take (4096).
const LONGEST: usize = 1024;
/// Deepest nesting.
pub(super) const DEEPEST: usize = 64;

/// Where the app sees its output folder.
const OUTPUT: &str = "iexec_out";

fn refuse(path: &str, reason: &'static str) -> Error {
    Error::UnsafePath { path: path.chars().take(LONGEST).collect(), reason }
}

/// Accepts a relative path of plain names, as archives may hold.
pub(super) fn check_entry(path: &str) -> Result<(), Error> {
    if path.len() > LONGEST {
        return Err(refuse(path, "longer than 1024 bytes"));
    }
    if path.starts_with('/') {
        return Err(refuse(path, "absolute"));
    }
    // A backslash separates folders for some readers of archives and is part of a name for others.
    if path.contains(['\\', '\0']) {
        return Err(refuse(path, "has a backslash or a zero byte"));
    }
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err(refuse(path, "has an empty name, . or .."));
    }
    if path.split('/').count() > DEEPEST {
        return Err(refuse(path, "nested deeper than 64 folders"));
    }
    Ok(())
}

/// `/iexec_out/a/b` as names below the output folder; empty for the folder itself.
pub(super) fn below_output(path: &str) -> Result<String, Error> {
    let outside = || refuse(path, "must lie below /iexec_out");
    let mut names = path.strip_prefix('/').ok_or_else(outside)?.split('/').filter(|name| !matches!(*name, "" | "."));
    if names.next() != Some(OUTPUT) {
        return Err(outside());
    }
    let below = names.collect::<Vec<_>>().join("/");
    if !below.is_empty() {
        check_entry(&below)?;
    }
    Ok(below)
}
