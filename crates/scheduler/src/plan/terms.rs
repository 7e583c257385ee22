//! What a deal asks of the pool, and why a pool may not serve it. Read once per deal: a deal never changes.

use protocol::deal::Deal;
use protocol::{Address, Amount, ChainTime, Tag, U256};

/// What a worker must be able to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A WebAssembly app.
    Wasm,
    /// A container image.
    Container,
}

/// Why no worker gets any task of a deal. Its money is refunded after the final deadline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The deal names another key than this scheduler's: the hub would refuse its authorizations.
    #[error("the deal belongs to pool owner {owner}, not to this scheduler's key: the pool changed hands")]
    NotOurs {
        /// The owner that the deal recorded.
        owner: Address,
    },
    /// More than the pool's configuration allows.
    #[error("trust {trust} is above this pool's limit of {max}: lower it, or raise max_trust")]
    TrustTooHigh {
        /// What the deal asks.
        trust: U256,
        /// What the pool serves.
        max: U256,
    },
    /// The tag asks for an enclave.
    #[error("tag {0} asks for an enclave, which this pool's workers do not have")]
    Enclave(Tag),
    /// The tag has bits that nobody here understands.
    #[error("tag {0} asks for features that this pool does not know")]
    UnknownTag(Tag),
    /// The app is of a kind that no worker runs.
    #[error("app type '{0}' is not one that workers run: expected DOCKER or WASM")]
    UnknownApp(String),
}

/// What a deal asks of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// At least 1.
    pub trust: U256,
    /// The category's reference time, in seconds.
    pub unit: u64,
    /// Deadline of contributions, exclusive.
    pub contribute_before: ChainTime,
    /// From here on only `claim` remains.
    pub final_before: ChainTime,
    /// What every contributing worker locks.
    pub worker_stake: Amount,
    /// Contract that receives the result; `None` for most deals.
    pub callback: Option<Address>,
    /// Whether a GPU is needed.
    pub gpu: bool,
    /// What a worker must run, or why none is asked.
    pub needs: Result<Needs, Refusal>,
}

impl Terms {
    /// The terms of `deal`, whose app is of on-chain type `app_kind` and whose category's reference time is `unit`
    /// seconds; `owner` is this scheduler's key.
    #[must_use]
    pub fn read(deal: &Deal, unit: u64, app_kind: &str, owner: Address, max_trust: U256) -> Self {
        Self {
            trust: deal.trust.max(U256::from(1)),
            unit,
            contribute_before: deal.contribute_before(unit),
            final_before: deal.final_before(unit),
            worker_stake: deal.worker_stake,
            callback: (!deal.callback.is_zero()).then_some(deal.callback),
            gpu: deal.tag.is_gpu(),
            needs: needs(deal, app_kind, owner, max_trust),
        }
    }
}

fn needs(deal: &Deal, app_kind: &str, owner: Address, max_trust: U256) -> Result<Needs, Refusal> {
    /// Bit 8, the GPU: the only feature that a worker without an enclave can offer.
    const KNOWN: u16 = 0x0100;
    if deal.workerpool.owner != owner {
        return Err(Refusal::NotOurs { owner: deal.workerpool.owner });
    }
    if deal.trust > max_trust {
        return Err(Refusal::TrustTooHigh { trust: deal.trust, max: max_trust });
    }
    if deal.tag.is_tee() {
        return Err(Refusal::Enclave(deal.tag));
    }
    if !deal.tag.is_within(Tag::from_low(KNOWN)) {
        return Err(Refusal::UnknownTag(deal.tag));
    }
    match app_kind {
        "WASM" => Ok(Needs::Wasm),
        "DOCKER" => Ok(Needs::Container),
        other => Err(Refusal::UnknownApp(other.chars().take(40).collect())),
    }
}
