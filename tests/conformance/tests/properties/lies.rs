//! The tests tested: stories that do not add up, and views that differ from the book, are noticed.

use alloy::primitives::{Address, B256, Bytes, Log, U256};
use alloy::sol_types::SolEvent;
use fairgrid_conformance::abi::{Bags, Hub, Light};
use protocol::settlement::KITTY;
use protocol::{DealId, TaskId};

use crate::act::sequence;
use crate::book::DealRow;
use crate::relayed::Planned;
use crate::world::{STRANGER, WORKERS, World, who};

/// A world in the midst of things: with an open task that has a vote, but no consensus.
fn busy() -> (World, TaskId) {
    let mut world = World::new();
    for seed in 0..20 {
        for act in sequence(seed) {
            world.act(act).unwrap();
            let now = world.now();
            let voted = world.book.tasks.iter().find(|(_, task)| task.takes_votes(now) && !task.votes.is_empty());
            if let Some((task, _)) = voted {
                let task = *task;
                return (world, task);
            }
        }
    }
    panic!("twenty sequences without a vote");
}

/// A world with a light deal that has a callback and time left, and whose first task is open.
fn light() -> (World, DealId) {
    for seed in 0..40 {
        let mut world = World::new();
        for act in sequence(seed) {
            world.act(act).unwrap();
            let now = world.now();
            let fits =
                |row: &DealRow| row.light.as_ref().is_some_and(|light| light.states[0] == 0) && now < row.after(7);
            let found = world.book.deals.iter().find(|(_, row)| fits(row) && !row.view.callback.is_zero());
            if let Some((deal, _)) = found {
                let deal = *deal;
                return (world, deal);
            }
        }
    }
    panic!("forty sequences without such a deal");
}

fn said(world: &World, event: &impl SolEvent) -> Log {
    Log { address: world.book.hub, data: event.encode_log_data() }
}

/// Makes the book wrong in one way.
type Tamper = fn(&mut World, TaskId);

/// What the book answers to a story of the hub.
fn told(world: &World, story: &[Log]) -> String {
    let mut world = world.clone();
    world.book.absorb(&mut world.market, story).expect_err("the story does not add up")
}

#[test]
fn a_story_of_money_that_does_not_add_up_is_refused() {
    let (world, task) = busy();
    let (hub, thief, one) = (world.book.hub, who(STRANGER), U256::from(1));
    let moved = |from: Address, to: Address| said(&world, &Hub::Transfer { from, to, value: one });
    let reward = said(&world, &Hub::Reward { owner: thief, amount: one, r#ref: task.0 });
    let stories = [
        (vec![moved(hub, thief)], "without a reason"),
        (vec![reward.clone()], "without its Transfer"),
        (vec![moved(hub, thief), reward], "money moved without a reason"),
        (vec![said(&world, &Hub::Lock { owner: thief, amount: one })], "without its Transfer"),
        (vec![said(&world, &Hub::Seize { owner: thief, amount: one, r#ref: task.0 })], "more than is locked"),
        (vec![moved(thief, thief)], "more than it has"),
        (vec![said(&world, &Hub::AccurateContribution { worker: thief, taskid: task.0 })], "without a final task"),
    ];
    for (story, words) in stories {
        let answer = told(&world, &story);
        assert!(answer.contains(words), "{answer}");
    }
}

#[test]
fn a_story_of_a_task_out_of_order_is_refused() {
    let (world, task) = busy();
    let (taskid, row) = (task.0, world.book.tasks[&task].clone());
    let (voter, stake) = (row.votes[0].worker, U256::from(world.book.deal_of(task).worker_stake));
    let fresh = (WORKERS.start..WORKERS.end).map(who).find(|worker| row.vote(*worker).is_none()).unwrap();
    let vote = |worker: Address, hash: B256| {
        let moved = said(&world, &Hub::Transfer { from: worker, to: world.book.hub, value: stake });
        let lock = said(&world, &Hub::Lock { owner: worker, amount: stake });
        vec![moved, lock, said(&world, &Hub::TaskContribute { taskid, worker, hash })]
    };
    let consensus = said(&world, &Hub::TaskConsensus { taskid, consensus: B256::ZERO });
    let stories = [
        (vec![said(&world, &Hub::TaskFinalize { taskid, results: Bytes::new() })], "is finalized"),
        (vec![said(&world, &Hub::TaskReopen { taskid })], "is reopened"),
        (vec![said(&world, &Hub::TaskClaimed { taskid })], "is claimed"),
        (vec![consensus.clone()], "out of nothing"),
        (vec![said(&world, &Hub::TaskReveal { taskid, worker: voter, digest: B256::ZERO })], "takes a reveal"),
        (vote(voter, row.votes[0].hash.0), "second vote"),
        (vote(fresh, B256::ZERO)[2..].to_vec(), "locks no stake"),
        (vec![said(&world, &Hub::TaskReopen { taskid: B256::ZERO })], "nobody opened"),
    ];
    for (story, words) in stories {
        let answer = told(&world, &story);
        assert!(answer.contains(words), "{answer}");
    }
}

#[test]
fn a_story_of_bags_and_light_deals_that_does_not_add_up_is_refused() {
    let (world, task) = busy();
    let (taskid, row) = (task.0, world.book.tasks[&task].clone());
    let (thief, none, one) = (who(STRANGER), U256::ZERO, U256::from(1));
    let late = said(&world, &Bags::TaskFinalizeLate { taskid, finalizer: thief, bounty: none });
    let skipped = said(&world, &Bags::VoteSkipped { taskid, worker: thief, reason: 0 });
    let published = said(&world, &Bags::ResultsPublished { taskid, publisher: thief, results: Bytes::new() });
    let first = U256::from(world.book.deals[&row.deal].first());
    let dealid = row.deal.0;
    let refunded = said(&world, &Light::LightClaimed { dealid, first, count: one, refunded: one });
    let lost = said(&world, &Light::LightClaimed { dealid: taskid, first, count: one, refunded: one });
    for (story, words) in [
        (late, "does not follow"),
        (skipped, "out of nothing"),
        (published, "but the task is"),
        (refunded, "not light"),
        (lost, "nobody made"),
    ] {
        let answer = told(&world, &[story]);
        assert!(answer.contains(words), "{answer}");
    }
    let mut promised = world.clone();
    let voter = row.votes[0].worker;
    let hash = row.votes[0].hash;
    let plan = Planned {
        task,
        worker: voter,
        hash,
        signed: true,
        inside: true,
        authorized: true,
        vouched: true,
        giant: false,
    };
    promised.book.planned.push_back(plan);
    assert!(told(&promised, &[]).contains("left out"));
    let skip = |reason| said(&world, &Bags::VoteSkipped { taskid, worker: voter, reason });
    // Who has voted is told so, and nothing else.
    assert!(told(&promised, &[skip(6)]).contains("not Some(3)"));
    let mut right = promised.clone();
    right.book.absorb(&mut right.market, &[skip(3)]).unwrap();
}

#[test]
fn a_story_of_a_light_deal_out_of_order_is_refused() {
    let (world, deal) = light();
    let row = &world.book.deals[&deal];
    let (dealid, first, one) = (deal.0, row.view.botFirst, U256::from(1));
    let taskid = TaskId::derive(deal, first).0;
    let settled = |first, count| {
        let (worker, root, results) = (who(WORKERS.start), B256::ZERO, Bytes::new());
        said(&world, &Light::LightSettled { dealid, worker, first, count, root, results })
    };
    let open = row.light.as_ref().is_some_and(|light| light.states[0] == 0);
    assert!(open, "the first index is open");
    let stories = [
        (settled(first, one), "settles []"),
        (settled(first, row.view.botSize + one), "leaves its deal"),
        (settled(first, U256::ZERO), "leaves its deal"),
        (said(&world, &Light::LightClaimed { dealid, first, count: one, refunded: one }), "before the final deadline"),
        (said(&world, &Light::LightDelivered { dealid, idx: first, taskid }), "but it is 0"),
        (said(&world, &Hub::TaskInitialize { taskid, workerpool: who(STRANGER) }), "of unknown deal"),
    ];
    for (story, words) in stories {
        let answer = told(&world, &[story]);
        assert!(answer.contains(words), "{answer}");
    }
    let mut world = world.clone();
    world.check_all().unwrap();
    let light = world.book.deals.get_mut(&deal).unwrap().light.as_mut().unwrap();
    light.states[0] = 1;
    assert!(world.check_all().unwrap_err().contains("by the events 1"));
}

#[test]
fn a_view_that_differs_from_the_book_is_noticed() {
    let (world, task) = busy();
    let deal = world.book.tasks[&task].deal;
    let tampered: [(&str, Tamper); 8] = [
        ("free and locked", |world, _| {
            // Two errors that cancel each other out in all sums.
            *world.book.balances.get_mut(&who(STRANGER)).unwrap() += 1;
            *world.book.balances.get_mut(&world.market.owner).unwrap() -= 1;
        }),
        ("the supply", |world, _| world.book.supply += 1),
        ("by mistake", |world, _| world.book.gifts += 1),
        ("the hub holds", |world, _| world.book.donated += 1),
        ("oblige", |world, _| world.book.kitty += 1),
        ("has contributors", |world, task| world.book.tasks.get_mut(&task).unwrap().votes.reverse()),
        ("has times", |world, task| world.book.tasks.get_mut(&task).unwrap().final_before += 1),
        ("has score", |world, _| *world.book.scores.entry(KITTY).or_default() += U256::from(1)),
    ];
    for (words, tamper) in tampered {
        let mut world = world.clone();
        if words == "has contributors" && world.book.tasks[&task].votes.len() < 2 {
            continue;
        }
        if words == "free and locked" {
            world.market.fund(world.market.owner, protocol::Amount::nrlc(5));
            let owner = world.market.owner;
            *world.book.balances.entry(owner).or_default() += 5;
            world.book.supply += 5;
        }
        world.check_all().unwrap();
        tamper(&mut world, task);
        let answer = world.check_all().unwrap_err();
        assert!(answer.contains(words), "{words}: {answer}");
    }
    let mut world = world;
    world.book.deals.get_mut(&deal).unwrap().view.startTime += U256::from(1);
    assert!(world.check_all().unwrap_err().contains("has changed"));
}
