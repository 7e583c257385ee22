//! Who gets what when a task ends, written down from the specification once more. Source: `poco-contracts.md` 12.9 to 12.13.

use alloy::primitives::{Address, U256};
use protocol::settlement::KITTY;

use crate::book::{DealRow, Entry, Kind, Nrlc, small};
use crate::task::{PROVED, TaskRow};

const KITTY_MIN: Nrlc = 1_000_000_000;

/// Movements of a completed task, and which workers were right; the kitty pays its part.
/// Of what the scheduler would get last, half goes to `bounty`, if anybody.
pub(crate) fn success(
    deal: &DealRow,
    task: &TaskRow,
    kitty: &mut Nrlc,
    bounty: Option<Address>,
) -> (Vec<Entry>, Vec<(Address, bool)>) {
    let view = &deal.view;
    let scheduler = view.workerpool.owner;
    let mut moves = sellers(deal, 1, kitty);
    let price = small(view.workerpool.price);
    let kept = 100 - small(view.schedulerRewardRatio);
    if task.alone {
        let share = price * kept / 100;
        moves.extend([(Kind::Reward, task.votes[0].worker, share), (Kind::Reward, scheduler, price - share)]);
        return (moves, Vec::new());
    }
    let wrong = task.votes.iter().filter(|vote| vote.status != PROVED).count() as Nrlc;
    let weights: Nrlc =
        task.votes.iter().filter(|vote| vote.status == PROVED).map(|vote| Nrlc::from(vote.weight)).sum();
    let mut rest = price + deal.worker_stake * wrong;
    let pot = rest * kept / 100;
    let mut judged = Vec::new();
    for vote in &task.votes {
        let right = vote.status == PROVED;
        if right {
            let share = pot * Nrlc::from(vote.weight) / weights;
            rest -= share;
            moves.push((Kind::Unlock, vote.worker, deal.worker_stake));
            moves.push((Kind::Reward, vote.worker, share));
        } else {
            moves.push((Kind::Seize, vote.worker, deal.worker_stake));
        }
        if !right || task.votes.len() > 1 {
            judged.push((vote.worker, right));
        }
    }
    let part = if bounty.is_some() { rest / 2 } else { 0 };
    moves.push((Kind::Reward, scheduler, rest - part));
    moves.extend(bounty.filter(|_| part > 0).map(|finder| (Kind::Reward, finder, part)));
    (moves, judged)
}

/// What the payer pays for `count` tasks, what the sellers get, and the scheduler's stake and part of the kitty.
fn sellers(deal: &DealRow, count: Nrlc, kitty: &mut Nrlc) -> Vec<Entry> {
    let view = &deal.view;
    let scheduler = view.workerpool.owner;
    let mut moves =
        vec![(Kind::Seize, view.sponsor, deal.price * count), (Kind::Unlock, scheduler, deal.pool_stake * count)];
    if view.app.price > U256::ZERO {
        moves.push((Kind::Reward, view.app.owner, small(view.app.price) * count));
    }
    if view.dataset.price > U256::ZERO && view.dataset.pointer != Address::ZERO {
        moves.push((Kind::Reward, view.dataset.owner, small(view.dataset.price) * count));
    }
    if *kitty > 0 {
        let drawn = (*kitty / 10).max(KITTY_MIN).min(*kitty);
        *kitty -= drawn;
        moves.extend([(Kind::Seize, KITTY, drawn), (Kind::Reward, scheduler, drawn)]);
    }
    moves
}

/// Movements of a range of a light deal that a worker settled: as many single tasks, but for the kitty's one part.
pub(crate) fn light_success(deal: &DealRow, worker: Address, count: u64, kitty: &mut Nrlc) -> Vec<Entry> {
    let count = Nrlc::from(count);
    let price = small(deal.view.workerpool.price);
    let share = price * (100 - small(deal.view.schedulerRewardRatio)) / 100;
    let mut moves = sellers(deal, count, kitty);
    let scheduler = deal.view.workerpool.owner;
    moves.extend([(Kind::Reward, worker, share * count), (Kind::Reward, scheduler, (price - share) * count)]);
    moves
}

/// Movements of `count` tasks of a light deal that are refunded.
pub(crate) fn light_failure(deal: &DealRow, count: u64, kitty: &mut Nrlc) -> Vec<Entry> {
    let stake = deal.pool_stake * Nrlc::from(count);
    *kitty += stake;
    vec![
        (Kind::Unlock, deal.view.sponsor, deal.price * Nrlc::from(count)),
        (Kind::Seize, deal.view.workerpool.owner, stake),
        (Kind::Reward, KITTY, stake),
        (Kind::Lock, KITTY, stake),
    ]
}

/// Movements of a claimed task; the kitty gets the scheduler's stake.
pub(crate) fn failure(deal: &DealRow, task: &TaskRow, kitty: &mut Nrlc) -> Vec<Entry> {
    let stake = deal.pool_stake;
    *kitty += stake;
    let mut moves = vec![
        (Kind::Unlock, deal.view.sponsor, deal.price),
        (Kind::Seize, deal.view.workerpool.owner, stake),
        (Kind::Reward, KITTY, stake),
        (Kind::Lock, KITTY, stake),
    ];
    moves.extend(task.votes.iter().map(|vote| (Kind::Unlock, vote.worker, deal.worker_stake)));
    moves
}
