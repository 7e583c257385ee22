//! The deals of the pool: their terms, and a window of open tasks over each.

use std::collections::HashMap;

use chain::Client;
use protocol::deal::Deal;
use protocol::{Address, Amount, DealId, TaskId, U256};

use super::watch::Watches;
use crate::Error;
use crate::plan::Terms;
use crate::store::{DealRow, Store};

/// What a deal says that matters here. Never changes.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) terms: Terms,
    first: U256,
}

/// Terms of the open deals, read once each.
pub(super) struct Deals {
    client: Client,
    store: Store,
    owner: Address,
    max_trust: U256,
    open_tasks: u64,
    known: HashMap<DealId, Known>,
}

impl Deals {
    pub(super) fn new(client: Client, store: Store, owner: Address, max_trust: U256, open_tasks: u32) -> Self {
        Self { client, store, owner, max_trust, open_tasks: u64::from(open_tasks), known: HashMap::new() }
    }

    /// Remembers a deal that the chain announced.
    pub(super) async fn announce(&self, deal: DealId) -> Result<(), Error> {
        let Some(found) = self.client.deal(deal).await? else {
            tracing::warn!(%deal, "a deal was announced that the hub does not know: a reorganisation took it back");
            return Ok(());
        };
        // More tasks than 2^64 cannot be matched: every one of them is counted in an order's volume and paid for.
        let size = u64::try_from(found.bot_size).unwrap_or(u64::MAX);
        self.store.add_deal(deal, size).await
    }

    /// Fills every deal's window with its next tasks, and closes the deals whose tasks have all ended.
    pub(super) async fn refresh(&mut self, watches: &mut Watches) -> Result<(), Error> {
        for row in self.store.open_deals().await? {
            if row.made >= row.size && row.open == 0 {
                self.store.close_deal(row.deal).await?;
                self.known.remove(&row.deal);
                tracing::info!(deal = %row.deal, tasks = row.size, "every task of the deal has ended");
                continue;
            }
            if let Some(known) = self.read(row.deal).await? {
                self.fill(row, known.first, watches).await?;
            }
        }
        Ok(())
    }

    /// The terms of a deal; `None` when the hub does not know it.
    pub(super) async fn read(&mut self, deal: DealId) -> Result<Option<Known>, Error> {
        if let Some(known) = self.known.get(&deal) {
            return Ok(Some(known.clone()));
        }
        let Some(found) = self.client.deal(deal).await? else { return Ok(None) };
        let Some(category) = self.client.category(found.category).await? else { return Ok(None) };
        let app = self.client.app(found.app.pointer).await?.map(|app| app.kind).unwrap_or_default();
        let known = self.understand(deal, &found, category.unit, &app);
        self.known.insert(deal, known.clone());
        Ok(Some(known))
    }

    /// What one contribution to a task of `deal` locks.
    pub(super) fn stake(&self, deal: DealId) -> Amount {
        self.known.get(&deal).map(|known| known.terms.worker_stake).unwrap_or_default()
    }

    fn understand(&self, id: DealId, deal: &Deal, unit: u64, app_kind: &str) -> Known {
        let terms = Terms::read(deal, unit, app_kind, self.owner, self.max_trust);
        match &terms.needs {
            Ok(needs) => {
                tracing::info!(deal = %id, tasks = %deal.bot_size, trust = %terms.trust, ?needs, "a deal to serve")
            }
            Err(refusal) => tracing::warn!(deal = %id, %refusal, "a deal that this pool does not serve"),
        }
        Known { terms, first: deal.bot_first }
    }

    async fn fill(&self, row: DealRow, first: U256, watches: &mut Watches) -> Result<(), Error> {
        let count = row.size.saturating_sub(row.made).min(self.open_tasks.saturating_sub(row.open));
        if count == 0 {
            return Ok(());
        }
        let made = row.made + count;
        let index = |offset: u64| first.saturating_add(U256::from(offset));
        let tasks: Vec<(U256, TaskId)> =
            (row.made..made).map(|offset| (index(offset), TaskId::derive(row.deal, index(offset)))).collect();
        self.store.add_tasks(row.deal, &tasks, made).await?;
        tasks.iter().for_each(|(_, task)| watches.add(*task));
        Ok(())
    }
}
