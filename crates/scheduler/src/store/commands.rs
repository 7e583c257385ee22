//! Numbered commands to workers: they stay until acknowledged (invariant S4). Numbers of one worker only grow.

use std::collections::{HashMap, HashSet};

use api::pool::{Command, Hello, Order};
use protocol::{Address, TaskId};
use sqlx::{Row as _, Sqlite, Transaction};

use super::{Store, number, parsed, unsigned};
use crate::Error;
use crate::replicate::Replicate;

/// Commands that one read hands to a stream.
const PAGE: i64 = 100;

impl Store {
    /// A worker (re)connects: what it has acted on is forgotten, what it no longer knows of is lost, and what it
    /// should no longer work on is dropped. Tells the tasks that changed.
    pub(crate) async fn hello(&self, worker: Address, hello: &Hello) -> Result<Vec<TaskId>, Error> {
        let pending = self.pending_of(worker).await?;
        let mut all = self.begin().await?;
        // A worker may know numbers that this store has lost: it must not take the next ones for old.
        let sql = "INSERT INTO scheduler_workers (pool, worker, next) VALUES (?, ?, ?)
                   ON CONFLICT (pool, worker) DO UPDATE SET next = MAX(next, excluded.next)";
        let next = number(hello.after.saturating_add(1));
        sqlx::query(sql).bind(&self.pool).bind(worker.to_string()).bind(next).execute(&mut *all).await?;
        self.forget(&mut all, worker, hello.after).await?;
        let announced = self.announced(&mut all, worker).await?;
        all.commit().await?;

        let holding: HashSet<TaskId> = hello.holding.iter().copied().collect();
        let mut changed = Vec::new();
        for task in pending.into_iter().filter(|task| !holding.contains(task) && !announced.contains(task)) {
            if self.change(task, worker, Replicate::lose).await? {
                changed.push(task);
            }
        }
        for task in holding {
            match self.task(task).await? {
                Some(row) if !row.closed => {}
                ended => {
                    let phase = ended.map_or("not of this pool".to_owned(), |row| row.phase);
                    self.push(worker, task, &Order::Drop { task, reason: format!("the task is {phase}") }).await?;
                }
            }
        }
        Ok(changed)
    }

    /// Forgets commands up to `after`.
    pub(crate) async fn acknowledge(&self, worker: Address, after: u64) -> Result<(), Error> {
        let mut all = self.begin().await?;
        self.forget(&mut all, worker, after).await?;
        Ok(all.commit().await?)
    }

    /// Adds a command; one that waits already is not said twice.
    pub(crate) async fn push(&self, worker: Address, task: TaskId, order: &Order) -> Result<(), Error> {
        let mut all = self.begin().await?;
        self.push_in(&mut all, worker, task, order).await?;
        Ok(all.commit().await?)
    }

    pub(super) async fn push_in(
        &self,
        all: &mut Transaction<'static, Sqlite>,
        worker: Address,
        task: TaskId,
        order: &Order,
    ) -> Result<(), Error> {
        let body = serde_json::to_string(order).map_err(Error::corrupt)?;
        let sql = "SELECT 1 FROM scheduler_commands WHERE pool = ? AND worker = ? AND task = ? AND body = ?";
        let waiting = sqlx::query(sql)
            .bind(&self.pool)
            .bind(worker.to_string())
            .bind(task.to_string())
            .bind(&body)
            .fetch_optional(&mut **all)
            .await?;
        if waiting.is_some() {
            return Ok(());
        }
        let sql = "INSERT INTO scheduler_workers (pool, worker, next) VALUES (?, ?, 2)
                   ON CONFLICT (pool, worker) DO UPDATE SET next = next + 1 RETURNING next - 1";
        let row = sqlx::query(sql).bind(&self.pool).bind(worker.to_string()).fetch_one(&mut **all).await?;
        let own: i64 = row.try_get(0)?;
        let sql = "INSERT INTO scheduler_commands (pool, worker, number, task, body) VALUES (?, ?, ?, ?, ?)";
        sqlx::query(sql)
            .bind(&self.pool)
            .bind(worker.to_string())
            .bind(own)
            .bind(task.to_string())
            .bind(body)
            .execute(&mut **all)
            .await?;
        Ok(())
    }

    /// The next commands after number `after`, oldest first, at most a page of them.
    pub(crate) async fn commands(&self, worker: Address, after: u64) -> Result<Vec<Command>, Error> {
        let sql = "SELECT number, body FROM scheduler_commands WHERE pool = ? AND worker = ? AND number > ?
                   ORDER BY number LIMIT ?";
        let rows = sqlx::query(sql)
            .bind(&self.pool)
            .bind(worker.to_string())
            .bind(number(after))
            .bind(PAGE)
            .fetch_all(&self.database)
            .await?;
        rows.iter()
            .map(|row| {
                let body: String = row.try_get("body")?;
                let order = serde_json::from_str(&body);
                let order = order.map_err(|error| Error::corrupt(format_args!("a command ({error})")))?;
                Ok(Command { number: unsigned(row, "number")?, order })
            })
            .collect()
    }

    /// Unacknowledged commands of every worker that has some.
    pub(crate) async fn backlogs(&self) -> Result<HashMap<Address, u64>, Error> {
        let sql = "SELECT worker, COUNT(*) AS waiting FROM scheduler_commands WHERE pool = ? GROUP BY worker";
        let rows = sqlx::query(sql).bind(&self.pool).fetch_all(&self.database).await?;
        rows.iter().map(|row| Ok((parsed(row, "worker")?, unsigned(row, "waiting")?))).collect()
    }

    async fn forget(&self, all: &mut Transaction<'static, Sqlite>, worker: Address, after: u64) -> Result<(), Error> {
        let sql = "DELETE FROM scheduler_commands WHERE pool = ? AND worker = ? AND number <= ?";
        sqlx::query(sql).bind(&self.pool).bind(worker.to_string()).bind(number(after)).execute(&mut **all).await?;
        Ok(())
    }

    /// Tasks that unacknowledged commands speak of.
    async fn announced(
        &self,
        all: &mut Transaction<'static, Sqlite>,
        worker: Address,
    ) -> Result<HashSet<TaskId>, Error> {
        let sql = "SELECT DISTINCT task FROM scheduler_commands WHERE pool = ? AND worker = ?";
        let rows = sqlx::query(sql).bind(&self.pool).bind(worker.to_string()).fetch_all(&mut **all).await?;
        rows.iter().map(|row| parsed(row, "task")).collect()
    }
}
