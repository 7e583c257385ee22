//! Which roles share a process: the only place that picks concrete stores, sandboxes and ports.

mod keys;
mod local;
mod roles;
mod serve;

pub use keys::Keys;
pub use local::{LocalNetwork, LocalOptions, Ports, offered};
pub use roles::{PoolOptions, PoolRole, WorkerOptions, WorkerRole};
