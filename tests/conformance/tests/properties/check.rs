//! The hub's views against the book.

use alloy::primitives::U256;
use fairgrid_conformance::abi::{Hub, Light, Rlc};
use protocol::bags::LightRange;
use protocol::settlement::KITTY;
use protocol::{DealId, OrderHash, ResultSeal, TaskId};

use crate::book::{Book, Broken, Nrlc, hold, small};
use crate::task::{COMPLETED, TaskRow};
use crate::world::World;

impl World {
    /// After every act: the sums, and everything that the act had to do with.
    pub(crate) fn check_touched(&mut self) -> Result<(), Broken> {
        let touched = std::mem::take(&mut self.book.touched);
        self.check_money()?;
        for account in &touched.accounts {
            self.check_account(*account)?;
        }
        for worker in &touched.scores {
            self.check_score(*worker)?;
        }
        for deal in touched.deals {
            self.check_deal(deal)?;
        }
        for order in touched.orders {
            self.check_order(order)?;
        }
        for task in touched.tasks {
            self.check_task(task, |worker| touched.accounts.contains(&worker))?;
        }
        Ok(())
    }

    /// Now and then: everything, also what nobody touched.
    pub(crate) fn check_all(&mut self) -> Result<(), Broken> {
        self.check_touched()?;
        let mut accounts = self.people();
        accounts.extend(self.book.balances.keys().chain(self.book.frozen.keys()));
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            self.check_account(account)?;
        }
        for worker in self.book.scores.keys().copied().collect::<Vec<_>>() {
            self.check_score(worker)?;
        }
        for deal in self.book.made.clone() {
            self.check_deal(deal)?;
        }
        for order in self.book.consumed.keys().copied().collect::<Vec<_>>() {
            self.check_order(order)?;
        }
        for task in self.book.opened.clone() {
            self.check_task(task, |_| true)?;
        }
        Ok(())
    }

    fn check_money(&mut self) -> Result<(), Broken> {
        let book = &self.book;
        let sum: Nrlc = book.balances.values().sum();
        hold!(sum == book.supply, "balances are {sum}, the supply {}", book.supply);
        let frozen: Nrlc = book.frozen.values().sum();
        let own = book.balance(book.hub);
        hold!(own == frozen + book.donated, "the hub holds {own}: {frozen} frozen and {} given", book.donated);
        let mut held = book.frozen.clone();
        held.retain(|_, amount| *amount > 0);
        let owed = book.obligations();
        hold!(held == owed, "locked is {held:?}, deals and votes oblige to {owed:?}");
        hold!(book.frozen(KITTY) == book.kitty, "the kitty has {}, not {}", book.frozen(KITTY), book.kitty);

        let (hub, rlc, supply, gifts) = (book.hub, self.market.rlc, book.supply, book.gifts);
        let seen = self.ask(&Hub::totalSupplyCall {})?;
        hold!(small(seen) == supply, "the supply is {seen}, by the events {supply}");
        let held = self.market.evm.view(rlc, &Rlc::balanceOfCall { account: hub });
        let held = small(held.map_err(|reason| format!("RLC of the hub: {reason:?}"))?);
        hold!(held == supply + gifts, "the hub has {held} RLC for a supply of {supply}, and {gifts} by mistake");
        self.check_account(hub)
    }

    fn ask<C: alloy::sol_types::SolCall>(&mut self, call: &C) -> Result<C::Return, Broken> {
        self.market.view(call).map_err(|reason| format!("{}: {reason:?}", C::SIGNATURE))
    }

    fn check_account(&mut self, account: alloy::primitives::Address) -> Result<(), Broken> {
        let seen = self.ask(&Hub::viewAccountCall { account })?;
        let seen = (small(seen.stake), small(seen.locked));
        let known = (self.book.balance(account), self.book.frozen(account));
        hold!(seen == known, "{account} has {seen:?} free and locked, by the events {known:?}");
        Ok(())
    }

    fn check_score(&mut self, worker: alloy::primitives::Address) -> Result<(), Broken> {
        let score = self.ask(&Hub::viewScoreCall { worker })?;
        hold!(score == self.book.score(worker), "{worker} has score {score}, not {}", self.book.score(worker));
        Ok(())
    }

    fn check_deal(&mut self, deal: DealId) -> Result<(), Broken> {
        let seen = self.ask(&Hub::viewDealCall { id: deal.0 })?;
        let row = &self.book.deals[&deal];
        hold!(seen == row.view, "deal {deal} has changed: {seen:?} was {:?}", row.view);
        hold!(row.settled <= row.size, "deal {deal} settled {} of {} tasks", row.settled, row.size);
        self.check_light(deal)
    }

    /// State and range of every index of a light deal, of large ones where something happened.
    fn check_light(&mut self, deal: DealId) -> Result<(), Broken> {
        let row = &self.book.deals[&deal];
        let Some(light) = row.light.clone() else { return Ok(()) };
        let first = row.first();
        for place in light.borders() {
            let (idx, known) = (U256::from(first + place), light.states[place as usize]);
            let seen = self.ask(&Light::viewLightStatusCall { dealid: deal.0, idx })?;
            hold!(seen == known, "index {idx} of light deal {deal} is {seen}, by the events {known}");
            let seen = self.ask(&Light::viewLightRangeCall { dealid: deal.0, first: idx })?;
            let known = light.ranges.get(&(first + place)).map(LightRange::struct_hash).unwrap_or_default();
            hold!(seen == known, "range {idx} of light deal {deal} is {seen}, by the events {known}");
        }
        Ok(())
    }

    fn check_order(&mut self, order: OrderHash) -> Result<(), Broken> {
        let seen = self.ask(&Hub::viewConsumedCall { id: order.0 })?;
        hold!(seen == self.book.used(order), "order {order}: {seen} used, by the events {}", self.book.used(order));
        Ok(())
    }

    /// The task, and the votes of those workers who are asked for.
    fn check_task(&mut self, id: TaskId, asked: impl Fn(alloy::primitives::Address) -> bool) -> Result<(), Broken> {
        let seen = self.ask(&Hub::viewTaskCall { id: id.0 })?;
        let row = &self.book.tasks[&id];
        let callback = self.book.deals[&row.deal].view.callback;
        check_view(id, row, &seen)?;
        if row.status == COMPLETED {
            let none = callback.is_zero() && seen.resultsCallback.is_empty();
            let proved = Book::callback_hash(&seen.resultsCallback) == row.digest.0;
            hold!(none || proved, "task {id} hands over what nobody voted for");
        } else {
            hold!(seen.resultsCallback.is_empty(), "task {id} has callback data, but is not completed");
        }
        if !row.is_open() {
            let row = self.book.tasks.get_mut(&id).expect("just read");
            let first = row.last.get_or_insert_with(|| seen.clone());
            hold!(*first == seen, "final task {id} has changed: {seen:?} was {first:?}");
            let result = self.market.view(&Hub::resultForCall { id: id.0 });
            let answers = result.as_ref().ok() == (row.status == COMPLETED).then_some(&seen.resultsCallback);
            hold!(answers, "resultFor of final task {id} answers {result:?}");
        }
        let votes: Vec<_> = (0..seen.contributors.len()).filter(|vote| asked(seen.contributors[*vote])).collect();
        for vote in votes {
            self.check_vote(id, vote)?;
        }
        Ok(())
    }

    fn check_vote(&mut self, id: TaskId, number: usize) -> Result<(), Broken> {
        let worker = self.book.tasks[&id].votes[number].worker;
        let seen = self.ask(&Hub::viewContributionCall { taskid: id.0, worker })?;
        let row = self.book.tasks.get_mut(&id).expect("the task was just read");
        let vote = &mut row.votes[number];
        let known = (vote.status, vote.hash.0, U256::from(vote.weight));
        let found = (seen.status, seen.resultHash, seen.weight);
        hold!(found == known, "vote of {worker} on {id} is {found:?}, by the events {known:?}");
        let seal = *vote.seal.get_or_insert(ResultSeal(seen.resultSeal));
        hold!(seal.0 == seen.resultSeal, "vote of {worker} on {id} has changed its seal");
        Ok(())
    }
}

/// All that the events tell about a task, and the counters' order.
fn check_view(id: TaskId, row: &TaskRow, seen: &fairgrid_conformance::abi::Task) -> Result<(), Broken> {
    let word = |number: u64| U256::from(number);
    hold!(seen.status == row.status, "task {id} has status {}, by the events {}", seen.status, row.status);
    hold!((seen.dealid, seen.idx) == (row.deal.0, row.index), "task {id} belongs to {}", seen.dealid);
    let times = [seen.timeref, seen.contributionDeadline, seen.finalDeadline, seen.revealDeadline];
    let known = [row.unit, row.contribute_before, row.final_before, row.reveal_before].map(word);
    hold!(times == known, "task {id} has times {times:?}, not {known:?}");
    let counters = (seen.consensusValue, seen.revealCounter, seen.winnerCounter);
    let known = (row.consensus.0, word(row.revealed), word(row.winners));
    hold!(counters == known, "task {id} counts {counters:?}, not {known:?}");
    let voters = word(seen.contributors.len() as u64);
    let ordered = seen.revealCounter <= seen.winnerCounter && seen.winnerCounter <= voters;
    hold!(ordered, "task {id}: more reveals than winners, or winners than voters");
    let known: Vec<_> = row.votes.iter().map(|vote| vote.worker).collect();
    hold!(seen.contributors == known, "task {id} has contributors {:?}, not {known:?}", seen.contributors);
    hold!(seen.resultDigest == row.digest.0, "task {id} has digest {}", seen.resultDigest);
    hold!(seen.results == row.results, "task {id} has results {}", seen.results);
    hold!(seen.resultsTimestamp.is_zero(), "task {id} has a time of its results");
    Ok(())
}
