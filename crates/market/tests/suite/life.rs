//! An order's life: published, listed, filled, canceled, dead, alive again, removed; and the book after a restart.

use api::http::Error;
use api::market::{Signer as _, Status};
use chain::{Event, calls};
use protocol::order::{AppOrder, Operation, RequestOrder, WorkerpoolOrder};
use protocol::{Address, Amount, B256, Bytes, U256};

use crate::world::{World, until};

fn refused<T>(answer: Result<T, Error>, status: u16, says: &str) {
    match answer {
        Err(Error::Refused { status: got, problem, .. }) => {
            assert_eq!(got, status, "{}", problem.message);
            assert!(problem.message.contains(says), "{}", problem.message);
            assert!(!problem.request_id.is_empty());
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("nothing was refused, expected: {says}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_orders_are_published_listed_and_removed() {
    let world = World::new().await;
    let (market, orders) = (world.market().await, world.orders(5));
    let record = market.client.publish(&orders.app, &world.owner).await.unwrap();
    assert_eq!((record.status, record.remaining), (Status::Open, U256::from(5)));
    assert_eq!((record.order_hash, record.signer), (world.hash(&orders.app), world.owner.address()));
    market.client.publish(&orders.workerpool, &world.owner).await.unwrap();
    market.client.publish(&orders.request, &world.owner).await.unwrap();

    let app = [("app", world.app.to_string())];
    let page = market.client.orders::<AppOrder>(&app).await.unwrap();
    assert_eq!((page.count, page.next_page, &page.orders[0]), (1, None, &record));
    // What our own buyers ask.
    let anybody = [
        ("app", world.app.to_string()),
        ("requester", world.owner.address().to_string()),
        ("dataset", Address::ZERO.to_string()),
        ("category", "0".to_owned()),
        ("pageSize", "100".to_owned()),
    ];
    let page = market.client.orders::<WorkerpoolOrder>(&anybody).await.unwrap();
    assert_eq!(page.orders[0].order, orders.workerpool);
    assert_eq!(market.count::<RequestOrder>(&[]).await, 1);

    refused(market.client.publish(&orders.app, &world.owner).await, 403, "already published");
    let removed = market.client.unpublish::<AppOrder>(record.order_hash, &world.owner).await.unwrap();
    assert_eq!(removed, [record.order_hash]);
    assert_eq!(market.client.order::<AppOrder>(record.order_hash).await.unwrap(), None);
    // Nobody offers the app any more: the request cannot be matched.
    market.shows::<RequestOrder>(world.hash(&orders.request), Status::Dead, 5).await;
    market.client.publish(&orders.app, &world.owner).await.unwrap();
    market.shows::<RequestOrder>(world.hash(&orders.request), Status::Open, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m4_each_rule_of_entry_refuses_by_its_name() {
    let world = World::new().await;
    let (market, orders) = (world.market().await, world.orders(5));
    let (stranger, ..) = world.stranger().await;
    let client = &market.client;
    refused(client.publish(&orders.app, &stranger).await, 403, "is not the owner");
    let unknown = world.sign(AppOrder { app: Address::repeat_byte(7), ..orders.app.order.clone() });
    refused(client.publish(&unknown, &world.owner).await, 403, "Resource not deployed");
    let mut forged = orders.app.clone();
    forged.sign = stranger.0.sign_digest(world.hash(&orders.app).0);
    refused(client.publish(&forged, &world.owner).await, 403, "no valid signature");
    forged.sign = Bytes::new();
    refused(client.publish(&forged, &world.owner).await, 403, "no valid signature");
    let empty = world.sign(AppOrder { volume: U256::ZERO, ..orders.app.order.clone() });
    refused(client.publish(&empty, &world.owner).await, 400, "order.volume");
    refused(client.publish(&orders.request, &world.owner).await, 403, "no open app order");
    let dear = world.sign(WorkerpoolOrder { workerpoolprice: Amount::rlc(100), ..orders.workerpool.order.clone() });
    refused(client.publish(&dear, &world.owner).await, 403, "deposit more");
    let endless = world.sign(WorkerpoolOrder { volume: U256::MAX, ..orders.workerpool.order.clone() });
    refused(client.publish(&endless, &world.owner).await, 403, "no stake could cover");
    client.publish(&orders.app, &world.owner).await.unwrap();
    refused(client.unpublish::<AppOrder>(world.hash(&orders.app), &stranger).await, 403, "only its signer");
    let close =
        calls::manage_app_order(world.deployment.hub, &unclosed(&orders.app.order), Operation::Close, Bytes::new());
    world.send("close", close).await;
    let closed = world.sign(unclosed(&orders.app.order));
    refused(client.publish(&closed, &world.owner).await, 403, "fully consumed or closed");
}

fn unclosed(order: &AppOrder) -> AppOrder {
    AppOrder { salt: B256::repeat_byte(3), ..order.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_wallet_has_at_most_fifty_open_orders_of_a_kind() {
    let world = World::new().await;
    let market = world.market().await;
    let mut order = world.orders(1).app.order;
    let mut publications = tokio::task::JoinSet::new();
    for n in 0..60 {
        order.salt = B256::with_last_byte(n);
        let (client, signed, owner) = (market.client.clone(), world.sign(order.clone()), world.owner.clone());
        publications.spawn(async move { client.publish(&signed, &owner).await });
    }
    let answers = publications.join_all().await;
    let (taken, left): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), left.len()), (50, 10));
    left.into_iter().for_each(|answer| refused(answer, 403, "50 open app orders"));
    let all = [("app", world.app.to_string()), ("pageSize", "20".to_owned()), ("pageIndex", "2".to_owned())];
    let page = market.client.orders::<AppOrder>(&all).await.unwrap();
    assert_eq!((page.count, page.orders.len(), page.next_page), (50, 10, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_match_fills_orders_and_becomes_a_deal() {
    let world = World::new().await;
    let market = world.market().await;
    let orders = world.orders(5);
    let small = world.orders(2);
    market.client.publish(&orders.app, &world.owner).await.unwrap();
    market.client.publish(&orders.workerpool, &world.owner).await.unwrap();
    market.client.publish(&small.request, &world.owner).await.unwrap();
    let matched = protocol::order::Quadruple { request: small.request.clone(), ..orders.clone() };
    let receipt = world.outbox.submit("match", calls::match_orders(world.deployment.hub, &matched)).await.unwrap();
    market.shows::<AppOrder>(world.hash(&orders.app), Status::Open, 3).await;
    market.shows::<WorkerpoolOrder>(world.hash(&orders.workerpool), Status::Open, 3).await;
    market.shows::<RequestOrder>(world.hash(&small.request), Status::Filled, 0).await;
    let deal = receipt.events.iter().find_map(|event| match event.event {
        Event::OrdersMatched { deal, .. } => Some(deal),
        _ => None,
    });
    let deal = deal.unwrap().to_string();
    let ask = async |path: &str| -> serde_json::Value {
        let url = market.url.join(&format!("{path}chainId={}", world.deployment.chain_id)).unwrap();
        reqwest::get(url).await.unwrap().json().await.unwrap()
    };
    let found = ask(&format!("/deals/{deal}?")).await;
    assert_eq!((&found["ok"], &found["dealid"], &found["volume"]), (&true.into(), &deal.clone().into(), &2.into()));
    assert_eq!(found["app"]["pointer"], world.app.to_string());
    for query in [
        format!("requester={}", world.owner.address()),
        format!("workerpool={}", world.pool),
        format!("requestorderHash={}", world.hash(&small.request)),
        "category=0".to_owned(),
    ] {
        let list = ask(&format!("/deals?{query}&")).await;
        assert_eq!((&list["count"], &list["deals"][0]["dealid"]), (&1.into(), &deal.clone().into()), "{query}");
    }
    assert_eq!(ask("/deals?category=1&").await["count"], 0);
    let history = ask("/ohlc?category=0&").await;
    assert_eq!((&history["ohlc"][0][1], &history["ohlc"][0][2]), (&2_000_000_000_u64.into(), &2.into()));
    assert_eq!(ask("/categories?").await["count"], 5);
    assert_eq!(ask("/categories/4?").await["name"], "XL");
    let metrics = ask("/metrics?").await;
    assert_eq!((&metrics["apporders"], &metrics["requestorders"]), (&1.into(), &0.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_order_is_canceled() {
    let world = World::new().await;
    let (market, orders) = (world.market().await, world.orders(5));
    market.client.publish(&orders.app, &world.owner).await.unwrap();
    let close = calls::manage_app_order(world.deployment.hub, &orders.app.order, Operation::Close, Bytes::new());
    world.send("close", close).await;
    market.shows::<AppOrder>(world.hash(&orders.app), Status::Canceled, 0).await;
    assert_eq!(market.count::<AppOrder>(&[("app", world.app.to_string())]).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_orders_die_with_the_stake_and_live_again_with_it() {
    let world = World::new().await;
    let (market, orders, info) = (world.market().await, world.orders(5), world.chain.info().clone());
    market.client.publish(&orders.workerpool, &world.owner).await.unwrap();
    let hash = world.hash(&orders.workerpool);
    world.send("withdraw", calls::withdraw(info.hub, Amount::rlc(98))).await;
    market.shows::<WorkerpoolOrder>(hash, Status::Dead, 5).await;
    assert_eq!(market.count::<WorkerpoolOrder>(&[]).await, 0);
    let deposit = calls::deposit_by_approve_and_call(info.token, info.hub, Amount::rlc(1), Bytes::new());
    world.send("deposit again", deposit).await;
    market.shows::<WorkerpoolOrder>(hash, Status::Open, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_orders_die_with_the_ownership() {
    let world = World::new().await;
    let (market, orders, info) = (world.market().await, world.orders(5), world.chain.info().clone());
    market.client.publish(&orders.app, &world.owner).await.unwrap();
    market.client.publish(&orders.request, &world.owner).await.unwrap();
    let (buyer, ..) = world.stranger().await;
    let sell = calls::transfer_resource(info.app_registry, world.owner.address(), buyer.address(), world.app);
    world.send("sell", sell).await;
    market.shows::<AppOrder>(world.hash(&orders.app), Status::Dead, 5).await;
    market.shows::<RequestOrder>(world.hash(&orders.request), Status::Dead, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m3_a_restart_finds_the_same_book_and_what_happened_meanwhile() {
    let world = World::new().await;
    let (market, orders) = (world.market().await, world.orders(5));
    let kept = market.client.publish(&orders.app, &world.owner).await.unwrap();
    market.client.publish(&orders.workerpool, &world.owner).await.unwrap();
    market.stop().await;
    let hub = world.deployment.hub;
    let close = calls::manage_workerpool_order(hub, &orders.workerpool.order, Operation::Close, Bytes::new());
    world.send("close", close).await;
    let market = world.market().await;
    let app = [("app", world.app.to_string())];
    assert_eq!(market.client.orders::<AppOrder>(&app).await.unwrap().orders, [kept]);
    market.shows::<WorkerpoolOrder>(world.hash(&orders.workerpool), Status::Canceled, 0).await;
    until(async || market.count::<WorkerpoolOrder>(&[]).await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_order_is_canceled_even_if_it_was_seen_empty_before() {
    let world = World::new().await;
    let (market, orders) = (world.market().await, world.orders(5));
    let hub = world.deployment.hub;
    // Each order is closed while the market still looks at it: whoever comes first, the word is the same.
    for n in 0..12 {
        let order = AppOrder { salt: B256::with_last_byte(n), ..orders.app.order.clone() };
        let signed = world.sign(order.clone());
        market.client.publish(&signed, &world.owner).await.unwrap();
        world.send(&format!("close {n}"), calls::manage_app_order(hub, &order, Operation::Close, Bytes::new())).await;
        market.shows::<AppOrder>(world.hash(&signed), Status::Canceled, 0).await;
    }
}
