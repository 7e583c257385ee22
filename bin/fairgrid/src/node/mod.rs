//! Which roles share a process: the only place that picks concrete stores, sandboxes and ports.

mod keys;
mod local;
mod roles;
mod serve;

pub(crate) use keys::Keys;
pub(crate) use local::{LocalNetwork, LocalOptions, Ports, offered};
pub(crate) use roles::{PoolOptions, PoolRole, WorkerOptions, WorkerRole};
