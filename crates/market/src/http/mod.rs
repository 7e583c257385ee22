//! The doors of the market. Handlers read, check, and hand on; rules are in `publish`, `filter` and `truth`.

mod orders;
mod views;

use std::sync::{Arc, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use protocol::Address;
use protocol::order::{AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder};
use serde_json::{Value, json};
use tower_http::cors::{Any, CorsLayer};

use crate::login::Authorization;
use crate::params::Paging;
use crate::rate;
use crate::refusal::Refusal;
use crate::shared::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT]);
    Router::new()
        .route("/version", get(views::version))
        .route("/healthz", get(views::health))
        .route("/challenge", get(views::challenge))
        .route("/categories", get(views::categories))
        .route("/categories/{id}", get(views::category))
        .route("/deals", get(views::deals))
        .route("/deals/{id}", get(views::deal))
        .route("/ohlc", get(views::history))
        .route("/metrics", get(views::metrics))
        .merge(orders::routes::<AppOrder>())
        .merge(orders::routes::<DatasetOrder>())
        .merge(orders::routes::<WorkerpoolOrder>())
        .merge(orders::routes::<RequestOrder>())
        .fallback(async || Refusal::missing("this path"))
        .method_not_allowed_fallback(async || Refusal::method())
        .layer(from_fn_with_state(Arc::clone(&shared), guard))
        .layer(cors)
        .with_state(shared)
}

/// Limits that hold for every request: how many at once, how many from one address, how long each.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let limit = shared.config.requests_per_minute;
    if let Some(who) = rate::caller(request.extensions(), request.headers()).filter(|_| limit > 0) {
        let mut rates = shared.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if !rates.allows(who, limit, shared.clock.monotonic()) {
            return Refusal::limited().into_response();
        }
    }
    let Ok(_seat) = shared.seats.try_acquire() else {
        return Refusal::busy("too many requests at once: try again in a moment").into_response();
    };
    tokio::select! {
        response = next.run(request) => response,
        () = shared.clock.sleep(shared.config.answer_within) => {
            Refusal::busy("the answer took too long: try again later").into_response()
        }
    }
}

/// One page of a list. `nextPage` is absent on the last one.
fn page(name: &str, items: Value, count: u64, paging: Paging) -> Json<Value> {
    let mut answer = json!({ "ok": true, "count": count });
    answer[name] = items;
    if let Some(next) = paging.next(count) {
        answer["nextPage"] = json!(next);
    }
    Json(answer)
}

impl Shared {
    /// A whole body within the limit.
    async fn body(&self, body: Body) -> Result<Bytes, Refusal> {
        let limit = self.config.body;
        to_bytes(body, limit).await.map_err(|_| Refusal::large(limit))
    }

    /// Who signed the challenge in the authorization header; the challenge is used up.
    fn caller(&self, headers: &HeaderMap) -> Result<Address, Refusal> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let authorization = header.and_then(Authorization::read).ok_or_else(Refusal::login)?;
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        logins.redeem(&authorization, self.clock.monotonic()).ok_or_else(Refusal::login)
    }
}
