//! A pool that dies for good: after the deadline the requester has its money back, and the pool has paid.

use chain::EventKind;
use e2e::{Network, Options, eventually};
use protocol::Amount;
use protocol::settlement::KITTY;
use protocol::task::Phase;

use crate::shared::{POOL_PRICE, WORDCOUNT_PRICE};

#[tokio::test]
async fn a_task_that_nobody_finishes_is_refunded_by_the_pool_itself() {
    let network = Network::start(Options::without_pool());
    let witness = network.witness().await;
    let (requester, owner) = (network.account("requester"), network.account("pool"));
    let mut pool = network.pool(0);
    let (paid_before, owned_before) = (witness.account(requester).await, witness.fortune(owner).await);

    let detached = network.buy(&["wordcount", "lost", "--detach", "--category", Network::CATEGORY]).ended_with(0);
    pool.process.kill();
    let price = Amount::nrlc(POOL_PRICE + WORDCOUNT_PRICE);
    assert_eq!(witness.account(requester).await.locked, price);

    witness.advance(101).await;
    let _pool = network.pool(pool.url.port().expect("a port"));
    let deal = detached.deal();
    let task = protocol::TaskId::derive(deal, protocol::U256::ZERO);
    eventually("the refund", async || {
        let view = witness.chain.task(task).await.ok().flatten()?;
        (view.phase == Phase::Failed).then_some(())
    })
    .await;

    let watched = network.run(&["deal", "watch", &deal.to_string()]).ended_with(5);
    assert_eq!(watched.event("finished")["refunded"], 1);
    assert_eq!(watched.all("refunded").len(), 1, "{}", watched.describe());
    assert_eq!(witness.account(requester).await, paid_before, "the whole price is back");
    let lost = Amount::nrlc(POOL_PRICE * 30 / 100);
    // The restarted pool tops its stake up from its own wallet, so both are counted.
    let owned = witness.fortune(owner).await;
    assert_eq!(owned_before.checked_sub(owned), Some(lost), "the pool's stake is gone");
    assert_eq!(witness.owned(KITTY).await, lost, "and feeds the kitty");
    assert_eq!(witness.events(&[EventKind::TaskClaimed]).await.len(), 1);
    witness.assert_money_conserved().await;
}
