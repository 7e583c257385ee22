//! The miner: the only writer. Decides when [`seal`] runs, puts the block on disk, and publishes it.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Clock, Stop};
use tokio::sync::{mpsc, oneshot};

use crate::chain::Chain;
use crate::clock::BlockTime;
use crate::config::{Config, Durability, Mining};
use crate::disk::Disk;
use crate::error::Error;
use crate::execute::seal;

/// Longest time a block may be visible but not durable.
const DURABLE_WITHIN: Duration = Duration::from_millis(100);

/// Asks for one block now, even an empty one; answered once it is visible.
pub(crate) type MineNow = oneshot::Sender<()>;

pub(crate) struct Miner {
    pub(crate) chain: Arc<Chain>,
    pub(crate) time: Arc<BlockTime>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) disk: Option<Arc<Disk>>,
    pub(crate) mining: Mining,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) fsync: Durability,
    pub(crate) orders: mpsc::Receiver<MineNow>,
    /// Monotonic time of the oldest block that is not durable yet.
    unsynced: Option<Duration>,
}

impl Drop for Miner {
    /// However the miner ends, also by a panic, clients must not wait for blocks that never come.
    fn drop(&mut self) {
        self.chain.halt();
    }
}

enum Wake {
    Stop,
    Work,
    Tick,
    Order(MineNow),
    Sync,
}

impl Miner {
    pub(crate) fn new(
        config: &Config,
        chain: Arc<Chain>,
        time: Arc<BlockTime>,
        clock: Arc<dyn Clock>,
        disk: Option<Arc<Disk>>,
        orders: mpsc::Receiver<MineNow>,
    ) -> Self {
        let Config { mining, heartbeat, fsync, .. } = *config;
        Self { chain, time, clock, disk, mining, heartbeat, fsync, orders, unsynced: None }
    }

    /// Makes blocks until a stop is requested, or the disk fails; everything made is durable when this returns.
    pub(crate) async fn run(mut self, stop: Stop) {
        let outcome = self.mine(&stop).await;
        if let Err(error) = outcome {
            tracing::error!(%error, cause = ?std::error::Error::source(&error), "the chain makes no more blocks");
        }
        if let Err(error) = self.sync().await {
            tracing::error!(%error, "the newest blocks may be lost");
        }
    }

    async fn mine(&mut self, stop: &Stop) -> Result<(), Error> {
        let mut last = self.clock.monotonic();
        loop {
            match self.wait(stop, last).await {
                Wake::Stop => return Ok(()),
                Wake::Sync => self.sync().await?,
                Wake::Work if !self.has_work() => {}
                Wake::Work | Wake::Tick => {
                    last = self.clock.monotonic();
                    self.make_block().await?;
                }
                Wake::Order(done) => {
                    last = self.clock.monotonic();
                    self.make_block().await?;
                    // Whoever asked may have gone away since; the block stands.
                    let _gone = done.send(());
                }
            }
            // What found no room, or arrived meanwhile, does not wait for another submission.
            if self.mining == Mining::Instant && self.has_work() {
                self.chain.work.notify_one();
            }
        }
    }

    fn has_work(&self) -> bool {
        self.chain.has_ready()
    }

    async fn wait(&mut self, stop: &Stop, last: Duration) -> Wake {
        let now = self.clock.monotonic();
        let period = match self.mining {
            Mining::Instant => self.heartbeat,
            Mining::Interval(period) => Some(period),
        };
        let left = |from: Duration, period: Duration| (from + period).saturating_sub(now);
        let tick = sleep_or_never(&*self.clock, period.map(|period| left(last, period)));
        let sync = sleep_or_never(&*self.clock, self.unsynced.map(|since| left(since, DURABLE_WITHIN)));
        let work = async {
            match self.mining {
                Mining::Instant => self.chain.work.notified().await,
                Mining::Interval(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.requested() => Wake::Stop,
            () = sync => Wake::Sync,
            Some(done) = self.orders.recv() => Wake::Order(done),
            () = work => Wake::Work,
            () = tick => Wake::Tick,
        }
    }

    /// Seals what is ready on top of the head, writes it, then shows it.
    async fn make_block(&mut self) -> Result<(), Error> {
        let (chain, time, disk) = (Arc::clone(&self.chain), Arc::clone(&self.time), self.disk.clone());
        let durable = self.fsync == Durability::EveryBlock;
        let making = tokio::task::spawn_blocking(move || {
            let parent = chain.head();
            let timestamp = time.take(parent.header.timestamp);
            let sealed = seal(&chain.rules, &parent, chain.view(parent.number()), chain.ready(), timestamp);
            if let Some(disk) = disk {
                disk.append(&sealed.block, &sealed.diff, durable)?;
            }
            chain.publish(sealed);
            Ok(())
        });
        making.await.expect("making a block does not panic")?;
        if !durable && self.disk.is_some() && self.unsynced.is_none() {
            self.unsynced = Some(self.clock.monotonic());
        }
        Ok(())
    }

    async fn sync(&mut self) -> Result<(), Error> {
        let Some(disk) = self.disk.clone().filter(|_| self.unsynced.take().is_some()) else { return Ok(()) };
        tokio::task::spawn_blocking(move || disk.sync()).await.expect("a database commit does not panic")
    }
}

async fn sleep_or_never(clock: &dyn Clock, duration: Option<Duration>) {
    match duration {
        Some(duration) => clock.sleep(duration).await,
        None => std::future::pending().await,
    }
}
