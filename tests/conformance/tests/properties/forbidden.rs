//! What must be refused, whoever tries and whenever. Source: `poco-contracts.md` 7, 12, 17.

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::abi::Hub;
use protocol::{DealId, TaskId};

use crate::book::Broken;
use crate::dice::Dice;
use crate::task::{COMPLETED, CONTRIBUTED, REVEALING, TaskRow, digest_of};
use crate::votes::Flaw;
use crate::world::{STRANGER, WORKERS, World, who};

impl World {
    pub(crate) fn attempt(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        match dice.below(4) {
            0 => self.attempt_money(dice),
            1 => self.attempt_opening(dice),
            2 => self.attempt_ending(dice),
            _ => self.attempt_voting(dice),
        }
    }

    fn attempt_money(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let (stranger, holder) = (who(STRANGER), who(WORKERS.start + dice.below(12) as u64));
        let much = U256::from(self.book.balance(holder)) + U256::from(1);
        let one = U256::from(1);
        let hub = self.book.hub;
        match dice.below(10) {
            0 => self.forbidden(holder, &Hub::withdrawCall { amount: much }),
            1 => self.forbidden(holder, &Hub::withdrawToCall { amount: much, target: hub }),
            2 => self.forbidden(holder, &Hub::transferCall { to: stranger, amount: much }),
            3 => self.forbidden(stranger, &Hub::transferFromCall { from: hub, to: stranger, amount: one }),
            4 => self.forbidden(holder, &Hub::transferCall { to: Address::ZERO, amount: U256::ZERO }),
            5 => self.forbidden(holder, &Hub::approveCall { spender: Address::ZERO, amount: one }),
            6 => self.forbidden(stranger, &Hub::recoverCall {}),
            7 => {
                let call = Hub::transferFromCall { from: Address::ZERO, to: holder, amount: U256::ZERO };
                self.forbidden(holder, &call)
            }
            8 => self.forbidden(holder, &Hub::decreaseAllowanceCall { spender: hub, amount: one }),
            _ => {
                // Pretending to be another token brings nothing.
                let call = Hub::receiveApprovalCall { sender: holder, amount: one, token: hub, data: Bytes::new() };
                self.forbidden(stranger, &call)
            }
        }
    }

    fn attempt_opening(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let stranger = who(STRANGER);
        let Some(deal) = dice.recent(&self.book.made) else {
            return self.forbidden(stranger, &Hub::initializeCall { dealid: B256::ZERO, idx: U256::ZERO });
        };
        let row = &self.book.deals[&deal];
        let (first, size) = (row.view.botFirst, row.view.botSize);
        let one = U256::from(1);
        match dice.below(5) {
            0 => self.forbidden(stranger, &Hub::initializeCall { dealid: deal.0, idx: first + size }),
            1 => self.forbidden(stranger, &Hub::initializeCall { dealid: deal.0, idx: first.wrapping_sub(one) }),
            2 => {
                let call = Hub::initializeArrayCall { dealids: vec![deal.0; 2], idx: vec![first] };
                self.forbidden(stranger, &call)
            }
            3 => {
                let Some(task) = self.task(dice, |_| true) else { return Ok(()) };
                let (DealId(dealid), idx) = (self.book.tasks[&task].deal, self.book.tasks[&task].index);
                self.book.touched.tasks.insert(task);
                self.forbidden(stranger, &Hub::initializeCall { dealid, idx })
            }
            _ => {
                let call = Hub::initializeAndClaimArrayCall { dealids: vec![deal.0], idx: vec![first + size] };
                self.forbidden(stranger, &call)
            }
        }
    }

    fn attempt_ending(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let (results, none) = (Bytes::from_static(b"mine"), Bytes::new());
        let scheduler = |world: &Self, task| world.book.deal_of(task).view.workerpool.owner;
        let finalize = |task: TaskId, data: Bytes| Hub::finalizeCall {
            taskid: task.0,
            results: results.clone(),
            resultsCallback: data,
        };
        let pick = dice.below(8);
        let fits: &dyn Fn(&TaskRow) -> bool = match pick {
            0 | 1 => &|task| task.status == REVEALING,
            2 => &|task| !task.may_finalize(now),
            3 => &|task| task.status == REVEALING,
            4 => &|task| !task.may_reopen(now),
            5 => &|task| !task.may_claim(now),
            6 => &|task| !task.is_open(),
            _ => &|task| task.status == COMPLETED,
        };
        let Some(task) = self.task(dice, fits) else { return Ok(()) };
        self.book.touched.tasks.insert(task);
        match pick {
            0 => self.forbidden(who(STRANGER), &finalize(task, none)),
            1 => self.forbidden(who(STRANGER), &Hub::reopenCall { taskid: task.0 }),
            2 => self.forbidden(scheduler(self, task), &finalize(task, none)),
            3 => self.forbidden(scheduler(self, task), &finalize(task, Bytes::from_static(b"nobody's result"))),
            4 => self.forbidden(scheduler(self, task), &Hub::reopenCall { taskid: task.0 }),
            5 => self.forbidden(who(STRANGER), &Hub::claimCall { taskid: task.0 }),
            6 => self.forbidden(scheduler(self, task), &Hub::claimArrayCall { taskids: vec![task.0; 2] }),
            _ => self.forbidden(scheduler(self, task), &finalize(task, Bytes::from_static(&[0]))),
        }
    }

    fn attempt_voting(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let now = self.now();
        let voted = self.task(dice, |task| !task.votes.is_empty());
        let Some(task) = voted else { return Ok(()) };
        let row = &self.book.tasks[&task];
        let vote = &row.votes[dice.below(row.votes.len())];
        let (voter, winner) = (vote.worker, vote.hash == row.consensus && vote.status == CONTRIBUTED);
        let in_time = row.status == REVEALING && now < row.reveal_before;
        self.book.touched.tasks.insert(task);
        match dice.below(5) {
            // A second vote, for the same or for another result.
            0 => self.second_vote(task, voter, 0, dice),
            1 => self.second_vote(task, voter, 1, dice),
            2 => {
                let unknown = digest_of(99).0;
                self.forbidden(voter, &Hub::revealCall { taskid: task.0, resultDigest: unknown })
            }
            3 if !(winner && in_time) => {
                self.forbidden(voter, &Hub::revealCall { taskid: task.0, resultDigest: digest_of(0).0 })
            }
            _ => self.forbidden(who(STRANGER), &Hub::revealCall { taskid: task.0, resultDigest: digest_of(0).0 }),
        }
    }

    fn second_vote(&mut self, task: TaskId, voter: Address, result: u8, dice: &mut Dice) -> Result<(), Broken> {
        let inside = dice.chance(50);
        let accepted = self.cast_vote(task, voter, result, inside, Flaw::None)?;
        crate::book::hold!(!accepted, "task {task} takes a second vote of {voter}");
        Ok(())
    }
}
