//! Errors of the chain as a whole. What a client gets for a bad request is `rpc::RpcError`.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a chain did not start, or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two processes must never write one folder.
    #[error("chain folder {} is in use by another process: stop that one, or choose another folder", folder.display())]
    Locked {
        /// The data folder.
        folder: PathBuf,
    },
    /// The database cannot be read.
    #[error("chain folder {} is damaged ({what}): restore a copy, or delete the folder to start a new chain", folder.display())]
    Corrupt {
        /// The data folder.
        folder: PathBuf,
        /// What was found.
        what: String,
    },
    /// The folder belongs to another chain.
    #[error("chain folder {} holds chain {found}, not {asked}: ask for {found}, or choose another folder", folder.display())]
    OtherChain {
        /// The data folder.
        folder: PathBuf,
        /// Chain id on disk.
        found: u64,
        /// Chain id in the configuration.
        asked: u64,
    },
    /// The folder was written by another version.
    #[error("chain folder {} has format {found}, this version reads {known}: use the version that wrote it, or another folder", folder.display())]
    Format {
        /// The data folder.
        folder: PathBuf,
        /// Format on disk.
        found: u64,
        /// Format of this version.
        known: u64,
    },
    /// The disk said no.
    #[error("cannot write chain folder {}: check free space and permissions", folder.display())]
    Disk {
        /// The data folder.
        folder: PathBuf,
        /// What the database or the system said.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The address is taken or not allowed.
    #[error("cannot listen on {address}: choose another address or port 0")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// A configuration that makes no sense.
    #[error("chain configuration: {0}")]
    Config(&'static str),
}
