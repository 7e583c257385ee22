//! The receipt: who paid, who earned, who lost, and what each phase cost in gas and time. Money and gas are read from
//! the chain, times are what a watcher saw.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chain::{Event, EventFilter, EventKind, HubEvent};
use protocol::{Address, Amount, B256, TaskId};
use serde::Serialize;

use crate::watch::{Step, Update};
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

/// How long one phase of a task took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Tasks that went through it.
    pub tasks: u32,
    /// Mean, in milliseconds.
    pub mean_ms: u64,
    /// Longest, in milliseconds.
    pub most_ms: u64,
}

/// How long each phase took, as the watcher saw it: from one moment of a task's life to the next.
#[must_use]
pub fn spans(updates: &[Update]) -> Vec<(&'static str, Span)> {
    let mut moments: BTreeMap<TaskId, [Option<Duration>; MOMENTS]> = BTreeMap::new();
    for update in updates {
        if let Some(moment) = moment_of(&update.step) {
            moments.entry(update.task).or_default()[moment].get_or_insert(update.at);
        }
    }
    let names = ["to first contribution", "to consensus", "to last reveal", "to payment", "in all"];
    let pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)];
    names.into_iter().zip(pairs).map(|(name, (from, to))| (name, span(moments.values(), from, to))).collect()
}

const MOMENTS: usize = 5;

fn moment_of(step: &Step) -> Option<usize> {
    match step {
        Step::Initialized => Some(0),
        Step::Contributed { .. } => Some(1),
        Step::Consensus { .. } => Some(2),
        Step::Revealed { revealed, winners } => (revealed == winners).then_some(3),
        Step::Completed => Some(4),
        Step::Assigned { .. } | Step::WorkerFailed { .. } | Step::Refunded => None,
    }
}

fn span<'a>(tasks: impl Iterator<Item = &'a [Option<Duration>; MOMENTS]>, from: usize, to: usize) -> Span {
    let took: Vec<u64> = tasks
        .filter_map(|moments| Some(moments[to]?.saturating_sub(moments[from]?)))
        .map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
        .collect();
    let count = took.len() as u64;
    let sum = took.iter().fold(0_u64, |sum, took| sum.saturating_add(*took));
    Span {
        tasks: u32::try_from(count).unwrap_or(u32::MAX),
        mean_ms: sum.checked_div(count).unwrap_or(0),
        most_ms: took.into_iter().max().unwrap_or(0),
    }
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
    fn spans_run_between_moments_of_one_task() {
        let task = TaskId::default();
        let at = |ms, step| Update { task, index: 0, at: Duration::from_millis(ms), step };
        let updates = [
            at(100, Step::Initialized),
            at(500, Step::Consensus { winners: 2, dissenting: 0 }),
            at(600, Step::Revealed { revealed: 1, winners: 2 }),
            at(900, Step::Revealed { revealed: 2, winners: 2 }),
            at(1_000, Step::Completed),
        ];
        let spans: BTreeMap<_, _> = spans(&updates).into_iter().collect();
        assert_eq!(spans["to first contribution"], Span::default());
        assert_eq!(spans["to last reveal"], Span { tasks: 1, mean_ms: 400, most_ms: 400 });
        assert_eq!(spans["in all"].mean_ms, 900);
    }

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
