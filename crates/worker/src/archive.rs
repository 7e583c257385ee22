//! From an output folder to the digest that consensus is about and the archive that is uploaded. Everything here blocks.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use protocol::ResultDigest;
use storage::archive::{ComputedFile, Limits, Subject, check_names, digest_of_output, pack};

use crate::Cause;
use crate::trouble::{Complaint, Trouble};

const MEND: &str = "mend the app: it has to write /iexec_out/computed.json and what that file points at";

/// Digests and packs what the app left in `output` into the archive `dest`.
pub(crate) fn settle(output: &Path, dest: &Path, subject: Subject, limits: &Limits) -> Result<ResultDigest, Trouble> {
    let computed = declared(output)?;
    let digest = digest_of_output(output, &computed, subject).map_err(digest_failed)?;
    check_names(output, limits).map_err(pack_failed)?;
    pack(output, dest, limits).map_err(pack_failed)?;
    Ok(ResultDigest(digest))
}

/// What the app says about its result.
pub(crate) fn declared(output: &Path) -> Result<ComputedFile, Trouble> {
    const CAUSE: Cause = Cause::PostComputeComputedFileNotFound;
    ComputedFile::read(output).map_err(|error| match error {
        storage::Error::Computed { reason } => Trouble::everyones(CAUSE, format!("computed.json: {reason}"), MEND),
        other => own(CAUSE, "read computed.json", other),
    })
}

/// Writes `complaint` as a result into the empty folder `output`.
pub(crate) fn write_error(output: &Path, complaint: &Complaint) -> std::io::Result<()> {
    std::fs::write(output.join("error.txt"), complaint.text())?;
    let computed = ComputedFile {
        deterministic_output_path: Some("/iexec_out/error.txt".to_owned()),
        error_message: Some(complaint.cause.to_string()),
        ..ComputedFile::default()
    };
    std::fs::write(output.join("computed.json"), serde_json::to_vec(&computed)?)
}

/// Writes a log beside the result unless it is empty. A file of the app with that name wins; a link is never followed.
pub(crate) fn write_log(output: &Path, name: &str, text: &str) -> std::io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    match OpenOptions::new().write(true).create_new(true).open(output.join(name)) {
        Ok(mut file) => file.write_all(text.as_bytes()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// The texts of the errors name paths of this machine, so error results have their own.
fn digest_failed(error: storage::Error) -> Trouble {
    const CAUSE: Cause = Cause::PostComputeResultDigestComputationFailed;
    let everyones = |what: &str| Trouble::everyones(CAUSE, what, MEND);
    match error {
        storage::Error::Computed { .. } => {
            everyones("computed.json names no result: nothing usable at its path, or no callback data")
        }
        storage::Error::UnsafePath { .. } => everyones("computed.json points outside of /iexec_out or at a link"),
        other => own(CAUSE, "digest the result", other),
    }
}

fn pack_failed(error: storage::Error) -> Trouble {
    match error {
        storage::Error::LongName { .. } => Trouble::everyones(
            Cause::PostComputeTooLongResultFileName,
            "a file name in /iexec_out is longer than 31 characters",
            "let the app choose a shorter one",
        ),
        storage::Error::TooLarge { .. } => Trouble::everyones(
            Cause::PostComputeOutFolderZipFailed,
            "/iexec_out holds more, or shrinks more, than an archive may",
            "let the app write less",
        ),
        storage::Error::UnsafePath { .. } => Trouble::everyones(
            Cause::PostComputeOutFolderZipFailed,
            "/iexec_out has a name that an archive cannot carry",
            "let the app use plain file names",
        ),
        other => own(Cause::PostComputeOutFolderZipFailed, "pack the result", other),
    }
}

fn own(cause: Cause, action: &str, error: storage::Error) -> Trouble {
    match error {
        storage::Error::Io { source, .. } => Trouble::disk(cause, action, &source),
        storage::Error::Full { .. } => Trouble::disk(cause, action, &ErrorKind::StorageFull.into()),
        other => Trouble::mine(cause, format!("cannot {action}: {other}")),
    }
}
