//! What must be equal after every act, and what must always hold.

use alloy::primitives::{B256, U256};
use fairgrid_conformance::abi::{Hub, Rlc};
use protocol::settlement::KITTY;
use protocol::task::{ContributionStatus, Phase};
use protocol::{Amount, DealId, TaskId};

use crate::pair::{Pair, people};

impl Pair {
    /// Same balances and scores; the sum is what the token says the hub holds.
    pub(crate) fn check_money(&mut self) {
        // Those who never act keep what the stage gave them.
        let idle = self.stage.accounts().iter().filter(|account| !people().contains(account)).count();
        let mut sum = Amount::rlc(1_000 * idle as u64);
        for account in people().into_iter().chain([KITTY, self.stage.market.hub]) {
            let (free, locked) = self.stage.market.account(account);
            assert_eq!(free, self.twin.ledger().balance(account), "free money of {account}");
            assert_eq!(locked, self.twin.ledger().frozen(account), "locked money of {account}");
            assert_eq!(self.stage.market.score(account), self.twin.score(account), "score of {account}");
            sum = sum.checked_add(free).unwrap();
        }
        let supply = Amount::from_nrlc(self.stage.market.view(&Hub::totalSupplyCall {}).unwrap());
        let (hub, rlc) = (self.stage.market.hub, self.stage.market.rlc);
        let held = Rlc::balanceOfCall { account: hub };
        let held = Amount::from_nrlc(self.stage.market.evm.view(rlc, &held).unwrap());
        assert_eq!((sum, supply), (supply, held), "money is conserved");
        assert_eq!(self.twin.ledger().supply(), Some(supply));
    }

    pub(crate) fn check_deal(&mut self, id: DealId) {
        let deal = self.twin.deal(id).unwrap().clone();
        let view = self.stage.market.view(&Hub::viewDealCall { id: id.0 }).unwrap();
        let sides = [(view.app, deal.app), (view.dataset, deal.dataset), (view.workerpool, deal.workerpool)];
        for (seen, known) in sides {
            let known = (known.pointer, known.owner, known.price.to_nrlc());
            assert_eq!((seen.pointer, seen.owner, seen.price), known);
        }
        assert_eq!((view.trust, view.category, view.tag), (deal.trust, deal.category, deal.tag.0));
        assert_eq!((view.requester, view.beneficiary), (deal.requester, deal.beneficiary));
        assert_eq!((view.callback, view.params, view.sponsor), (deal.callback, deal.params, deal.sponsor));
        assert_eq!((view.startTime, view.botFirst), (U256::from(deal.start.0), deal.bot_first));
        assert_eq!((view.botSize, view.workerStake), (deal.bot_size, deal.worker_stake.to_nrlc()));
        assert_eq!(view.schedulerRewardRatio, deal.scheduler_reward_ratio);
    }

    /// Same phase, deadlines, counters and votes; one vote a worker; a final state stays.
    pub(crate) fn check_task(&mut self, id: TaskId) {
        let task = self.twin.task(id).unwrap().clone();
        let view = self.stage.view_task(id);
        let (status, consensus, winners, revealed, reveal_before) = match task.phase {
            Phase::Active => (1, B256::ZERO, 0, 0, 0),
            Phase::Revealing { consensus, reveal_before, winners, revealed } => {
                (2, consensus.0, winners, revealed, reveal_before.0)
            }
            Phase::Completed { consensus } => (3, consensus.0, 0, 0, 0),
            Phase::Failed => (4, B256::ZERO, 0, 0, 0),
        };
        assert_eq!(view.status, status, "status of {id}");
        assert_eq!(view.contributionDeadline, U256::from(task.contribute_before.0));
        assert_eq!(view.finalDeadline, U256::from(task.final_before.0));
        assert_eq!(view.resultsTimestamp, U256::ZERO);
        if !task.phase.is_final() {
            assert_eq!((view.winnerCounter, view.revealCounter), (U256::from(winners), U256::from(revealed)));
            assert_eq!((view.consensusValue, view.revealDeadline), (consensus, U256::from(reveal_before)));
        }
        if let Phase::Completed { consensus } = task.phase {
            assert_eq!(view.consensusValue, consensus.0);
            assert_eq!(Some(view.resultDigest), task.digest.map(|digest| digest.0));
        }
        let voters: Vec<_> = task.contributions.iter().map(|c| c.worker).collect();
        assert_eq!(view.contributors, voters);
        let distinct: std::collections::BTreeSet<_> = voters.iter().collect();
        assert_eq!(distinct.len(), voters.len(), "one vote a worker");
        for vote in &task.contributions {
            let seen = Hub::viewContributionCall { taskid: id.0, worker: vote.worker };
            let seen = self.stage.market.view(&seen).unwrap();
            let status = match vote.status {
                ContributionStatus::Contributed => 1,
                ContributionStatus::Proved => 2,
                ContributionStatus::Rejected => 3,
            };
            assert_eq!((seen.status, seen.weight), (status, vote.share));
            assert_eq!((seen.resultHash, seen.resultSeal), (vote.hash.0, vote.seal.0));
        }
        self.check_final(id, task.phase);
    }

    pub(crate) fn check_final(&mut self, id: TaskId, phase: Phase) {
        match self.finals.iter().find(|(task, _)| *task == id) {
            Some((_, first)) => assert_eq!(*first, phase, "a final state is final"),
            None if phase.is_final() => self.finals.push((id, phase)),
            None => {}
        }
    }
}
