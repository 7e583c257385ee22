//! What workers and schedulers do to a task.

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::{Deal, Hub};
use fairgrid_conformance::{quadruple, stub};
use protocol::hash::{authorization, enclave_message, personal_digest};
use protocol::{DealId, ResultHash, ResultSeal, TaskId};

use crate::book::Broken;
use crate::dice::Dice;
use crate::task::{ACTIVE, CONTRIBUTED, REVEALING, digest_of, result_of};
use crate::world::{ENCLAVE, REQUESTERS, STRANGER, WALLET, WORKERS, World, signature, who};

/// What is wrong with a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    /// Permitted by somebody who has no say.
    Foreign,
    /// Permitted to somebody else.
    Borrowed,
    /// Another enclave signed the result.
    Enclave,
    /// Sealed for somebody else: counts, but cannot be revealed.
    Copied,
    /// Permitted for other tasks only; of ranges.
    Stale,
}

/// Permission and enclave of one contribution, and whether they suffice.
pub(crate) struct Pass {
    pub(crate) enclave: Address,
    pub(crate) enclave_sign: Bytes,
    pub(crate) authorization: Bytes,
    pub(crate) permitted: bool,
    pub(crate) sealed: bool,
    pub(crate) valid: bool,
}

impl World {
    pub(crate) fn pass(
        &self,
        (deal, task): (DealId, TaskId),
        worker: Address,
        (hash, seal): (ResultHash, ResultSeal),
        inside: bool,
        flaw: Flaw,
    ) -> Pass {
        let deal = &self.book.deals[&deal].view;
        let enclave = if inside { who(ENCLAVE) } else { Address::ZERO };
        let authorizer = self.authorizer(deal, inside);
        let signer = if flaw == Flaw::Foreign { who(REQUESTERS[0]) } else { authorizer };
        let permitted = if flaw == Flaw::Borrowed { who(STRANGER) } else { worker };
        let authorization = signature(signer, personal_digest(authorization(permitted, task, enclave)));
        let by = if flaw == Flaw::Enclave { who(ENCLAVE + 7) } else { enclave };
        let enclave_sign =
            if inside { signature(by, personal_digest(enclave_message(hash, seal))) } else { Bytes::new() };
        let needed = deal.tag.0[31] & 1 == 1;
        // A contract agrees to everything.
        let permitted = authorizer == WALLET || !matches!(flaw, Flaw::Foreign | Flaw::Borrowed);
        let sealed = !inside || flaw != Flaw::Enclave;
        let valid = permitted && sealed && (inside || !needed);
        Pass { enclave, enclave_sign, authorization, permitted, sealed, valid }
    }

    /// Who lets workers in: the scheduler, or for enclaves the broker if there is one.
    pub(crate) fn authorizer(&self, deal: &Deal, inside: bool) -> Address {
        if inside && !self.broker.is_zero() { self.broker } else { deal.workerpool.owner }
    }

    /// Tasks that need an enclave get one, mostly; others seldom.
    pub(crate) fn inside(&self, deal: DealId, dice: &mut Dice) -> bool {
        let needed = self.book.deals[&deal].view.tag.0[31] & 1 == 1;
        dice.chance(if needed { 95 } else { 8 })
    }

    pub(crate) fn cast_vote(
        &mut self,
        task: TaskId,
        worker: Address,
        result: u8,
        inside: bool,
        flaw: Flaw,
    ) -> Result<bool, Broken> {
        let digest = digest_of(result);
        let sealed = if flaw == Flaw::Copied { who(STRANGER) } else { worker };
        let (hash, seal) = (ResultHash::derive(task, digest), ResultSeal::derive(sealed, task, digest));
        let deal = self.book.tasks[&task].deal;
        let pass = self.pass((deal, task), worker, (hash, seal), inside, flaw);
        let (row, now) = (&self.book.tasks[&task], self.now());
        let able = self.book.balance(worker) >= self.book.deal_of(task).worker_stake;
        let may = row.takes_votes(now) && row.vote(worker).is_none() && pass.valid && able;
        let call = Hub::contributeCall {
            taskid: task.0,
            resultHash: hash.0,
            resultSeal: seal.0,
            enclaveChallenge: pass.enclave,
            enclaveSign: pass.enclave_sign,
            authorizationSign: pass.authorization,
        };
        self.book.touched.tasks.insert(task);
        let foretold = if may && self.giants { None } else { Some(may) };
        let accepted = self.expect(worker, &call, foretold)?;
        if accepted {
            // Its seal must be known before it can be revealed.
            self.check_touched()?;
        }
        Ok(accepted)
    }

    pub(crate) fn contribute(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let open = self.task(dice, |task| task.takes_votes(now));
        let Some(task) = open.or_else(|| self.task(dice, |_| true)) else { return Ok(()) };
        let mut worker = self.worker(dice);
        for _ in 0..3 {
            if self.book.tasks[&task].vote(worker).is_some() {
                worker = self.worker(dice);
            }
        }
        let flaw = match dice.below(100) {
            0..3 => Flaw::Foreign,
            3..6 => Flaw::Borrowed,
            6..8 => Flaw::Enclave,
            8..14 => Flaw::Copied,
            _ => Flaw::None,
        };
        let result = if dice.chance(80) { 0 } else { 1 + dice.below(2) as u8 };
        let inside = self.inside(self.book.tasks[&task].deal, dice);
        self.cast_vote(task, worker, result, inside, flaw).map(drop)
    }

    /// Votes until the consensus, liars among them; at most nine.
    pub(crate) fn vote(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let Some(task) = self.task(dice, |task| task.takes_votes(now)) else { return Ok(()) };
        let start = dice.below(12) as u64;
        let lies = dice.pick(&[0, 0, 0, 10, 30]);
        for number in 0..9 {
            if !self.book.tasks[&task].takes_votes(now) {
                break;
            }
            let worker = who(WORKERS.start + (start + number) % 12);
            if self.book.tasks[&task].vote(worker).is_none() {
                let result = u8::from(dice.chance(lies));
                let inside = self.book.deal_of(task).view.tag.0[31] & 1 == 1;
                let copied = if dice.chance(4) { Flaw::Copied } else { Flaw::None };
                self.cast_vote(task, worker, result, inside, copied)?;
            }
        }
        Ok(())
    }

    pub(crate) fn show(&mut self, task: TaskId, worker: Address, result: u8) -> Result<bool, Broken> {
        let digest = digest_of(result);
        let (row, now) = (&self.book.tasks[&task], self.now());
        let hash = ResultHash::derive(task, digest);
        let seal = ResultSeal::derive(worker, task, digest);
        let fits = |vote: &crate::task::Vote| {
            vote.status == CONTRIBUTED && vote.hash == hash && vote.hash == row.consensus && vote.seal == Some(seal)
        };
        let may = row.status == REVEALING && now < row.reveal_before && row.vote(worker).is_some_and(fits);
        self.book.touched.tasks.insert(task);
        self.expect(worker, &Hub::revealCall { taskid: task.0, resultDigest: digest.0 }, Some(may))
    }

    pub(crate) fn winners(&self, task: TaskId) -> Vec<(Address, u8)> {
        let row = &self.book.tasks[&task];
        let result = (0..8).find(|result| ResultHash::derive(task, digest_of(*result)) == row.consensus);
        let open = row.votes.iter().filter(|vote| vote.hash == row.consensus && vote.status == CONTRIBUTED);
        open.map(|vote| (vote.worker, result.unwrap_or_default())).collect()
    }

    pub(crate) fn reveal(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let timely = self.task(dice, |task| task.status == REVEALING && now < task.reveal_before);
        let Some(task) = timely.or_else(|| self.task(dice, |task| task.status == REVEALING)) else { return Ok(()) };
        let winners = self.winners(task);
        let Some((worker, result)) = dice.recent(&winners) else { return Ok(()) };
        self.show(task, worker, result).map(drop)
    }

    pub(crate) fn reveal_all(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let Some(task) = self.task(dice, |task| task.status == REVEALING && now < task.reveal_before) else {
            return Ok(());
        };
        let silent = dice.pick(&[0, 0, 0, 20, 50]);
        for (worker, result) in self.winners(task) {
            if !dice.chance(silent) {
                self.show(task, worker, result)?;
            }
        }
        Ok(())
    }

    /// Lets the time run up to a moment, if it is still to come.
    pub(crate) fn wait_until(&mut self, moment: u64) {
        let clock = &mut self.market.evm.now;
        *clock = (*clock).max(moment);
    }

    pub(crate) fn finalize(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let ready = self.task(dice, |task| task.may_finalize(now));
        let shown = ready.or_else(|| self.task(dice, |task| task.status == REVEALING && task.revealed > 0));
        let Some(task) = shown.or_else(|| self.task(dice, |task| task.status == REVEALING)) else { return Ok(()) };
        let row = &self.book.tasks[&task];
        if !row.may_finalize(now) && row.revealed > 0 && dice.chance(50) {
            self.wait_until(self.book.tasks[&task].reveal_before);
        }
        let shown = result_of(self.book.tasks[&task].digest.0).unwrap_or_default();
        self.prepare_callback(self.book.tasks[&task].deal, task, shown, dice)?;
        let (row, deal) = (&self.book.tasks[&task], &self.book.deal_of(task).view);
        let known = result_of(row.digest.0);
        let data = match known {
            Some(result) if !deal.callback.is_zero() || dice.chance(10) => Bytes::from(vec![result]),
            _ => Bytes::new(),
        };
        let fits = (deal.callback.is_zero() && data.is_empty()) || known.is_some_and(|result| data[..] == [result]);
        let may = row.may_finalize(self.now()) && fits;
        let scheduler = deal.workerpool.owner;
        let results = Bytes::from(vec![7; dice.pick(&[0, 31, 32, 85])]);
        self.book.touched.tasks.insert(task);
        let call = Hub::finalizeCall { taskid: task.0, results, resultsCallback: data };
        if dice.chance(25) {
            self.forbidden(who(STRANGER), &call)?;
        }
        self.expect(scheduler, &call, Some(may)).map(drop)
    }

    pub(crate) fn alone(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let one = U256::from(1);
        let trusts: Vec<_> =
            self.book.deals.iter().filter(|(_, deal)| deal.view.trust == one).map(|(id, _)| *id).collect();
        let fit = self.task(dice, |task| task.takes_votes(now) && task.votes.is_empty() && trusts.contains(&task.deal));
        let Some(task) = fit.or_else(|| self.task(dice, |task| task.status == ACTIVE)) else { return Ok(()) };
        let (worker, result) = (self.worker(dice), dice.below(3) as u8);
        let digest = digest_of(result);
        let (hash, seal) = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
        let flaw =
            dice.pick(&[Flaw::None, Flaw::None, Flaw::None, Flaw::None, Flaw::None, Flaw::Foreign, Flaw::Enclave]);
        let deal = self.book.tasks[&task].deal;
        let inside = self.inside(deal, dice);
        let pass = self.pass((deal, task), worker, (hash, seal), inside, flaw);
        self.prepare_callback(deal, task, result, dice)?;
        let (row, deal) = (&self.book.tasks[&task], &self.book.deal_of(task).view);
        let proved = !deal.callback.is_zero();
        let data = if proved { Bytes::from(vec![result]) } else { Bytes::new() };
        let may = row.takes_votes(now) && row.votes.is_empty() && deal.trust == one && pass.valid;
        self.book.touched.tasks.insert(task);
        let call = Hub::contributeAndFinalizeCall {
            taskid: task.0,
            resultDigest: digest.0,
            results: Bytes::from_static(b"{}"),
            resultsCallback: data,
            enclaveChallenge: pass.enclave,
            enclaveSign: pass.enclave_sign,
            authorizationSign: pass.authorization,
        };
        self.expect(worker, &call, Some(may)).map(drop)
    }

    pub(crate) fn reopen(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        // Sometimes after a reveal, when it is too late for that.
        let shown = dice.chance(25);
        let fits = |task: &crate::task::TaskRow| task.status == REVEALING && (shown || task.revealed == 0);
        let Some(task) = self.task(dice, fits) else { return Ok(()) };
        if dice.chance(75) {
            self.wait_until(self.book.tasks[&task].reveal_before);
        }
        let may = self.book.tasks[&task].may_reopen(self.now());
        let scheduler = self.book.deal_of(task).view.workerpool.owner;
        self.book.touched.tasks.insert(task);
        let call = Hub::reopenCall { taskid: task.0 };
        if dice.chance(25) {
            self.forbidden(who(STRANGER), &call)?;
        }
        self.expect(scheduler, &call, Some(may)).map(drop)
    }

    /// Where the wallet hears the result, it shall try to profit from being called in the middle of things.
    pub(crate) fn prepare_callback(
        &mut self,
        deal: DealId,
        task: TaskId,
        result: u8,
        dice: &mut Dice,
    ) -> Result<(), Broken> {
        if self.book.deals[&deal].view.callback != WALLET {
            return Ok(());
        }
        if dice.chance(30) {
            self.offer(dice)?;
        }
        let calls: Vec<_> = (0..1 + dice.below(4)).filter_map(|_| self.mischief(task, result, dice)).collect();
        self.market.evm.place(WALLET, stub::wallet(self.book.hub, &calls));
        Ok(())
    }

    fn mischief(&self, task: TaskId, result: u8, dice: &mut Dice) -> Option<Bytes> {
        if dice.chance(30) {
            return self.bag_mischief(dice);
        }
        let other = self.task(dice, |task| task.is_open()).unwrap_or(task);
        let row = self.book.tasks.get(&other)?;
        let digest = digest_of(0);
        let (hash, seal) = (ResultHash::derive(other, digest), ResultSeal::derive(WALLET, other, digest));
        let pass = self.pass((row.deal, other), WALLET, (hash, seal), false, Flaw::None);
        Some(Bytes::from(match dice.below(11) {
            0 => Hub::claimCall { taskid: task.0 }.abi_encode(),
            1 => Hub::claimCall { taskid: other.0 }.abi_encode(),
            // The task that just ends, once more: the wallet may be its scheduler.
            2 | 9 | 10 => {
                let taskid = dice.pick(&[task, task, other]).0;
                let data = Bytes::from(vec![result]);
                Hub::finalizeCall { taskid, results: Bytes::new(), resultsCallback: data }.abi_encode()
            }
            3 => Hub::contributeCall {
                taskid: other.0,
                resultHash: hash.0,
                resultSeal: seal.0,
                enclaveChallenge: pass.enclave,
                enclaveSign: pass.enclave_sign,
                authorizationSign: pass.authorization,
            }
            .abi_encode(),
            4 => Hub::contributeAndFinalizeCall {
                taskid: other.0,
                resultDigest: digest.0,
                results: Bytes::new(),
                resultsCallback: Bytes::from_static(&[0]),
                enclaveChallenge: pass.enclave,
                enclaveSign: pass.enclave_sign,
                authorizationSign: pass.authorization,
            }
            .abi_encode(),
            5 => Hub::withdrawCall { amount: U256::from(self.book.balance(WALLET) / 50) }.abi_encode(),
            6 => {
                let idx = row.index + U256::from(1);
                Hub::initializeCall { dealid: row.deal.0, idx }.abi_encode()
            }
            7 => Hub::revealCall { taskid: other.0, resultDigest: digest.0 }.abi_encode(),
            _ => {
                let (app, dataset, workerpool, request) = quadruple(self.orders.last()?);
                Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request }.abi_encode()
            }
        }))
    }
}
