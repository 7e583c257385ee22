//! How many agree before a result counts, and what becomes of a worker that lies.

use chain::{Event, EventKind};
use e2e::{Finished, Network, Options, Witness};
use protocol::{Address, Amount, TaskId};

/// At trust 10, newcomers weigh 2 each: 2^4 * 10 > (2^4 + 1) * 9, and 2^3 is not enough.
const AGREEING: usize = 4;

#[tokio::test]
async fn trust_ten_takes_four_agreeing_newcomers() {
    let network = Network::start(Options::workers(5));
    let witness = network.witness().await;
    let bought = network.buy(&["echo", "hello", "--trust", "10"]).ended_with(0);
    let votes = witness.events_of(bought.task(), &[EventKind::TaskContribute]).await;
    assert_eq!(votes.len(), AGREEING);
    let kinds = [EventKind::TaskReveal, EventKind::AccurateContribution, EventKind::FaultyContribution];
    let after = witness.events_of(bought.task(), &kinds).await;
    let count = |kind| after.iter().filter(|event| event.kind() == kind).count();
    assert_eq!(kinds.map(count), [AGREEING, AGREEING, 0]);
    witness.assert_money_conserved().await;
}

#[tokio::test]
async fn a_lying_worker_is_outvoted_and_loses_its_stake() {
    let network = Network::start(Options::workers(6).liar_from(1));
    let witness = network.witness().await;
    let liar = network.account("worker-6");
    let before = witness.owned(liar).await;
    let (bought, task) = until_it_lies(&network, &witness, liar).await;

    let stake = witness.chain.deal(bought.deal()).await.expect("the node answers").expect("the deal").worker_stake;
    assert!(stake > Amount::ZERO);
    let events = witness
        .events_of(task, &[EventKind::FaultyContribution, EventKind::AccurateContribution, EventKind::Seize])
        .await;
    let faulty: Vec<_> =
        events.iter().filter(|event| matches!(event, Event::FaultyContribution { .. })).cloned().collect();
    assert_eq!(faulty, [Event::FaultyContribution { worker: liar, task }], "the liar, and nobody else");
    let lost = events.iter().find_map(|event| match event {
        Event::Seize { owner, amount, .. } if *owner == liar => Some(*amount),
        _ => None,
    });
    assert_eq!(lost, Some(stake));
    assert_eq!(before.checked_sub(witness.owned(liar).await), Some(stake), "it never earned anything");
    // One more than without a liar: 2^5 * 10 > (2^5 + 2 + 1) * 9.
    let accurate = events.iter().filter(|event| matches!(event, Event::AccurateContribution { .. })).count();
    assert_eq!(accurate, AGREEING + 1);
    let text = std::fs::read_to_string(&bought.files()[0]).expect("the result");
    assert_eq!(text, "truth\ntask 0\n");
    witness.assert_money_conserved().await;
}

/// Buys until the liar was among those that were asked. Five of six work on a task, so this takes a few at most; none
/// of them may be lost to the lie.
async fn until_it_lies(network: &Network, witness: &Witness, liar: Address) -> (Finished, TaskId) {
    for _ in 0..12 {
        let bought = network.buy(&["echo", "truth", "--trust", "10"]).ended_with(0);
        let task = bought.task();
        let votes = witness.events_of(task, &[EventKind::TaskContribute]).await;
        if votes.iter().any(|vote| matches!(vote, Event::TaskContribute { worker, .. } if *worker == liar)) {
            return (bought, task);
        }
    }
    panic!("the liar was never asked");
}
