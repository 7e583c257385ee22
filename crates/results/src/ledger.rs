//! What the service asks the chain. A seam, so that tests need no node: [`chain::Client`], and a fake in the tests.

use chain::{Client, ContributionView, TaskView};
use protocol::deal::Deal;
use protocol::{Address, DealId, TaskId};
use runtime::BoxFuture;

type Answer<'a, T> = BoxFuture<'a, Result<Option<T>, chain::Error>>;

/// Reads of the hub; `None` for what it does not know.
pub(crate) trait Ledger: Send + Sync {
    fn task(&self, id: TaskId) -> Answer<'_, TaskView>;
    fn deal(&self, id: DealId) -> Answer<'_, Deal>;
    fn contribution(&self, task: TaskId, worker: Address) -> Answer<'_, ContributionView>;
}

impl Ledger for Client {
    fn task(&self, id: TaskId) -> Answer<'_, TaskView> {
        Box::pin(Client::task(self, id))
    }

    fn deal(&self, id: DealId) -> Answer<'_, Deal> {
        Box::pin(Client::deal(self, id))
    }

    fn contribution(&self, task: TaskId, worker: Address) -> Answer<'_, ContributionView> {
        Box::pin(Client::contribution(self, task, worker))
    }
}
