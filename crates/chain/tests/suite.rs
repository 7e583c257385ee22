//! One suite for every node: the embedded chain always, anvil when `FAIRGRID_TEST_ANVIL` names its binary.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "the whole file is a test")]

mod world;

use std::time::Duration;

use chain::{Client, Cursor, Error, Event, EventFilter, EventKind, Follower, Outbox, Proof, Revert, Settings, calls};
use protocol::order::{Kind, Operation};
use protocol::task::{ContributionStatus, Phase};
use protocol::{Address, Amount, B256, Bytes, DealId, ResultDigest, ResultHash, ResultSeal, TaskId, U256, matching};
use runtime::{Stop, Stopper, SystemClock};
use world::market::{market, matched, orders};
use world::{Mode, Proxy, World, attempts, database, is_refusal, outbox, raw, until};

macro_rules! on_both_nodes {
    ($($name:ident),* $(,)?) => {
        mod devnet_node { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::World::devnet().await).await; }
        )* }
        mod anvil_node { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = super::World::anvil().await { super::$name(world).await; }
            }
        )* }
    };
}

on_both_nodes! {
    what_does_not_exist_reads_as_none,
    a_wrong_address_is_named_with_the_next_step,
    a_task_lives_from_orders_to_payment,
    refusals_cost_nothing_and_are_decoded,
    a_key_submitted_twice_is_one_transaction,
    many_submissions_share_the_road,
    c1_a_crash_between_disk_and_node_loses_nothing,
    c1_a_lost_answer_never_sends_twice,
    c1_a_stolen_nonce_is_planned_anew,
    c1_a_missing_nonce_is_filled,
    c1_a_receipt_lost_in_a_reorganisation_is_sent_again,
    c2_a_refusal_on_chain_is_decoded_too,
    what_no_network_takes_is_refused_at_once,
    a_stuck_transaction_pays_more,
    c4_a_node_that_is_away_only_delays,
    c3_a_follower_delivers_every_event_in_order,
    c3_a_reorganisation_is_named_and_read_again,
    presigned_and_closed_orders_are_seen,
}

async fn what_does_not_exist_reads_as_none(world: World) {
    let client = world.client().await;
    let nobody = Address::repeat_byte(0x77);
    assert_eq!(client.info().hub, world.deployment.hub);
    assert_eq!(client.info().token, world.deployment.token);
    assert_eq!(client.info().domain, protocol::order::Domain::of_hub(client.info().chain_id, world.deployment.hub));
    assert_eq!(client.categories().await.unwrap(), U256::from(5));
    let category = client.category(U256::from(2)).await.unwrap().unwrap();
    assert_eq!((category.name.as_str(), category.unit), ("M", 3_600));
    assert_eq!(client.category(U256::from(5)).await.unwrap(), None);
    assert_eq!(client.deal(DealId(B256::repeat_byte(1))).await.unwrap(), None);
    assert_eq!(client.task(TaskId(B256::repeat_byte(1))).await.unwrap(), None);
    assert_eq!(client.contribution(TaskId(B256::repeat_byte(1)), nobody).await.unwrap(), None);
    assert_eq!(client.account(nobody).await.unwrap(), chain::Account::default());
    assert_eq!(client.score(nobody).await.unwrap(), U256::ZERO);
    for contract in [nobody, world.deployment.token, world.deployment.app_registry] {
        assert_eq!(client.app(contract).await.unwrap(), None, "{contract}");
        assert_eq!(client.dataset(contract).await.unwrap(), None);
        assert_eq!(client.workerpool(contract).await.unwrap(), None);
    }
    assert_eq!(client.owner_of(nobody).await.unwrap(), None);
    assert!(!client.registered(Kind::App, nobody).await.unwrap());
    assert_eq!(client.rlc_balance(world.owner.address()).await.unwrap(), Amount::rlc(87_000_000));
    assert!(client.head().await.unwrap().number >= world.deployment.block);
    assert_eq!(client.callback_gas().await.unwrap(), 200_000);
}

async fn a_wrong_address_is_named_with_the_next_step(world: World) {
    for hub in [Address::repeat_byte(0x77), world.deployment.token] {
        let config = chain::Config { hub, ..world.config(&world.rpc) };
        let error = Client::connect(config).await.unwrap_err();
        assert!(matches!(error, Error::NoHub { .. }), "{error:?}");
        assert!(error.to_string().contains(&hub.to_string()), "{error}");
    }
    let dead = "http://127.0.0.1:1".parse().unwrap();
    let error = Client::connect(world.config(&dead)).await.unwrap_err();
    assert!(matches!(error, Error::NoNode { .. }) && error.to_string().contains("127.0.0.1:1"), "{error:?}");
}

async fn a_task_lives_from_orders_to_payment(world: World) {
    let market = market(&world).await;
    let (client, hub, owner) = (&market.client, world.deployment.hub, world.owner.address());
    let quadruple = orders(&world, &market, 1);
    let facts = client.facts(&quadruple, owner).await.unwrap();
    assert_eq!(matching::refusals(&quadruple, &facts), []);
    assert_eq!(client.owner_of(market.app).await.unwrap(), Some(owner));
    let hash = quadruple.app.hash(&client.info().domain);
    assert!(!client.accepts_signature(owner, hash, &Bytes::from(vec![1; 7])).await.unwrap());
    let deal = matched(&world, &market, 1).await;
    let read = client.deal(deal).await.unwrap().unwrap();
    assert_eq!((read.app.pointer, read.trust, read.bot_size), (market.app, U256::from(1), U256::from(1)));
    assert_eq!(client.consumed(hash).await.unwrap(), U256::from(1));
    let used = client.facts(&quadruple, owner).await.unwrap();
    assert_eq!(matching::refusals(&quadruple, &used)[0].clause, matching::Clause::Volume);

    let task = TaskId::derive(deal, U256::ZERO);
    market.outbox.submit("initialize", calls::initialize(hub, deal, U256::ZERO)).await.unwrap();
    assert_eq!(client.task(task).await.unwrap().unwrap().phase, Phase::Active);
    let worker = world.wallet().await;
    let (hands, _running) = world.outbox(&worker).await;
    market.outbox.submit("fund", calls::transfer_stake(hub, worker.address(), Amount::rlc(5))).await.unwrap();
    let digest = ResultDigest(B256::repeat_byte(9));
    let hash = ResultHash::derive(task, digest);
    let seal = ResultSeal::derive(worker.address(), task, digest);
    let message = protocol::hash::authorization(worker.address(), task, Address::ZERO);
    let proof = Proof { authorization: world.owner.sign_personal(message), ..Proof::default() };
    hands.submit("contribute", calls::contribute(hub, task, hash, seal, &proof)).await.unwrap();
    let contribution = client.contribution(task, worker.address()).await.unwrap().unwrap();
    assert_eq!((contribution.status, contribution.hash), (ContributionStatus::Contributed, hash));
    let phase = client.task(task).await.unwrap().unwrap().phase;
    assert!(matches!(phase, Phase::Revealing { winners: 1, revealed: 0, .. }), "{phase:?}");
    hands.submit("reveal", calls::reveal(hub, task, digest)).await.unwrap();
    let results = Bytes::from_static(b"{}");
    market.outbox.submit("finalize", calls::finalize(hub, task, results.clone(), Bytes::new())).await.unwrap();
    let done = client.task(task).await.unwrap().unwrap();
    assert_eq!((done.phase, done.digest, done.results), (Phase::Completed { consensus: hash }, Some(digest), results));
    assert_eq!(client.account(worker.address()).await.unwrap().stake, Amount::from_nrlc(U256::from(6_980_000_000_u64)));
}

async fn refusals_cost_nothing_and_are_decoded(world: World) {
    let market = market(&world).await;
    let (hub, owner) = (world.deployment.hub, world.owner.address());
    let nonce = raw(&world.rpc, "eth_getTransactionCount", &format!("[\"{owner}\",\"latest\"]")).await;
    let mut wrong = orders(&world, &market, 1);
    wrong.request.order.category = U256::from(1);
    let refused = market.outbox.submit("match", calls::match_orders(hub, &wrong)).await.unwrap_err();
    assert!(refused.revert().unwrap().says("iExecV5-matchOrders-0x00"), "{refused:?}");
    assert!(!refused.is_retryable());
    let bare = market.outbox.submit("claim", calls::claim(hub, TaskId(B256::ZERO))).await.unwrap_err();
    assert_eq!(bare.revert(), Some(&Revert::Bare));
    let after = raw(&world.rpc, "eth_getTransactionCount", &format!("[\"{owner}\",\"latest\"]")).await;
    assert_eq!(nonce, after);
    let stranger = world.wallet().await;
    let (outbox, _running) = world.outbox(&stranger).await;
    let not_owner = outbox.submit("category", calls::create_category(hub, "XXL", "", 1)).await.unwrap_err();
    assert!(not_owner.revert().unwrap().says("Ownable: caller is not the owner"), "{not_owner:?}");
    // A refused key may be tried again, and goes through once the reason is gone.
    let deal = matched(&world, &market, 1).await;
    assert!(market.client.deal(deal).await.unwrap().is_some());
}

async fn a_key_submitted_twice_is_one_transaction(world: World) {
    let (outbox, _running) = world.outbox(&world.owner).await;
    let to = Address::repeat_byte(0x33);
    let give = calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let (first, second) = tokio::join!(outbox.submit("give", give.clone()), outbox.submit("give", give.clone()));
    let third = outbox.submit("give", give).await.unwrap();
    assert_eq!(first.unwrap(), third);
    assert_eq!(second.unwrap(), third);
    assert_eq!(world.client().await.rlc_balance(to).await.unwrap(), Amount::rlc(1));
}

async fn many_submissions_share_the_road(world: World) {
    let (outbox, _running) = world.outbox(&world.owner).await;
    let to = Address::repeat_byte(0x34);
    let give = calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let all = (0..40).map(|n| outbox.submit(format!("give {n}"), give.clone()));
    let receipts = futures_util::future::try_join_all(all).await.unwrap();
    let hashes: std::collections::BTreeSet<_> = receipts.iter().map(|receipt| receipt.transaction).collect();
    assert_eq!(hashes.len(), 40);
    assert_eq!(world.client().await.rlc_balance(to).await.unwrap(), Amount::rlc(40));
}

/// Submits through a misbehaving proxy, stops once the transaction is signed and on disk, starts again.
async fn crash_in(mode: Mode, world: World) {
    let (proxy, database) = (Proxy::before(&world.rpc).await, database().await);
    let client = world.client_at(&proxy.url).await;
    let to = Address::repeat_byte(0x35);
    let give = calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let stopper = Stopper::new();
    let (first, running) = outbox(client.clone(), &world.owner, database.clone(), stopper.stop()).await;
    proxy.be(mode);
    let submitted = async {
        let result = first.submit("give", give.clone()).await;
        // Where only the answer is lost, the outbox may see the receipt before it is stopped.
        let done = mode == Mode::LoseSendAnswers && result.is_ok();
        assert!(done || matches!(result, Err(Error::Stopped { .. })), "{result:?}");
    };
    let crash = async {
        until(async || attempts(&database).await == 1).await;
        stopper.request();
        running.join().await;
    };
    tokio::join!(submitted, crash);
    proxy.be(Mode::Honest);
    let (again, _running) = outbox(client.clone(), &world.owner, database.clone(), world.stopper.stop()).await;
    let receipt = again.submit("give", give.clone()).await.unwrap();
    assert_eq!(again.submit("give", give).await.unwrap(), receipt);
    assert_eq!(client.rlc_balance(to).await.unwrap(), Amount::rlc(1));
}

async fn c1_a_crash_between_disk_and_node_loses_nothing(world: World) {
    crash_in(Mode::LoseSends, world).await;
}

async fn c1_a_lost_answer_never_sends_twice(world: World) {
    crash_in(Mode::LoseSendAnswers, world).await;
}

async fn c1_a_stolen_nonce_is_planned_anew(world: World) {
    let (proxy, disk) = (Proxy::before(&world.rpc).await, database().await);
    let client = world.client_at(&proxy.url).await;
    let (ours, theirs) = (Address::repeat_byte(0x36), Address::repeat_byte(0x37));
    let give = |to| calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let (mine, _running) = outbox(client.clone(), &world.owner, disk.clone(), world.stopper.stop()).await;
    proxy.be(Mode::LoseSends);
    let thief = async {
        until(async || attempts(&disk).await == 1).await;
        let (other, _running) = world.outbox(&world.owner).await;
        let stolen = other.submit("steal", give(theirs)).await.unwrap();
        proxy.be(Mode::Honest);
        stolen
    };
    let (receipt, stolen) = tokio::join!(mine.submit("give", give(ours)), thief);
    assert_ne!(receipt.unwrap().transaction, stolen.transaction);
    for to in [ours, theirs] {
        assert_eq!(client.rlc_balance(to).await.unwrap(), Amount::rlc(1));
    }
}

async fn c1_a_missing_nonce_is_filled(world: World) {
    let (proxy, disk) = (Proxy::before(&world.rpc).await, database().await);
    let client = world.client_at(&proxy.url).await;
    let to = Address::repeat_byte(0x39);
    let give = calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let stopper = Stopper::new();
    let (first, running) = outbox(client.clone(), &world.owner, disk.clone(), stopper.stop()).await;
    proxy.be(Mode::LoseSends);
    let crash = async {
        until(async || attempts(&disk).await == 2).await;
        stopper.request();
        running.join().await;
    };
    let _stopped = tokio::join!(first.submit("a", give.clone()), first.submit("b", give.clone()), crash);
    // The intent with the lower nonce is lost, as by a disk restored from an old copy.
    let lost = "SELECT key FROM chain_outbox ORDER BY nonce LIMIT 1";
    let lost: String = sqlx::query_scalar(lost).fetch_one(&disk).await.unwrap();
    for sql in [
        "DELETE FROM chain_outbox_attempt WHERE nonce = (SELECT MIN(nonce) FROM chain_outbox)",
        "DELETE FROM chain_outbox WHERE nonce = (SELECT MIN(nonce) FROM chain_outbox)",
    ] {
        sqlx::query(sql).execute(&disk).await.unwrap();
    }
    proxy.be(Mode::Honest);
    let (again, _running) = outbox(client.clone(), &world.owner, disk.clone(), world.stopper.stop()).await;
    let kept = if lost == "a" { "b" } else { "a" };
    again.submit(kept, give).await.unwrap();
    assert_eq!(client.rlc_balance(to).await.unwrap(), Amount::rlc(1));
}

async fn c1_a_receipt_lost_in_a_reorganisation_is_sent_again(world: World) {
    if !world.anvil {
        // The embedded chain never reorganises.
        return;
    }
    let config = chain::Config { confirmations: 2, ..world.config(&world.rpc) };
    let client = Client::connect(config).await.unwrap();
    let (sender, _running) = outbox(client.clone(), &world.owner, database().await, world.stopper.stop()).await;
    let to = Address::repeat_byte(0x41);
    let arrived = async || client.rlc_balance(to).await.unwrap() == Amount::rlc(1);
    let snapshot = raw(&world.rpc, "evm_snapshot", "[]").await.unwrap();
    let reorganise = async {
        until(arrived).await;
        assert_eq!(raw(&world.rpc, "evm_revert", &format!("[{snapshot}]")).await.unwrap(), serde_json::json!(true));
        assert!(!arrived().await);
        until(arrived).await;
        raw(&world.rpc, "evm_mine", "[]").await.unwrap();
        raw(&world.rpc, "evm_mine", "[]").await.unwrap();
    };
    let give = calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let (receipt, ()) = tokio::join!(sender.submit("give", give), reorganise);
    receipt.unwrap();
    assert!(arrived().await);
}

async fn what_no_network_takes_is_refused_at_once(world: World) {
    let (outbox, _running) = world.outbox(&world.owner).await;
    let mut call = calls::transfer_rlc(world.deployment.token, Address::repeat_byte(1), Amount::rlc(1));
    for key in [String::new(), "k".repeat(513)] {
        assert!(matches!(outbox.submit(key, call.clone()).await, Err(Error::Invalid { .. })));
    }
    call.data = vec![0; 200_000].into();
    assert!(matches!(outbox.submit("big", call).await, Err(Error::Invalid { .. })));
    let penniless = calls::transfer_gas(Address::repeat_byte(1), U256::MAX >> 1);
    let error = outbox.submit("rich", penniless).await.unwrap_err();
    assert!(matches!(error, Error::Funds { .. }), "{error:?}");
}

async fn c2_a_refusal_on_chain_is_decoded_too(world: World) {
    let market = market(&world).await;
    let deal = matched(&world, &market, 1).await;
    let initialize = || calls::initialize(world.deployment.hub, deal, U256::ZERO);
    if world.anvil {
        raw(&world.rpc, "evm_setAutomine", "[false]").await.unwrap();
    }
    let mine = async {
        if world.anvil {
            // Both pass the dry run and wait in the pool; the block then has room for one truth only.
            until(async || raw(&world.rpc, "txpool_status", "[]").await.unwrap()["pending"] == "0x2").await;
            raw(&world.rpc, "evm_mine", "[]").await.unwrap();
        }
    };
    let (one, two, ()) =
        tokio::join!(market.outbox.submit("first", initialize()), market.outbox.submit("second", initialize()), mine,);
    let refused = [&one, &two].into_iter().filter(|result| is_refusal(result)).count();
    assert_eq!((one.is_ok() || two.is_ok(), refused), (true, 1), "{one:?} {two:?}");
    let reason = [one, two].into_iter().find_map(|result| result.err()).unwrap();
    assert_eq!(reason.revert(), Some(&Revert::Bare));
}

async fn a_stuck_transaction_pays_more(world: World) {
    if !world.anvil {
        // Gas is free on the embedded chain: there is nothing to raise.
        return;
    }
    let (client, disk, stop) = (world.client().await, database().await, world.stopper.stop());
    let settings = Settings { bump_after: Duration::from_millis(100), ..Settings::default() };
    let clock = SystemClock::shared();
    let wallet = world.owner.clone();
    let (outbox, _running) = Outbox::open_with(settings, client, wallet, disk.clone(), clock, stop).await.unwrap();
    raw(&world.rpc, "evm_setAutomine", "[false]").await.unwrap();
    let to = Address::repeat_byte(0x40);
    let mine = async {
        until(async || attempts(&disk).await >= 3).await;
        raw(&world.rpc, "evm_mine", "[]").await.unwrap();
    };
    let give = calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let (receipt, ()) = tokio::join!(outbox.submit("give", give), mine);
    assert!(receipt.unwrap().gas_price > 0);
    assert_eq!(world.client().await.rlc_balance(to).await.unwrap(), Amount::rlc(1));
}

async fn c4_a_node_that_is_away_only_delays(world: World) {
    let proxy = Proxy::before(&world.rpc).await;
    let client = world.client_at(&proxy.url).await;
    let to = Address::repeat_byte(0x38);
    let give = calls::transfer_rlc(world.deployment.token, to, Amount::rlc(1));
    let (sender, _running) = outbox(client.clone(), &world.owner, database().await, world.stopper.stop()).await;
    let from = Cursor::at(client.head().await.unwrap().number + 1);
    let mut follower = Follower::start(client.clone(), from, EventFilter::all(), SystemClock::shared());
    proxy.be(Mode::Down);
    assert!(client.head().await.unwrap_err().is_retryable());
    let stop = Stop::never();
    let back = async {
        // Both have met the silence before it ends: the clock here only gives them the time to.
        tokio::time::sleep(Duration::from_millis(300)).await;
        proxy.be(Mode::Honest);
    };
    let (receipt, batch, ()) = tokio::join!(sender.submit("give", give), follower.next(&stop), back);
    assert!(receipt.unwrap().block > 0);
    assert!(batch.unwrap().cursor.next() > 0);
}

async fn c3_a_follower_delivers_every_event_in_order(world: World) {
    let client = world.client().await;
    let filter = EventFilter::all().kinds([EventKind::CreateCategory]);
    let mut follower = Follower::start(client.clone(), Cursor::at(0), filter.clone(), SystemClock::shared());
    let (outbox, _running) = world.outbox(&world.owner).await;
    let hub = world.deployment.hub;
    for n in 0..3 {
        outbox.submit(format!("{n}"), calls::create_category(hub, "extra", "", 60 + n)).await.unwrap();
    }
    let mut names = Vec::new();
    let mut last = None;
    while names.len() < 8 {
        let batch = follower.next(&Stop::never()).await.unwrap();
        for event in batch.events {
            assert!(last < Some((event.block, event.index)));
            last = Some((event.block, event.index));
            if let Event::CreateCategory { name, .. } = event.event {
                names.push(name);
            }
        }
        // A restart with the stored cursor goes on where the batch ended.
        let stored = serde_json::to_string(&batch.cursor).unwrap();
        let cursor = serde_json::from_str(&stored).unwrap();
        follower = Follower::start(client.clone(), cursor, filter.clone(), SystemClock::shared());
    }
    assert_eq!(names, ["XS", "S", "M", "L", "XL", "extra", "extra", "extra"]);
    let head = client.head().await.unwrap().number;
    assert_eq!(client.events(0, head + 5_000, &filter).await.unwrap().len(), 8);
    let stopper = Stopper::new();
    stopper.request();
    assert!(matches!(follower.next(&stopper.stop()).await, Err(Error::Stopped { .. })));
}

async fn c3_a_reorganisation_is_named_and_read_again(world: World) {
    if !world.anvil {
        // The embedded chain never reorganises: nothing to tell apart.
        return;
    }
    let client = world.client().await;
    let hub = world.deployment.hub;
    let from = Cursor::at(client.head().await.unwrap().number);
    let filter = EventFilter::all().kinds([EventKind::CreateCategory]);
    let mut follower = Follower::start(client.clone(), from, filter, SystemClock::shared());
    let kept = follower.next(&Stop::never()).await.unwrap().head.number;
    let snapshot = raw(&world.rpc, "evm_snapshot", "[]").await.unwrap();
    let (outbox, _running) = world.outbox(&world.owner).await;
    outbox.submit("lost", calls::create_category(hub, "lost", "", 1)).await.unwrap();
    let seen = follower.next(&Stop::never()).await.unwrap();
    assert_eq!(seen.events.len(), 1);
    assert_eq!(raw(&world.rpc, "evm_revert", &format!("[{snapshot}]")).await.unwrap(), serde_json::json!(true));
    // Another database: this outbox knows nothing of the lost transaction.
    let (other, _running) = world.outbox(&world.owner).await;
    other.submit("found", calls::create_category(hub, "found", "", 2)).await.unwrap();
    let undone = follower.next(&Stop::never()).await.unwrap();
    assert_eq!((undone.rolled_back_to, undone.events.len()), (Some(kept), 0));
    let anew = follower.next(&Stop::never()).await.unwrap();
    assert!(matches!(&anew.events[0].event, Event::CreateCategory { name, .. } if name == "found"), "{anew:?}");
}

async fn presigned_and_closed_orders_are_seen(world: World) {
    let market = market(&world).await;
    let (client, hub) = (&market.client, world.deployment.hub);
    let domain = &client.info().domain;
    let order = orders(&world, &market, 3).app;
    let (hash, owner) = (order.hash(domain), world.owner.address());
    assert!(client.accepts_signature(owner, hash, &order.sign).await.unwrap());
    assert!(!client.accepts_signature(owner, hash, &Bytes::new()).await.unwrap());
    let sign = calls::manage_app_order(hub, &order.order, Operation::Sign, Bytes::new());
    let signed = market.outbox.submit("sign", sign).await.unwrap();
    assert_eq!(signed.events[0].event, Event::OrderSigned { kind: Kind::App, order: hash });
    assert!(client.accepts_signature(owner, hash, &Bytes::new()).await.unwrap());
    // A stranger closes it with the owner's word.
    let stranger = world.wallet().await;
    let (hands, _running) = world.outbox(&stranger).await;
    let close = |sign| calls::manage_app_order(hub, &order.order, Operation::Close, sign);
    assert!(is_refusal(&hands.submit("close", close(Bytes::new())).await));
    let word = world.owner.sign_operation(&order.order, Operation::Close, domain);
    let closed = hands.submit("close", close(word)).await.unwrap();
    assert_eq!(closed.events[0].event, Event::OrderClosed { kind: Kind::App, order: hash });
    assert_eq!(client.consumed(hash).await.unwrap(), U256::from(3));
}
