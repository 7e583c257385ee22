//! A market of one owner: an app, a pool, money, orders, a deal.

use chain::{AppInfo, Client, Event, calls};
use protocol::order::{AppOrder, Kind, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use protocol::{Address, Amount, Bytes, DealId, U256};

use super::World;

/// An app and a pool of the owner, and everybody's money where it should be.
pub(crate) struct Market {
    pub(crate) client: Client,
    pub(crate) outbox: chain::Outbox,
    _running: chain::Running,
    pub(crate) app: Address,
    pub(crate) pool: Address,
}

pub(crate) async fn market(world: &World) -> Market {
    let client = world.client().await;
    let (outbox, running) = world.outbox(&world.owner).await;
    let (info, owner) = (client.info().clone(), world.owner.address());
    let app = AppInfo { owner, name: "hash".to_owned(), kind: "DOCKER".to_owned(), ..AppInfo::default() };
    let (app_at, pool_at) =
        (client.predict_app(&app).await.unwrap(), client.predict_workerpool(owner, "pool").await.unwrap());
    let receipt = outbox.submit("app", calls::create_app(info.app_registry, &app)).await.unwrap();
    let created = Event::ResourceTransfer { kind: Kind::App, from: Address::ZERO, to: owner, resource: app_at };
    assert_eq!(receipt.events.iter().map(|event| event.event.clone()).collect::<Vec<_>>(), [created]);
    outbox.submit("pool", calls::create_workerpool(info.workerpool_registry, owner, "pool")).await.unwrap();
    let deposit = calls::deposit_by_approve_and_call(info.token, info.hub, Amount::rlc(100), Bytes::new());
    outbox.submit("deposit", deposit).await.unwrap();
    assert_eq!(client.account(owner).await.unwrap().stake, Amount::rlc(100));
    assert_eq!(client.app(app_at).await.unwrap(), Some(app));
    Market { client, outbox, _running: running, app: app_at, pool: pool_at }
}

/// Orders of the owner for `volume` tasks.
pub(crate) fn orders(world: &World, market: &Market, volume: u64) -> Quadruple {
    let domain = &market.client.info().domain;
    let volume = U256::from(volume);
    let app = AppOrder { app: market.app, appprice: Amount::rlc(1), volume, ..Default::default() };
    let workerpool = WorkerpoolOrder {
        workerpool: market.pool,
        workerpoolprice: Amount::rlc(2),
        volume,
        trust: U256::from(1),
        ..Default::default()
    };
    let request = RequestOrder {
        app: market.app,
        appmaxprice: Amount::rlc(1),
        workerpoolmaxprice: Amount::rlc(2),
        requester: world.owner.address(),
        volume,
        ..Default::default()
    };
    Quadruple {
        app: world.owner.sign_order(app, domain),
        dataset: Signed::none(),
        workerpool: world.owner.sign_order(workerpool, domain),
        request: world.owner.sign_order(request, domain),
    }
}

pub(crate) async fn matched(world: &World, market: &Market, volume: u64) -> DealId {
    let orders = orders(world, market, volume);
    let receipt = market.outbox.submit("match", calls::match_orders(world.deployment.hub, &orders)).await.unwrap();
    let deal = receipt.events.iter().find_map(|event| match event.event {
        Event::SchedulerNotice { deal, workerpool } if workerpool == market.pool => Some(deal),
        _ => None,
    });
    deal.unwrap()
}
