//! What chain and store say of one task: reads, brings the copies in line with the chain, makes the planner's view.

use alloy_primitives::keccak256;
use api::results::ResultsClient;
use chain::Client;
use futures_util::future::try_join_all;
use protocol::consensus::weight;
use protocol::task::Phase;
use protocol::{Address, Bytes, ChainTime, TaskId, U256};

use crate::Error;
use crate::plan::{Delivery, OnChain, TaskView, Terms, Vote};
use crate::replicate::{Replicate, State};
use crate::store::{Store, TaskRow};

/// Longest link that is written on chain, in bytes: it is paid for.
const MAX_LINK_BYTES: usize = 1_024;

/// Reads tasks.
pub(crate) struct Eyes {
    pub(crate) client: Client,
    pub(crate) store: Store,
    pub(crate) results: ResultsClient,
}

impl Eyes {
    /// Everything that decides about one task, as of now.
    pub(crate) async fn look(&self, row: &TaskRow, terms: &Terms, now: ChainTime) -> Result<TaskView, Error> {
        let id = row.task;
        let Some(task) = self.client.task(id).await? else {
            let copies = self.store.copies(id).await?;
            return Ok(TaskView { id, terms: terms.clone(), chain: None, copies, delivery: None });
        };
        if task.phase.name() != row.phase && !task.phase.is_final() {
            self.store.set_phase(id, task.phase.name()).await?;
        }
        let votes = match task.phase {
            Phase::Active | Phase::Revealing { .. } => self.votes(id, &task.contributors).await?,
            Phase::Completed { .. } | Phase::Failed => Vec::new(),
        };
        let is_new_round = matches!(task.phase, Phase::Active);
        for vote in &votes {
            self.align(id, vote, is_new_round, now).await?;
        }
        let delivery = match task.phase {
            Phase::Revealing { revealed, .. } if revealed > 0 => self.delivery(row, terms, &task).await?,
            Phase::Active | Phase::Revealing { .. } | Phase::Completed { .. } | Phase::Failed => None,
        };
        let copies = self.store.copies(id).await?;
        Ok(TaskView { id, terms: terms.clone(), chain: Some(OnChain { phase: task.phase, votes }), copies, delivery })
    }

    async fn votes(&self, task: TaskId, contributors: &[Address]) -> Result<Vec<Vote>, Error> {
        let read = |worker: Address| async move {
            let (contribution, score) =
                tokio::try_join!(self.client.contribution(task, worker), self.client.score(worker))?;
            Ok::<_, Error>(contribution.map(|found| vote(worker, &found, score)))
        };
        let votes = try_join_all(contributors.iter().copied().map(read)).await?;
        // A contributor without a contribution was read across a reorganisation: the next look sees it whole.
        Ok(votes.into_iter().flatten().collect())
    }

    /// Brings one copy in line with the chain, or makes it when the store has lost it.
    async fn align(&self, task: TaskId, vote: &Vote, is_new_round: bool, now: ChainTime) -> Result<(), Error> {
        if !self.store.has_copy(task, vote.worker).await? {
            self.store.adopt(task, &Replicate::assigned(vote.worker, now)).await?;
        }
        let change = |copy: &mut Replicate| {
            copy.observe(vote.status);
            copy.told &= !is_new_round;
        };
        self.store.change(task, vote.worker, change).await?;
        Ok(())
    }

    async fn delivery(&self, row: &TaskRow, terms: &Terms, task: &chain::TaskView) -> Result<Option<Delivery>, Error> {
        match terms.callback {
            Some(contract) => {
                let data = self.callback_data(row, task).await?;
                let link = format!("{{ \"storage\": \"ethereum\", \"location\": \"{contract}\" }}");
                Ok(data.map(|callback| Delivery { link, callback }))
            }
            None => {
                let link = self.link(row).await?;
                Ok(link.map(|link| Delivery { link, callback: Bytes::new() }))
            }
        }
    }

    /// What a worker says belongs into the callback, if its hash is the revealed digest.
    async fn callback_data(&self, row: &TaskRow, task: &chain::TaskView) -> Result<Option<Bytes>, Error> {
        let Some(digest) = task.digest else { return Ok(None) };
        let proves = |data: &Bytes| keccak256(data) == digest.0;
        if let Some(known) = row.callback.clone().filter(proves) {
            return Ok(Some(known));
        }
        let offered = self.store.offered_callbacks(row.task).await?;
        let Some(proved) = offered.into_iter().find(proves) else { return Ok(None) };
        self.store.set_callback(row.task, &proved).await?;
        Ok(Some(proved))
    }

    /// The result service's word, never a worker's.
    async fn link(&self, row: &TaskRow) -> Result<Option<String>, Error> {
        if row.link.is_some() {
            return Ok(row.link.clone());
        }
        let stored = match self.results.stored(row.task).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the result service cannot be asked");
                return Ok(None);
            }
        };
        let Some(stored) = stored else { return Ok(None) };
        if stored.link.len() > MAX_LINK_BYTES || serde_json::from_str::<serde_json::Value>(&stored.link).is_err() {
            tracing::error!(task = %row.task, "the result service answered a link that is no short JSON text");
            return Ok(None);
        }
        self.store.set_link(row.task, &stored.link).await?;
        self.credit_upload(row.task).await?;
        Ok(Some(stored.link))
    }

    /// The copy that was last asked is the one that uploaded.
    async fn credit_upload(&self, task: TaskId) -> Result<(), Error> {
        let copies = self.store.copies(task).await?;
        let asked = copies.iter().filter(|copy| copy.asked.is_some() && !copy.upload_failed);
        let Some(uploader) = asked.max_by_key(|copy| copy.asked) else { return Ok(()) };
        let uploaded = |copy: &mut Replicate| {
            if copy.state == State::Revealed {
                copy.state = State::Uploaded;
            }
        };
        self.store.change(task, uploader.worker, uploaded).await?;
        Ok(())
    }
}

fn vote(worker: Address, found: &chain::ContributionView, score: U256) -> Vote {
    Vote { worker, status: found.status, hash: found.hash, weight: weight(score) }
}
