//! Orders become deals; owners presign and close their orders. Twin of the hub's `matchOrders` and `manage…Order`.

use alloy_primitives::{Address, Bytes, U256};

use super::events::Till;
use super::{BagsRefused, Entry, Event, Hub, Refused};
use crate::deal::{Deal, Resource};
use crate::matching::{self, Clause, Facts, Standing};
use crate::order::{Kind, Operation, Order, Quadruple, Signed};
use crate::settlement::Broke;
use crate::{Amount, ChainTime, DealId, OrderHash, TaskId};

pub(super) struct Hashes {
    pub(super) app: OrderHash,
    pub(super) dataset: OrderHash,
    pub(super) workerpool: OrderHash,
    pub(super) request: OrderHash,
}

impl Hub {
    /// Makes a deal of everything that is left of four compatible orders; the requester pays.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn match_orders(&mut self, orders: &Quadruple, now: ChainTime) -> Result<(DealId, Vec<Event>), Refused> {
        self.make_deal(orders, orders.request.order.requester, now)
    }

    /// The same, paid by the caller.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn sponsor_match_orders(
        &mut self,
        caller: Address,
        orders: &Quadruple,
        now: ChainTime,
    ) -> Result<(DealId, Vec<Event>), Refused> {
        let (deal, mut said) = self.make_deal(orders, caller, now)?;
        said.push(Event::DealSponsored { deal, sponsor: caller });
        Ok((deal, said))
    }

    /// Presigns or closes an order. `sign` counts only when the caller is not the owner.
    ///
    /// # Errors
    /// [`Refused::NoResource`], [`Refused::SignatureFormat`], [`Refused::NotTheOwner`].
    pub fn manage<O: Order>(
        &mut self,
        caller: Address,
        order: &O,
        operation: Operation,
        sign: &Bytes,
    ) -> Result<Vec<Event>, Refused> {
        let owner = self.owner_of(order)?;
        let digest = order.operation_digest(&self.domain, operation);
        if owner != caller && !Self::signed_by(owner, digest, sign)? {
            return Err(Refused::NotTheOwner { owner, caller });
        }
        let (kind, order_hash) = (O::KIND, order.hash(&self.domain));
        Ok(vec![match operation {
            Operation::Sign => {
                self.presigned.insert(order_hash, owner);
                Event::Signed { kind, order: order_hash }
            }
            Operation::Close => {
                self.consumed.insert(order_hash, order.volume());
                Event::Closed { kind, order: order_hash }
            }
        }])
    }

    fn owner_of<O: Order>(&self, order: &O) -> Result<Address, Refused> {
        let resource = order.subject();
        match O::KIND {
            Kind::Request => Ok(resource),
            Kind::App | Kind::Dataset | Kind::Workerpool => {
                self.entries.get(&resource).map(|entry| entry.owner).ok_or(Refused::NoResource { resource })
            }
        }
    }

    fn make_deal(
        &mut self,
        orders: &Quadruple,
        payer: Address,
        now: ChainTime,
    ) -> Result<(DealId, Vec<Event>), Refused> {
        let hashes = self.hashes(orders);
        let facts = self.facts(orders, &hashes, payer);
        if let Some(refusal) = matching::refusals(orders, &facts).into_iter().next() {
            return Err(self.first_refusal(orders, refusal));
        }
        let volume = matching::volume(orders, &facts);
        let first = self.consumed(hashes.request);
        let deal = self.terms_of(orders, payer, now, first, volume)?;
        let mut ledger = self.ledger.clone();
        ledger.settle_match(&deal, volume)?;
        self.ledger = ledger;
        let id = DealId::derive(hashes.request, first);
        for hash in hashes.all() {
            *self.consumed.entry(hash).or_default() += volume;
        }
        let said = self.matched(id, &deal, &hashes, volume);
        self.deals.insert(id, deal);
        Ok((id, said))
    }

    pub(super) fn hashes(&self, orders: &Quadruple) -> Hashes {
        let with_dataset = orders.dataset.order.dataset != Address::ZERO;
        Hashes {
            app: orders.app.hash(&self.domain),
            dataset: if with_dataset { orders.dataset.hash(&self.domain) } else { OrderHash::default() },
            workerpool: orders.workerpool.hash(&self.domain),
            request: orders.request.hash(&self.domain),
        }
    }

    pub(super) fn facts(&self, orders: &Quadruple, hashes: &Hashes, payer: Address) -> Facts {
        let pool = self.entries.get(&orders.workerpool.order.workerpool);
        Facts {
            categories: U256::from(self.categories.len()),
            app: self.standing(&orders.app, hashes.app),
            dataset: self.standing(&orders.dataset, hashes.dataset),
            workerpool: self.standing(&orders.workerpool, hashes.workerpool),
            request: self.standing(&orders.request, hashes.request),
            groups: self.groups.clone(),
            payer_stake: self.ledger.balance(payer),
            pool_stake: self.ledger.balance(pool.map_or(Address::ZERO, |pool| pool.owner)),
        }
    }

    fn standing<O: Order>(&self, order: &Signed<O>, hash: OrderHash) -> Standing {
        let owner = self.owner_of(&order.order);
        let signed = owner.as_ref().is_ok_and(|owner| {
            let presigned = *owner != Address::ZERO && self.presigned.get(&hash) == Some(owner);
            presigned || Self::signed_by(*owner, hash.0, &order.sign).unwrap_or(false)
        });
        Standing { registered: owner.is_ok(), signed, consumed: self.consumed(hash) }
    }

    /// Where the contracts cannot even ask an owner they say nothing; an odd signature has words of its own.
    fn first_refusal(&self, orders: &Quadruple, refusal: matching::Refusal) -> Refused {
        let (contract, sign) = match refusal.clause {
            Clause::AppRegistered | Clause::AppSigned => (orders.app.order.app, &orders.app.sign),
            Clause::DatasetRegistered | Clause::DatasetSigned => (orders.dataset.order.dataset, &orders.dataset.sign),
            Clause::PoolRegistered | Clause::PoolSigned => {
                (orders.workerpool.order.workerpool, &orders.workerpool.sign)
            }
            Clause::RequestSigned => (orders.request.order.requester, &orders.request.sign),
            Clause::LightRequested => {
                return BagsRefused::LightNotRequested { tag: matching::needed_tag(orders) }.into();
            }
            Clause::LightTrust => return BagsRefused::LightTrust { trust: orders.request.order.trust }.into(),
            _ => return Refused::Match(refusal),
        };
        match refusal.clause {
            Clause::AppRegistered | Clause::DatasetRegistered | Clause::PoolRegistered => {
                Refused::NoResource { resource: contract }
            }
            _ if matches!(sign.len(), 64 | 65) => Refused::Match(refusal),
            _ => Refused::SignatureFormat { length: sign.len() },
        }
    }

    pub(super) fn terms_of(
        &self,
        orders: &Quadruple,
        payer: Address,
        now: ChainTime,
        bot_first: U256,
        bot_size: U256,
    ) -> Result<Deal, Refused> {
        let (app, dataset) = (&orders.app.order, &orders.dataset.order);
        let (pool, request) = (&orders.workerpool.order, &orders.request.order);
        let policy = self.entry(pool.workerpool).policy;
        let worker_stake = pool.workerpoolprice.percent(policy.worker_stake_percent).ok_or(Broke::Overflow)?;
        let dataset = match dataset.dataset {
            Address::ZERO => Resource::default(),
            pointer => self.resource(pointer, dataset.datasetprice),
        };
        Ok(Deal {
            app: self.resource(app.app, app.appprice),
            dataset,
            workerpool: self.resource(pool.workerpool, pool.workerpoolprice),
            trust: request.trust.max(U256::from(1)),
            category: request.category,
            tag: matching::needed_tag(orders),
            requester: request.requester,
            beneficiary: request.beneficiary,
            callback: request.callback,
            params: request.params.clone(),
            start: now,
            bot_first,
            bot_size,
            worker_stake,
            scheduler_reward_ratio: policy.scheduler_reward_percent,
            sponsor: payer,
        })
    }

    fn entry(&self, resource: Address) -> Entry {
        self.entries.get(&resource).copied().unwrap_or_default()
    }

    fn resource(&self, pointer: Address, price: Amount) -> Resource {
        Resource { pointer, owner: self.entry(pointer).owner, price }
    }

    fn matched(&self, id: DealId, deal: &Deal, hashes: &Hashes, volume: U256) -> Vec<Event> {
        let mut said = Vec::new();
        let mut till = Till::new(self.domain.hub, TaskId::default(), &mut said);
        let times = |amount: Option<Amount>| amount.and_then(|amount| amount.checked_mul(volume)).unwrap_or_default();
        till.lock(deal.sponsor, times(deal.price()));
        till.lock(deal.workerpool.owner, times(deal.pool_stake()));
        said.push(Event::SchedulerNotice { workerpool: deal.workerpool.pointer, deal: id });
        let Hashes { app, dataset, workerpool, request } = *hashes;
        said.push(Event::OrdersMatched { deal: id, app, dataset, workerpool, request, volume });
        said
    }
}

impl Hashes {
    /// Those whose volume is used; without a dataset its order has none.
    pub(super) fn all(&self) -> impl Iterator<Item = OrderHash> + use<> {
        let all = [self.app, self.dataset, self.workerpool, self.request];
        all.into_iter().filter(|hash| *hash != OrderHash::default())
    }
}
