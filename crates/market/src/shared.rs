//! What handlers and the follower share, and the one way in which an order changes: [`Shared::settle`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use api::market::Status;
use protocol::order::Kind;
use protocol::{Amount, OrderHash};
use runtime::Clock;
use tokio::sync::Semaphore;

use crate::book::Book;
use crate::categories::Categories;
use crate::entry::Entry;
use crate::login::Logins;
use crate::rate::Rates;
use crate::store::Store;
use crate::truth::{Facts, next};
use crate::{Config, Error};

/// One market.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) client: chain::Client,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) seats: Semaphore,
    pub(crate) logins: Mutex<Logins>,
    pub(crate) rates: Mutex<Rates>,
    pub(crate) categories: Categories,
    /// Orders that were added and not looked at since: an event may have passed them by.
    unsettled: Mutex<BTreeSet<OrderHash>>,
    book: RwLock<Book>,
    /// Held from reading an entry until its change is on disk and in memory.
    writing: tokio::sync::Mutex<()>,
}

/// What an event said about an order, beyond "look again".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing.
    Look,
    /// Something in this block.
    Block(u64),
    /// Its owner closed it in this block.
    Closed(u64),
}

impl Shared {
    pub(crate) fn new(config: Config, client: chain::Client, store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            seats: Semaphore::new(config.in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            config,
            client,
            store,
            clock,
            logins: Mutex::default(),
            rates: Mutex::default(),
            categories: Categories::default(),
            unsettled: Mutex::default(),
            book: RwLock::default(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn chain_id(&self) -> u64 {
        self.client.info().chain_id
    }

    /// The book for reading. Never held across a wait.
    pub(crate) fn book(&self) -> RwLockReadGuard<'_, Book> {
        // A reader's panic leaves the book whole, and a writer changes it in one step.
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills the memory from the disk.
    pub(crate) async fn load(&self) -> Result<(), Error> {
        for entry in self.store.living().await? {
            self.book_mut().put(Arc::new(entry));
        }
        Ok(())
    }

    /// What chain and book say about an order now.
    pub(crate) async fn facts(&self, entry: &Entry) -> Result<Facts, chain::Error> {
        let owner = async {
            match entry.kind {
                Kind::Request => Ok(Some(entry.subject())),
                Kind::App | Kind::Dataset | Kind::Workerpool => self.client.owner_of(entry.subject()).await,
            }
        };
        let stake = async {
            match entry.kind {
                Kind::App | Kind::Dataset => Ok(Amount::ZERO),
                Kind::Workerpool | Kind::Request => Ok(self.client.account(entry.signer).await?.stake),
            }
        };
        let (owner, stake, consumed) = tokio::try_join!(owner, stake, self.client.consumed(entry.hash))?;
        let unmatched = self.book().unmatched(entry);
        Ok(Facts { owner, stake, consumed, unmatched })
    }

    /// Adds an order whose checks have passed; `false` when the wallet or the book became full meanwhile.
    pub(crate) async fn add(&self, entry: Entry) -> Result<bool, Error> {
        let _writing = self.writing.lock().await;
        if !self.has_room(&entry) {
            return Ok(false);
        }
        self.store.put(&entry, None).await?;
        let hash = entry.hash;
        self.book_mut().put(Arc::new(entry));
        // After the book: whoever finds it here finds it there.
        self.unsettled().insert(hash);
        Ok(true)
    }

    fn unsettled(&self) -> MutexGuard<'_, BTreeSet<OrderHash>> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at new orders once more: an event between their checks and their addition found nothing to act on.
    ///
    /// Whoever adds one calls this; the follower does too, for those whose caller was cut off.
    pub(crate) async fn settle_new(&self) -> Result<(), Error> {
        let new = self.unsettled().clone();
        for hash in new {
            let added = self.book().get(hash);
            self.settle(&BTreeSet::from([hash]), Cause::Look).await?;
            if let Some(added) = added {
                self.ripple(&added).await?;
            }
            self.unsettled().remove(&hash);
        }
        Ok(())
    }

    /// Whether wallet and book may have one more open order like this.
    pub(crate) fn has_room(&self, entry: &Entry) -> bool {
        let book = self.book();
        let is_known = book.get(entry.hash).is_some();
        (is_known || book.len() < self.config.orders)
            && book.open_of(entry.signer, entry.kind) < self.config.open_orders
    }

    /// Removes an order for good, and looks again at the requests that hoped for it.
    pub(crate) async fn remove(&self, entry: &Entry) -> Result<(), Error> {
        {
            let _writing = self.writing.lock().await;
            self.store.remove(entry.hash).await?;
            self.book_mut().remove(entry.hash);
        }
        self.ripple(entry).await
    }

    /// Reads the chain about each order and writes down what it says. Idempotent.
    pub(crate) async fn settle(&self, orders: &BTreeSet<OrderHash>, cause: Cause) -> Result<(), Error> {
        for hash in orders {
            let entry = self.book().get(*hash);
            match entry {
                Some(entry) if self.settle_one(&entry, cause).await? => self.ripple(&entry).await?,
                Some(_) | None => {}
            }
            self.note_end(*hash, cause).await?;
        }
        Ok(())
    }

    /// A look may see that nothing is left before the event comes that says why and where.
    async fn note_end(&self, hash: OrderHash, cause: Cause) -> Result<(), Error> {
        match cause {
            Cause::Look => Ok(()),
            Cause::Block(block) => self.store.set_end(hash, Status::Filled, block).await,
            Cause::Closed(block) => self.store.set_end(hash, Status::Canceled, block).await,
        }
    }

    /// Looks again at the requests that hang on an app or dataset order.
    pub(crate) async fn ripple(&self, changed: &Entry) -> Result<(), Error> {
        let requests = self.book().wanting(changed.kind, changed.subject());
        for hash in requests {
            let Some(request) = self.book().get(hash) else { continue };
            self.settle_one(&request, Cause::Look).await?;
        }
        Ok(())
    }

    /// Tells whether the order became open, or ceased to be.
    async fn settle_one(&self, entry: &Entry, cause: Cause) -> Result<bool, Error> {
        // Facts are read under the lock, so that older ones never overwrite newer ones.
        let _writing = self.writing.lock().await;
        let Some(entry) = self.book().get(entry.hash) else { return Ok(false) };
        let facts = self.facts(&entry).await?;
        let (mut status, remaining) = next(&entry, &facts, matches!(cause, Cause::Closed(_)));
        if status == Status::Open && !entry.is_open() && !self.has_room(&entry) {
            status = Status::Dead;
        }
        if (status, remaining) == (entry.status, entry.remaining) {
            return Ok(false);
        }
        tracing::info!(order = %entry.hash, kind = %entry.kind, ?status, %remaining, "an order changed");
        let ended = match (status, cause) {
            (Status::Open | Status::Dead, _) | (_, Cause::Look) => None,
            (_, Cause::Block(block) | Cause::Closed(block)) => Some(block),
        };
        let changed = Entry { status, remaining, ..Entry::clone(&entry) };
        self.store.put(&changed, ended).await?;
        self.book_mut().put(Arc::new(changed));
        Ok(entry.is_open() != (status == Status::Open))
    }

    /// Takes back ends of orders that a reorganisation undid, and looks at every order again.
    pub(crate) async fn roll_back(&self, block: u64) -> Result<(), Error> {
        for entry in self.store.ended_above(block).await? {
            let _writing = self.writing.lock().await;
            self.book_mut().put(Arc::new(Entry { status: Status::Dead, ..entry }));
        }
        let all = self.book().all();
        self.settle(&all, Cause::Look).await
    }
}
