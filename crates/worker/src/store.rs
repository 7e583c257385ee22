//! What survives a restart: replicates, reports that the pool has not confirmed, and how far its commands were heard.
//!
//! Tables `worker_*`, every row under the worker's address, so that several workers may share a database. Each method
//! is one transaction.

use alloy_primitives::Address;
use api::pool::Report;
use protocol::TaskId;
use sqlx::{Row, Sqlite, SqlitePool, Transaction};

use crate::Error;
use crate::replicate::Replicate;

/// Finished replicates that are remembered, so that a repeated command is told from a new one.
const REMEMBERED: i64 = 10_000;

/// What survives a restart. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    database: SqlitePool,
    worker: String,
}

/// What a change of a replicate leaves behind.
pub(crate) struct Change<T> {
    /// The replicate to keep; `None` changes nothing.
    pub(crate) keep: Option<Replicate>,
    /// What to tell the pool.
    pub(crate) report: Option<Report>,
    /// For the caller.
    pub(crate) answer: T,
}

/// A report that the pool has not confirmed.
pub(crate) struct Queued {
    pub(crate) id: i64,
    pub(crate) report: Report,
}

impl Store {
    /// Opens the tables in `database` for `worker`.
    pub(crate) async fn open(database: SqlitePool, worker: Address) -> Result<Self, Error> {
        for table in [
            "CREATE TABLE IF NOT EXISTS worker_tasks (worker TEXT NOT NULL, task TEXT NOT NULL, live INTEGER NOT NULL, \
             changed INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (worker, task))",
            "CREATE TABLE IF NOT EXISTS worker_reports (id INTEGER PRIMARY KEY AUTOINCREMENT, worker TEXT NOT NULL, \
             body TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS worker_heard (worker TEXT PRIMARY KEY, pool TEXT NOT NULL, number INTEGER NOT NULL)",
        ] {
            sqlx::query(table).execute(&database).await?;
        }
        Ok(Self { database, worker: worker.to_string() })
    }

    /// The replicate of `task`.
    pub(crate) async fn replicate(&self, task: TaskId) -> Result<Option<Replicate>, Error> {
        let row = sqlx::query("SELECT body FROM worker_tasks WHERE worker = ? AND task = ?")
            .bind(&self.worker)
            .bind(task.to_string())
            .fetch_optional(&self.database)
            .await?;
        row.map(|row| read("replicate", row.get(0))).transpose()
    }

    /// Every replicate with something left to do.
    pub(crate) async fn live(&self) -> Result<Vec<Replicate>, Error> {
        let rows = sqlx::query("SELECT body FROM worker_tasks WHERE worker = ? AND live = 1 ORDER BY changed")
            .bind(&self.worker)
            .fetch_all(&self.database)
            .await?;
        rows.into_iter().map(|row| read("replicate", row.get(0))).collect()
    }

    /// Changes the replicate of `task` as `change` says, together with its report.
    pub(crate) async fn change<T>(
        &self,
        task: TaskId,
        change: impl FnOnce(Option<Replicate>) -> Change<T>,
    ) -> Result<T, Error> {
        let mut transaction = self.database.begin_with("BEGIN IMMEDIATE").await?;
        let answer = self.change_in(&mut transaction, task, change).await?;
        transaction.commit().await?;
        Ok(answer)
    }

    /// As [`Store::change`], and remembers that command `number` was heard.
    pub(crate) async fn obey<T>(
        &self,
        number: u64,
        task: TaskId,
        change: impl FnOnce(Option<Replicate>) -> Change<T>,
    ) -> Result<T, Error> {
        let mut transaction = self.database.begin_with("BEGIN IMMEDIATE").await?;
        let answer = self.change_in(&mut transaction, task, change).await?;
        if number != 0 {
            sqlx::query("UPDATE worker_heard SET number = ? WHERE worker = ?")
                .bind(number.cast_signed())
                .bind(&self.worker)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(answer)
    }

    async fn change_in<T>(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        task: TaskId,
        change: impl FnOnce(Option<Replicate>) -> Change<T>,
    ) -> Result<T, Error> {
        let row = sqlx::query("SELECT body FROM worker_tasks WHERE worker = ? AND task = ?")
            .bind(&self.worker)
            .bind(task.to_string())
            .fetch_optional(&mut **transaction)
            .await?;
        let found = row.map(|row| read("replicate", row.get(0))).transpose()?;
        let Change { keep, report, answer } = change(found);
        if let Some(replicate) = keep {
            self.put(transaction, &replicate).await?;
        }
        if let Some(report) = report {
            sqlx::query("INSERT INTO worker_reports (worker, body) VALUES (?, ?)")
                .bind(&self.worker)
                .bind(text(&report))
                .execute(&mut **transaction)
                .await?;
        }
        Ok(answer)
    }

    async fn put(&self, transaction: &mut Transaction<'static, Sqlite>, replicate: &Replicate) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO worker_tasks (worker, task, live, changed, body) \
             VALUES (?, ?, ?, (SELECT COALESCE(MAX(changed), 0) + 1 FROM worker_tasks), ?) \
             ON CONFLICT (worker, task) DO UPDATE SET live = excluded.live, changed = excluded.changed, \
             body = excluded.body",
        )
        .bind(&self.worker)
        .bind(replicate.task.to_string())
        .bind(replicate.is_live())
        .bind(text(replicate))
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    /// Forgets the oldest finished replicates.
    pub(crate) async fn prune(&self) -> Result<(), Error> {
        sqlx::query(
            "DELETE FROM worker_tasks WHERE worker = ?1 AND live = 0 AND task NOT IN \
             (SELECT task FROM worker_tasks WHERE worker = ?1 AND live = 0 ORDER BY changed DESC LIMIT ?2)",
        )
        .bind(&self.worker)
        .bind(REMEMBERED)
        .execute(&self.database)
        .await?;
        Ok(())
    }

    /// Begins to listen to `pool`: another one than before counts its commands anew.
    pub(crate) async fn listen_to(&self, pool: Address) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO worker_heard (worker, pool, number) VALUES (?, ?, 0) ON CONFLICT (worker) DO UPDATE SET \
             number = CASE WHEN pool = excluded.pool THEN number ELSE 0 END, pool = excluded.pool",
        )
        .bind(&self.worker)
        .bind(pool.to_string())
        .execute(&self.database)
        .await?;
        Ok(())
    }

    /// Number of the last command on disk.
    pub(crate) async fn heard(&self) -> Result<u64, Error> {
        let row = sqlx::query("SELECT number FROM worker_heard WHERE worker = ?")
            .bind(&self.worker)
            .fetch_optional(&self.database)
            .await?;
        Ok(row.map_or(0, |row| row.get::<i64, _>(0).cast_unsigned()))
    }

    /// The oldest reports, at most `most`.
    pub(crate) async fn reports(&self, most: usize) -> Result<Vec<Queued>, Error> {
        let rows = sqlx::query("SELECT id, body FROM worker_reports WHERE worker = ? ORDER BY id LIMIT ?")
            .bind(&self.worker)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&self.database)
            .await?;
        rows.into_iter().map(|row| Ok(Queued { id: row.get(0), report: read("report", row.get(1))? })).collect()
    }

    /// Forgets reports from `first` up to `last`.
    pub(crate) async fn reported(&self, first: i64, last: i64) -> Result<(), Error> {
        sqlx::query("DELETE FROM worker_reports WHERE worker = ? AND id BETWEEN ? AND ?")
            .bind(&self.worker)
            .bind(first)
            .bind(last)
            .execute(&self.database)
            .await?;
        Ok(())
    }
}

fn text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("ids, texts and numbers always serialize")
}

fn read<T: serde::de::DeserializeOwned>(what: &'static str, body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|source| Error::Unreadable { what, source })
}
