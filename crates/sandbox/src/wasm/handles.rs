//! What the app has open, by number.

use std::collections::BTreeMap;
use std::fs::File;

use super::errno::Errno;
use super::tree::{INPUT, NodeId, OUTPUT};

/// Handles that an app may have open at once.
const MOST_OPEN: usize = 256;

/// One thing that the app has open.
#[derive(Debug)]
pub(super) enum Handle {
    /// Always at its end: there is nobody to type.
    Stdin,
    Stdout,
    Stderr,
    /// A folder; `preopen` is the name under which the app was given it.
    Folder {
        node: NodeId,
        preopen: Option<&'static str>,
    },
    File(OpenFile),
}

/// An open file and where in it the app is.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) node: NodeId,
    pub(super) host: File,
    pub(super) offset: u64,
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
}

/// All that the app has open.
#[derive(Debug)]
pub(super) struct Handles(BTreeMap<u32, Handle>);

impl Handles {
    /// Standard streams and the two folders, as every app finds them.
    pub(super) fn new() -> Self {
        let input = Handle::Folder { node: INPUT, preopen: Some("/iexec_in") };
        let output = Handle::Folder { node: OUTPUT, preopen: Some("/iexec_out") };
        Self((0..).zip([Handle::Stdin, Handle::Stdout, Handle::Stderr, input, output]).collect())
    }

    pub(super) fn get(&self, fd: u32) -> Result<&Handle, Errno> {
        self.0.get(&fd).ok_or(Errno::BadFd)
    }

    pub(super) fn file(&mut self, fd: u32) -> Result<&mut OpenFile, Errno> {
        match self.0.get_mut(&fd).ok_or(Errno::BadFd)? {
            Handle::File(file) => Ok(file),
            Handle::Folder { .. } => Err(Errno::IsFolder),
            Handle::Stdin | Handle::Stdout | Handle::Stderr => Err(Errno::NoSeek),
        }
    }

    pub(super) fn folder(&self, fd: u32) -> Result<NodeId, Errno> {
        match self.get(fd)? {
            Handle::Folder { node, .. } => Ok(*node),
            Handle::File(_) | Handle::Stdin | Handle::Stdout | Handle::Stderr => Err(Errno::NotFolder),
        }
    }

    /// Whether one more may be opened.
    pub(super) fn check_room(&self) -> Result<(), Errno> {
        if self.0.len() < MOST_OPEN { Ok(()) } else { Err(Errno::TooManyOpen) }
    }

    /// Gives `handle` the lowest free number.
    pub(super) fn insert(&mut self, handle: Handle) -> u32 {
        let fd =
            (0..).zip(self.0.keys()).find(|(free, used)| free != *used).map_or(self.0.len(), |(free, _)| free as usize);
        let fd = u32::try_from(fd).expect("there are at most MOST_OPEN handles");
        self.0.insert(fd, handle);
        fd
    }

    pub(super) fn remove(&mut self, fd: u32) -> Result<Handle, Errno> {
        self.0.remove(&fd).ok_or(Errno::BadFd)
    }

    /// Puts `handle` at `fd`, and returns what was there.
    pub(super) fn replace(&mut self, fd: u32, handle: Handle) -> Option<Handle> {
        self.0.insert(fd, handle)
    }
}

impl Handle {
    /// The file or folder behind it.
    pub(super) const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Folder { node, .. } => Some(*node),
            Self::File(file) => Some(file.node),
            Self::Stdin | Self::Stdout | Self::Stderr => None,
        }
    }
}
