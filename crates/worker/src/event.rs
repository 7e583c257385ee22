//! What a worker tells its observers: dashboards, the demo, tests. Nothing depends on anybody listening.

use std::time::Duration;

use protocol::{ResultDigest, ResultHash, TaskId};

use crate::Cause;

/// Something happened. A slow listener misses the oldest ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerEvent {
    /// The command stream stands.
    Connected,
    /// The command stream broke; it is opened again by itself.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// A task came.
    Assigned {
        /// Which.
        task: TaskId,
    },
    /// It has a slot, and its files are being fetched.
    Computing {
        /// Which.
        task: TaskId,
    },
    /// Its result is on disk.
    Computed {
        /// Which.
        task: TaskId,
        /// What consensus will be about.
        digest: ResultDigest,
        /// Exit code of the app; negative when it did not exit by itself.
        exit_code: i32,
        /// Time that the app took.
        wall: Duration,
        /// Fuel that it burnt, where counted.
        fuel: Option<u64>,
        /// Whether it is an error result.
        error: Option<Cause>,
    },
    /// The contribution is on chain.
    Contributed {
        /// Which.
        task: TaskId,
        /// What was contributed.
        hash: ResultHash,
    },
    /// The reveal is on chain.
    Revealed {
        /// Which.
        task: TaskId,
    },
    /// The archive is in the pool's store.
    Uploaded {
        /// Which.
        task: TaskId,
        /// What will be finalized.
        link: String,
    },
    /// The task ended on chain, and its files are gone from here.
    Finished {
        /// Which.
        task: TaskId,
        /// Completed, or claimed.
        completed: bool,
    },
    /// This worker does not contribute, or cannot reveal.
    Failed {
        /// Which.
        task: TaskId,
        /// The code.
        cause: Cause,
        /// In words.
        message: String,
    },
    /// The pool took the task back before anything was at stake.
    Dropped {
        /// Which.
        task: TaskId,
        /// Why, as the pool says.
        reason: String,
    },
}
