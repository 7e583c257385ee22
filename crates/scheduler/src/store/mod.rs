//! What survives a restart: deals and tasks here, `copies` of tasks, `commands` to workers. SQLite, tables `scheduler_*`.
//!
//! Every change is one transaction. Rows carry the pool, so that several pools may share one database.

mod commands;
mod copies;
mod schema;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use protocol::{Bytes, DealId, TaskId, U256};
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction, sqlite::SqliteRow};

pub(crate) use self::copies::Load;
use crate::Error;

/// A deal with tasks that have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DealRow {
    pub(crate) deal: DealId,
    /// Tasks whose rows were made; the others follow as these end.
    pub(crate) made: u64,
    pub(crate) size: u64,
    /// Tasks that were made and have not ended.
    pub(crate) open: u64,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskRow {
    pub(crate) task: TaskId,
    pub(crate) deal: DealId,
    pub(crate) index: U256,
    /// `waiting`, or the name of its phase on chain.
    pub(crate) phase: String,
    pub(crate) closed: bool,
    /// Where the result service says the result is.
    pub(crate) link: Option<String>,
    /// Proved against the revealed digest.
    pub(crate) callback: Option<Bytes>,
    /// Why nothing happens.
    pub(crate) why: Option<String>,
}

/// One pool's part of the database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: SqlitePool,
    pool: String,
}

impl Store {
    /// `pool` names chain, hub and workerpool.
    pub(crate) async fn open(database: SqlitePool, pool: String) -> Result<Self, Error> {
        for statement in schema::STATEMENTS {
            sqlx::query(*statement).execute(&database).await?;
        }
        Ok(Self { database, pool })
    }

    /// A transaction that holds the write lock from its start, so that what it reads stays true until it commits.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        Ok(self.database.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub(crate) async fn cursor(&self) -> Result<Option<chain::Cursor>, Error> {
        let sql = "SELECT cursor FROM scheduler_cursor WHERE pool = ?";
        let row = sqlx::query(sql).bind(&self.pool).fetch_optional(&self.database).await?;
        let Some(row) = row else { return Ok(None) };
        let text: String = row.try_get(0)?;
        serde_json::from_str(&text).map(Some).map_err(|error| Error::corrupt(format_args!("a cursor ({error})")))
    }

    pub(crate) async fn set_cursor(&self, cursor: &chain::Cursor) -> Result<(), Error> {
        let text = serde_json::to_string(cursor).map_err(Error::corrupt)?;
        let sql = "INSERT INTO scheduler_cursor (pool, cursor) VALUES (?, ?)
                   ON CONFLICT (pool) DO UPDATE SET cursor = excluded.cursor";
        sqlx::query(sql).bind(&self.pool).bind(text).execute(&self.database).await?;
        Ok(())
    }

    /// Remembers a deal; one that is known already changes nothing.
    pub(crate) async fn add_deal(&self, deal: DealId, size: u64) -> Result<(), Error> {
        let sql = "INSERT OR IGNORE INTO scheduler_deals (pool, deal, made, size, closed) VALUES (?, ?, 0, ?, 0)";
        sqlx::query(sql).bind(&self.pool).bind(deal.to_string()).bind(number(size)).execute(&self.database).await?;
        Ok(())
    }

    pub(crate) async fn open_deals(&self) -> Result<Vec<DealRow>, Error> {
        let sql = "SELECT deal, made, size, (SELECT COUNT(*) FROM scheduler_tasks t
                     WHERE t.pool = d.pool AND t.deal = d.deal AND t.closed = 0) AS open
                   FROM scheduler_deals d WHERE pool = ? AND closed = 0";
        let rows = sqlx::query(sql).bind(&self.pool).fetch_all(&self.database).await?;
        rows.iter()
            .map(|row| {
                Ok(DealRow {
                    deal: parsed(row, "deal")?,
                    made: unsigned(row, "made")?,
                    size: unsigned(row, "size")?,
                    open: unsigned(row, "open")?,
                })
            })
            .collect()
    }

    /// Makes the rows of a deal's next tasks; `made` is how many it has then.
    pub(crate) async fn add_tasks(&self, deal: DealId, tasks: &[(U256, TaskId)], made: u64) -> Result<(), Error> {
        let mut all = self.begin().await?;
        for (index, task) in tasks {
            let sql = "INSERT OR IGNORE INTO scheduler_tasks (pool, task, deal, idx, phase, closed)
                       VALUES (?, ?, ?, ?, 'waiting', 0)";
            sqlx::query(sql)
                .bind(&self.pool)
                .bind(task.to_string())
                .bind(deal.to_string())
                .bind(index.to_string())
                .execute(&mut *all)
                .await?;
        }
        let sql = "UPDATE scheduler_deals SET made = ? WHERE pool = ? AND deal = ?";
        sqlx::query(sql).bind(number(made)).bind(&self.pool).bind(deal.to_string()).execute(&mut *all).await?;
        Ok(all.commit().await?)
    }

    pub(crate) async fn close_deal(&self, deal: DealId) -> Result<(), Error> {
        let sql = "UPDATE scheduler_deals SET closed = 1 WHERE pool = ? AND deal = ?";
        sqlx::query(sql).bind(&self.pool).bind(deal.to_string()).execute(&self.database).await?;
        Ok(())
    }

    pub(crate) async fn open_tasks(&self) -> Result<Vec<TaskId>, Error> {
        let sql = "SELECT task FROM scheduler_tasks WHERE pool = ? AND closed = 0";
        let rows = sqlx::query(sql).bind(&self.pool).fetch_all(&self.database).await?;
        rows.iter().map(|row| parsed(row, "task")).collect()
    }

    /// A task; `None` when it is not of this pool.
    pub(crate) async fn task(&self, task: TaskId) -> Result<Option<TaskRow>, Error> {
        let sql = "SELECT * FROM scheduler_tasks WHERE pool = ? AND task = ?";
        let row = sqlx::query(sql).bind(&self.pool).bind(task.to_string()).fetch_optional(&self.database).await?;
        let Some(row) = row else { return Ok(None) };
        let callback: Option<Vec<u8>> = row.try_get("callback")?;
        Ok(Some(TaskRow {
            task,
            deal: parsed(&row, "deal")?,
            index: parsed(&row, "idx")?,
            phase: row.try_get("phase")?,
            closed: row.try_get("closed")?,
            link: row.try_get("link")?,
            callback: callback.map(Bytes::from),
            why: row.try_get("why")?,
        }))
    }

    pub(crate) async fn set_phase(&self, task: TaskId, phase: &str) -> Result<(), Error> {
        let sql = "UPDATE scheduler_tasks SET phase = ? WHERE pool = ? AND task = ? AND closed = 0";
        sqlx::query(sql).bind(phase).bind(&self.pool).bind(task.to_string()).execute(&self.database).await?;
        Ok(())
    }

    pub(crate) async fn set_why(&self, task: TaskId, why: Option<&str>) -> Result<(), Error> {
        let sql = "UPDATE scheduler_tasks SET why = ? WHERE pool = ? AND task = ?";
        sqlx::query(sql).bind(why).bind(&self.pool).bind(task.to_string()).execute(&self.database).await?;
        Ok(())
    }

    pub(crate) async fn set_link(&self, task: TaskId, link: &str) -> Result<(), Error> {
        let sql = "UPDATE scheduler_tasks SET link = ? WHERE pool = ? AND task = ?";
        sqlx::query(sql).bind(link).bind(&self.pool).bind(task.to_string()).execute(&self.database).await?;
        Ok(())
    }

    /// Data whose keccak-256 is the digest that the chain shows.
    pub(crate) async fn set_callback(&self, task: TaskId, callback: &Bytes) -> Result<(), Error> {
        let sql = "UPDATE scheduler_tasks SET callback = ? WHERE pool = ? AND task = ?";
        sqlx::query(sql)
            .bind(callback.to_vec())
            .bind(&self.pool)
            .bind(task.to_string())
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Nothing will happen to `task` any more: whoever still holds it is told to forget it, which replaces what was
    /// to be said about it.
    pub(crate) async fn close_task(&self, task: TaskId, phase: &str) -> Result<(), Error> {
        let mut all = self.begin().await?;
        let sql =
            "UPDATE scheduler_tasks SET closed = 1, phase = ?, why = NULL WHERE pool = ? AND task = ? AND closed = 0";
        let closed = sqlx::query(sql).bind(phase).bind(&self.pool).bind(task.to_string()).execute(&mut *all).await?;
        if closed.rows_affected() > 0 {
            let sql = "DELETE FROM scheduler_commands WHERE pool = ? AND task = ?";
            sqlx::query(sql).bind(&self.pool).bind(task.to_string()).execute(&mut *all).await?;
            for copy in self.copies_in(&mut all, task).await? {
                if copy.state.is_held() {
                    let order = api::pool::Order::Drop { task, reason: format!("the task is {phase}") };
                    self.push_in(&mut all, copy.worker, task, &order).await?;
                }
            }
        }
        Ok(all.commit().await?)
    }
}

fn parsed<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T, Error> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| Error::corrupt(format_args!("'{text}' as {column}")))
}

fn unsigned(row: &SqliteRow, column: &str) -> Result<u64, Error> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| Error::corrupt(format_args!("{value} as {column}")))
}

/// SQLite counts to 2^63 - 1; what is larger can never be reached by counting.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
