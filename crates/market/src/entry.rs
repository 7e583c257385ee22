//! One order of the book, flattened to what filters and rules read. A new kind of order: implement [`Booked`].

use std::time::Duration;

use api::market::{Listed, Status};
use protocol::order::{AppOrder, DatasetOrder, Kind, RequestOrder, Signed, WorkerpoolOrder};
use protocol::{Address, Amount, OrderHash, Tag, U256};
use serde_json::{Map, Value, json};

use crate::iso::iso;

/// Volume from which on a free dataset order may be used in bulk: JavaScript's greatest exact integer, less one.
const BULK_VOLUME: u64 = (1 << 53) - 2;
/// Share of its price that a pool's owner must hold free for every open task.
const POOL_STAKE_PERCENT: u64 = protocol::deal::POOL_STAKE_PERCENT;

/// What an order says, whatever its kind. Absent members are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The contract, or for the three others of it, the restriction: zero is anybody.
    pub(crate) app: Address,
    pub(crate) dataset: Address,
    pub(crate) workerpool: Address,
    pub(crate) requester: Address,
    pub(crate) beneficiary: Address,
    /// Price of one task; greatest price in a request order.
    pub(crate) app_price: Amount,
    pub(crate) dataset_price: Amount,
    pub(crate) pool_price: Amount,
    pub(crate) volume: U256,
    pub(crate) tag: Tag,
    pub(crate) category: U256,
    pub(crate) trust: U256,
}

/// Kinds of orders that the book keeps.
pub(crate) trait Booked: Listed + Default + 'static {
    /// The order, flattened.
    fn offer(&self) -> Offer;
}

impl Booked for AppOrder {
    fn offer(&self) -> Offer {
        Offer {
            app: self.app,
            dataset: self.datasetrestrict,
            workerpool: self.workerpoolrestrict,
            requester: self.requesterrestrict,
            app_price: self.appprice,
            volume: self.volume,
            tag: self.tag,
            ..Offer::default()
        }
    }
}

impl Booked for DatasetOrder {
    fn offer(&self) -> Offer {
        Offer {
            app: self.apprestrict,
            dataset: self.dataset,
            workerpool: self.workerpoolrestrict,
            requester: self.requesterrestrict,
            dataset_price: self.datasetprice,
            volume: self.volume,
            tag: self.tag,
            ..Offer::default()
        }
    }
}

impl Booked for WorkerpoolOrder {
    fn offer(&self) -> Offer {
        Offer {
            app: self.apprestrict,
            dataset: self.datasetrestrict,
            workerpool: self.workerpool,
            requester: self.requesterrestrict,
            pool_price: self.workerpoolprice,
            volume: self.volume,
            tag: self.tag,
            category: self.category,
            trust: self.trust,
            ..Offer::default()
        }
    }
}

impl Booked for RequestOrder {
    fn offer(&self) -> Offer {
        Offer {
            app: self.app,
            dataset: self.dataset,
            workerpool: self.workerpool,
            requester: self.requester,
            beneficiary: self.beneficiary,
            app_price: self.appmaxprice,
            dataset_price: self.datasetmaxprice,
            pool_price: self.workerpoolmaxprice,
            volume: self.volume,
            tag: self.tag,
            category: self.category,
            trust: self.trust,
        }
    }
}

/// A published order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) hash: OrderHash,
    pub(crate) kind: Kind,
    /// The owner who published it.
    pub(crate) signer: Address,
    pub(crate) offer: Offer,
    /// The signed order as JSON, addresses checksummed.
    pub(crate) order: Value,
    pub(crate) remaining: U256,
    pub(crate) status: Status,
    /// Time since the Unix epoch, whole milliseconds.
    pub(crate) published: Duration,
}

impl Entry {
    /// An open order with nothing used.
    pub(crate) fn new<O: Booked>(hash: OrderHash, signed: &Signed<O>, signer: Address, published: Duration) -> Self {
        let offer = signed.order.offer();
        let mut order = serde_json::to_value(signed).unwrap_or_default();
        checksum(&mut order);
        let remaining = offer.volume;
        Self { hash, kind: O::KIND, signer, offer, order, remaining, status: Status::Open, published }
    }

    /// The contract that it sells; for a request order, the requester.
    pub(crate) fn subject(&self) -> Address {
        match self.kind {
            Kind::App => self.offer.app,
            Kind::Dataset => self.offer.dataset,
            Kind::Workerpool => self.offer.workerpool,
            Kind::Request => self.offer.requester,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// Free money that its signer must hold on the hub for `remaining` tasks; `None` when no money could cover it.
    pub(crate) fn cover(&self, remaining: U256) -> Option<Amount> {
        let offer = &self.offer;
        match self.kind {
            Kind::App | Kind::Dataset => Some(Amount::ZERO),
            Kind::Workerpool => offer.pool_price.percent(U256::from(POOL_STAKE_PERCENT))?.checked_mul(remaining),
            Kind::Request => {
                offer.app_price.checked_add(offer.dataset_price)?.checked_add(offer.pool_price)?.checked_mul(remaining)
            }
        }
    }

    /// The record as clients read it.
    pub(crate) fn record(&self, chain_id: u64) -> Map<String, Value> {
        let mut record = Map::new();
        let mut add = |name: &str, value: Value| drop(record.insert(name.to_owned(), value));
        add("orderHash", json!(self.hash));
        add("order", self.order.clone());
        add("chainId", json!(chain_id));
        add("remaining", json!(Amount::from_nrlc(self.remaining)));
        add("status", json!(self.status));
        add("publicationTimestamp", json!(iso(self.published)));
        add("signer", json!(self.signer.to_string()));
        if self.kind == Kind::Dataset {
            let is_bulk = self.is_bulk();
            add("bulk", json!(is_bulk));
        }
        record
    }

    /// Whether a dataset order may be used any number of times for nothing.
    pub(crate) fn is_bulk(&self) -> bool {
        self.kind == Kind::Dataset && self.offer.dataset_price.is_zero() && self.offer.volume >= U256::from(BULK_VOLUME)
    }
}

/// Writes the address members of an order as people compare them.
fn checksum(order: &mut Value) {
    const ADDRESSES: [&str; 10] = [
        "app",
        "dataset",
        "workerpool",
        "requester",
        "beneficiary",
        "callback",
        "apprestrict",
        "datasetrestrict",
        "workerpoolrestrict",
        "requesterrestrict",
    ];
    for name in ADDRESSES {
        let Some(value) = order.get_mut(name) else { continue };
        if let Some(address) = value.as_str().and_then(|text| text.parse::<Address>().ok()) {
            *value = Value::String(address.to_string());
        }
    }
}
