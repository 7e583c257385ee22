//! Processes that are killed without warning, at the worst moments: what was paid for still happens, exactly once.

use std::collections::BTreeMap;

use chain::{Event, EventKind};
use e2e::{Network, Options, PATIENCE, eventually};
use protocol::{TaskId, U256};

#[tokio::test]
async fn a_killed_pool_finishes_its_bag_and_does_nothing_twice() {
    const TASKS: usize = 12;
    let network = Network::start(Options::without_pool());
    let witness = network.witness().await;
    let mut pool = network.pool(0);
    let _workers = [network.worker("worker-1", &pool.url), network.worker("worker-2", &pool.url)];
    let run = network.order(&["echo", "x", "--tasks", &TASKS.to_string(), "--trust", "3"]);
    eventually("two finished tasks", async || {
        (witness.events(&[EventKind::TaskFinalize]).await.len() >= 2).then_some(())
    })
    .await;
    pool.process.kill();
    let finalized = witness.events(&[EventKind::TaskFinalize]).await.len();
    assert!(finalized < TASKS, "the kill came in the middle");

    let _pool = network.pool(pool.url.port().expect("a port"));
    let bought = run.finish(PATIENCE).ended_with(0);
    assert_eq!(bought.files().len(), TASKS);
    let mut times: BTreeMap<TaskId, usize> = BTreeMap::new();
    for event in witness.events(&[EventKind::TaskFinalize]).await {
        *times.entry(event.task().expect("it names its task")).or_default() += 1;
    }
    assert_eq!(times.into_values().collect::<Vec<_>>(), [1; TASKS], "each task is finalized once");
    let unwanted = [EventKind::TaskClaimed, EventKind::TaskReopen, EventKind::FaultyContribution];
    assert_eq!(witness.events(&unwanted).await, []);
    witness.assert_money_conserved().await;
}

#[tokio::test]
async fn a_worker_killed_between_vote_and_reveal_reveals_after_its_restart() {
    let network = Network::start(Options::without_pool());
    let witness = network.witness().await;
    let pool = network.pool(0);
    let mut first = network.worker("worker-1", &pool.url);
    let _second = network.worker("worker-2", &pool.url);
    // Trust 5 takes three newcomers: with two, every vote waits.
    let run = network.order(&["wordcount", "one two", "--trust", "5"]);
    let deal = run.event("deal", PATIENCE)["deal"].as_str().and_then(|text| text.parse().ok()).expect("an id");
    let task = TaskId::derive(deal, U256::ZERO);
    let voted = witness.contributors(task, 2).await;
    assert!(voted.contains(&first.address));
    first.process.kill();

    let _third = network.worker("worker-3", &pool.url);
    eventually("the consensus", async || {
        (!witness.events_of(task, &[EventKind::TaskConsensus]).await.is_empty()).then_some(())
    })
    .await;
    assert!(!revealed(&witness.events_of(task, &[EventKind::TaskReveal]).await).contains(&first.address));
    let back = network.worker("worker-1", &pool.url);
    assert_eq!(back.address, first.address);

    let _bought = run.finish(PATIENCE).ended_with(0);
    assert!(revealed(&witness.events_of(task, &[EventKind::TaskReveal]).await).contains(&first.address));
    assert_eq!(witness.events(&[EventKind::Seize]).await.iter().filter(|event| is_of(event, first.address)).count(), 0);
    assert_eq!(witness.account(first.address).await.locked, protocol::Amount::ZERO, "its stake is free again");
    witness.assert_money_conserved().await;
}

fn revealed(events: &[Event]) -> Vec<protocol::Address> {
    let worker = |event: &Event| match event {
        Event::TaskReveal { worker, .. } => Some(*worker),
        _ => None,
    };
    events.iter().filter_map(worker).collect()
}

fn is_of(event: &Event, who: protocol::Address) -> bool {
    matches!(event, Event::Seize { owner, .. } if *owner == who)
}

#[tokio::test]
async fn a_killed_network_goes_on_with_the_same_chain() {
    let mut network = Network::start(Options::workers(2));
    let witness = network.witness().await;
    let _bought = network.buy(&["echo", "before"]).ended_with(0);
    let (height, books) = (witness.height().await, witness.assert_money_conserved().await);
    network.kill();
    network.restart();
    let witness = network.witness().await;
    assert!(witness.height().await >= height, "no block is lost");
    let after = witness.assert_money_conserved().await;
    for (who, account) in &books.accounts {
        let now = after.accounts.get(who).copied().unwrap_or_else(|| panic!("{who} is forgotten"));
        // The hub's own account holds what the others have locked.
        assert_eq!(now, *account, "{who}");
    }
    let bought = network.buy(&["echo", "after"]).ended_with(0);
    assert_eq!(std::fs::read_to_string(&bought.files()[0]).expect("the result"), "after\ntask 0\n");
    let stopped = network.stop();
    assert_eq!(stopped.all("stopping").len(), 1, "{}", stopped.describe());
}

#[tokio::test]
async fn a_bag_outlives_the_crash_of_everything_but_its_buyer() {
    const TASKS: usize = 8;
    let mut network = Network::start(Options::workers(2));
    let witness = network.witness().await;
    let run = network.order(&["echo", "x", "--tasks", &TASKS.to_string(), "--trust", "3"]);
    eventually("a finished task", async || {
        (!witness.events(&[EventKind::TaskFinalize]).await.is_empty()).then_some(())
    })
    .await;
    network.kill();
    network.restart();
    let bought = run.finish(PATIENCE).ended_with(0);
    assert_eq!(bought.files().len(), TASKS);
    let witness = network.witness().await;
    let finalized = witness.events(&[EventKind::TaskFinalize]).await;
    assert_eq!(finalized.len(), TASKS, "each task is finalized once");
    assert_eq!(witness.events(&[EventKind::FaultyContribution, EventKind::TaskClaimed]).await, []);
    witness.assert_money_conserved().await;
}
