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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::Bytes;
    use protocol::order::{RequestOrder, Signed, WorkerpoolOrder};

    use super::*;
    use crate::entry::Booked;

    const SIGNER: Address = Address::repeat_byte(1);

    fn entry<O: Booked>(order: O) -> Entry {
        let signed = Signed { order, sign: Bytes::new() };
        Entry::new(OrderHash::default(), &signed, SIGNER, Duration::ZERO)
    }

    fn pool(price: u64, volume: u64) -> Entry {
        entry(WorkerpoolOrder {
            workerpoolprice: Amount::nrlc(price),
            volume: U256::from(volume),
            ..WorkerpoolOrder::default()
        })
    }

    fn facts(stake: u64, consumed: u64) -> Facts {
        Facts { owner: Some(SIGNER), stake: Amount::nrlc(stake), consumed: U256::from(consumed), unmatched: None }
    }

    #[test]
    fn m1_each_fact_decides_as_the_chain_would() {
        let request = entry(RequestOrder {
            appmaxprice: Amount::nrlc(1),
            datasetmaxprice: Amount::nrlc(2),
            workerpoolmaxprice: Amount::nrlc(3),
            requester: SIGNER,
            volume: U256::from(4),
            ..RequestOrder::default()
        });
        let sold = Facts { owner: Some(Address::ZERO), ..facts(99, 0) };
        let lonely = Facts { unmatched: Some(Kind::App), ..facts(99, 0) };
        let (open, dead, filled) = (Status::Open, Status::Dead, Status::Filled);
        for (entry, facts, status, remaining) in [
            // The stake of one task is rounded down before it is multiplied: 30 percent of 7 is 2.
            (pool(7, 5), facts(10, 0), open, 5),
            (pool(7, 5), facts(9, 0), dead, 5),
            (pool(7, 5), facts(9, 1), open, 4),
            (pool(7, 5), facts(0, 5), filled, 0),
            (pool(7, 5), facts(0, u64::MAX), filled, 0),
            (pool(7, 5), sold, dead, 5),
            (request.clone(), facts(24, 0), open, 4),
            (request.clone(), facts(23, 0), dead, 4),
            (request, lonely, dead, 4),
        ] {
            assert_eq!(next(&entry, &facts, false), (status, U256::from(remaining)), "{entry:?} {facts:?}");
            assert_eq!(next(&entry, &facts, true), (Status::Canceled, U256::ZERO));
            assert_eq!(judge(&entry, &facts).refusal(&entry).is_none(), status == open);
        }
    }

    #[test]
    fn a_price_beyond_all_money_is_dead_and_no_panic() {
        let entry = Entry { offer: crate::entry::Offer { volume: U256::MAX, ..pool(u64::MAX, 1).offer }, ..pool(1, 1) };
        assert_eq!(next(&entry, &facts(9, 0), false).0, Status::Dead);
    }
}
