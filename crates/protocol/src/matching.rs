//! The one matcher: which of the hub's clauses four orders pass, and why they fail the others.
//!
//! The hub stops at the first clause that refuses; [`refusals`] lists all of them, in the hub's order, so that a
//! person can mend everything at once.

use std::collections::BTreeSet;
use std::fmt;

use alloy_primitives::{Address, U256};

use crate::order::{Order as _, Quadruple};
use crate::settlement::Broke;
use crate::{Amount, Tag};

/// A clause of `matchOrders`. [`Clause::code`] is the number in the hub's revert string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Clause {
    /// Request and pool name the same category.
    SameCategory = 0x00,
    /// The category exists.
    KnownCategory = 0x01,
    /// The pool offers the trust wanted.
    Trust = 0x02,
    /// The app is not too dear.
    AppPrice = 0x03,
    /// The dataset is not too dear.
    DatasetPrice = 0x04,
    /// The pool is not too dear.
    WorkerpoolPrice = 0x05,
    /// The pool offers every feature needed.
    PoolTag = 0x06,
    /// An enclave task needs an app made for it.
    AppTag = 0x07,
    /// The requester itself asks for a light deal. Not numbered on chain: a custom error, after 0x07.
    LightRequested = 0x08,
    /// A light deal's trust is 1 at most. Not numbered on chain: a custom error.
    LightTrust = 0x09,
    /// The request wants this app.
    App = 0x10,
    /// The request wants this dataset.
    Dataset = 0x11,
    /// The request allows this pool.
    RequestAllowsPool = 0x12,
    /// The app order allows this dataset.
    AppAllowsDataset = 0x13,
    /// The app order allows this pool.
    AppAllowsPool = 0x14,
    /// The app order allows this requester.
    AppAllowsRequester = 0x15,
    /// The dataset order allows this app.
    DatasetAllowsApp = 0x16,
    /// The dataset order allows this pool.
    DatasetAllowsPool = 0x17,
    /// The dataset order allows this requester.
    DatasetAllowsRequester = 0x18,
    /// The pool order allows this app.
    PoolAllowsApp = 0x19,
    /// The pool order allows this dataset.
    PoolAllowsDataset = 0x1a,
    /// The pool order allows this requester.
    PoolAllowsRequester = 0x1b,
    /// The app is in the registry.
    AppRegistered = 0x20,
    /// The app's owner signed.
    AppSigned = 0x21,
    /// The dataset is in the registry.
    DatasetRegistered = 0x30,
    /// The dataset's owner signed.
    DatasetSigned = 0x31,
    /// The pool is in the registry.
    PoolRegistered = 0x40,
    /// The pool's owner signed.
    PoolSigned = 0x41,
    /// The requester signed.
    RequestSigned = 0x50,
    /// Something is left of every order.
    Volume = 0x60,
    /// The payer has the price. Not numbered on chain: the escrow refuses.
    PayerFunds = 0xf0,
    /// The pool's owner has the stake. Not numbered on chain: the escrow refuses.
    PoolStake = 0xf1,
}

impl Clause {
    /// The number in the hub's revert string; `None` where the escrow refuses, or a custom error says why.
    #[must_use]
    pub fn code(self) -> Option<u8> {
        match self {
            Self::PayerFunds | Self::PoolStake | Self::LightRequested | Self::LightTrust => None,
            numbered => Some(numbered as u8),
        }
    }

    /// The hub's words when this clause refuses; those of light deals are custom errors, named here.
    #[must_use]
    pub fn revert(self) -> String {
        match (self, self.code()) {
            (_, Some(code)) => format!("iExecV5-matchOrders-0x{code:02x}"),
            (Self::LightRequested, None) => "LightNotRequested".to_owned(),
            (Self::LightTrust, None) => "LightTrust".to_owned(),
            (_, None) => "IexecEscrow: Transfer amount exceeds balance".to_owned(),
        }
    }
}

/// What the chain says about the four orders' contracts and owners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Number of categories.
    pub categories: U256,
    /// About the app order.
    pub app: Standing,
    /// About the dataset order; ignored without a dataset.
    pub dataset: Standing,
    /// About the pool order.
    pub workerpool: Standing,
    /// About the request order; its contract is the requester.
    pub request: Standing,
    /// Memberships `(group contract, account)` that a group contract affirmed.
    pub groups: BTreeSet<(Address, Address)>,
    /// Free money of whoever pays.
    pub payer_stake: Amount,
    /// Free money of the pool's owner.
    pub pool_stake: Amount,
}

/// What the chain says about one order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the registry knows the contract.
    pub registered: bool,
    /// Whether the owner's signature or presignature holds.
    pub signed: bool,
    /// How much of the volume is used.
    pub consumed: U256,
}

/// A clause that does not hold, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub clause: Clause,
    /// What is there, and what would pass.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.clause.code() {
            Some(code) => write!(f, "{} (clause {code:#04x})", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// The features that the orders need together. Source: hub clause 06.
#[must_use]
pub fn needed_tag(orders: &Quadruple) -> Tag {
    let dataset = orders.dataset.order.tag.without_framework();
    orders.app.order.tag.union(dataset).union(orders.request.order.tag)
}

/// How many tasks the match makes: the least that is left of any order; zero when one is used up.
#[must_use]
pub fn volume(orders: &Quadruple, facts: &Facts) -> U256 {
    let left = |volume: U256, standing: &Standing| volume.saturating_sub(standing.consumed);
    let mut least = left(orders.app.order.volume(), &facts.app)
        .min(left(orders.workerpool.order.volume(), &facts.workerpool))
        .min(left(orders.request.order.volume(), &facts.request));
    if orders.dataset.order.dataset != Address::ZERO {
        least = least.min(left(orders.dataset.order.volume(), &facts.dataset));
    }
    least
}

/// What one task costs the payer.
#[must_use]
pub fn task_price(orders: &Quadruple) -> Option<Amount> {
    let with_dataset = orders.dataset.order.dataset != Address::ZERO;
    let dataset = if with_dataset { orders.dataset.order.datasetprice } else { Amount::ZERO };
    orders.app.order.appprice.checked_add(dataset)?.checked_add(orders.workerpool.order.workerpoolprice)
}

/// Every clause that refuses, in the hub's order; empty when the match would succeed.
#[must_use]
pub fn refusals(orders: &Quadruple, facts: &Facts) -> Vec<Refusal> {
    let mut found = Found { refusals: Vec::new(), facts };
    terms(&mut found, orders);
    tags(&mut found, orders);
    parties(&mut found, orders);
    standings(&mut found, orders);
    funds(&mut found, orders);
    found.refusals
}

struct Found<'a> {
    refusals: Vec<Refusal>,
    facts: &'a Facts,
}

impl Found<'_> {
    fn require(&mut self, clause: Clause, holds: bool, reason: impl FnOnce() -> String) {
        if !holds {
            self.refusals.push(Refusal { clause, reason: reason() });
        }
    }

    fn allows(&mut self, clause: Clause, restriction: Address, account: Address, who: &str, what: &str) {
        let holds = restriction == Address::ZERO
            || restriction == account
            || self.facts.groups.contains(&(restriction, account));
        self.require(clause, holds, || format!("the {who} order is only for {what} {restriction}, not for {account}"));
    }
}

fn terms(found: &mut Found<'_>, orders: &Quadruple) {
    let (app, dataset, pool, request) =
        (&orders.app.order, &orders.dataset.order, &orders.workerpool.order, &orders.request.order);
    found.require(Clause::SameCategory, request.category == pool.category, || {
        format!("the request is for category {}, the pool offers category {}", request.category, pool.category)
    });
    let categories = found.facts.categories;
    found.require(Clause::KnownCategory, request.category < categories, || {
        format!("category {} does not exist; there are {categories}", request.category)
    });
    found.require(Clause::Trust, request.trust <= pool.trust, || {
        format!("the request wants trust {}, the pool offers at most {}", request.trust, pool.trust)
    });
    let prices = [
        (Clause::AppPrice, "app", app.appprice, request.appmaxprice),
        (Clause::DatasetPrice, "dataset", dataset.datasetprice, request.datasetmaxprice),
        (Clause::WorkerpoolPrice, "pool", pool.workerpoolprice, request.workerpoolmaxprice),
    ];
    for (clause, who, asked, most) in prices {
        found.require(clause, asked <= most, || format!("the {who} costs {asked} a task, the request allows {most}"));
    }
}

fn tags(found: &mut Found<'_>, orders: &Quadruple) {
    let needed = needed_tag(orders);
    let offered = orders.workerpool.order.tag;
    found.require(Clause::PoolTag, needed.is_within(offered), || {
        format!("needed is {}, and the pool does not offer {}", needed, needed.missing_from(offered))
    });
    found.require(Clause::AppTag, !needed.is_tee() || orders.app.order.tag.is_tee(), || {
        "an enclave is needed, but the app order does not offer one".to_owned()
    });
    if needed.is_light() {
        let request = &orders.request.order;
        found.require(Clause::LightRequested, request.tag.is_light(), || {
            "the app or dataset order asks for a light deal, the request does not".to_owned()
        });
        found.require(Clause::LightTrust, request.trust <= U256::from(1), || {
            format!("a light deal has trust 1 at most, the request wants {}", request.trust)
        });
    }
}

fn parties(found: &mut Found<'_>, orders: &Quadruple) {
    let (app, dataset, pool, request) =
        (&orders.app.order, &orders.dataset.order, &orders.workerpool.order, &orders.request.order);
    found.require(Clause::App, request.app == app.app, || {
        format!("the request wants app {}, the app order sells {}", request.app, app.app)
    });
    found.require(Clause::Dataset, request.dataset == dataset.dataset, || {
        format!("the request wants dataset {}, the dataset order sells {}", request.dataset, dataset.dataset)
    });
    let requester = request.requester;
    found.allows(Clause::RequestAllowsPool, request.workerpool, pool.workerpool, "request", "pool");
    found.allows(Clause::AppAllowsDataset, app.datasetrestrict, dataset.dataset, "app", "dataset");
    found.allows(Clause::AppAllowsPool, app.workerpoolrestrict, pool.workerpool, "app", "pool");
    found.allows(Clause::AppAllowsRequester, app.requesterrestrict, requester, "app", "requester");
    found.allows(Clause::DatasetAllowsApp, dataset.apprestrict, app.app, "dataset", "app");
    found.allows(Clause::DatasetAllowsPool, dataset.workerpoolrestrict, pool.workerpool, "dataset", "pool");
    found.allows(Clause::DatasetAllowsRequester, dataset.requesterrestrict, requester, "dataset", "requester");
    found.allows(Clause::PoolAllowsApp, pool.apprestrict, app.app, "pool", "app");
    found.allows(Clause::PoolAllowsDataset, pool.datasetrestrict, dataset.dataset, "pool", "dataset");
    found.allows(Clause::PoolAllowsRequester, pool.requesterrestrict, requester, "pool", "requester");
}

fn standings(found: &mut Found<'_>, orders: &Quadruple) {
    let facts = found.facts;
    let mut checks = vec![
        (Clause::AppRegistered, Clause::AppSigned, "app", orders.app.order.app, facts.app),
        (Clause::PoolRegistered, Clause::PoolSigned, "pool", orders.workerpool.order.workerpool, facts.workerpool),
    ];
    if orders.dataset.order.dataset != Address::ZERO {
        let dataset = orders.dataset.order.dataset;
        checks.insert(1, (Clause::DatasetRegistered, Clause::DatasetSigned, "dataset", dataset, facts.dataset));
    }
    for (registered, signed, who, contract, standing) in checks {
        found.require(registered, standing.registered, || format!("{who} {contract} is not registered with this hub"));
        found.require(signed, standing.signed, || format!("the {who} order is not signed by the owner of {contract}"));
    }
    let requester = orders.request.order.requester;
    found.require(Clause::RequestSigned, facts.request.signed, || {
        format!("the request order is not signed by its requester {requester}")
    });
    found.require(Clause::Volume, !volume(orders, facts).is_zero(), || used_up(orders, facts));
}

fn used_up(orders: &Quadruple, facts: &Facts) -> String {
    let all = [
        ("app", orders.app.order.volume(), facts.app.consumed),
        ("dataset", orders.dataset.order.volume(), facts.dataset.consumed),
        ("pool", orders.workerpool.order.volume(), facts.workerpool.consumed),
        ("request", orders.request.order.volume(), facts.request.consumed),
    ];
    let with_dataset = orders.dataset.order.dataset != Address::ZERO;
    let used: Vec<_> = all
        .iter()
        .filter(|(who, volume, consumed)| volume <= consumed && (with_dataset || *who != "dataset"))
        .map(|(who, volume, _)| format!("nothing is left of the {who} order (volume {volume})"))
        .collect();
    used.join(", ")
}

fn funds(found: &mut Found<'_>, orders: &Quadruple) {
    let tasks = volume(orders, found.facts);
    let price = task_price(orders).and_then(|price| price.checked_mul(tasks));
    let stake = orders.workerpool.order.workerpoolprice.percent(U256::from(crate::deal::POOL_STAKE_PERCENT));
    let stake = stake.and_then(|stake| stake.checked_mul(tasks));
    let (payer, pool) = (found.facts.payer_stake, found.facts.pool_stake);
    let short = |who: &str, held: Amount, needed: Option<Amount>| match needed {
        Some(needed) => {
            format!("{who} has {held} deposited, {tasks} tasks need {needed}: {} is missing", needed.shortfall_of(held))
        }
        None => Broke::Overflow.to_string(),
    };
    found.require(Clause::PayerFunds, price.is_some_and(|price| price <= payer), || short("the payer", payer, price));
    found.require(Clause::PoolStake, stake.is_some_and(|stake| stake <= pool), || {
        short("the pool's owner", pool, stake)
    });
}

#[cfg(test)]
mod tests;
