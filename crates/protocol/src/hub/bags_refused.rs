//! Why calls for many tasks, and those of light deals, say no: in words for people and as the contracts' custom errors.

use alloy_primitives::{Address, B256, U256, keccak256};

use super::Revert;
use crate::{ChainTime, DealId, ResultDigest, Tag, TaskId};

/// A refused call of the contracts' `IexecBags` or `IexecLight`; nothing has changed then. Each is the custom error of the
/// same name with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the ABI's own; the interfaces document each")]
pub enum BagsRefused {
    /// No such deal.
    #[error("deal {0} does not exist")]
    UnknownDeal(DealId),
    /// None, or too many at once.
    #[error("a call takes 1 to {most} items, these are {count}: split them")]
    BadCount { count: U256, most: u32 },
    /// The range leaves the deal.
    #[error("tasks {first} and on, {count} of them, leave the deal: it has {bot_size} from {bot_first} on")]
    OutsideDeal { first: U256, count: U256, bot_first: U256, bot_size: U256 },
    /// The range leaves what was signed.
    #[error("tasks {first} and on, {count} of them, leave the permit: it is for {permit_count} from {permit_first} on")]
    OutsidePermit { first: U256, count: U256, permit_first: U256, permit_count: U256 },
    /// A deadline has passed; its own second is late.
    #[error("too late: the deadline was {deadline}")]
    TooLate { deadline: ChainTime },
    /// An enclave deal without an enclave.
    #[error("the tag of deal {0} asks for an enclave: settle with the enclave's challenge address")]
    EnclaveRequired(DealId),
    /// Without the pool's word no worker settles, and only who took part publishes.
    #[error("{worker} is not authorized by {authorizer}")]
    NotAuthorized { worker: Address, authorizer: Address },
    /// The enclave's signature is somebody else's.
    #[error("what is settled is not signed by enclave {enclave}")]
    BadEnclaveSignature { enclave: Address },
    /// More than fits, or than may be said.
    #[error("the results take {size} bytes, at most {most} fit: say where they are instead")]
    ResultsTooLong { size: usize, most: u32 },
    /// A light deal's tasks are no others.
    #[error("deal {0} is a light one: settle it as such")]
    LightDeal(DealId),
    /// One worker alone settles tasks of trust 1 only.
    #[error("deal {deal} has trust {trust}: its tasks need a vote")]
    TrustAboveOne { deal: DealId, trust: U256 },
    /// Two arrays belong together item by item.
    #[error("{left} tasks, but {right} digests")]
    LengthMismatch { left: usize, right: usize },
    /// Somebody else may act before the caller may.
    #[error("{caller} may do that from {from} on")]
    TooEarly { caller: Address, from: ChainTime },
    /// Settled, or contributed to.
    #[error("task {index} of deal {deal} is settled, or others have contributed to it")]
    TaskNotOpen { deal: DealId, index: U256 },
    /// Nobody has revealed, or it is over.
    #[error("task {0} is not revealing, or nobody has revealed")]
    TaskNotRevealed(TaskId),
    /// Only completed tasks have results.
    #[error("task {0} is not completed")]
    TaskNotCompleted(TaskId),
    /// Callback data without callback, or not the data that was voted for.
    #[error("the callback data of task {task} does not hash to {digest}, or the deal has no callback")]
    CallbackMismatch { task: TaskId, digest: ResultDigest },
    /// Strangers do not say where a result is.
    #[error("{caller} has no part in the task: finalize with empty results")]
    ResultsNotYours { caller: Address },
    /// Every vote was passed over.
    #[error("no vote could be counted")]
    NothingCounted,
    /// No digest fitted.
    #[error("no contribution is proved by these digests")]
    NothingProved,
    /// An app or dataset asks for a light deal, the requester does not.
    #[error("the orders' tag {tag} asks for a light deal, the request does not")]
    LightNotRequested { tag: Tag },
    /// One worker's word must do.
    #[error("a light deal has trust 1 at most, the request wants {trust}")]
    LightTrust { trust: U256 },
    /// No such deal, or another kind.
    #[error("deal {0} is not a light one")]
    NotLight(DealId),
    /// Settled, or refunded.
    #[error("task {index} of deal {deal} is settled or refunded")]
    LightNotOpen { deal: DealId, index: U256 },
    /// Everything is settled or refunded.
    #[error("none of the {count} tasks from {first} on of deal {deal} is open")]
    NothingToClaim { deal: DealId, first: U256, count: U256 },
    /// Workers have time yet.
    #[error("too early: tasks can be claimed from {deadline} on")]
    NotExpired { deadline: ChainTime },
    /// The result is not in the tree.
    #[error("no settled range has this result of task {index} of deal {deal}")]
    NotProved { deal: DealId, index: U256 },
    /// Nobody to deliver to.
    #[error("deal {0} has no callback")]
    NoCallback(DealId),
    /// One callback a task.
    #[error("the result of task {index} of deal {deal} was delivered before")]
    AlreadyDelivered { deal: DealId, index: U256 },
}

impl BagsRefused {
    /// The contracts' answer to the same call.
    #[must_use]
    pub fn revert(&self) -> Revert {
        let (signature, words) = self.error();
        let selector = &keccak256(signature)[..4];
        Revert::Custom([selector, words.concat().as_slice()].concat().into())
    }

    /// The custom error's signature, and its values as words.
    fn error(&self) -> (&'static str, Vec<B256>) {
        let number = |value: U256| B256::from(value);
        let moment = |time: ChainTime| B256::from(U256::from(time.0));
        let length = |bytes: usize| B256::from(U256::from(bytes));
        let most = |most: u32| B256::from(U256::from(most));
        match *self {
            Self::UnknownDeal(deal) => ("UnknownDeal(bytes32)", vec![deal.0]),
            Self::BadCount { count, most: limit } => ("BadCount(uint256,uint256)", vec![number(count), most(limit)]),
            Self::OutsideDeal { first, count, bot_first, bot_size } => (
                "OutsideDeal(uint256,uint256,uint256,uint256)",
                [first, count, bot_first, bot_size].map(B256::from).to_vec(),
            ),
            Self::OutsidePermit { first, count, permit_first, permit_count } => (
                "OutsidePermit(uint256,uint256,uint256,uint256)",
                [first, count, permit_first, permit_count].map(B256::from).to_vec(),
            ),
            Self::TooLate { deadline } => ("TooLate(uint256)", vec![moment(deadline)]),
            Self::EnclaveRequired(deal) => ("EnclaveRequired(bytes32)", vec![deal.0]),
            Self::NotAuthorized { worker, authorizer } => {
                ("NotAuthorized(address,address)", [worker, authorizer].map(|account| account.into_word()).to_vec())
            }
            Self::BadEnclaveSignature { enclave } => ("BadEnclaveSignature(address)", vec![enclave.into_word()]),
            Self::ResultsTooLong { size, most: limit } => {
                ("ResultsTooLong(uint256,uint256)", vec![length(size), most(limit)])
            }
            Self::LightDeal(deal) => ("LightDeal(bytes32)", vec![deal.0]),
            Self::TrustAboveOne { deal, trust } => ("TrustAboveOne(bytes32,uint256)", vec![deal.0, number(trust)]),
            Self::LengthMismatch { left, right } => {
                ("LengthMismatch(uint256,uint256)", vec![length(left), length(right)])
            }
            Self::TooEarly { caller, from } => ("TooEarly(address,uint256)", vec![caller.into_word(), moment(from)]),
            Self::TaskNotOpen { deal, index } => ("TaskNotOpen(bytes32,uint256)", vec![deal.0, number(index)]),
            Self::TaskNotRevealed(task) => ("TaskNotRevealed(bytes32)", vec![task.0]),
            Self::TaskNotCompleted(task) => ("TaskNotCompleted(bytes32)", vec![task.0]),
            Self::CallbackMismatch { task, digest } => ("CallbackMismatch(bytes32,bytes32)", vec![task.0, digest.0]),
            Self::ResultsNotYours { caller } => ("ResultsNotYours(address)", vec![caller.into_word()]),
            Self::NothingCounted => ("NothingCounted()", Vec::new()),
            Self::NothingProved => ("NothingProved()", Vec::new()),
            Self::LightNotRequested { tag } => ("LightNotRequested(bytes32)", vec![tag.0]),
            Self::LightTrust { trust } => ("LightTrust(uint256)", vec![number(trust)]),
            Self::NotLight(deal) => ("NotLight(bytes32)", vec![deal.0]),
            Self::LightNotOpen { deal, index } => ("LightNotOpen(bytes32,uint256)", vec![deal.0, number(index)]),
            Self::NothingToClaim { deal, first, count } => {
                ("NothingToClaim(bytes32,uint256,uint256)", vec![deal.0, number(first), number(count)])
            }
            Self::NotExpired { deadline } => ("NotExpired(uint256)", vec![moment(deadline)]),
            Self::NotProved { deal, index } => ("NotProved(bytes32,uint256)", vec![deal.0, number(index)]),
            Self::NoCallback(deal) => ("NoCallback(bytes32)", vec![deal.0]),
            Self::AlreadyDelivered { deal, index } => {
                ("AlreadyDelivered(bytes32,uint256)", vec![deal.0, number(index)])
            }
        }
    }
}
