//! The one task that assigns nonces, sends and waits. May be cancelled or killed anywhere: `store` is written first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use runtime::{Clock, Stop};
use tokio::sync::{mpsc, oneshot};

use super::plan::{Plan, Told, broke, plan, read_refusal};
use super::store::{Attempt, NAMELESS, Pending, Store};
use super::{Receipt, Settings};
use crate::{Call, Client, Error, Wallet};

/// Plans made at one time.
const PARALLEL: usize = 16;
/// First wait for a receipt: an instant chain has it at once.
const FIRST_LOOK: Duration = Duration::from_millis(4);
/// A node that refuses for no clear reason is asked this often before the caller is told.
pub(super) const TRIES: u32 = 5;

/// One submission on its way to the desk.
pub(super) struct Order {
    pub(super) key: String,
    pub(super) call: Call,
    pub(super) reply: Reply,
}

type Reply = oneshot::Sender<Result<Receipt, Error>>;

/// One unfinished intent.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) call: Call,
    waiters: Vec<Reply>,
    pub(super) stage: Stage,
    pub(super) tries: u32,
}

/// How far an intent is.
pub(super) enum Stage {
    /// To be planned, once all nonces up to `after` are settled and the clock reads `not_before`.
    Waiting {
        /// A plan failed that depends on these.
        after: Option<u64>,
        /// Monotonic time.
        not_before: Duration,
    },
    /// A plan is being made.
    Planning,
    /// Signed, on disk, and most likely with the node.
    Sent(Flight),
}

/// A signed intent on its way into a block.
pub(super) struct Flight {
    /// All of one nonce, newest last; never empty.
    pub(super) attempts: Vec<Attempt>,
    /// When the newest attempt was made.
    pub(super) made: Duration,
    /// When the node was last told; `None` asks for it now.
    pub(super) told: Option<Duration>,
    /// Whether the node ever took an attempt.
    pub(super) taken: bool,
    /// Since when the nonce is used up without a receipt of ours.
    pub(super) lost: Option<Duration>,
}

impl Flight {
    pub(super) fn newest(&self) -> &Attempt {
        self.attempts.last().expect("a flight starts with an attempt and only gains more")
    }

    pub(super) fn nonce(&self) -> u64 {
        self.newest().nonce
    }
}

/// Which intent, the highest nonce in flight when planning began, and the plan.
type Planned = (i64, Option<u64>, Result<Plan, Error>);
type Planning = FuturesUnordered<BoxFuture<'static, Planned>>;

/// The outbox's state. Truth is on disk and on chain; this is a cache.
pub(super) struct Desk {
    pub(super) settings: Settings,
    pub(super) client: Client,
    pub(super) wallet: Wallet,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    inbox: mpsc::Receiver<Order>,
    pub(super) entries: BTreeMap<i64, Entry>,
    keys: HashMap<String, i64>,
    /// Least nonce that no settled transaction of ours has.
    pub(super) floor: u64,
    /// Since when a nonce below all of ours is missing.
    pub(super) gap: Option<Duration>,
}

impl Desk {
    pub(super) async fn open(
        settings: Settings,
        client: Client,
        wallet: Wallet,
        store: Store,
        clock: Arc<dyn Clock>,
        inbox: mpsc::Receiver<Order>,
    ) -> Result<Self, Error> {
        let (entries, keys) = (BTreeMap::new(), HashMap::new());
        let pending = store.pending().await?;
        let mut desk = Self { settings, client, wallet, store, clock, inbox, entries, keys, floor: 0, gap: None };
        for left in pending {
            desk.resume(left);
        }
        Ok(desk)
    }

    fn resume(&mut self, left: Pending) {
        let stage = if left.attempts.is_empty() {
            Stage::Waiting { after: None, not_before: Duration::ZERO }
        } else {
            let made = self.clock.monotonic();
            Stage::Sent(Flight { attempts: left.attempts, made, told: None, taken: false, lost: None })
        };
        self.keys.insert(left.key.clone(), left.id);
        self.entries.insert(left.id, Entry { key: left.key, call: left.call, waiters: Vec::new(), stage, tries: 0 });
    }

    pub(super) async fn run(mut self, stop: Stop) {
        tokio::select! {
            () = stop.requested() => {}
            () = self.work() => {}
        }
        let left = self.entries.len();
        if left > 0 {
            tracing::info!(left, "the outbox stopped; the next start goes on with what is left");
        }
    }

    async fn work(&mut self) {
        let mut planning = Planning::new();
        let mut open = true;
        let mut wait = FIRST_LOOK;
        while open || !self.entries.is_empty() {
            self.start_plans(&mut planning);
            let due = self.entries.values().any(|entry| !matches!(entry.stage, Stage::Planning));
            let timer = self.clock.sleep(wait);
            tokio::select! {
                biased;
                Some(planned) = planning.next() => {
                    self.planned(planned).await;
                    wait = FIRST_LOOK;
                }
                order = self.inbox.recv(), if open => match order {
                    Some(order) => self.accept(order).await,
                    None => open = false,
                },
                () = timer, if due => {
                    let moved = self.look().await;
                    wait = if moved { FIRST_LOOK } else { (wait * 2).min(self.client.poll()) };
                }
            }
        }
    }

    /// Joins, answers, or writes down a submission.
    async fn accept(&mut self, order: Order) {
        if let Some(entry) = self.keys.get(&order.key).and_then(|id| self.entries.get_mut(id)) {
            if entry.call.name == NAMELESS {
                entry.call.name = order.call.name;
            }
            entry.waiters.push(order.reply);
            return;
        }
        let finished = self.store.finished(&order.key).await;
        match finished {
            Ok(Some(raw)) => answer(order.reply, Ok(Receipt::read(&raw, self.client.info()))),
            Ok(None) => self.enter(order).await,
            Err(error) => answer(order.reply, Err(error)),
        }
    }

    async fn enter(&mut self, order: Order) {
        match self.store.intend(&order.key, &order.call).await {
            Ok(id) => {
                let stage = Stage::Waiting { after: None, not_before: Duration::ZERO };
                self.keys.insert(order.key.clone(), id);
                let waiters = vec![order.reply];
                self.entries.insert(id, Entry { key: order.key, call: order.call, waiters, stage, tries: 0 });
            }
            Err(error) => answer(order.reply, Err(error)),
        }
    }

    /// Starts making plans for intents whose time has come, oldest first.
    fn start_plans(&mut self, planning: &mut Planning) {
        let now = self.clock.monotonic();
        let lowest = self.lowest_nonce();
        let highest = self.highest_nonce();
        let room = PARALLEL.saturating_sub(planning.len());
        let ready = self.entries.iter_mut().filter(|(_, entry)| match entry.stage {
            Stage::Waiting { after, not_before } => {
                not_before <= now && after.is_none_or(|after| lowest.is_none_or(|lowest| lowest > after))
            }
            Stage::Planning | Stage::Sent(_) => false,
        });
        for (id, entry) in ready.take(room) {
            entry.stage = Stage::Planning;
            let (id, client, call) = (*id, self.client.clone(), entry.call.clone());
            let (from, ceiling) = (self.wallet.address(), self.settings.max_fee);
            let future = async move { (id, highest, plan(client.node(), from, &call, ceiling).await) };
            planning.push(Box::pin(future));
        }
    }

    async fn planned(&mut self, (id, highest_then, result): Planned) {
        match result {
            Ok(plan) => self.send(id, plan).await,
            // What is in flight may be what this call waits for: ask again when it has landed.
            Err(Error::Refused { .. }) if highest_then.is_some() => self.wait(id, highest_then, Duration::ZERO),
            Err(error) => self.trouble(id, error).await,
        }
    }

    /// Tries again later when that can help, else tells the caller.
    pub(super) async fn trouble(&mut self, id: i64, error: Error) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if let Error::BadNode { message, .. } = &error
            && read_refusal(message) == Told::Funds
        {
            let error = broke(self.client.node(), self.wallet.address(), entry.call.name).await;
            return self.settle(id, Err(error)).await;
        }
        entry.tries += 1;
        let tries = entry.tries;
        let patient = match error {
            Error::Unanswered { .. } | Error::NoNode { .. } | Error::BadAnswer { .. } => true,
            _ => error.is_retryable() && tries < TRIES,
        };
        if patient {
            if tries == 1 {
                tracing::warn!(key = %entry.key, %error, "a transaction has to wait");
            }
            let pause = self.client.poll() * (1 << tries.min(5));
            self.wait(id, None, pause.min(Duration::from_secs(5)));
        } else {
            self.settle(id, Err(error)).await;
        }
    }

    pub(super) fn wait(&mut self, id: i64, after: Option<u64>, pause: Duration) {
        let not_before = self.clock.monotonic() + pause;
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = Stage::Waiting { after, not_before };
        }
    }

    /// Takes an intent off the desk and answers everybody who waits for it. Refused ones are forgotten.
    pub(super) async fn settle(&mut self, id: i64, result: Result<Receipt, Error>) {
        if result.is_err()
            && let Err(error) = self.store.forget(id).await
        {
            tracing::error!(%error, "a refused transaction could not be forgotten; the next start tries it again");
        }
        let Some(entry) = self.entries.remove(&id) else { return };
        self.keys.remove(&entry.key);
        for waiter in entry.waiters {
            answer(waiter, result.clone());
        }
    }

    pub(super) fn lowest_nonce(&self) -> Option<u64> {
        self.flights().map(|(_, flight)| flight.nonce()).min()
    }

    pub(super) fn highest_nonce(&self) -> Option<u64> {
        self.flights().map(|(_, flight)| flight.nonce()).max()
    }

    pub(super) fn flights(&self) -> impl Iterator<Item = (i64, &Flight)> {
        self.entries.iter().filter_map(|(id, entry)| match &entry.stage {
            Stage::Sent(flight) => Some((*id, flight)),
            Stage::Waiting { .. } | Stage::Planning => None,
        })
    }

    pub(super) fn flight(&mut self, id: i64) -> Option<&mut Flight> {
        match &mut self.entries.get_mut(&id)?.stage {
            Stage::Sent(flight) => Some(flight),
            Stage::Waiting { .. } | Stage::Planning => None,
        }
    }

    /// An intent of the desk's own, planned and sent with this nonce.
    pub(super) async fn enter_own(&mut self, key: String, call: Call) -> Result<i64, Error> {
        let id = self.store.intend(&key, &call).await?;
        self.keys.insert(key.clone(), id);
        let entry = Entry { key, call, waiters: Vec::new(), stage: Stage::Planning, tries: 0 };
        self.entries.insert(id, entry);
        Ok(id)
    }
}

fn answer(waiter: Reply, result: Result<Receipt, Error>) {
    // Who no longer waits needs no answer: the transaction goes its way without them.
    let _gone = waiter.send(result);
}
