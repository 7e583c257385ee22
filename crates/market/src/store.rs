//! Orders and the cursor on disk. SQLite, tables `market_*`; every row carries the book: chain and hub.

use std::time::Duration;

use api::market::Status;
use protocol::order::{AppOrder, DatasetOrder, Kind, RequestOrder, WorkerpoolOrder};
use protocol::{OrderHash, U256};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool, sqlite::SqliteRow};

use crate::Error;
use crate::entry::{Booked, Entry};

/// Run at every start. Append only: a database of an older version is opened as it is.
const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS market_cursor (book TEXT NOT NULL PRIMARY KEY, cursor TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS market_orders (
        book TEXT NOT NULL,
        hash TEXT NOT NULL,
        kind TEXT NOT NULL,
        signed TEXT NOT NULL,
        signer TEXT NOT NULL,
        remaining TEXT NOT NULL,
        status TEXT NOT NULL,
        published INTEGER NOT NULL,
        ended INTEGER,
        PRIMARY KEY (book, hash)
    )",
    "CREATE INDEX IF NOT EXISTS market_orders_status ON market_orders (book, status)",
    "CREATE TABLE IF NOT EXISTS market_deals (
        book TEXT NOT NULL,
        id TEXT NOT NULL,
        block INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (book, id)
    )",
    "CREATE INDEX IF NOT EXISTS market_deals_block ON market_deals (book, block, id)",
    "CREATE INDEX IF NOT EXISTS market_deals_requester ON market_deals (book, json_extract(body, '$.requester'), block)",
    "CREATE INDEX IF NOT EXISTS market_deals_app ON market_deals (book, json_extract(body, '$.app.pointer'), block)",
    "CREATE INDEX IF NOT EXISTS market_deals_workerpool ON market_deals (book, json_extract(body, '$.workerpool.pointer'), block)",
    "CREATE INDEX IF NOT EXISTS market_deals_category ON market_deals (book, json_extract(body, '$.category'), block)",
    "CREATE INDEX IF NOT EXISTS market_deals_request ON market_deals (book, json_extract(body, '$.requestHash'), block)",
    "CREATE TABLE IF NOT EXISTS market_categories (
        book TEXT NOT NULL,
        id TEXT NOT NULL,
        block INTEGER NOT NULL,
        tx TEXT NOT NULL,
        PRIMARY KEY (book, id)
    )",
];

/// One book's part of the database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) database: SqlitePool,
    pub(crate) book: String,
}

impl Store {
    /// `book` names chain and hub.
    pub(crate) async fn open(database: SqlitePool, book: String) -> Result<Self, Error> {
        for table in TABLES {
            sqlx::query(*table).execute(&database).await?;
        }
        Ok(Self { database, book })
    }

    pub(crate) async fn cursor(&self) -> Result<Option<chain::Cursor>, Error> {
        let sql = "SELECT cursor FROM market_cursor WHERE book = ?";
        let text: Option<String> = sqlx::query_scalar(sql).bind(&self.book).fetch_optional(&self.database).await?;
        let read = text.map(|text| serde_json::from_str(&text)).transpose();
        read.map_err(|error| Error::corrupt(format_args!("a cursor that cannot be read ({error})")))
    }

    pub(crate) async fn set_cursor(&self, cursor: &chain::Cursor) -> Result<(), Error> {
        let text = serde_json::to_string(cursor).map_err(Error::corrupt)?;
        let sql = "INSERT INTO market_cursor (book, cursor) VALUES (?, ?)
                   ON CONFLICT (book) DO UPDATE SET cursor = excluded.cursor";
        sqlx::query(sql).bind(&self.book).bind(text).execute(&self.database).await?;
        Ok(())
    }

    /// Takes an order as it now is. `ended`: the block that filled or canceled it.
    pub(crate) async fn put(&self, entry: &Entry, ended: Option<u64>) -> Result<(), Error> {
        let sql = "INSERT INTO market_orders (book, hash, kind, signed, signer, remaining, status, published, ended)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT (book, hash) DO UPDATE SET signed = excluded.signed, signer = excluded.signer,
                     remaining = excluded.remaining, status = excluded.status, published = excluded.published,
                     ended = excluded.ended";
        sqlx::query(sql)
            .bind(&self.book)
            .bind(entry.hash.to_string())
            .bind(entry.kind.to_string())
            .bind(entry.order.to_string())
            .bind(entry.signer.to_string())
            .bind(entry.remaining.to_string())
            .bind(status_name(entry.status))
            .bind(i64::try_from(entry.published.as_millis()).unwrap_or(i64::MAX))
            .bind(ended.map(block_number))
            .execute(&self.database)
            .await?;
        Ok(())
    }

    pub(crate) async fn remove(&self, hash: OrderHash) -> Result<(), Error> {
        let sql = "DELETE FROM market_orders WHERE book = ? AND hash = ?";
        sqlx::query(sql).bind(&self.book).bind(hash.to_string()).execute(&self.database).await?;
        Ok(())
    }

    /// One order in any status.
    pub(crate) async fn order(&self, hash: OrderHash) -> Result<Option<Entry>, Error> {
        let sql = "SELECT * FROM market_orders WHERE book = ? AND hash = ?";
        let row = sqlx::query(sql).bind(&self.book).bind(hash.to_string()).fetch_optional(&self.database).await?;
        row.as_ref().map(read).transpose()
    }

    /// All orders that are open, or may be again.
    pub(crate) async fn living(&self) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT * FROM market_orders WHERE book = ? AND status IN ('open', 'dead')";
        let rows = sqlx::query(sql).bind(&self.book).fetch_all(&self.database).await?;
        rows.iter().map(read).collect()
    }

    /// Remembers where a category was created: block and transaction.
    pub(crate) async fn add_category(&self, id: String, place: (i64, String)) -> Result<(), Error> {
        let sql = "INSERT INTO market_categories (book, id, block, tx) VALUES (?, ?, ?, ?)
                   ON CONFLICT (book, id) DO UPDATE SET block = excluded.block, tx = excluded.tx";
        let insert = sqlx::query(sql).bind(&self.book).bind(id).bind(place.0).bind(place.1);
        insert.execute(&self.database).await?;
        Ok(())
    }

    /// Block and transaction in which a category was created; `None` when that is not known here.
    pub(crate) async fn category(&self, id: String) -> Result<Option<(i64, String)>, Error> {
        let sql = "SELECT block, tx FROM market_categories WHERE book = ? AND id = ?";
        let row = sqlx::query(sql).bind(&self.book).bind(id).fetch_optional(&self.database).await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }

    /// Writes down in which block a filled order ended; and that it was closed, when `status` says so.
    pub(crate) async fn set_end(&self, hash: OrderHash, status: Status, block: u64) -> Result<(), Error> {
        let sql = "UPDATE market_orders SET status = ?, ended = ? WHERE book = ? AND hash = ? AND status = 'filled'";
        let update = sqlx::query(sql).bind(status_name(status)).bind(block_number(block));
        update.bind(&self.book).bind(hash.to_string()).execute(&self.database).await?;
        Ok(())
    }

    /// Orders that ended in blocks above `block`, which never happened.
    pub(crate) async fn ended_above(&self, block: u64) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT * FROM market_orders WHERE book = ? AND status IN ('filled', 'canceled') AND ended > ?";
        let rows = sqlx::query(sql).bind(&self.book).bind(block_number(block)).fetch_all(&self.database).await?;
        rows.iter().map(read).collect()
    }
}

/// Blocks as SQLite keeps integers.
pub(crate) fn block_number(block: u64) -> i64 {
    i64::try_from(block).unwrap_or(i64::MAX)
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Filled => "filled",
        Status::Canceled => "canceled",
        Status::Dead => "dead",
    }
}

fn read(row: &SqliteRow) -> Result<Entry, Error> {
    let hash: String = row.try_get("hash")?;
    let broken = |what: &str| Error::corrupt(format_args!("order {hash} with a {what} that cannot be read"));
    let status: String = row.try_get("status")?;
    let status = serde_json::from_value(Value::String(status)).map_err(|_| broken("status"))?;
    let remaining: String = row.try_get("remaining")?;
    let remaining = U256::from_str_radix(&remaining, 10).map_err(|_| broken("remaining volume"))?;
    let kind: String = row.try_get("kind")?;
    let kind: Kind = serde_json::from_value(Value::String(kind)).map_err(|_| broken("kind"))?;
    let entry = match kind {
        Kind::App => typed::<AppOrder>(row, &hash),
        Kind::Dataset => typed::<DatasetOrder>(row, &hash),
        Kind::Workerpool => typed::<WorkerpoolOrder>(row, &hash),
        Kind::Request => typed::<RequestOrder>(row, &hash),
    };
    Ok(Entry { status, remaining, ..entry? })
}

fn typed<O: Booked>(row: &SqliteRow, text: &str) -> Result<Entry, Error> {
    let broken = |what: &str| Error::corrupt(format_args!("order {text} with a {what} that cannot be read"));
    let hash = text.parse().map_err(|_| broken("hash"))?;
    let signed: String = row.try_get("signed")?;
    let signed = serde_json::from_str(&signed).map_err(|_| broken("content"))?;
    let signer: String = row.try_get("signer")?;
    let signer = signer.parse().map_err(|_| broken("signer"))?;
    let published: i64 = row.try_get("published")?;
    let published = Duration::from_millis(u64::try_from(published).map_err(|_| broken("time"))?);
    Ok(Entry::new::<O>(hash, &signed, signer, published))
}
