//! The chain, as this crate needs it: a seam with two implementations, the real one here and the tests' fake.
//!
//! The real one answers reads from [`chain::Client`] and acts through [`chain::Outbox`] under keys that name the intent,
//! so that repeating an action after a crash never sends it twice.

use chain::{AppInfo, Client, DatasetInfo, Error, Outbox, Proof, calls};
use protocol::deal::Deal;
use protocol::{Address, Bytes, DealId, ResultDigest, TaskId};
use runtime::BoxFuture;

use crate::plan::View;
use crate::replicate::Commitment;

/// Length of the enclave's signature of a standard task, which is all zeros. Source: `offchain.md` 3.6.
const NO_ENCLAVE_SIGN: [u8; 32] = [0; 32];

/// What a worker asks of the chain and does there.
///
/// Contract: reads are of the newest state; `contribute` and `reveal` return once confirmed, are safe to repeat, and
/// fail with [`Error::Refused`] when the hub says no.
pub(crate) trait Ledger: Send + Sync {
    /// Everything that a plan needs.
    fn view<'a>(&'a self, task: TaskId, deal: &'a Deal, authorized: bool) -> BoxFuture<'a, Result<View, Error>>;
    /// A deal; never changes.
    fn deal(&self, deal: DealId) -> BoxFuture<'_, Result<Option<Deal>, Error>>;
    /// An app contract.
    fn app(&self, app: Address) -> BoxFuture<'_, Result<Option<AppInfo>, Error>>;
    /// A dataset contract.
    fn dataset(&self, dataset: Address) -> BoxFuture<'_, Result<Option<DatasetInfo>, Error>>;
    /// Commits on chain.
    fn contribute(
        &self,
        task: TaskId,
        commitment: Commitment,
        authorization: Bytes,
    ) -> BoxFuture<'_, Result<(), Error>>;
    /// Proves on chain.
    fn reveal(&self, task: TaskId, digest: ResultDigest) -> BoxFuture<'_, Result<(), Error>>;
}

/// The real chain.
pub(crate) struct Hub {
    pub(crate) client: Client,
    pub(crate) outbox: Outbox,
}

impl Hub {
    async fn look(&self, task: TaskId, deal: &Deal, authorized: bool) -> Result<View, Error> {
        let worker = self.outbox.address();
        // The contribution is read last: a task seen as revealing then never lacks the contribution that made it so.
        let head = self.client.head().await?;
        let account = self.client.account(worker).await?;
        let seen = self.client.task(task).await?;
        let contribution = match seen {
            Some(_) => self.client.contribution(task, worker).await?,
            None => None,
        };
        let worker_stake = deal.worker_stake;
        Ok(View { now: head.time, worker, task: seen, contribution, free: account.stake, worker_stake, authorized })
    }
}

impl Ledger for Hub {
    fn view<'a>(&'a self, task: TaskId, deal: &'a Deal, authorized: bool) -> BoxFuture<'a, Result<View, Error>> {
        Box::pin(self.look(task, deal, authorized))
    }

    fn deal(&self, deal: DealId) -> BoxFuture<'_, Result<Option<Deal>, Error>> {
        Box::pin(self.client.deal(deal))
    }

    fn app(&self, app: Address) -> BoxFuture<'_, Result<Option<AppInfo>, Error>> {
        Box::pin(self.client.app(app))
    }

    fn dataset(&self, dataset: Address) -> BoxFuture<'_, Result<Option<DatasetInfo>, Error>> {
        Box::pin(self.client.dataset(dataset))
    }

    fn contribute(
        &self,
        task: TaskId,
        commitment: Commitment,
        authorization: Bytes,
    ) -> BoxFuture<'_, Result<(), Error>> {
        let proof = Proof { enclave: Address::ZERO, enclave_sign: NO_ENCLAVE_SIGN.into(), authorization };
        let call = calls::contribute(self.client.info().hub, task, commitment.hash, commitment.seal, &proof);
        Box::pin(async move { self.outbox.submit(format!("contribute:{task}"), call).await.map(drop) })
    }

    fn reveal(&self, task: TaskId, digest: ResultDigest) -> BoxFuture<'_, Result<(), Error>> {
        let call = calls::reveal(self.client.info().hub, task, digest);
        Box::pin(async move { self.outbox.submit(format!("reveal:{task}"), call).await.map(drop) })
    }
}
