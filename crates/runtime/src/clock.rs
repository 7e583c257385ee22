//! Clock: the time of this machine, and a clock that tests turn by hand.
//!
//! Deadlines of the protocol are chain time (`protocol::ChainTime`), never this.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// Time of this machine. Implementations: [`SystemClock`], [`ManualClock`] (tests).
///
/// Contract: `monotonic` never goes back; `sleep(d)` returns once `monotonic` has advanced by at least `d`.
pub trait Clock: Send + Sync + 'static {
    /// Time since an arbitrary start; only differences mean something.
    fn monotonic(&self) -> Duration;
    /// Wall-clock time since the Unix epoch; for people and timestamps, never for deadlines on chain.
    fn unix(&self) -> Duration;
    /// Waits. Dropping the future cancels the wait.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the operating system.
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the door the rule points to")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// The same, ready to be passed to a service.
    #[must_use]
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self::new())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door the rule points to")]
    fn unix(&self) -> Duration {
        // A machine set before 1970 reads as the epoch itself: timestamps are for people, so this is safe.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that stands still until a test turns it.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<watch::Sender<Duration>>,
    epoch: Duration,
}

impl ManualClock {
    /// A clock that reads `epoch` as wall-clock time.
    #[must_use]
    pub fn new(epoch: Duration) -> Self {
        Self { now: Arc::new(watch::Sender::new(Duration::ZERO)), epoch }
    }

    /// Turns the clock forward and wakes every sleeper whose time has come.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now += by);
    }
}

impl Clock for ManualClock {
    fn monotonic(&self) -> Duration {
        *self.now.borrow()
    }

    fn unix(&self) -> Duration {
        self.epoch + self.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut now = self.now.subscribe();
        let until = self.monotonic() + duration;
        Box::pin(async move {
            // The sender lives in the clock; if that is gone, nobody can ever turn it again.
            if now.wait_for(|now| *now >= until).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_exactly_when_turned_far_enough() {
        let clock = ManualClock::new(Duration::from_secs(1_000));
        let mut sleep = clock.sleep(Duration::from_secs(5));
        clock.advance(Duration::from_secs(4));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.advance(Duration::from_secs(1));
        sleep.await;
        assert_eq!(clock.unix(), Duration::from_secs(1_005));
    }
}
