//! The cause codes that pool and requester see. The names are wire (`offchain.md` 3.15): never change one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a replicate failed, or why a result is an error result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cause {
    /// No free stake for the deal's worker stake.
    StakeTooLow,
    /// The key cannot pay gas.
    OutOfGas,
    /// Contributions are closed, or not yet open.
    TaskNotActive,
    /// The deal asks for what cannot be done.
    TaskDescriptionInvalid,
    /// The chain does not know the task.
    TaskDescriptionNotFound,
    /// The contribution deadline has passed.
    ContributionTimeout,
    /// Others made the consensus before.
    ConsensusReached,
    /// The hub refuses the contribution for no reason that can be seen.
    ChainReceiptNotValid,
    /// The pool's authorization is missing or not its owner's.
    WorkerpoolAuthorizationNotFound,
    /// The task needs an enclave.
    TeeNotSupported,
    /// The contribution cannot be proven.
    CannotReveal,
    /// The app cannot be downloaded or is not what was sold.
    AppImageDownloadFailed,
    /// Nothing here can run the app.
    AppNotFoundLocally,
    /// An input file cannot be downloaded.
    InputFilesDownloadFailed,
    /// The dataset cannot be downloaded.
    DatasetFileDownloadFailed,
    /// The dataset is not what was sold.
    DatasetFileBadChecksum,
    /// The app failed.
    AppComputeFailed,
    /// The app took longer than its category allows.
    AppComputeTimeout,
    /// The app left no usable `computed.json`.
    PostComputeComputedFileNotFound,
    /// What `computed.json` points at has no digest.
    PostComputeResultDigestComputationFailed,
    /// The output cannot be packed.
    PostComputeOutFolderZipFailed,
    /// A file name of the output is too long.
    PostComputeTooLongResultFileName,
    /// Not even an error result could be made.
    PostComputeFailedUnknownIssue,
    /// This machine failed.
    Unknown,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_wire() {
        for (cause, name) in [
            (Cause::StakeTooLow, "STAKE_TOO_LOW"),
            (Cause::TeeNotSupported, "TEE_NOT_SUPPORTED"),
            (Cause::AppImageDownloadFailed, "APP_IMAGE_DOWNLOAD_FAILED"),
            (Cause::PostComputeTooLongResultFileName, "POST_COMPUTE_TOO_LONG_RESULT_FILE_NAME"),
            (Cause::WorkerpoolAuthorizationNotFound, "WORKERPOOL_AUTHORIZATION_NOT_FOUND"),
        ] {
            assert_eq!(cause.to_string(), name);
        }
    }
}
