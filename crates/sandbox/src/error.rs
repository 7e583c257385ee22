//! What keeps an app from being run at all. An app that ran and failed is an `Exit`.

use std::path::PathBuf;

/// Why a job could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The app itself cannot run, here or anywhere. The text is the same on every machine, so workers that report
    /// it agree.
    #[error("app cannot run: {problem}; next: {next}")]
    BadApp {
        /// What is wrong with it.
        problem: String,
        /// What its developer should do.
        next: &'static str,
    },
    /// The caller asked for something that this sandbox cannot do. Never repeat the same job.
    #[error("job {job} refused: {problem}")]
    BadJob {
        /// [`crate::Job::name`].
        job: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No registry that the engine knows has the image.
    #[error("image {image} not found; check its name and tag, or load it with `docker pull {image}`")]
    ImageNotFound {
        /// The image's reference.
        image: String,
    },
    /// The image may exist, but was not fetched. Worth a retry.
    #[error("image {image} could not be pulled: {reason}; check the network of the engine, or load the image by hand")]
    PullFailed {
        /// The image's reference.
        image: String,
        /// What the engine said, or that time ran out.
        reason: String,
    },
    /// No container engine answers. Worth a retry.
    #[error(
        "no container engine answers at {endpoint}; start one (`dockerd`, `podman system service`) or name its socket"
    )]
    NoEngine {
        /// Where it was looked for.
        endpoint: String,
        /// What went wrong.
        #[source]
        cause: bollard::errors::Error,
    },
    /// The engine answered, but not with what was asked.
    #[error("container engine failed to {action}")]
    Engine {
        /// What it was asked to do.
        action: &'static str,
        /// What it said.
        #[source]
        cause: bollard::errors::Error,
    },
    /// This machine failed: disk full, folder gone, permission missing. Worth a retry, after a look.
    #[error("cannot {action} {}", path.display())]
    Machine {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// The WebAssembly engine failed in a way that is neither the app's nor the machine's fault.
    #[error("wasm engine failed to {action}: {reason}")]
    WasmEngine {
        /// What it was asked to do.
        action: &'static str,
        /// What it said.
        reason: String,
    },
}

impl Error {
    /// Whether the app is to blame, so that every honest worker meets the same error.
    #[must_use]
    pub const fn is_the_apps_fault(&self) -> bool {
        match self {
            Self::BadApp { .. } | Self::ImageNotFound { .. } => true,
            Self::BadJob { .. }
            | Self::PullFailed { .. }
            | Self::NoEngine { .. }
            | Self::Engine { .. }
            | Self::Machine { .. }
            | Self::WasmEngine { .. } => false,
        }
    }

    /// For `map_err` on operations of the operating system.
    pub(crate) fn machine(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Machine { action, path, cause }
    }
}
