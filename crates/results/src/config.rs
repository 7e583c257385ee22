//! What an operator may set.

use std::path::PathBuf;
use std::time::Duration;

use api::results::MAX_ARCHIVE_BYTES;
use protocol::Address;
use storage::archive::Limits;

use crate::Error;

/// How a pool's result service runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The pool: only results of its deals are taken, only tokens for it are valid.
    pub workerpool: Address,
    /// Folder of uploads in progress, made if missing and swept at open; of this service alone. Needs room for
    /// [`Config::parallel`] archives.
    pub uploads: PathBuf,
    /// Largest archive, in bytes. Default: what the API allows.
    pub max_archive: u64,
    /// What an archive may unpack to.
    pub limits: Limits,
    /// Uploads at the same time. Default 16.
    pub parallel: usize,
    /// Uploads of one worker at the same time. Default 4.
    pub parallel_of_worker: usize,
    /// Longest time for one body. Default 1 h.
    pub body_time: Duration,
    /// Longest silence within a body. Default 30 s.
    pub idle_time: Duration,
}

impl Config {
    /// The defaults for one pool.
    #[must_use]
    pub fn new(workerpool: Address, uploads: impl Into<PathBuf>) -> Self {
        Self {
            workerpool,
            uploads: uploads.into(),
            max_archive: MAX_ARCHIVE_BYTES,
            limits: Limits::default(),
            parallel: 16,
            parallel_of_worker: 4,
            body_time: Duration::from_secs(3_600),
            idle_time: Duration::from_secs(30),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |what: &str| Err(Error::Config { what: what.to_owned() });
        if self.workerpool.is_zero() {
            return refuse("the workerpool is zero: give the address of the pool's contract");
        }
        if self.max_archive == 0 || self.parallel == 0 || self.parallel_of_worker == 0 {
            return refuse("a limit of 0 refuses every upload: give at least 1");
        }
        if self.body_time.is_zero() || self.idle_time.is_zero() {
            return refuse("a time limit of 0 refuses every upload: give at least 1 s");
        }
        Ok(())
    }
}
