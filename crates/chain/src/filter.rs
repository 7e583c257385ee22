//! Which events to read, and reading them in windows that every node answers.

use alloy::primitives::{Address, B256};
use alloy::rpc::types::Filter;
use protocol::TaskId;

use crate::event::decode;
use crate::{Client, Error, EventKind, HubEvent};

/// Blocks in one question: what the strictest public nodes answer. Source: `chain-rpc.md` 9.
pub(crate) const WINDOW: u64 = 1000;

/// Which events are wanted; empty wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    workerpool: Option<Address>,
    task: Option<TaskId>,
    kinds: Option<Vec<EventKind>>,
}

impl EventFilter {
    /// Every event of the hub and its registries.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only these kinds.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// Of the events that name a pool, only those of this one; events that name none pass.
    #[must_use]
    pub fn workerpool(mut self, workerpool: Address) -> Self {
        self.workerpool = Some(workerpool);
        self
    }

    /// Only events of this task.
    #[must_use]
    pub fn task(mut self, task: TaskId) -> Self {
        self.task = Some(task);
        self
    }

    /// Whether `event` is wanted.
    #[must_use]
    pub fn wants(&self, event: &HubEvent) -> bool {
        let event = &event.event;
        let pool = match (self.workerpool, event.workerpool()) {
            (Some(wanted), Some(named)) => wanted == named,
            _ => true,
        };
        let task = self.task.is_none_or(|wanted| event.task() == Some(wanted));
        let kind = self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind()));
        pool && task && kind
    }

    fn topics(&self) -> Vec<B256> {
        let mut topics: Vec<B256> = self.chosen().iter().flat_map(|kind| kind.topics()).collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    fn chosen(&self) -> &[EventKind] {
        self.kinds.as_deref().unwrap_or(EventKind::ALL)
    }

    /// The contracts that emit what is wanted.
    fn addresses(&self, client: &Client) -> Vec<Address> {
        let info = client.info();
        let mut addresses = Vec::new();
        if self.chosen().iter().any(|kind| *kind != EventKind::ResourceTransfer) {
            addresses.push(info.hub);
        }
        if self.chosen().contains(&EventKind::ResourceTransfer) {
            addresses.extend([info.app_registry, info.dataset_registry, info.workerpool_registry]);
        }
        addresses
    }
}

impl Client {
    /// Events of the blocks `from..=to`, in their order. Blocks above the head have none.
    ///
    /// # Errors
    /// When the node does not answer, or refuses even a single block.
    pub async fn events(&self, from: u64, to: u64, filter: &EventFilter) -> Result<Vec<HubEvent>, Error> {
        // Some nodes refuse a range that ends above their head.
        let head = self.node().latest().await?.number.to();
        self.events_below_head(from, to.min(head), filter).await
    }

    /// [`Client::events`] for a caller that knows the head.
    pub(crate) async fn events_below_head(
        &self,
        from: u64,
        to: u64,
        filter: &EventFilter,
    ) -> Result<Vec<HubEvent>, Error> {
        let mut events = Vec::new();
        if filter.chosen().is_empty() {
            return Ok(events);
        }
        let base = Filter::new().address(filter.addresses(self)).event_signature(filter.topics());
        let (mut next, mut size) = (from, WINDOW);
        while next <= to {
            let last = to.min(next.saturating_add(size - 1));
            match self.node().logs(&base.clone().from_block(next).to_block(last)).await {
                Ok(logs) => {
                    let read = logs.iter().filter_map(|log| decode(log, self.info()));
                    events.extend(read.filter(|event| filter.wants(event)));
                    let Some(after) = last.checked_add(1) else { break };
                    next = after;
                }
                // Providers word their limits each in their own way: any refusal of a wide window is taken for one.
                Err(Error::BadNode { .. }) if last > next => size = (last - next).div_ceil(2),
                Err(error) => return Err(error),
            }
        }
        events.sort_by_key(|event| (event.block, event.index));
        Ok(events)
    }
}
