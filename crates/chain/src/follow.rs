//! Following the chain: a cursor, batches of events, and reorganisations told apart by block hashes.

use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::B256;
use protocol::ChainTime;
use runtime::{Clock, Stop};
use serde::{Deserialize, Serialize};

use crate::filter::WINDOW;
use crate::{Client, Error, EventFilter, Head, HubEvent};

/// Block hashes remembered: a deeper reorganisation starts over from the cursor's origin.
const REMEMBERED: usize = 96;
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// How far somebody has read. Store it after acting on a batch: every event is then seen at least once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// First block not yet delivered.
    next: u64,
    /// Where reading once began.
    origin: u64,
    /// Hashes of delivered blocks, oldest first.
    recent: Vec<(u64, B256)>,
}

impl Cursor {
    /// Starts with block `first`.
    #[must_use]
    pub fn at(first: u64) -> Self {
        Self { next: first, origin: first, recent: Vec::new() }
    }

    /// First block not yet delivered.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    fn advance(&mut self, block: u64, hash: B256) {
        self.next = block.saturating_add(1);
        self.recent.push((block, hash));
        let surplus = self.recent.len().saturating_sub(REMEMBERED);
        self.recent.drain(..surplus);
    }
}

/// What is new.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Events, in their order; may be empty when only time has passed.
    pub events: Vec<HubEvent>,
    /// The chain was reorganised: events of blocks above this one never happened, and are delivered anew.
    pub rolled_back_to: Option<u64>,
    /// What to store once the batch is dealt with.
    pub cursor: Cursor,
    /// The newest block when the batch was made.
    pub head: Head,
}

/// Reads the chain from a cursor on, for ever.
pub struct Follower {
    client: Client,
    cursor: Cursor,
    filter: EventFilter,
    clock: Arc<dyn Clock>,
}

impl Follower {
    /// Follows from `from` on.
    #[must_use]
    pub fn start(client: Client, from: Cursor, filter: EventFilter, clock: Arc<dyn Clock>) -> Self {
        Self { client, cursor: from, filter, clock }
    }

    /// The next batch: at once when there is a new block or a reorganisation, else as soon as there is.
    ///
    /// A node that does not answer is asked again, ever more slowly up to every 5 s, until it does.
    ///
    /// # Errors
    /// [`Error::Stopped`] once `stop` is requested; whatever a retry cannot mend.
    pub async fn next(&mut self, stop: &Stop) -> Result<Batch, Error> {
        let mut wait = self.client.poll();
        let mut quiet = true;
        loop {
            let looked = tokio::select! {
                () = stop.requested() => return Err(Error::Stopped { call: "follow the chain" }),
                looked = self.look() => looked,
            };
            match looked {
                Ok(Some(batch)) => return Ok(batch),
                Ok(None) => wait = self.client.poll(),
                Err(error) if error.is_retryable() => {
                    if quiet {
                        tracing::warn!(%error, "the chain cannot be followed; trying again");
                        quiet = false;
                    }
                    wait = (wait * 2).min(LONGEST_BACKOFF);
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = stop.requested() => return Err(Error::Stopped { call: "follow the chain" }),
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    /// One look; `None` when nothing is new.
    async fn look(&mut self) -> Result<Option<Batch>, Error> {
        let head = self.client.head().await?;
        if self.cursor.recent.last() == Some(&(head.number, head.hash)) {
            return Ok(None);
        }
        if let Some(kept) = self.fork_point().await? {
            return Ok(Some(self.roll_back(kept, head)));
        }
        let Some(believed) = head.number.checked_sub(self.client.inner.confirmations) else { return Ok(None) };
        if believed < self.cursor.next {
            return Ok(None);
        }
        let last = believed.min(self.cursor.next.saturating_add(WINDOW - 1));
        let Some(hash) = self.hash_of(last).await? else { return Ok(None) };
        let events = self.client.events_below_head(self.cursor.next, last, &self.filter).await?;
        // Equal hashes before and after: all that was read between them belongs to that one chain.
        if self.hash_of(last).await? != Some(hash) || self.fork_point().await?.is_some() {
            return Ok(None);
        }
        self.cursor.advance(last, hash);
        Ok(Some(Batch { events, rolled_back_to: None, cursor: self.cursor.clone(), head }))
    }

    /// The newest remembered block that is still in the chain, when later remembered ones are not.
    async fn fork_point(&self) -> Result<Option<Option<(usize, u64)>>, Error> {
        for (back, (number, hash)) in self.cursor.recent.iter().enumerate().rev() {
            if self.hash_of(*number).await? == Some(*hash) {
                let newest = back + 1 == self.cursor.recent.len();
                return Ok((!newest).then_some(Some((back, *number))));
            }
        }
        Ok((!self.cursor.recent.is_empty()).then_some(None))
    }

    fn roll_back(&mut self, kept: Option<(usize, u64)>, head: Head) -> Batch {
        let to = match kept {
            Some((index, number)) => {
                self.cursor.recent.truncate(index + 1);
                self.cursor.next = number + 1;
                number
            }
            None => {
                self.cursor.recent.clear();
                self.cursor.next = self.cursor.origin;
                self.cursor.origin.saturating_sub(1)
            }
        };
        tracing::warn!(block = to, "the chain was reorganised");
        Batch { events: Vec::new(), rolled_back_to: Some(to), cursor: self.cursor.clone(), head }
    }

    async fn hash_of(&self, number: u64) -> Result<Option<B256>, Error> {
        Ok(self.client.node().header_at(number).await?.map(|header| header.hash))
    }
}

impl Head {
    /// Whether `deadline` has passed: its own second is already late.
    #[must_use]
    pub fn is_past(&self, deadline: ChainTime) -> bool {
        self.time >= deadline
    }
}
