//! The embedded database: one file a service, safe against `kill -9` and power cuts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqlitePool};

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
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        // On a full disk SQLite rolls back by itself; the driver's own rollback then fails, and it believes for ever that
        // the transaction goes on. Such a connection is replaced: once there is space again, the service goes on.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    let pool = pool.connect_with(options).await;
    pool.map_err(|cause| CannotOpen { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_does_not_spoil_its_connection() {
        let folder = std::env::temp_dir().join(format!("fairgrid-sqlite-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let pool = open(&folder.join("test.sqlite")).await.unwrap();
        for _ in 0..=CONNECTIONS {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
            // What SQLite does when the disk is full.
            sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        }
        pool.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
