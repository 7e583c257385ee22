//! The receipt: who paid, who earned, who lost, and what each phase cost in gas. Read from the chain's events.

use std::collections::{BTreeMap, BTreeSet};

use chain::{Event, EventFilter, EventKind, HubEvent};
use protocol::{Address, Amount, B256, TaskId};
use serde::Serialize;

use crate::{Error, Session};

/// Money and record of one account over some tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Earned.
    pub earned: Amount,
    /// Paid as a price, or lost as a stake.
    pub paid: Amount,
    /// Contributions that were right, beside others.
    pub accurate: u32,
    /// Contributions that were wrong or unrevealed.
    pub faulty: u32,
}

/// Gas of one kind of transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gas {
    /// Transactions.
    pub transactions: u32,
    /// Gas of all of them.
    pub used: u64,
    /// Most gas of one.
    pub most: u64,
    /// Wei paid for all of them.
    pub fees: u128,
}

/// Where the money of some tasks went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// By account.
    pub accounts: BTreeMap<Address, Line>,
    /// By phase, in the order of a task's life.
    pub gas: Vec<(&'static str, Gas)>,
}

const PHASES: [&str; 6] = ["match", "initialize", "contribute", "reveal", "finalize", "claim"];

impl Receipt {
    /// All that was paid, and all that was earned: equal once every task is final.
    #[must_use]
    pub fn totals(&self) -> (Amount, Amount) {
        let sum = |pick: fn(&Line) -> Amount| {
            // What the hub moved cannot pass its supply, so neither can these sums.
            self.accounts.values().fold(Amount::ZERO, |sum, line| sum.checked_add(pick(line)).unwrap_or(sum))
        };
        (sum(|line| line.paid), sum(|line| line.earned))
    }
}

/// The receipt of `tasks`, whose events lie in blocks `from` to `to`; `matches` are their match transactions.
///
/// # Errors
/// [`Error::Chain`].
pub async fn receipt(
    session: &Session,
    tasks: &[TaskId],
    matches: &[B256],
    from: u64,
    to: u64,
) -> Result<Receipt, Error> {
    let kinds = [
        EventKind::TaskInitialize,
        EventKind::TaskContribute,
        EventKind::TaskReveal,
        EventKind::TaskFinalize,
        EventKind::TaskClaimed,
        EventKind::AccurateContribution,
        EventKind::FaultyContribution,
        EventKind::Reward,
        EventKind::Seize,
    ];
    let events = session.chain.events(from, to, &EventFilter::all().kinds(kinds)).await?;
    let wanted: BTreeSet<TaskId> = tasks.iter().copied().collect();
    let mut receipt = Receipt::default();
    let mut phases: BTreeMap<B256, &'static str> = matches.iter().map(|hash| (*hash, PHASES[0])).collect();
    for event in events.iter().filter(|event| about(event).is_some_and(|task| wanted.contains(&task))) {
        receipt.count(&event.event);
        if let Some(phase) = phase_of(&event.event) {
            phases.insert(event.transaction, phase);
        }
    }
    receipt.gas = gas(session, &phases).await?;
    Ok(receipt)
}

impl Receipt {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Reward { owner, amount, .. } => add(&mut self.accounts.entry(*owner).or_default().earned, *amount),
            Event::Seize { owner, amount, .. } => add(&mut self.accounts.entry(*owner).or_default().paid, *amount),
            Event::AccurateContribution { worker, .. } => self.accounts.entry(*worker).or_default().accurate += 1,
            Event::FaultyContribution { worker, .. } => self.accounts.entry(*worker).or_default().faulty += 1,
            _ => {}
        }
    }
}

fn add(sum: &mut Amount, amount: Amount) {
    *sum = sum.checked_add(amount).unwrap_or(*sum);
}

fn about(event: &HubEvent) -> Option<TaskId> {
    match &event.event {
        Event::Reward { reference, .. } | Event::Seize { reference, .. } => Some(TaskId(*reference)),
        other => other.task(),
    }
}

fn phase_of(event: &Event) -> Option<&'static str> {
    match event {
        Event::TaskInitialize { .. } => Some(PHASES[1]),
        Event::TaskContribute { .. } => Some(PHASES[2]),
        Event::TaskReveal { .. } => Some(PHASES[3]),
        Event::TaskFinalize { .. } => Some(PHASES[4]),
        Event::TaskClaimed { .. } => Some(PHASES[5]),
        _ => None,
    }
}

async fn gas(session: &Session, phases: &BTreeMap<B256, &'static str>) -> Result<Vec<(&'static str, Gas)>, Error> {
    let mut by_phase: BTreeMap<&'static str, Gas> = BTreeMap::new();
    for (transaction, phase) in phases {
        let Some(receipt) = session.chain.receipt(*transaction).await? else { continue };
        let gas = by_phase.entry(phase).or_default();
        gas.transactions += 1;
        gas.used += receipt.gas_used;
        gas.most = gas.most.max(receipt.gas_used);
        gas.fees = gas.fees.saturating_add(receipt.gas_price.saturating_mul(u128::from(receipt.gas_used)));
    }
    Ok(PHASES.iter().filter_map(|phase| Some((*phase, *by_phase.get(phase)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewards_and_seizures_become_lines_of_the_right_accounts() {
        let (payer, worker) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let reference = B256::repeat_byte(9);
        let task = TaskId(reference);
        let mut receipt = Receipt::default();
        for event in [
            Event::Seize { owner: payer, amount: Amount::rlc(3), reference },
            Event::Reward { owner: worker, amount: Amount::rlc(3), reference },
            Event::AccurateContribution { worker, task },
            Event::FaultyContribution { worker: payer, task },
        ] {
            receipt.count(&event);
        }
        assert_eq!(receipt.accounts[&worker], Line { earned: Amount::rlc(3), accurate: 1, ..Line::default() });
        assert_eq!(receipt.accounts[&payer], Line { paid: Amount::rlc(3), faulty: 1, ..Line::default() });
        assert_eq!(receipt.totals(), (Amount::rlc(3), Amount::rlc(3)));
    }
}
