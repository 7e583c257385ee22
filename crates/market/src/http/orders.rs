//! Lists of orders, single orders, publishing and removing, alike for the four kinds.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use protocol::OrderHash;
use serde_json::{Value, json};

use crate::entry::Booked;
use crate::filter::Filter;
use crate::params::Params;
use crate::publish;
use crate::refusal::Refusal;
use crate::shared::Shared;

type Answer = Result<Json<Value>, Refusal>;

pub(super) fn routes<O: Booked>() -> Router<Arc<Shared>> {
    let (book, one) = (format!("/{}", O::PATH), format!("/{}/{{hash}}", O::PATH));
    Router::new().route(&book, get(list::<O>).post(post::<O>).put(put::<O>)).route(&one, get(found::<O>))
}

async fn list<O: Booked>(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let params = Params::read(query.as_deref())?;
    params.on_chain(shared.chain_id())?;
    let (filter, paging) = (Filter::read(O::KIND, &params)?, params.paging()?);
    let (count, page) = shared.book().page(&filter, paging);
    let orders: Vec<_> = page.iter().map(|entry| entry.record(shared.chain_id())).collect();
    Ok(super::page("orders", json!(orders), count, paging))
}

async fn found<O: Booked>(
    State(shared): State<Arc<Shared>>,
    Path(hash): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    Params::read(query.as_deref())?.on_chain(shared.chain_id())?;
    let hash: OrderHash = hash.parse().map_err(|error| Refusal::bad(format!("orderHash: {error}")))?;
    let entry = shared.store.order(hash).await?.filter(|entry| entry.kind == O::KIND);
    let entry = entry.ok_or_else(|| Refusal::missing(&format!("{}order", O::KIND)))?;
    let mut answer = entry.record(shared.chain_id());
    answer.insert("ok".to_owned(), json!(true));
    Ok(Json(Value::Object(answer)))
}

async fn post<O: Booked>(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    Params::read(query.as_deref())?.on_chain(shared.chain_id())?;
    // Read before the login is used up: a slip of the pen costs no new signature.
    let order = publish::read_order::<O>(&shared.body(body).await?)?;
    let caller = shared.caller(&headers)?;
    let entry = publish::publish(&shared, caller, order).await?;
    Ok(Json(json!({ "ok": true, "published": entry.record(shared.chain_id()) })))
}

async fn put<O: Booked>(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    Params::read(query.as_deref())?.on_chain(shared.chain_id())?;
    let body = shared.body(body).await?;
    let caller = shared.caller(&headers)?;
    let unpublished = publish::unpublish(&shared, O::KIND, caller, &body).await?;
    Ok(Json(json!({ "ok": true, "unpublished": unpublished })))
}
