//! Where the engine is, and how it is used.

use std::time::Duration;

/// Label on every container that this room starts; its value is [`Config::pool`].
pub(super) const LABEL: &str = "fairgrid.pool";

/// Settings of the container sandbox.
#[derive(Clone, Debug)]
pub struct Config {
    /// The engine's Unix socket, with or without `unix://`: Docker's, or podman's.
    pub socket: String,
    /// Whose containers these are: only containers with this value are ever swept away.
    pub pool: String,
    /// Time that fetching one image may take.
    pub pull_timeout: Duration,
    /// `user[:group]` inside the container. `None` is the owner of the output folder, who alone can write there:
    /// the container has no capabilities.
    pub user: Option<String>,
    /// How often the output folder is measured and the container's state read.
    pub watch_every: Duration,
}

impl Config {
    /// Docker's usual socket, 5 minutes for an image, a look 5 times a second.
    pub fn new(pool: impl Into<String>) -> Self {
        Self {
            socket: "/var/run/docker.sock".into(),
            pool: pool.into(),
            pull_timeout: Duration::from_secs(300),
            user: None,
            watch_every: Duration::from_millis(200),
        }
    }
}
