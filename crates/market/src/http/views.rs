//! What anybody may read beside orders: version, challenge, categories, deals, price history, counts.

use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use chain::Category;
use protocol::order::Kind;
use protocol::{Amount, DealId};
use serde_json::{Value, json};

use crate::deals::conditions;
use crate::params::{Params, uint};
use crate::refusal::Refusal;
use crate::shared::Shared;

type Answer = Result<Json<Value>, Refusal>;

pub(super) async fn version() -> Json<Value> {
    Json(json!({ "ok": true, "version": env!("CARGO_PKG_VERSION") }))
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Answer {
    shared.store.cursor().await?;
    Ok(Json(json!({ "ok": true })))
}

pub(super) async fn challenge(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let params = Params::read(query.as_deref())?;
    params.on_chain(shared.chain_id())?;
    let address = params.address("address")?.ok_or_else(|| Refusal::bad("address is a required field"))?;
    let now = shared.clock.monotonic();
    let mut logins = shared.logins.lock().unwrap_or_else(PoisonError::into_inner);
    let data = logins.challenge(&shared.config, shared.chain_id(), address, now);
    let data = data.ok_or_else(|| Refusal::busy("too many logins are pending: try again in five minutes"))?;
    Ok(Json(json!({ "ok": true, "data": data })))
}

pub(super) async fn categories(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let params = Params::read(query.as_deref())?;
    params.on_chain(shared.chain_id())?;
    let paging = params.paging()?;
    let least = params.number("minWorkClockTimeRef")?.unwrap_or(0);
    let most = params.number("maxWorkClockTimeRef")?.unwrap_or(u64::MAX);
    let mut all = shared.categories.all(&shared.client).await?;
    all.retain(|category| (least..=most).contains(&category.unit));
    all.sort_by_key(|category| (category.unit, category.id));
    let (skip, limit) = (usize::try_from(paging.skip), usize::try_from(paging.limit));
    let mut shown = Vec::new();
    for category in all.iter().skip(skip.unwrap_or(usize::MAX)).take(limit.unwrap_or(usize::MAX)) {
        shown.push(show(&shared, category).await?);
    }
    Ok(super::page("categories", json!(shown), all.len() as u64, paging))
}

pub(super) async fn category(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    Params::read(query.as_deref())?.on_chain(shared.chain_id())?;
    let id = uint(&id).ok_or_else(|| Refusal::bad("catid must be a whole number"))?;
    let all = shared.categories.all(&shared.client).await?;
    let category = all.iter().find(|category| category.id == id).ok_or_else(|| Refusal::missing("category"))?;
    let mut answer = show(&shared, category).await?;
    answer["ok"] = json!(true);
    Ok(Json(answer))
}

async fn show(shared: &Shared, category: &Category) -> Result<Value, Refusal> {
    let place = shared.store.category(category.id.to_string()).await?;
    let (block, transaction) = place.unzip();
    Ok(json!({
        "catid": Amount::from_nrlc(category.id),
        "chainId": shared.chain_id(),
        "name": category.name,
        "description": category.description,
        "workClockTimeRef": category.unit,
        "transactionHash": transaction,
        "blockNumber": block,
    }))
}

pub(super) async fn deals(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let params = Params::read(query.as_deref())?;
    params.on_chain(shared.chain_id())?;
    let paging = params.paging()?;
    let (count, deals) = shared.store.deals(&conditions(&params)?, paging).await?;
    Ok(super::page("deals", json!(deals), count, paging))
}

pub(super) async fn deal(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    Params::read(query.as_deref())?.on_chain(shared.chain_id())?;
    let id: DealId = id.parse().map_err(|error| Refusal::bad(format!("dealid: {error}")))?;
    let mut deal = shared.store.deal(id).await?.ok_or_else(|| Refusal::missing("deal"))?;
    deal["ok"] = json!(true);
    Ok(Json(deal))
}

pub(super) async fn history(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let params = Params::read(query.as_deref())?;
    params.on_chain(shared.chain_id())?;
    let category = params.uint("category")?.ok_or_else(|| Refusal::bad("category is a required field"))?;
    Ok(Json(json!({ "ok": true, "ohlc": shared.store.history(category).await? })))
}

pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Answer {
    let next = shared.store.cursor().await?.map_or(shared.config.first_block, |cursor| cursor.next());
    let last = shared.client.head().await?.number;
    let book = shared.book();
    Ok(Json(json!({
        "ok": true,
        "lastBlock": last,
        "checkpointBlock": next.saturating_sub(1),
        "apporders": book.open(Kind::App),
        "datasetorders": book.open(Kind::Dataset),
        "workerpoolorders": book.open(Kind::Workerpool),
        "requestorders": book.open(Kind::Request),
    })))
}
