//! Who gets a copy of a task, and in words why somebody does not.

use std::fmt;

use alloy_primitives::{B256, keccak256};
use api::pool::Capabilities;
use protocol::{Address, Amount, TaskId, U256};

use super::{Needs, Terms};
use crate::replicate::Replicate;

/// A worker as the planner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerView {
    /// Who.
    pub address: Address,
    /// Tasks that it computes at the same time.
    pub slots: u32,
    /// Copies that take a slot now.
    pub computing: u32,
    /// What it can run.
    pub capabilities: Capabilities,
    /// Whether its command queue has room.
    pub has_room: bool,
    /// Stake on the hub that nothing has been promised of.
    pub free_stake: Amount,
    /// Its score on the hub.
    pub score: U256,
}

/// Why a worker gets no copy of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsuitable {
    /// It has, or had, a copy: one worker has one vote.
    HadIt,
    /// Every slot is taken.
    NoSlot,
    /// It acknowledges nothing.
    Backlog,
    /// It runs no WebAssembly.
    NoWasm,
    /// It runs no containers.
    NoContainers,
    /// It has no GPU.
    NoGpu,
    /// The hub would refuse its contribution.
    Stake {
        /// What the deal locks.
        needed: Amount,
        /// What is free.
        free: Amount,
    },
}

impl fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HadIt => f.write_str("had this task before"),
            Self::NoSlot => f.write_str("has no free slot"),
            Self::Backlog => f.write_str("leaves its commands unacknowledged"),
            Self::NoWasm => f.write_str("runs no WebAssembly"),
            Self::NoContainers => f.write_str("runs no containers"),
            Self::NoGpu => f.write_str("has no GPU"),
            Self::Stake { needed, free } => {
                write!(f, "has {free} of free stake where {needed} is locked: deposit more")
            }
        }
    }
}

/// Nobody can take a copy now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoWorker {
    /// How many are connected.
    pub connected: usize,
    /// Why not these, a few of them.
    pub reasons: Vec<(Address, Unsuitable)>,
}

/// Reasons that are shown; a pool may have a thousand workers.
const SHOWN: usize = 5;

impl fmt::Display for NoWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.connected == 0 {
            return f.write_str("no worker is connected to the pool");
        }
        write!(f, "none of {} connected workers can take it", self.connected)?;
        for (worker, reason) in &self.reasons {
            write!(f, "; {worker} {reason}")?;
        }
        Ok(())
    }
}

/// The worker for the next copy: drawn among the suitable ones by `salt`, so that nobody can choose an address that
/// gets a given task.
///
/// # Errors
/// [`NoWorker`] with reasons.
pub fn choose(
    task: TaskId,
    terms: &Terms,
    needs: Needs,
    copies: &[Replicate],
    workers: &[WorkerView],
    salt: B256,
) -> Result<Address, NoWorker> {
    let mut refused = NoWorker { connected: workers.len(), reasons: Vec::new() };
    let mut best: Option<(B256, Address)> = None;
    for worker in workers {
        if let Some(reason) = unsuitable(terms, needs, copies, worker) {
            if refused.reasons.len() < SHOWN {
                refused.reasons.push((worker.address, reason));
            }
            continue;
        }
        let draw = keccak256([salt.as_slice(), task.0.as_slice(), worker.address.as_slice()].concat());
        if best.is_none_or(|(lowest, _)| draw < lowest) {
            best = Some((draw, worker.address));
        }
    }
    best.map(|(_, address)| address).ok_or(refused)
}

fn unsuitable(terms: &Terms, needs: Needs, copies: &[Replicate], worker: &WorkerView) -> Option<Unsuitable> {
    let can = &worker.capabilities;
    if copies.iter().any(|copy| copy.worker == worker.address) {
        return Some(Unsuitable::HadIt);
    }
    match needs {
        Needs::Wasm if !can.wasm => return Some(Unsuitable::NoWasm),
        Needs::Container if !can.containers => return Some(Unsuitable::NoContainers),
        Needs::Wasm | Needs::Container => {}
    }
    if terms.gpu && !can.gpu {
        return Some(Unsuitable::NoGpu);
    }
    if worker.free_stake < terms.worker_stake {
        return Some(Unsuitable::Stake { needed: terms.worker_stake, free: worker.free_stake });
    }
    if worker.computing >= worker.slots {
        return Some(Unsuitable::NoSlot);
    }
    (!worker.has_room).then_some(Unsuitable::Backlog)
}
