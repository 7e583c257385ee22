//! Which orders a list shows, and in which order. Pure. Rules: `offchain.md` 11.2.

#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};

use protocol::order::Kind;
use protocol::{Address, Tag, U256};

use crate::entry::{Entry, Offer};
use crate::params::{Params, Who};
use crate::refusal::Refusal;

/// A member of an order that names an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    App,
    Dataset,
    Workerpool,
    Requester,
    Beneficiary,
}

impl Member {
    fn of(self, offer: &Offer) -> Address {
        match self {
            Self::App => offer.app,
            Self::Dataset => offer.dataset,
            Self::Workerpool => offer.workerpool,
            Self::Requester => offer.requester,
            Self::Beneficiary => offer.beneficiary,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Dataset => "dataset",
            Self::Workerpool => "workerpool",
            Self::Requester => "requester",
            Self::Beneficiary => "beneficiary",
        }
    }

    fn strict_flag(self) -> &'static str {
        match self {
            Self::App => "isAppStrict",
            Self::Dataset => "isDatasetStrict",
            Self::Workerpool => "isWorkerpoolStrict",
            Self::Requester => "isRequesterStrict",
            Self::Beneficiary => "isBeneficiaryStrict",
        }
    }
}

/// Which restrictions pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restriction {
    /// All.
    Any,
    /// None, or this address.
    Allows(Address),
    /// This address.
    Only(Address),
}

impl Restriction {
    fn passes(self, restricted_to: Address) -> bool {
        match self {
            Self::Any => true,
            Self::Allows(who) => restricted_to.is_zero() || restricted_to == who,
            Self::Only(who) => restricted_to == who,
        }
    }
}

/// What a list is asked for. Absent limits pass all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) kind: Kind,
    pub(crate) named: Vec<(Member, Address)>,
    pub(crate) restrictions: Vec<(Member, Restriction)>,
    pub(crate) owner: Option<Address>,
    pub(crate) category: Option<U256>,
    pub(crate) min_tag: Option<Tag>,
    pub(crate) max_tag: Option<Tag>,
    pub(crate) min_trust: Option<U256>,
    pub(crate) max_trust: Option<U256>,
    pub(crate) min_volume: Option<U256>,
    pub(crate) is_bulk_only: bool,
}

impl Filter {
    /// Reads the parameters that a list of `kind` knows; others are no concern of the book.
    pub(crate) fn read(kind: Kind, params: &Params) -> Result<Self, Refusal> {
        use Member::{App, Beneficiary, Dataset, Requester, Workerpool};
        let (named, restricting, owner): (&[Member], &[Member], Option<&str>) = match kind {
            Kind::App => (&[App], &[Dataset, Workerpool, Requester], Some("appOwner")),
            Kind::Dataset => (&[Dataset], &[App, Workerpool, Requester], Some("datasetOwner")),
            Kind::Workerpool => (&[Workerpool], &[App, Dataset, Requester], Some("workerpoolOwner")),
            Kind::Request => (&[App, Dataset, Requester, Beneficiary], &[Workerpool], None),
        };
        let restrictions = restricting.iter().map(|member| Ok((*member, restriction(*member, params)?)));
        let filter = Self {
            kind,
            restrictions: restrictions.collect::<Result<_, Refusal>>()?,
            owner: owner.map(|name| params.address(name)).transpose()?.flatten(),
            named: named_addresses(named, params)?,
            category: params.uint("category")?.filter(|_| matches!(kind, Kind::Workerpool | Kind::Request)),
            min_tag: params.tag("minTag")?,
            max_tag: params.tag("maxTag")?,
            min_trust: params.uint("minTrust")?.filter(|trust| kind == Kind::Workerpool && *trust > U256::from(1)),
            max_trust: params.uint("maxTrust")?.filter(|_| kind == Kind::Request),
            min_volume: params.uint("minVolume")?,
            is_bulk_only: params.flag("bulkOnly")? && kind == Kind::Dataset,
        };
        // A list of all app orders serves nobody: whoever wants one names the app, its owner, or any.
        let needed = match kind {
            Kind::App => Some(("app", "appOwner")),
            Kind::Dataset => Some(("dataset", "datasetOwner")),
            Kind::Workerpool | Kind::Request => None,
        };
        match needed {
            Some((name, owner)) if params.who(name)?.is_none() && filter.owner.is_none() => {
                Err(Refusal::bad(format!("{name} or {owner} is a required field")))
            }
            _ => Ok(filter),
        }
    }

    /// Whether the list shows this order.
    pub(crate) fn shows(&self, entry: &Entry) -> bool {
        let offer = &entry.offer;
        entry.is_open()
            && entry.kind == self.kind
            && self.owner.is_none_or(|owner| entry.signer == owner)
            && self.named.iter().all(|(member, address)| member.of(offer) == *address)
            && self.restrictions.iter().all(|(member, restriction)| restriction.passes(member.of(offer)))
            && self.category.is_none_or(|category| offer.category == category)
            && self.min_tag.is_none_or(|tag| tag.is_within(offer.tag))
            && self.max_tag.is_none_or(|tag| offer.tag.is_within(tag))
            && self.min_trust.is_none_or(|trust| offer.trust >= trust)
            && self.max_trust.is_none_or(|trust| offer.trust <= trust)
            && self.min_volume.is_none_or(|volume| entry.remaining >= volume)
            && (!self.is_bulk_only || entry.is_bulk())
    }
}

fn named_addresses(members: &[Member], params: &Params) -> Result<Vec<(Member, Address)>, Refusal> {
    let mut named = Vec::new();
    for member in members {
        if let Some(Who::One(address)) = params.who(member.name())? {
            named.push((*member, address));
        }
    }
    Ok(named)
}

/// Nobody named is the zero address: then only orders without a restriction pass.
fn restriction(member: Member, params: &Params) -> Result<Restriction, Refusal> {
    let is_strict = params.flag(member.strict_flag())?;
    Ok(match params.who(member.name())? {
        Some(Who::Any) => Restriction::Any,
        Some(Who::One(address)) if is_strict => Restriction::Only(address),
        Some(Who::One(address)) => Restriction::Allows(address),
        None => Restriction::Allows(Address::ZERO),
    })
}

/// Best first: cheapest, or for request orders dearest; then oldest; then by hash.
pub(crate) fn by_merit(a: &Entry, b: &Entry) -> Ordering {
    let price = match (a.kind, b.kind) {
        (Kind::App, Kind::App) => a.offer.app_price.cmp(&b.offer.app_price),
        (Kind::Dataset, Kind::Dataset) => a.offer.dataset_price.cmp(&b.offer.dataset_price),
        (Kind::Request, Kind::Request) => Reverse(a.offer.pool_price).cmp(&Reverse(b.offer.pool_price)),
        _ => a.offer.pool_price.cmp(&b.offer.pool_price),
    };
    price.then(a.published.cmp(&b.published)).then(a.hash.cmp(&b.hash))
}
