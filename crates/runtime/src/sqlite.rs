//! The embedded database: one file a service, safe against `kill -9` and power cuts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// How long a writer waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Readers beside the writer.
const CONNECTIONS: u32 = 4;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the database {}: check that its folder exists, is yours, and has space left", path.display())]
pub struct CannotOpen {
    path: PathBuf,
    #[source]
    cause: sqlx::Error,
}

/// Opens the database file at `path`, made if missing: write-ahead log, every commit on disk before it is believed.
///
/// # Errors
/// [`CannotOpen`].
pub async fn open(path: &Path) -> Result<SqlitePool, CannotOpen> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await;
    pool.map_err(|cause| CannotOpen { path: path.to_owned(), cause })
}
