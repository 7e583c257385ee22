//! The paths: `PUT`, `GET` and `HEAD` of a task's result.

use std::sync::Arc;

use api::problem::Code;
use api::results::{RESULTS, Stored};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};

use crate::refusal::Refusal;
use crate::service::{Shared, parse};

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    // `receive` counts the bytes.
    let result = get(read).put(upload).layer(DefaultBodyLimit::disable());
    Router::new().route(&format!("{RESULTS}/{{task}}"), result).with_state(shared)
}

async fn read(State(shared): State<Arc<Shared>>, Path(text): Path<String>) -> Result<Json<Stored>, Refusal> {
    let task = parse(&text)?;
    let missing = || Refusal::new(Code::NotFound, format!("no result of task {task} is stored here"));
    let record = shared.stored(task).await?.ok_or_else(missing)?;
    Ok(Json(record.stored))
}

async fn upload(
    State(shared): State<Arc<Shared>>,
    Path(text): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Stored>, Refusal> {
    let mut body = body.into_data_stream();
    let answer = shared.take(&text, &headers, &mut body).await;
    shared.linger(body);
    answer.map(Json)
}
