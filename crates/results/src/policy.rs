//! Who may upload which result, and when. Pure: change the rules here.

use api::problem::Code;
use chain::{ContributionView, TaskView};
use protocol::deal::Deal;
use protocol::task::{ContributionStatus, Phase};
use protocol::{Address, ResultDigest, ResultHash, TaskId};
use storage::Cid;
use storage::archive::{ResultLink, Subject};

use crate::refusal::Refusal;

/// What an archive has to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) task: TaskId,
    pub(crate) consensus: ResultHash,
    /// The contract that receives the result; zero is none.
    callback: Address,
}

/// Whether the task's result can be taken at all: revealed or completed.
pub(crate) fn consensus(task: &TaskView) -> Result<ResultHash, Refusal> {
    match task.phase {
        Phase::Revealing { consensus, .. } | Phase::Completed { consensus } => Ok(consensus),
        Phase::Active | Phase::Failed => {
            let message = format!(
                "task {} is {}: results are taken while it is revealing, and once it is completed",
                task.id,
                task.phase.name()
            );
            Err(Refusal::new(Code::Conflict, message))
        }
    }
}

/// Whether `worker`, with this contribution, may hand in the result of `task` to `pool`.
pub(crate) fn admit(
    pool: Address,
    task: &TaskView,
    deal: &Deal,
    worker: Address,
    contribution: Option<&ContributionView>,
) -> Result<Expected, Refusal> {
    if deal.workerpool.pointer != pool {
        let message = format!("task {} belongs to workerpool {}: upload it there", task.id, deal.workerpool.pointer);
        return Err(Refusal::new(Code::Forbidden, message));
    }
    let consensus = consensus(task)?;
    match contribution.map(|contribution| contribution.status) {
        Some(ContributionStatus::Proved) => Ok(Expected { task: task.id, consensus, callback: deal.callback }),
        Some(ContributionStatus::Contributed | ContributionStatus::Rejected) | None => {
            let message =
                format!("{worker} has not revealed a winning result of task {}: only winners upload", task.id);
            Err(Refusal::new(Code::Forbidden, message))
        }
    }
}

impl Expected {
    /// What the consensus is about.
    pub(crate) fn subject(&self) -> Subject {
        if self.callback.is_zero() { Subject::Output } else { Subject::Callback }
    }

    /// Whether an archive of this digest is the result that won.
    pub(crate) fn prove(&self, digest: ResultDigest) -> Result<(), Refusal> {
        if ResultHash::derive(self.task, digest) == self.consensus {
            return Ok(());
        }
        let message = format!("the archive's digest {digest} does not prove the consensus of task {}", self.task);
        Err(Refusal::new(Code::Forbidden, message))
    }

    /// What `finalize` writes on chain.
    pub(crate) fn link(&self, cid: &Cid) -> ResultLink {
        if self.callback.is_zero() {
            return ResultLink::ipfs(cid);
        }
        ResultLink { storage: "ethereum".to_owned(), location: self.callback.to_string() }
    }
}
