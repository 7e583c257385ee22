//! HTTP: `POST /` for requests, an upgrade of `GET /` for WebSocket, CORS for browsers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use runtime::Stop;
use tokio::net::TcpListener;
use tower_http::cors::{Any, CorsLayer};

use super::error::RpcError;
use super::service::Rpc;
use super::socket;

/// Longest time a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Serves until a stop is requested and the last connection has ended.
pub(crate) async fn serve(listener: TcpListener, rpc: Arc<Rpc>, stop: Stop) {
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
    let router = Router::new().route("/", get(upgrade).post(post)).layer(cors).with_state(rpc);
    // Answers are small and clients wait for each: never hold one back to fill a packet.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays slow");
        }
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move { stop.requested().await });
    if let Err(error) = serving.await {
        tracing::error!(%error, "the chain stopped listening");
    }
}

async fn post(State(rpc): State<Arc<Rpc>>, body: Body) -> Response {
    let limit = rpc.limits.body;
    let read = tokio::select! {
        read = to_bytes(body, limit) => read,
        () = rpc.clock.sleep(BODY_TIME) => return refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
    };
    match read {
        Ok(message) => json(StatusCode::OK, rpc.answer(&message, None).await),
        Err(_) => refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("body cannot be read, or is above {limit} bytes")),
    }
}

fn refuse(status: StatusCode, what: &str) -> Response {
    let error = RpcError::invalid(what);
    json(status, serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string())
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn upgrade(
    State(rpc): State<Arc<Rpc>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return (StatusCode::OK, "JSON-RPC 2.0: send POST requests or open a WebSocket\n").into_response();
    };
    let Ok(permit) = Arc::clone(&rpc.sockets).try_acquire_owned() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "too many WebSocket connections: try again later");
    };
    let limit = rpc.limits.body;
    upgrade.max_message_size(limit).max_frame_size(limit).on_upgrade(move |socket| async move {
        socket::run(socket, rpc).await;
        drop(permit);
    })
}
