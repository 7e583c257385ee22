//! `computed.json`: what the app declares about its result, and what later stages add. Keys are wire: kebab-case.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::paths;
use crate::Error;

/// Name of the file in the output folder and in the archive.
pub(super) const NAME: &str = "computed.json";
/// Most bytes of the file: callback data has to fit into a transaction, so this is generous.
pub(super) const LARGEST: u64 = 1 << 20;

/// What a task's consensus is about: the deal decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The deal has no callback: the file or folder at `deterministic-output-path`.
    Output,
    /// The deal has a callback: `callback-data`.
    Callback,
}

/// The content of `computed.json`. Unknown keys are ignored, absent ones stay absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ComputedFile {
    /// Path in the app's container, below `/iexec_out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deterministic_output_path: Option<String>,
    /// `0x` and hexadecimal: what the callback contract receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<String>,
    /// Why there is no result; only in results a worker wrote in place of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Added by post-compute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Added by post-compute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_digest: Option<String>,
    /// Added by post-compute in an enclave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enclave_signature: Option<String>,
}

impl ComputedFile {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`Error::Computed`] when it is not a JSON object of these keys.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        // By way of a map: a struct alone would also be read from an array.
        serde_json::from_slice::<serde_json::Map<_, _>>(json)
            .and_then(|keys| serde_json::from_value(keys.into()))
            .map_err(|error| refuse(format!("not what it should be: {error}")))
    }

    /// Reads the file below `output_dir`.
    ///
    /// # Errors
    /// [`Error::Computed`] when it is missing, no regular file, over 1 MiB or not readable as JSON.
    pub fn read(output_dir: &Path) -> Result<Self, Error> {
        let path = output_dir.join(NAME);
        let meta = path.symlink_metadata().map_err(|_| refuse("missing: the app has to write it into /iexec_out"))?;
        if !meta.is_file() {
            return Err(refuse("not a regular file"));
        }
        if meta.len() > LARGEST {
            return Err(refuse("over 1 MiB"));
        }
        Self::parse(&std::fs::read(&path).map_err(Error::io("read", &path))?)
    }

    /// The decoded callback data.
    ///
    /// # Errors
    /// [`Error::Computed`] when it is missing, empty or not hexadecimal.
    pub fn callback_bytes(&self) -> Result<Vec<u8>, Error> {
        let text = self.callback_data.as_deref().unwrap_or_default();
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text))
            .map_err(|error| refuse(format!("callback-data is not hexadecimal: {error}")))?;
        if bytes.is_empty() {
            return Err(refuse("callback-data is missing or empty, but the deal has a callback"));
        }
        Ok(bytes)
    }

    /// The deterministic path below the output folder; empty for the folder itself.
    pub(super) fn output_path(&self) -> Result<String, Error> {
        let path = self.deterministic_output_path.as_deref().unwrap_or_default();
        if path.is_empty() {
            return Err(refuse("deterministic-output-path is missing"));
        }
        paths::below_output(path)
    }
}

pub(super) fn refuse(reason: impl Into<String>) -> Error {
    Error::Computed { reason: reason.into() }
}
