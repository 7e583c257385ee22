//! Which task has which result: survives a restart. SQLite, table `results_stored`.
//!
//! Rows carry the pool, so that several pools may share one database. Append only: an older database is opened as it is.

use api::results::Stored;
use protocol::{ResultHash, TaskId};
use sqlx::{Row as _, SqlitePool};
use storage::{Cid, address};

use crate::Error;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS results_stored (
    pool TEXT NOT NULL,
    task TEXT NOT NULL,
    hash TEXT NOT NULL,
    cid TEXT NOT NULL,
    link TEXT NOT NULL,
    PRIMARY KEY (pool, task)
)";

/// One pool's part of the database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: SqlitePool,
    pool: String,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) stored: Stored,
    pub(crate) cid: Cid,
    /// The consensus it proved: a chain that reorganised may have another one since.
    pub(crate) hash: ResultHash,
}

impl Store {
    /// `pool` names chain, hub and workerpool.
    pub(crate) async fn open(database: SqlitePool, pool: String) -> Result<Self, Error> {
        sqlx::query(TABLE).execute(&database).await?;
        Ok(Self { database, pool })
    }

    pub(crate) async fn find(&self, task: TaskId) -> Result<Option<Record>, Error> {
        let sql = "SELECT hash, cid, link FROM results_stored WHERE pool = ? AND task = ?";
        let row = sqlx::query(sql).bind(&self.pool).bind(task.to_string()).fetch_optional(&self.database).await?;
        let Some(row) = row else { return Ok(None) };
        let (hash, text, link): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let corrupt = |what: String| Error::Corrupt { what };
        let hash = hash.parse().map_err(|_| corrupt(format!("the result hash '{hash}'")))?;
        let cid = address::parse(&text).map_err(|_| corrupt(format!("the content address '{text}'")))?;
        Ok(Some(Record { stored: Stored { task, cid: text, link }, cid, hash }))
    }

    pub(crate) async fn record(&self, stored: &Stored, hash: ResultHash) -> Result<(), Error> {
        let sql = "INSERT INTO results_stored (pool, task, hash, cid, link) VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (pool, task) DO UPDATE SET hash = excluded.hash, cid = excluded.cid, link = excluded.link";
        sqlx::query(sql)
            .bind(&self.pool)
            .bind(stored.task.to_string())
            .bind(hash.to_string())
            .bind(&stored.cid)
            .bind(&stored.link)
            .execute(&self.database)
            .await?;
        Ok(())
    }
}
