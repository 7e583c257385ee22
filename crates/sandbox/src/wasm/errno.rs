//! Why a call of the app was refused: the error numbers of WASI preview 1, or the end of the run.

use crate::{Error, Limit, Outcome};

/// Error numbers of WASI preview 1. Source: `wasi_snapshot_preview1.witx`, type `errno`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Errno {
    BadFd = 8,
    Exists = 20,
    Fault = 21,
    FileTooBig = 22,
    IllegalName = 25,
    Invalid = 28,
    IsFolder = 31,
    TooManyOpen = 33,
    NameTooLong = 37,
    NotFound = 44,
    NotFolder = 54,
    NotEmpty = 55,
    NotSocket = 57,
    NotSupported = 58,
    NotPermitted = 63,
    ReadOnly = 69,
    NoSeek = 70,
    Outside = 76,
}

/// Why a call did not do what it was asked.
#[derive(Debug)]
pub(super) enum Fault {
    /// The app is told, and goes on.
    Errno(Errno),
    /// The run is over.
    End(Outcome),
    /// This machine failed: the run is over, and says nothing about the app.
    Machine(Error),
}

impl Fault {
    pub(super) const fn limit(limit: Limit) -> Self {
        Self::End(Outcome::LimitHit(limit))
    }
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Machine(error)
    }
}
