//! What survives a restart: intents, the nonce each was given, every signed transaction, receipts of finished ones.
//!
//! Columns are only ever added; a row without a state change is never rewritten.

use alloy::primitives::{Address, B256, Bytes, U256};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

use super::plan::Fee;
use crate::node::RawReceipt;
use crate::{Call, Error, HubInfo};

const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS chain_outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        target BLOB NOT NULL,
        data BLOB NOT NULL,
        gas INTEGER,
        value BLOB NOT NULL,
        nonce INTEGER,
        receipt TEXT,
        UNIQUE (account, key)
    )",
    "CREATE TABLE IF NOT EXISTS chain_outbox_attempt (
        hash BLOB PRIMARY KEY,
        intent INTEGER NOT NULL REFERENCES chain_outbox (id) ON DELETE CASCADE,
        nonce INTEGER NOT NULL,
        raw BLOB NOT NULL,
        gas INTEGER NOT NULL,
        max_fee BLOB NOT NULL,
        tip BLOB NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS chain_outbox_attempt_intent ON chain_outbox_attempt (intent)",
];

/// A call read back has lost its name; the next submission of its key brings it back.
pub(super) const NAMELESS: &str = "a transaction of an earlier run";

/// One signed transaction.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) hash: B256,
    pub(super) nonce: u64,
    pub(super) raw: Bytes,
    pub(super) gas: u64,
    pub(super) fee: Fee,
}

/// An intent that is not finished.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: i64,
    pub(super) key: String,
    pub(super) call: Call,
    /// Newest last, all of one nonce; empty when nothing may have been sent.
    pub(super) attempts: Vec<Attempt>,
}

/// The outbox's tables, seen by one key on one hub.
#[derive(Debug)]
pub(super) struct Store {
    database: SqlitePool,
    account: String,
}

impl Store {
    pub(super) async fn open(database: SqlitePool, info: &HubInfo, sender: Address) -> Result<Self, Error> {
        for table in TABLES {
            sqlx::query(table).execute(&database).await?;
        }
        Ok(Self { database, account: format!("{}:{}:{sender}", info.chain_id, info.hub) })
    }

    /// Unfinished intents, oldest first.
    pub(super) async fn pending(&self) -> Result<Vec<Pending>, Error> {
        let sql = "SELECT * FROM chain_outbox WHERE account = ? AND receipt IS NULL ORDER BY id";
        let rows = sqlx::query(sql).bind(&self.account).fetch_all(&self.database).await?;
        let mut pending = Vec::with_capacity(rows.len());
        for row in rows {
            let id: i64 = row.try_get("id")?;
            let nonce: Option<i64> = row.try_get("nonce")?;
            let attempts = match nonce {
                Some(nonce) => self.attempts(id, nonce).await?,
                None => Vec::new(),
            };
            pending.push(Pending { id, key: row.try_get("key")?, call: read_call(&row)?, attempts });
        }
        Ok(pending)
    }

    async fn attempts(&self, id: i64, nonce: i64) -> Result<Vec<Attempt>, Error> {
        let sql = "SELECT * FROM chain_outbox_attempt WHERE intent = ? AND nonce = ? ORDER BY rowid";
        let rows = sqlx::query(sql).bind(id).bind(nonce).fetch_all(&self.database).await?;
        rows.iter().map(read_attempt).collect()
    }

    /// The receipt of a finished key.
    pub(super) async fn finished(&self, key: &str) -> Result<Option<RawReceipt>, Error> {
        let sql = "SELECT receipt FROM chain_outbox WHERE account = ? AND key = ?";
        let row = sqlx::query(sql).bind(&self.account).bind(key).fetch_optional(&self.database).await?;
        let Some(row) = row else { return Ok(None) };
        let text: Option<String> = row.try_get("receipt")?;
        text.map(|text| serde_json::from_str(&text).map_err(damaged)).transpose()
    }

    /// Writes a new intent down.
    pub(super) async fn intend(&self, key: &str, call: &Call) -> Result<i64, Error> {
        let sql = "INSERT INTO chain_outbox (account, key, target, data, gas, value) VALUES (?, ?, ?, ?, ?, ?)";
        let done = sqlx::query(sql)
            .bind(&self.account)
            .bind(key)
            .bind(call.to.as_slice())
            .bind(call.data.as_ref())
            .bind(call.gas.map(signed))
            .bind(call.value.to_be_bytes_vec())
            .execute(&self.database)
            .await?;
        Ok(done.last_insert_rowid())
    }

    /// Writes a signed transaction down, before it is sent.
    pub(super) async fn attempt(&self, id: i64, attempt: &Attempt) -> Result<(), Error> {
        let mut both = self.database.begin().await?;
        let nonce = signed(attempt.nonce);
        sqlx::query("UPDATE chain_outbox SET nonce = ? WHERE id = ?").bind(nonce).bind(id).execute(&mut *both).await?;
        let sql = "INSERT OR IGNORE INTO chain_outbox_attempt (hash, intent, nonce, raw, gas, max_fee, tip)
            VALUES (?, ?, ?, ?, ?, ?, ?)";
        sqlx::query(sql)
            .bind(attempt.hash.as_slice())
            .bind(id)
            .bind(nonce)
            .bind(attempt.raw.as_ref())
            .bind(signed(attempt.gas))
            .bind(attempt.fee.max.to_be_bytes().as_slice())
            .bind(attempt.fee.tip.to_be_bytes().as_slice())
            .execute(&mut *both)
            .await?;
        both.commit().await?;
        Ok(())
    }

    /// Takes the nonce back from an intent: somebody else's transaction used it up.
    pub(super) async fn release(&self, id: i64) -> Result<(), Error> {
        sqlx::query("UPDATE chain_outbox SET nonce = NULL WHERE id = ?").bind(id).execute(&self.database).await?;
        Ok(())
    }

    /// Remembers a receipt, and forgets the oldest beyond `remembered`.
    pub(super) async fn finish(&self, id: i64, receipt: &RawReceipt, remembered: u32) -> Result<(), Error> {
        let text = serde_json::to_string(receipt).map_err(damaged)?;
        let mut both = self.database.begin().await?;
        sqlx::query("UPDATE chain_outbox SET receipt = ? WHERE id = ?").bind(text).bind(id).execute(&mut *both).await?;
        sqlx::query("DELETE FROM chain_outbox_attempt WHERE intent = ?").bind(id).execute(&mut *both).await?;
        let prune = "DELETE FROM chain_outbox WHERE account = ? AND receipt IS NOT NULL AND id <= (
            SELECT id FROM chain_outbox WHERE account = ? AND receipt IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?)";
        sqlx::query(prune).bind(&self.account).bind(&self.account).bind(remembered).execute(&mut *both).await?;
        both.commit().await?;
        Ok(())
    }

    /// Forgets an intent that was refused.
    pub(super) async fn forget(&self, id: i64) -> Result<(), Error> {
        let mut both = self.database.begin().await?;
        sqlx::query("DELETE FROM chain_outbox_attempt WHERE intent = ?").bind(id).execute(&mut *both).await?;
        sqlx::query("DELETE FROM chain_outbox WHERE id = ?").bind(id).execute(&mut *both).await?;
        both.commit().await?;
        Ok(())
    }
}

/// SQLite has signed integers only; nonces and gas are far below 2^63.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    sqlx::Error::Decode(Box::new(error)).into()
}

fn read_call(row: &SqliteRow) -> Result<Call, Error> {
    let to: Vec<u8> = row.try_get("target")?;
    let value: Vec<u8> = row.try_get("value")?;
    let gas: Option<i64> = row.try_get("gas")?;
    Ok(Call {
        name: NAMELESS,
        to: Address::try_from(to.as_slice()).map_err(damaged)?,
        data: Bytes::from(row.try_get::<Vec<u8>, _>("data")?),
        gas: gas.map(unsigned),
        value: U256::try_from_be_slice(&value).unwrap_or_default(),
    })
}

fn read_attempt(row: &SqliteRow) -> Result<Attempt, Error> {
    let hash: Vec<u8> = row.try_get("hash")?;
    let (max, tip): (Vec<u8>, Vec<u8>) = (row.try_get("max_fee")?, row.try_get("tip")?);
    let wei = |bytes: &[u8]| bytes.try_into().map(u128::from_be_bytes).map_err(damaged);
    Ok(Attempt {
        hash: B256::try_from(hash.as_slice()).map_err(damaged)?,
        nonce: unsigned(row.try_get("nonce")?),
        raw: Bytes::from(row.try_get::<Vec<u8>, _>("raw")?),
        gas: unsigned(row.try_get("gas")?),
        fee: Fee { max: wei(&max)?, tip: wei(&tip)? },
    })
}
