//! Durable transactions: the intent is on disk before anything is sent, and every restart goes on from there.
//!
//! `store` is what survives, `plan` decides fees and gas, `desk` takes orders, `flight` carries them into a block.

mod desk;
mod flight;
mod plan;
mod store;

use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::{Address, B256};
use runtime::{Clock, Stop, Tasks};
use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use self::desk::{Desk, Order};
pub(crate) use self::plan::usual_fee;
use self::store::Store;
use crate::event::decode;
use crate::node::RawReceipt;
use crate::{Call, Client, Error, HubEvent, HubInfo, Wallet};

/// Submissions that wait for the desk; more wait in [`Outbox::submit`].
const INBOX: usize = 256;
/// Networks refuse transactions above 128 KiB; this leaves room for the rest of one.
const MAX_DATA: usize = 120 << 10;
const MAX_KEY: usize = 512;

/// How patient and how generous the outbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A transaction not mined for this long is sent again with a higher fee. Default 45 s.
    pub bump_after: Duration,
    /// Never pay more than this a unit of gas, in wei. Default 500 gwei.
    pub max_fee: u128,
    /// Finished transactions that are remembered by key. Default 10 000.
    pub remembered: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bump_after: Duration::from_secs(45), max_fee: 500_000_000_000, remembered: 10_000 }
    }
}

/// A transaction that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its hash.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// Gas it took.
    pub gas_used: u64,
    /// What each unit cost, in wei.
    pub gas_price: u128,
    /// What it caused on the hub and the registries.
    pub events: Vec<HubEvent>,
}

impl Receipt {
    pub(crate) fn read(raw: &RawReceipt, info: &HubInfo) -> Self {
        Self {
            transaction: raw.transaction_hash,
            block: raw.block_number.to(),
            gas_used: raw.gas_used.to(),
            gas_price: raw.effective_gas_price.to(),
            events: raw.logs.iter().filter_map(|log| decode(log, info)).collect(),
        }
    }
}

/// Sends transactions of one key; the same key must not be used by a second outbox. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    orders: mpsc::Sender<Order>,
    address: Address,
}

/// The outbox's background task. Its owner awaits [`Running::join`] at the end.
#[derive(Debug)]
pub struct Running(Tasks);

impl Running {
    /// Waits until the outbox has stopped: after a stop was requested, or the last handle is gone and all is done.
    pub async fn join(self) {
        self.0.join().await;
    }
}

impl Outbox {
    /// Opens the outbox in `database` (table `chain_outbox`) and goes on with what is pending there.
    ///
    /// # Errors
    /// [`Error::Database`] when the table cannot be made or read.
    pub async fn open(
        client: Client,
        wallet: Wallet,
        database: SqlitePool,
        clock: Arc<dyn Clock>,
        stop: Stop,
    ) -> Result<(Self, Running), Error> {
        Self::open_with(Settings::default(), client, wallet, database, clock, stop).await
    }

    /// [`Outbox::open`] with other settings.
    ///
    /// # Errors
    /// Those of [`Outbox::open`].
    pub async fn open_with(
        settings: Settings,
        client: Client,
        wallet: Wallet,
        database: SqlitePool,
        clock: Arc<dyn Clock>,
        stop: Stop,
    ) -> Result<(Self, Running), Error> {
        let address = wallet.address();
        let store = Store::open(database, client.info(), address).await?;
        let (orders, inbox) = mpsc::channel(INBOX);
        let desk = Desk::open(settings, client, wallet, store, clock, inbox).await?;
        let mut tasks = Tasks::new();
        tasks.spawn("chain.outbox", desk.run(stop));
        Ok((Self { orders, address }, Running(tasks)))
    }

    /// Sends a transaction and waits until it is confirmed.
    ///
    /// `key` names the intent, such as `finalize:0x…`: a key submitted twice joins the first, a finished one answers
    /// its receipt again, a refused one is tried anew. Dropping the future does not cancel the transaction.
    ///
    /// # Errors
    /// [`Error::Refused`] when the contract says no, foreseen or on chain; [`Error::Funds`] when the key cannot pay;
    /// [`Error::Invalid`] when the data passes 120 KiB or the key 512 bytes;
    /// [`Error::Stopped`] when the outbox stops first, in which case the next start goes on.
    pub async fn submit(&self, key: impl Into<String>, call: Call) -> Result<Receipt, Error> {
        let stopped = Error::Stopped { call: call.name };
        let (reply, answer) = oneshot::channel();
        let order = Order { key: key.into(), call, reply };
        check(&order)?;
        if self.orders.send(order).await.is_err() {
            return Err(stopped);
        }
        answer.await.unwrap_or(Err(stopped))
    }

    /// Whose key signs.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }
}

fn check(order: &Order) -> Result<(), Error> {
    let (key, data) = (order.key.len(), order.call.data.len());
    if data > MAX_DATA {
        let what = format!("{} needs {data} bytes of data, a transaction holds at most {MAX_DATA}", order.call.name);
        return Err(Error::Invalid { what });
    }
    if key == 0 || key > MAX_KEY {
        let what = format!("the key of {} has {key} bytes; 1 to {MAX_KEY} are allowed", order.call.name);
        return Err(Error::Invalid { what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use protocol::order::Quadruple;

    use super::*;
    use crate::Follower;

    /// Services run these in tasks of their own; that this compiles is the test.
    fn futures_can_be_sent(outbox: Outbox, client: Client, mut follower: Follower, orders: Quadruple, call: Call) {
        fn sent(_: impl Future<Output = ()> + Send + 'static) {}
        sent(async move { drop(outbox.submit("key", call).await) });
        sent(async move { drop(client.facts(&orders, Address::ZERO).await) });
        sent(async move { drop(follower.next(&Stop::never()).await) });
    }

    #[test]
    fn the_futures_of_this_crate_can_cross_threads() {
        let _compiles: fn(Outbox, Client, Follower, Quadruple, Call) = futures_can_be_sent;
    }
}
