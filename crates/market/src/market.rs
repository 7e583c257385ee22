//! The service: opened on a database, served by its router, kept true by its loop.

use std::sync::Arc;

use runtime::{Clock, Stop};
use sqlx::SqlitePool;

use crate::http;
use crate::shared::Shared;
use crate::store::Store;
use crate::watch::watch;
use crate::{Config, Error};

/// An order book for one hub.
pub struct Market {
    shared: Arc<Shared>,
    stop: Stop,
}

impl Market {
    /// Opens the book that `database` holds for the hub of `client`; an empty one in an empty database.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Corrupt`].
    pub async fn open(
        config: Config,
        client: chain::Client,
        database: SqlitePool,
        clock: Arc<dyn Clock>,
        stop: Stop,
    ) -> Result<Self, Error> {
        let book = format!("{}:{}", client.info().chain_id, client.info().hub);
        let store = Store::open(database, book).await?;
        let shared = Arc::new(Shared::new(config, client, store, clock));
        shared.load().await?;
        Ok(Self { shared, stop })
    }

    /// The HTTP service. Serve it with connect info, else nobody's rate is limited.
    pub fn router(&self) -> axum::Router {
        http::router(Arc::clone(&self.shared))
    }

    /// Follows the chain and keeps the book true, until a stop is requested.
    ///
    /// # Errors
    /// [`Error::Database`] and [`Error::Corrupt`]; [`Error::Chain`] for what no retry can mend.
    pub async fn run(self) -> Result<(), Error> {
        watch(&self.shared, &self.stop).await
    }
}
