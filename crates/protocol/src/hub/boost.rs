//! Boost deals: one call completes a task, and nothing of the task is kept but how it ended. Twin of the hub's boost
//! module.

use alloy_primitives::{Address, U256, keccak256};

use super::books::Books;
use super::events::Till;
use super::market::Hashes;
use super::{BoostRefused, Event, Hub, Outcome, Pledge, Refused};
use crate::deal::{CONTRIBUTION_RATIO, Deal};
use crate::hash::{authorization, personal_digest};
use crate::matching::{self, Clause, Facts, Refusal};
use crate::order::Quadruple;
use crate::settlement::Broke;
use crate::{Amount, ChainTime, DealId, ResultDigest, ResultSeal, TaskId};

/// A match of the boost module, as the hub recorded it; never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoostDeal {
    /// What was agreed. Tasks are numbered from 0, wherever the deal starts in its request.
    pub terms: Deal,
    /// Results come before, claims from here on.
    pub deadline: ChainTime,
    /// What the worker gets of the pool's price.
    pub worker_reward: Amount,
}

/// How a task of a boost deal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoostEnd {
    /// A result was pushed.
    Completed,
    /// It was claimed.
    Failed,
}

impl Hub {
    /// Makes a boost deal of everything that is left of four compatible orders; the requester pays.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn match_orders_boost(&mut self, orders: &Quadruple, now: ChainTime) -> Result<(DealId, Vec<Event>), Refused> {
        self.make_boost_deal(orders, orders.request.order.requester, now)
    }

    /// The same, paid by the caller.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn sponsor_match_orders_boost(
        &mut self,
        caller: Address,
        orders: &Quadruple,
        now: ChainTime,
    ) -> Result<(DealId, Vec<Event>), Refused> {
        let (deal, mut said) = self.make_boost_deal(orders, caller, now)?;
        said.push(Event::DealSponsoredBoost { deal, sponsor: caller });
        Ok((deal, said))
    }

    /// Completes a task and pays everybody. For a worker whom the pool named.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn push_result_boost(
        &mut self,
        caller: Address,
        (id, index): (DealId, U256),
        outcome: &Outcome,
        pledge: &Pledge,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let (deal, task) = self.open_boost_task(id, index)?;
        let deadline = deal.deadline;
        if now >= deadline {
            return Err(BoostRefused::TooLate { deadline, now }.into());
        }
        let called = deal.terms.callback != Address::ZERO;
        let digest = ResultDigest(keccak256(if called { &outcome.callback } else { &outcome.results }));
        self.check_boost_pledge(&deal.terms, caller, task, digest, pledge)?;
        if called && outcome.callback.is_empty() {
            return Err(BoostRefused::NoCallbackData.into());
        }
        let mut said = Vec::new();
        let mut books = Books { ledger: self.ledger.clone(), till: Till::new(self.domain.hub, task, &mut said) };
        complete(&mut books, &deal, caller)?;
        self.ledger = books.ledger;
        self.boost_ends.insert(task, BoostEnd::Completed);
        said.push(Event::ResultPushedBoost { deal: id, index, results: outcome.results.clone() });
        Ok(said)
    }

    /// Fails a task from its deadline on: the payer gets the price back, the kitty the pool's stake. Anybody may.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn claim_boost(&mut self, id: DealId, index: U256, now: ChainTime) -> Result<Vec<Event>, Refused> {
        let (deal, task) = self.open_boost_task(id, index)?;
        let deadline = deal.deadline;
        if now < deadline {
            return Err(BoostRefused::TooEarly { deadline, now }.into());
        }
        let mut ledger = self.ledger.clone();
        ledger.settle_failure(&deal.terms, std::iter::empty())?;
        self.ledger = ledger;
        self.boost_ends.insert(task, BoostEnd::Failed);
        let mut said = Vec::new();
        Till::new(self.domain.hub, task, &mut said).refund(&deal.terms);
        said.push(Event::TaskClaimed { task });
        Ok(said)
    }

    /// A boost deal, if it was made.
    #[must_use]
    pub fn boost_deal(&self, deal: DealId) -> Option<&BoostDeal> {
        self.boost_deals.get(&deal)
    }

    /// How a task of a boost deal ended, if it did.
    #[must_use]
    pub fn boost_end(&self, task: TaskId) -> Option<BoostEnd> {
        self.boost_ends.get(&task).copied()
    }

    fn make_boost_deal(
        &mut self,
        orders: &Quadruple,
        payer: Address,
        now: ChainTime,
    ) -> Result<(DealId, Vec<Event>), Refused> {
        let hashes = self.hashes(orders);
        let facts = self.facts(orders, &hashes, payer);
        check_orders(orders, &facts)?;
        let volume = matching::volume(orders, &facts);
        let first = facts.request.consumed;
        let deal = self.boost_deal_of(orders, payer, now, first, volume)?;
        let mut ledger = self.ledger.clone();
        ledger.settle_match(&deal.terms, volume)?;
        self.ledger = ledger;
        for hash in hashes.all() {
            *self.consumed.entry(hash).or_default() += volume;
        }
        let id = DealId::derive(hashes.request, first);
        let said = self.matched_boost(id, &deal.terms, &hashes, volume);
        self.boost_deals.insert(id, deal);
        Ok((id, said))
    }

    /// The deal, when there is room for its numbers.
    fn boost_deal_of(
        &self,
        orders: &Quadruple,
        payer: Address,
        now: ChainTime,
        first: U256,
        volume: U256,
    ) -> Result<BoostDeal, Refused> {
        let category = usize::try_from(orders.request.order.category).ok().and_then(|at| self.categories.get(at));
        let unit = *category.expect("the category was checked with the orders");
        let deadline = U256::from(now.0) + U256::from(CONTRIBUTION_RATIO) * U256::from(unit);
        let mut widths = vec![(40, deadline), (16, first), (16, volume), (96, orders.app.order.appprice.to_nrlc())];
        if orders.dataset.order.dataset != Address::ZERO {
            widths.push((96, orders.dataset.order.datasetprice.to_nrlc()));
        }
        widths.push((96, orders.workerpool.order.workerpoolprice.to_nrlc()));
        if let Some(&(bits, value)) = widths.iter().find(|(bits, value)| value.bit_len() > usize::from(*bits)) {
            return Err(BoostRefused::TooWide { bits, value }.into());
        }
        let mut terms = self.terms_of(orders, payer, now, first, volume)?;
        terms.tag = needed_tag(orders);
        let percent = U256::from(100).checked_sub(terms.scheduler_reward_ratio).ok_or(Broke::Overflow)?;
        let worker_reward = terms.workerpool.price.percent(percent).ok_or(Broke::Overflow)?;
        Ok(BoostDeal { deadline: now.plus(CONTRIBUTION_RATIO, unit), worker_reward, terms })
    }

    fn matched_boost(&self, deal: DealId, terms: &Deal, hashes: &Hashes, volume: U256) -> Vec<Event> {
        let mut said = Vec::new();
        let mut till = Till::new(self.domain.hub, TaskId::default(), &mut said);
        let times = |amount: Option<Amount>| amount.and_then(|amount| amount.checked_mul(volume)).unwrap_or_default();
        till.lock(terms.sponsor, times(terms.price()));
        till.lock(terms.workerpool.owner, times(terms.pool_stake()));
        said.push(Event::SchedulerNoticeBoost {
            workerpool: terms.workerpool.pointer,
            deal,
            app: terms.app.pointer,
            dataset: terms.dataset.pointer,
            category: terms.category,
            tag: terms.tag,
            params: terms.params.clone(),
            beneficiary: terms.beneficiary,
        });
        let Hashes { app, dataset, workerpool, request } = *hashes;
        said.push(Event::OrdersMatched { deal, app, dataset, workerpool, request, volume });
        said
    }

    fn open_boost_task(&self, id: DealId, index: U256) -> Result<(BoostDeal, TaskId), BoostRefused> {
        let deal = self.boost_deals.get(&id).filter(|deal| index < deal.terms.bot_size);
        let deal = deal.ok_or(BoostRefused::NoSuchTask { deal: id, index })?;
        let task = TaskId::derive(id, index);
        if self.boost_ends.contains_key(&task) { Err(BoostRefused::Ended(task)) } else { Ok((deal.clone(), task)) }
    }

    fn check_boost_pledge(
        &self,
        deal: &Deal,
        worker: Address,
        task: TaskId,
        digest: ResultDigest,
        pledge: &Pledge,
    ) -> Result<(), Refused> {
        let enclave = pledge.enclave;
        if deal.tag.is_tee() && enclave == Address::ZERO {
            return Err(BoostRefused::EnclaveRequired.into());
        }
        let authorizer = self.authorizer(deal.workerpool.owner, enclave);
        let permission = personal_digest(authorization(worker, task, enclave));
        if !Self::signed_by(authorizer, permission, &pledge.authorization)? {
            return Err(BoostRefused::NotAuthorized { worker, authorizer, task }.into());
        }
        let sealed = personal_digest(ResultSeal::derive(worker, task, digest).0);
        if enclave != Address::ZERO && !Self::signed_by(enclave, sealed, &pledge.enclave_sign)? {
            return Err(BoostRefused::NotTheEnclave { enclave }.into());
        }
        Ok(())
    }
}

/// Unlike in other deals, the dataset's tag counts whole.
fn needed_tag(orders: &Quadruple) -> crate::Tag {
    orders.app.order.tag.union(orders.dataset.order.tag).union(orders.request.order.tag)
}

/// The clauses of other deals in the same order, but for trust, the dataset's tag, light deals, of which this module knows
/// nothing, and money, which the escrow checks.
fn check_orders(orders: &Quadruple, facts: &Facts) -> Result<(), Refused> {
    let trust = orders.request.order.trust;
    if trust > U256::from(1) {
        return Err(BoostRefused::Trust { trust }.into());
    }
    let light = [Clause::LightRequested, Clause::LightTrust];
    let other = [Clause::Trust, Clause::PoolTag, Clause::AppTag, Clause::PayerFunds, Clause::PoolStake];
    let mut refusals = matching::refusals(orders, facts);
    refusals.retain(|refusal| !other.contains(&refusal.clause) && !light.contains(&refusal.clause));
    refusals.extend(tag_refusals(orders));
    match refusals.into_iter().min_by_key(|refusal| refusal.clause) {
        None => Ok(()),
        Some(refusal) => match odd_signature(orders, refusal.clause) {
            Some(length) => Err(Refused::SignatureFormat { length }),
            None => Err(BoostRefused::Match(refusal).into()),
        },
    }
}

fn tag_refusals(orders: &Quadruple) -> impl Iterator<Item = Refusal> + use<> {
    let (needed, offered) = (needed_tag(orders), orders.workerpool.order.tag);
    let missing = (!needed.is_within(offered)).then(|| Refusal {
        clause: Clause::PoolTag,
        reason: format!("needed is {}, and the pool does not offer {}", needed, needed.missing_from(offered)),
    });
    let open = (needed.is_tee() && !orders.app.order.tag.is_tee()).then(|| Refusal {
        clause: Clause::AppTag,
        reason: "an enclave is needed, but the app order does not offer one".to_owned(),
    });
    missing.into_iter().chain(open)
}

/// Length of the signature that a clause refuses, where no key signs so.
fn odd_signature(orders: &Quadruple, clause: Clause) -> Option<usize> {
    let sign = match clause {
        Clause::AppSigned => &orders.app.sign,
        Clause::DatasetSigned => &orders.dataset.sign,
        Clause::PoolSigned => &orders.workerpool.sign,
        Clause::RequestSigned => &orders.request.sign,
        _ => return None,
    };
    (!matches!(sign.len(), 64 | 65)).then_some(sign.len())
}

/// The price spent and shared out, the pool's stake back; the kitty's part comes with the pool's own.
fn complete(books: &mut Books<'_>, deal: &BoostDeal, worker: Address) -> Result<(), Broke> {
    let terms = &deal.terms;
    let pool = terms.workerpool.owner;
    books.seize(terms.sponsor, terms.price().ok_or(Broke::Overflow)?)?;
    books.reward(worker, deal.worker_reward)?;
    for seller in [terms.app, terms.dataset] {
        if !seller.price.is_zero() {
            books.reward(seller.owner, seller.price)?;
        }
    }
    books.unlock(pool, terms.pool_stake().ok_or(Broke::Overflow)?)?;
    let drawn = books.draw()?.unwrap_or_default();
    let rest = terms.workerpool.price.checked_sub(deal.worker_reward).ok_or(Broke::Overflow)?;
    books.reward(pool, rest.checked_add(drawn).ok_or(Broke::Overflow)?)
}
