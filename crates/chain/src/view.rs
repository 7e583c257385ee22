//! What reads return, in the protocol's types. Contracts' words stop in this crate.

use protocol::order::Domain;
use protocol::task::{ContributionStatus, Phase};
use protocol::{Address, Amount, B256, Bytes, ChainTime, DealId, ResultDigest, ResultHash, ResultSeal, TaskId, U256};

/// One hub and what belongs to it; never changes while a client lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubInfo {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The hub's proxy.
    pub hub: Address,
    /// RLC, an ERC-20 token; zero where the hub holds the chain's own coin.
    pub token: Address,
    /// Knows every app.
    pub app_registry: Address,
    /// Knows every dataset.
    pub dataset_registry: Address,
    /// Knows every workerpool.
    pub workerpool_registry: Address,
    /// What orders are signed for.
    pub domain: Domain,
}

/// The newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its timestamp: now, as contracts see it.
    pub time: ChainTime,
}

/// An initialized task. Source: hub `viewTask`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Which.
    pub id: TaskId,
    /// Its deal.
    pub deal: DealId,
    /// Its index in the request order's volume.
    pub index: U256,
    /// Where it stands.
    pub phase: Phase,
    /// The category's reference time, in seconds.
    pub unit: u64,
    /// Deadline of contributions, exclusive.
    pub contribute_before: ChainTime,
    /// From here on only `claim` remains.
    pub final_before: ChainTime,
    /// In the order in which they came; rejected ones stay.
    pub contributors: Vec<Address>,
    /// The revealed digest; `None` before the first reveal.
    pub digest: Option<ResultDigest>,
    /// What `finalize` stored: by convention JSON that names a place.
    pub results: Bytes,
    /// What `finalize` handed to the callback contract.
    pub callback_results: Bytes,
}

/// One worker's contribution. Source: hub `viewContribution`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContributionView {
    /// Where it stands.
    pub status: ContributionStatus,
    /// Commitment shared by equal results.
    pub hash: ResultHash,
    /// Commitment of this worker only.
    pub seal: ResultSeal,
    /// The enclave that signed; zero for a standard task.
    pub enclave: Address,
    /// Share in the reward: `floor(log2(vote weight))`.
    pub share: U256,
}

/// Time limits of a class of tasks. Source: hub `viewCategory`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Number.
    pub id: U256,
    /// `XS` to `XL` on public networks.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Reference time in seconds: all deadlines are multiples of it.
    pub unit: u64,
}

/// Money on the hub. Source: hub `viewAccount`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Free.
    pub stake: Amount,
    /// Locked in deals and contributions.
    pub locked: Amount,
}

/// An app contract; also what is needed to create one. Source: hub `viewApp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppInfo {
    /// Owner of its registry token.
    pub owner: Address,
    /// For people.
    pub name: String,
    /// `DOCKER` on public networks.
    pub kind: String,
    /// Where the app is, as bytes of a text.
    pub multiaddr: Bytes,
    /// Digest of the image.
    pub checksum: B256,
    /// Enclave measurement as JSON text, or empty.
    pub mrenclave: Bytes,
}

/// A dataset contract; also what is needed to create one. Source: hub `viewDataset`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatasetInfo {
    /// Owner of its registry token.
    pub owner: Address,
    /// For people.
    pub name: String,
    /// Where the encrypted file is.
    pub multiaddr: Bytes,
    /// SHA-256 of the encrypted file.
    pub checksum: B256,
}

/// A workerpool contract. Source: hub `viewWorkerpool`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerpoolInfo {
    /// Owner of its registry token: the scheduler's key.
    pub owner: Address,
    /// For people; by convention also where the scheduler is.
    pub description: String,
    /// What a worker locks, in percent of the price.
    pub worker_stake_ratio: U256,
    /// The pool owner's share of the reward, in percent.
    pub scheduler_reward_ratio: U256,
}
