//! The open and dead orders in memory: what lists read and rules ask. The store is the truth; this is its cache.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use api::market::Status;
use protocol::order::Kind;
use protocol::{Address, OrderHash};

use crate::entry::Entry;
use crate::filter::{Filter, by_merit};
use crate::params::Paging;

/// Orders that are open, or may be again.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: HashMap<OrderHash, Arc<Entry>>,
}

impl Book {
    pub(crate) fn get(&self, hash: OrderHash) -> Option<Arc<Entry>> {
        self.entries.get(&hash).cloned()
    }

    /// Takes an entry as it now is; filled and canceled ones leave the memory for good.
    pub(crate) fn put(&mut self, entry: Arc<Entry>) {
        match entry.status {
            Status::Open | Status::Dead => drop(self.entries.insert(entry.hash, entry)),
            Status::Filled | Status::Canceled => drop(self.entries.remove(&entry.hash)),
        }
    }

    pub(crate) fn remove(&mut self, hash: OrderHash) {
        self.entries.remove(&hash);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn open(&self, kind: Kind) -> usize {
        self.entries.values().filter(|entry| entry.kind == kind && entry.is_open()).count()
    }

    /// Open orders of one kind that one wallet has.
    pub(crate) fn open_of(&self, signer: Address, kind: Kind) -> usize {
        let is_theirs = |entry: &&Arc<Entry>| entry.signer == signer && entry.kind == kind && entry.is_open();
        self.entries.values().filter(is_theirs).count()
    }

    /// One page of a list, best first, and how many there are in all.
    pub(crate) fn page(&self, filter: &Filter, paging: Paging) -> (u64, Vec<Arc<Entry>>) {
        let mut shown: Vec<_> = self.entries.values().filter(|entry| filter.shows(entry)).cloned().collect();
        shown.sort_unstable_by(|a, b| by_merit(a, b));
        let count = shown.len() as u64;
        let skip = usize::try_from(paging.skip).unwrap_or(usize::MAX);
        let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
        (count, shown.into_iter().skip(skip).take(limit).collect())
    }

    pub(crate) fn all(&self) -> BTreeSet<OrderHash> {
        self.entries.keys().copied().collect()
    }

    /// Orders that hang on the money of somebody in `wallets`.
    pub(crate) fn funded_by(&self, wallets: &BTreeSet<Address>) -> Vec<OrderHash> {
        self.hashes(|entry| matches!(entry.kind, Kind::Workerpool | Kind::Request) && wallets.contains(&entry.signer))
    }

    /// Orders that sell one contract.
    pub(crate) fn selling(&self, kind: Kind, contract: Address) -> Vec<OrderHash> {
        self.hashes(|entry| entry.kind == kind && entry.subject() == contract)
    }

    /// Request orders that want one app or dataset.
    pub(crate) fn wanting(&self, kind: Kind, contract: Address) -> Vec<OrderHash> {
        self.hashes(|entry| {
            entry.kind == Kind::Request
                && match kind {
                    Kind::App => entry.offer.app == contract,
                    Kind::Dataset => entry.offer.dataset == contract,
                    Kind::Workerpool | Kind::Request => false,
                }
        })
    }

    /// Orders of one wallet and contract, newest first.
    pub(crate) fn published_by(&self, signer: Address, kind: Kind, contract: Address) -> Vec<Arc<Entry>> {
        let is_theirs = |entry: &&Arc<Entry>| {
            entry.signer == signer && entry.kind == kind && entry.subject() == contract && entry.is_open()
        };
        let mut theirs: Vec<_> = self.entries.values().filter(is_theirs).cloned().collect();
        theirs.sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.published), entry.hash));
        theirs
    }

    /// Which part of a request order has no counterpart in the book; `None` when both have, or it is another kind.
    pub(crate) fn unmatched(&self, request: &Entry) -> Option<Kind> {
        let has = |kind| self.entries.values().any(|entry| entry.kind == kind && serves(entry, request));
        if request.kind != Kind::Request {
            None
        } else if !has(Kind::App) {
            Some(Kind::App)
        } else if !request.offer.dataset.is_zero() && !has(Kind::Dataset) {
            Some(Kind::Dataset)
        } else {
            None
        }
    }

    fn hashes(&self, is_meant: impl Fn(&Entry) -> bool) -> Vec<OrderHash> {
        self.entries.values().filter(|entry| is_meant(entry)).map(|entry| entry.hash).collect()
    }
}

/// Whether an app or dataset order would let this request through.
fn serves(entry: &Entry, request: &Entry) -> bool {
    let (sold, wanted) = (&entry.offer, &request.offer);
    let allows = |restricted_to: Address, who: Address| restricted_to.is_zero() || restricted_to == who;
    let is_for_it = match entry.kind {
        Kind::App => {
            sold.app == wanted.app
                && sold.app_price <= wanted.app_price
                && allows(sold.dataset, wanted.dataset)
                && (!wanted.tag.is_tee() || sold.tag.is_tee())
        }
        Kind::Dataset => {
            sold.dataset == wanted.dataset && sold.dataset_price <= wanted.dataset_price && allows(sold.app, wanted.app)
        }
        Kind::Workerpool | Kind::Request => false,
    };
    entry.is_open()
        && is_for_it
        && allows(sold.workerpool, wanted.workerpool)
        && allows(sold.requester, wanted.requester)
}
