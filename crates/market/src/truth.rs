//! What the chain makes of an order: facts in, verdict out. Pure; publishing and following both ask it.

use api::market::Status;
use protocol::order::Kind;
use protocol::{Address, Amount, OrderHash, U256};

use crate::entry::Entry;

/// What the chain and the book say about one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Who owns what it sells; `None` when that is no contract.
    pub(crate) owner: Option<Address>,
    /// Free money of the signer.
    pub(crate) stake: Amount,
    /// How much of the volume is used.
    pub(crate) consumed: U256,
    /// What a request order finds no counterpart for.
    pub(crate) unmatched: Option<Kind>,
}

/// What that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It can be matched, this many times.
    Open(U256),
    /// Nothing is left.
    UsedUp,
    /// The signer is not the owner any more.
    Unowned,
    /// The signer lacks money.
    Unfunded { needed: Option<Amount>, held: Amount },
    /// Nobody offers the app or the dataset.
    Unmatched(Kind),
}

/// Judges an order.
pub(crate) fn judge(entry: &Entry, facts: &Facts) -> Verdict {
    if facts.owner != Some(entry.signer) {
        return Verdict::Unowned;
    }
    let remaining = entry.offer.volume.saturating_sub(facts.consumed);
    if remaining.is_zero() {
        return Verdict::UsedUp;
    }
    let needed = entry.cover(remaining);
    if needed.is_none_or(|needed| needed > facts.stake) {
        return Verdict::Unfunded { needed, held: facts.stake };
    }
    match facts.unmatched {
        Some(kind) => Verdict::Unmatched(kind),
        None => Verdict::Open(remaining),
    }
}

/// What the book says from now on. `is_closed`: the hub said that its owner closed it.
pub(crate) fn next(entry: &Entry, facts: &Facts, is_closed: bool) -> (Status, U256) {
    if is_closed {
        return (Status::Canceled, U256::ZERO);
    }
    let remaining = entry.offer.volume.saturating_sub(facts.consumed);
    if remaining.is_zero() {
        return (Status::Filled, U256::ZERO);
    }
    let status = match judge(entry, facts) {
        Verdict::Open(_) => Status::Open,
        Verdict::UsedUp => Status::Filled,
        Verdict::Unowned | Verdict::Unfunded { .. } | Verdict::Unmatched(_) => Status::Dead,
    };
    (status, remaining)
}

impl Verdict {
    /// Why an order is not taken, for people; `None` when it is.
    pub(crate) fn refusal(&self, entry: &Entry) -> Option<String> {
        let (kind, hash, signer): (_, OrderHash, _) = (entry.kind, entry.hash, entry.signer);
        match self {
            Self::Open(_) => None,
            Self::UsedUp => Some(format!("{kind} order {hash} is fully consumed or closed: sign a new one")),
            Self::Unowned => Some(format!("{signer} does not own {}: only its owner can sell it", entry.subject())),
            Self::Unfunded { needed: Some(needed), held } => Some(format!(
                "{signer} has {held} free on the hub and this {kind} order needs {needed}: deposit more, or offer less"
            )),
            Self::Unfunded { needed: None, .. } => {
                Some(format!("no stake could cover this {kind} order: lower its price or its volume"))
            }
            Self::Unmatched(missing) => Some(format!(
                "no open {missing} order fits this request: publish one, raise {missing}maxprice, or check restrictions"
            )),
        }
    }
}
