//! Logs: to standard error, human or JSON, filtered by `FAIRGRID_LOG` (syntax of `tracing`'s `EnvFilter`).

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging for this process; later calls change nothing. `default` is the filter when `FAIRGRID_LOG` is unset.
pub fn init(format: Format, default: &str) {
    let filter = EnvFilter::try_from_env("FAIRGRID_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let base = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    // An error means that somebody (a test) set a subscriber before: theirs stays.
    let _already_set = match format {
        Format::Text => base.compact().try_init(),
        Format::Json => base.json().try_init(),
    };
}
