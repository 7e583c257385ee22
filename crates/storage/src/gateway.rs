//! HTTP over a blob store: what an IPFS gateway and an IPFS node's `add` offer, as far as clients of the market use them.
//!
//! Anybody may read, whoever reaches the port may add: put it behind the operator's own door if that is too much.

mod add;
mod fetch;
mod range;
mod refusal;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, header};
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tower_http::cors::{Any, CorsLayer};

use crate::BlobStore;

/// Bounds of the gateway.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Most content bytes in one `add`, all files together. Default 1 GiB.
    pub max_add: u64,
    /// Most files in one `add`. Default 1000.
    pub files: usize,
    /// Longest silence while content is uploaded. Default 60 s.
    pub idle: Duration,
    /// Most uploads at a time; the next is told to come again. Default 64.
    pub uploads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_add: 1 << 30, files: 1_000, idle: Duration::from_secs(60), uploads: 64 }
    }
}

struct Shared {
    store: Arc<dyn BlobStore>,
    options: Options,
    uploads: Semaphore,
}

/// `GET` and `HEAD /ipfs/{cid}`, open to any origin, and `POST /api/v0/add`, which browsers are not invited to.
pub fn router(store: Arc<dyn BlobStore>, options: Options) -> Router {
    let uploads = Semaphore::new(options.uploads.min(Semaphore::MAX_PERMITS));
    let shared = Arc::new(Shared { store, options, uploads });
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers(Any)
        .expose_headers([header::CONTENT_LENGTH, header::CONTENT_RANGE, header::ETAG]);
    Router::new()
        .route("/ipfs/{cid}", get(fetch::fetch))
        .layer(cors)
        .route("/api/v0/add", post(add::add))
        .with_state(shared)
}
