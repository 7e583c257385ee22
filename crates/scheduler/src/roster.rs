//! The workers as the planner sees them: who is connected, what they hold, what the hub says of stake and score.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chain::Client;
use futures_util::StreamExt as _;
use protocol::{Address, Amount, DealId, U256};
use runtime::Clock;

use crate::Error;
use crate::plan::WorkerView;
use crate::store::{Load, Store};
use crate::streams::{Connected, Streams};

/// How long a stake and a score are believed. A contribution that the hub refuses all the same costs only time.
const BELIEVED: Duration = Duration::from_secs(5);
/// Workers that are read from the chain at the same time.
const READERS: usize = 16;

/// Stakes and scores, read a moment ago.
pub(crate) struct Roster {
    client: Client,
    clock: Arc<dyn Clock>,
    known: HashMap<Address, Standing>,
}

#[derive(Clone, Copy)]
struct Standing {
    stake: Amount,
    score: U256,
    read: Duration,
}

impl Roster {
    pub(crate) fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock, known: HashMap::new() }
    }

    /// Every connected worker whose standing could be read. `stake_of` is what a task of a deal locks.
    pub(crate) async fn views(
        &mut self,
        streams: &Streams,
        store: &Store,
        commands: u32,
        stake_of: impl Fn(DealId) -> Amount,
    ) -> Result<Vec<WorkerView>, Error> {
        let connected = streams.connected();
        self.refresh(&connected).await;
        let loads = store.loads().await?;
        let backlogs = store.backlogs().await?;
        let view = |seat: Connected| {
            let standing = self.known.get(&seat.worker)?;
            let load = loads.get(&seat.worker).cloned().unwrap_or_default();
            Some(WorkerView {
                address: seat.worker,
                slots: seat.slots,
                computing: load.computing,
                capabilities: seat.capabilities,
                has_room: backlogs.get(&seat.worker).is_none_or(|waiting| *waiting < u64::from(commands)),
                free_stake: free(standing.stake, &load, &stake_of),
                score: standing.score,
            })
        };
        Ok(connected.into_iter().filter_map(view).collect())
    }

    async fn refresh(&mut self, connected: &[Connected]) {
        let now = self.clock.monotonic();
        self.known.retain(|_, standing| now.saturating_sub(standing.read) <= BELIEVED);
        let unknown: Vec<Address> = connected.iter().map(|seat| seat.worker).collect();
        let unknown = unknown.into_iter().filter(|worker| !self.known.contains_key(worker));
        let client = &self.client;
        let reads = unknown
            .map(|worker| async move { (worker, tokio::try_join!(client.account(worker), client.score(worker))) });
        let read: Vec<_> =
            futures_util::stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(READERS).collect().await;
        for (worker, standing) in read {
            match standing {
                Ok((account, score)) => {
                    self.known.insert(worker, Standing { stake: account.stake, score, read: now });
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(%worker, error, "a worker's stake cannot be read; it gets no work for now");
                }
            }
        }
    }
}

/// What is left when everything handed out is contributed.
fn free(stake: Amount, load: &Load, stake_of: &impl Fn(DealId) -> Amount) -> Amount {
    load.pending.iter().fold(stake, |free, (deal, copies)| {
        let promised = stake_of(*deal).checked_mul(U256::from(*copies));
        promised.and_then(|promised| free.checked_sub(promised)).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stake_promised_to_other_tasks_is_not_free() {
        let deal = DealId::default();
        let load = Load { computing: 0, pending: HashMap::from([(deal, 3)]) };
        assert_eq!(free(Amount::nrlc(10), &load, &|_| Amount::nrlc(3)), Amount::nrlc(1));
        assert_eq!(free(Amount::nrlc(8), &load, &|_| Amount::nrlc(3)), Amount::default());
        assert_eq!(free(Amount::nrlc(8), &Load::default(), &|_| Amount::nrlc(3)), Amount::nrlc(8));
    }
}
