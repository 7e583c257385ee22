//! Keeping the book true: events say which orders to look at, the chain says what they are. Idempotent throughout.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chain::{Batch, Cursor, Event, EventFilter, EventKind, Follower, HubEvent};
use protocol::{Address, OrderHash};
use runtime::Stop;

use crate::Error;
use crate::deals::Match;
use crate::shared::{Cause, Shared};
use crate::store::block_number;

/// Between attempts to act on a batch when the node is away.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// Follows the chain until `stop`; a node that is away is waited for.
pub(crate) async fn watch(shared: &Arc<Shared>, stop: &Stop) -> Result<(), Error> {
    let from = shared.store.cursor().await?.unwrap_or_else(|| Cursor::at(shared.config.first_block));
    let kinds = [
        EventKind::OrdersMatched,
        EventKind::OrderClosed,
        EventKind::Transfer,
        EventKind::ResourceTransfer,
        EventKind::CreateCategory,
    ];
    let filter = EventFilter::all().kinds(kinds);
    let mut follower = Follower::start(shared.client.clone(), from, filter, Arc::clone(&shared.clock));
    loop {
        let batch = match follower.next(stop).await {
            Ok(batch) => batch,
            Err(chain::Error::Stopped { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        while let Err(error) = take(shared, &batch).await {
            let Error::Chain(cause) = &error else { return Err(error) };
            tracing::warn!(error = cause as &dyn std::error::Error, "events wait for the node");
            tokio::select! {
                () = stop.requested() => return Ok(()),
                () = shared.clock.sleep(RETRY_EVERY) => {}
            }
        }
    }
}

/// Acts on a batch, and only then moves the cursor.
async fn take(shared: &Shared, batch: &Batch) -> Result<(), Error> {
    if let Some(block) = batch.rolled_back_to {
        shared.store.forget_deals_above(block).await?;
        shared.roll_back(block).await?;
    }
    let mut wallets = BTreeSet::new();
    for event in &batch.events {
        act(shared, event, &mut wallets).await?;
    }
    shared.settle_new().await?;
    let funded = shared.book().funded_by(&wallets);
    shared.settle(&funded.into_iter().collect(), Cause::Look).await?;
    shared.store.set_cursor(&batch.cursor).await
}

/// Acts on one event; wallets whose money moved are looked at once at the end of the batch.
async fn act(shared: &Shared, event: &HubEvent, wallets: &mut BTreeSet<Address>) -> Result<(), Error> {
    match &event.event {
        Event::OrdersMatched { deal, app, dataset, workerpool, request, .. } => {
            let place = Match {
                id: *deal,
                app: *app,
                dataset: *dataset,
                workerpool: *workerpool,
                request: *request,
                block: event.block,
                transaction: event.transaction,
            };
            matched(shared, place).await
        }
        Event::OrderClosed { order, .. } => shared.settle(&BTreeSet::from([*order]), Cause::Closed(event.block)).await,
        Event::Transfer { from, to, .. } => {
            wallets.extend([*from, *to]);
            Ok(())
        }
        Event::ResourceTransfer { kind, resource, .. } => {
            let orders = shared.book().selling(*kind, *resource);
            shared.settle(&orders.into_iter().collect(), Cause::Block(event.block)).await
        }
        Event::CreateCategory { id, .. } => {
            let place = (block_number(event.block), event.transaction.to_string());
            shared.store.add_category(id.to_string(), place).await
        }
        // The filter asks for the five kinds above only.
        _ => Ok(()),
    }
}

async fn matched(shared: &Shared, place: Match) -> Result<(), Error> {
    // A deal that a reorganisation took back is delivered again if it happens again.
    if let Some(deal) = shared.client.deal(place.id).await? {
        shared.store.add_deal(shared.chain_id(), place, &deal).await?;
    }
    let orders: BTreeSet<OrderHash> = [place.app, place.dataset, place.workerpool, place.request].into();
    shared.settle(&orders, Cause::Block(place.block)).await
}
