//! Reports go out in order, each until the pool has confirmed it; acknowledgements travel with them.

use std::sync::Arc;
use std::time::Duration;

use api::http::Error as ApiError;
use api::pool::{MAX_REPORTS, PoolClient, Reports};
use runtime::{Clock, Stop};
use tokio::sync::Notify;

use crate::Error;
use crate::link::Tokens;
use crate::store::{Queued, Store};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Looks for reports at least this often, whatever rings.
const SWEEP: Duration = Duration::from_secs(30);

/// Sends what is queued.
pub(crate) struct Reporter {
    pub(crate) pool: PoolClient,
    pub(crate) tokens: Tokens,
    pub(crate) store: Store,
    /// Rung when something was queued or heard.
    pub(crate) bell: Arc<Notify>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Stop,
}

/// What came of one sending.
enum Sent {
    /// Nothing was queued.
    Nothing,
    /// The pool has them.
    All,
    /// The pool will never take them together: send them one by one.
    Refused,
}

impl Reporter {
    pub(crate) async fn run(self) {
        let (mut acknowledged, mut most, mut pause) = (None, MAX_REPORTS, FIRST_PAUSE);
        loop {
            let wait = match self.send(&mut acknowledged, most).await {
                Ok(Sent::All) => {
                    pause = FIRST_PAUSE;
                    most = MAX_REPORTS;
                    continue;
                }
                Ok(Sent::Nothing) => SWEEP,
                Ok(Sent::Refused) => {
                    most = 1;
                    FIRST_PAUSE
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "reports wait for the pool");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    pause
                }
            };
            tokio::select! {
                () = self.stop.requested() => return,
                () = self.bell.notified(), if wait == SWEEP => {}
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    async fn send(&self, acknowledged: &mut Option<u64>, most: usize) -> Result<Sent, Error> {
        let heard = self.store.heard().await?;
        let queued = self.store.reports(most).await?;
        if queued.is_empty() && *acknowledged == Some(heard) {
            return Ok(Sent::Nothing);
        }
        let reports = queued.iter().map(|queued| queued.report.clone()).collect();
        let sent = self.pool.report(&self.tokens.token(), &Reports { acknowledged: heard, reports }).await;
        match sent {
            Ok(_) => {
                *acknowledged = Some(heard);
                self.forget(&queued).await?;
                Ok(Sent::All)
            }
            Err(ApiError::Refused { status: 401 | 403, .. }) => {
                self.tokens.renew();
                Err(Error::Pool(sent.expect_err("just matched")))
            }
            Err(ApiError::Refused { status: 400 | 404 | 409 | 413 | 422, problem, .. }) => {
                if let [only] = queued.as_slice() {
                    let message = problem.message;
                    tracing::error!(task = %only.report.task, message, "the pool refuses a report for good: dropped");
                    self.forget(&queued).await?;
                }
                Ok(Sent::Refused)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn forget(&self, queued: &[Queued]) -> Result<(), Error> {
        match (queued.first(), queued.last()) {
            (Some(first), Some(last)) => self.store.reported(first.id, last.id).await,
            _ => Ok(()),
        }
    }
}
