//! The tests tested: stories that do not add up, and views that differ from the book, are noticed.

use alloy::primitives::{Address, B256, Bytes, Log, U256};
use alloy::sol_types::SolEvent;
use fairgrid_conformance::abi::Hub;
use protocol::TaskId;
use protocol::settlement::KITTY;

use crate::act::sequence;
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
