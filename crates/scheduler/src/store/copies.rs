//! Replicates in the store. `PRIMARY KEY (pool, task, worker)` is invariant S1.

use std::collections::HashMap;

use api::pool::Order;
use protocol::{Address, Bytes, ChainTime, DealId, TaskId};
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};

use super::{Store, number, parsed, unsigned};
use crate::Error;
use crate::replicate::Replicate;

/// What a worker has on its hands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Copies that take a slot.
    pub(crate) computing: u32,
    /// Copies without a contribution yet, by deal: each will lock the deal's stake.
    pub(crate) pending: HashMap<DealId, u32>,
}

impl Store {
    pub(crate) async fn copies(&self, task: TaskId) -> Result<Vec<Replicate>, Error> {
        let sql = "SELECT * FROM scheduler_replicates WHERE pool = ? AND task = ? ORDER BY assigned, worker";
        let rows = sqlx::query(sql).bind(&self.pool).bind(task.to_string()).fetch_all(&self.database).await?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn copies_in(
        &self,
        all: &mut Transaction<'static, Sqlite>,
        task: TaskId,
    ) -> Result<Vec<Replicate>, Error> {
        let sql = "SELECT * FROM scheduler_replicates WHERE pool = ? AND task = ?";
        let rows = sqlx::query(sql).bind(&self.pool).bind(task.to_string()).fetch_all(&mut **all).await?;
        rows.iter().map(read).collect()
    }

    /// Hands out a copy: row and command together, or, when this worker ever had one, nothing. Tells which.
    pub(crate) async fn assign(&self, task: TaskId, copy: &Replicate, order: &Order) -> Result<bool, Error> {
        let mut all = self.begin().await?;
        let is_new = self.insert(&mut all, task, copy).await?;
        if is_new {
            self.push_in(&mut all, copy.worker, task, order).await?;
        }
        all.commit().await?;
        Ok(is_new)
    }

    /// Remembers a copy that the chain shows and the store does not: the work of an earlier life.
    pub(crate) async fn adopt(&self, task: TaskId, copy: &Replicate) -> Result<(), Error> {
        let mut all = self.begin().await?;
        self.insert(&mut all, task, copy).await?;
        Ok(all.commit().await?)
    }

    /// Changes one copy; tells whether it exists and changed.
    pub(crate) async fn change(
        &self,
        task: TaskId,
        worker: Address,
        change: impl FnOnce(&mut Replicate) + Send,
    ) -> Result<bool, Error> {
        let mut all = self.begin().await?;
        let sql = "SELECT * FROM scheduler_replicates WHERE pool = ? AND task = ? AND worker = ?";
        let row = sqlx::query(sql)
            .bind(&self.pool)
            .bind(task.to_string())
            .bind(worker.to_string())
            .fetch_optional(&mut *all)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let before = read(&row)?;
        let mut after = before.clone();
        change(&mut after);
        if before == after {
            return Ok(false);
        }
        self.update(&mut all, task, &after).await?;
        all.commit().await?;
        Ok(true)
    }

    /// Keeps what a worker says belongs into the callback, until the chain tells whether that is so.
    pub(crate) async fn offer_callback(&self, task: TaskId, worker: Address, data: &Bytes) -> Result<(), Error> {
        let sql = "UPDATE scheduler_replicates SET callback = ? WHERE pool = ? AND task = ? AND worker = ?";
        sqlx::query(sql)
            .bind(data.to_vec())
            .bind(&self.pool)
            .bind(task.to_string())
            .bind(worker.to_string())
            .execute(&self.database)
            .await?;
        Ok(())
    }

    pub(crate) async fn offered_callbacks(&self, task: TaskId) -> Result<Vec<Bytes>, Error> {
        let sql = "SELECT callback FROM scheduler_replicates WHERE pool = ? AND task = ? AND callback IS NOT NULL";
        let rows = sqlx::query(sql).bind(&self.pool).bind(task.to_string()).fetch_all(&self.database).await?;
        rows.iter().map(|row| Ok(Bytes::from(row.try_get::<Vec<u8>, _>(0)?))).collect()
    }

    /// Whether this worker ever had a copy of this task.
    pub(crate) async fn has_copy(&self, task: TaskId, worker: Address) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM scheduler_replicates WHERE pool = ? AND task = ? AND worker = ?";
        let row = sqlx::query(sql)
            .bind(&self.pool)
            .bind(task.to_string())
            .bind(worker.to_string())
            .fetch_optional(&self.database)
            .await?;
        Ok(row.is_some())
    }

    /// Open tasks of which `worker` has a copy without a contribution.
    pub(crate) async fn pending_of(&self, worker: Address) -> Result<Vec<TaskId>, Error> {
        let sql = "SELECT r.task AS task FROM scheduler_replicates r
                   JOIN scheduler_tasks t ON t.pool = r.pool AND t.task = r.task
                   WHERE r.pool = ? AND r.worker = ? AND t.closed = 0
                     AND r.state IN ('assigned', 'started', 'computed')";
        let rows = sqlx::query(sql).bind(&self.pool).bind(worker.to_string()).fetch_all(&self.database).await?;
        rows.iter().map(|row| parsed(row, "task")).collect()
    }

    /// Workers with copies that have not contributed, and how many.
    pub(crate) async fn loads(&self) -> Result<HashMap<Address, Load>, Error> {
        let sql = "SELECT r.worker AS worker, t.deal AS deal, r.state AS state, COUNT(*) AS copies
                   FROM scheduler_replicates r JOIN scheduler_tasks t ON t.pool = r.pool AND t.task = r.task
                   WHERE r.pool = ? AND t.closed = 0 AND r.state IN ('assigned', 'started', 'computed')
                   GROUP BY r.worker, t.deal, r.state";
        let rows = sqlx::query(sql).bind(&self.pool).fetch_all(&self.database).await?;
        let mut loads: HashMap<Address, Load> = HashMap::new();
        for row in &rows {
            let load = loads.entry(parsed(row, "worker")?).or_default();
            let state: crate::replicate::State = parsed(row, "state")?;
            let copies = u32::try_from(unsigned(row, "copies")?).unwrap_or(u32::MAX);
            if state.is_computing() {
                load.computing = load.computing.saturating_add(copies);
            }
            *load.pending.entry(parsed(row, "deal")?).or_default() += copies;
        }
        Ok(loads)
    }

    async fn insert(
        &self,
        all: &mut Transaction<'static, Sqlite>,
        task: TaskId,
        copy: &Replicate,
    ) -> Result<bool, Error> {
        let sql = "INSERT OR IGNORE INTO scheduler_replicates
                     (pool, task, worker, state, cause, message, assigned, told, asked, upload_failed)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let done = sqlx::query(sql)
            .bind(&self.pool)
            .bind(task.to_string())
            .bind(copy.worker.to_string())
            .bind(copy.state.name())
            .bind(&copy.cause)
            .bind(&copy.message)
            .bind(number(copy.assigned.0))
            .bind(copy.told)
            .bind(copy.asked.map(number))
            .bind(copy.upload_failed)
            .execute(&mut **all)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn update(
        &self,
        all: &mut Transaction<'static, Sqlite>,
        task: TaskId,
        copy: &Replicate,
    ) -> Result<(), Error> {
        let sql =
            "UPDATE scheduler_replicates SET state = ?, cause = ?, message = ?, told = ?, asked = ?, upload_failed = ?
                   WHERE pool = ? AND task = ? AND worker = ?";
        sqlx::query(sql)
            .bind(copy.state.name())
            .bind(&copy.cause)
            .bind(&copy.message)
            .bind(copy.told)
            .bind(copy.asked.map(number))
            .bind(copy.upload_failed)
            .bind(&self.pool)
            .bind(task.to_string())
            .bind(copy.worker.to_string())
            .execute(&mut **all)
            .await?;
        Ok(())
    }
}

fn read(row: &SqliteRow) -> Result<Replicate, Error> {
    let asked: Option<i64> = row.try_get("asked")?;
    Ok(Replicate {
        worker: parsed(row, "worker")?,
        state: parsed(row, "state")?,
        assigned: ChainTime(unsigned(row, "assigned")?),
        cause: row.try_get("cause")?,
        message: row.try_get("message")?,
        told: row.try_get("told")?,
        asked: asked.map(i64::unsigned_abs),
        upload_failed: row.try_get("upload_failed")?,
    })
}
