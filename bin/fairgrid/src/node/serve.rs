//! One listener: an axum router on an address, until a stop is requested.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use axum::Router;
use runtime::{Stop, Tasks};
use tokio::net::TcpListener;
use url::Url;

/// A router that is being served.
pub(crate) struct Served {
    /// Where.
    pub(crate) url: Url,
    tasks: Tasks,
}

/// Binds `address`; with port 0 a free one. Nothing is served yet, but the port is taken and known.
///
/// # Errors
/// When the address cannot be listened on: names the service, the port, and the option that changes it.
pub(crate) async fn bind(address: SocketAddr, what: &str, option: &str) -> anyhow::Result<(TcpListener, Url)> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("the {what} cannot listen on {address}: stop what uses that port, or choose another with {option}")
    })?;
    let mut reachable = listener.local_addr()?;
    // "Any address" is where to listen, not where to be reached.
    if reachable.ip().is_unspecified() {
        reachable.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok((listener, format!("http://{reachable}/").parse()?))
}

/// Serves `router` until `stop`; open requests are finished first.
pub(crate) fn serve(listener: TcpListener, url: Url, router: Router, stop: Stop) -> Served {
    let mut tasks = Tasks::new();
    tasks.spawn("http", async move {
        let until = async move { stop.requested().await };
        // With the peer's address, so that a service can tell this machine from strangers.
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(until).await {
            tracing::error!(%error, "a listener failed");
        }
    });
    Served { url, tasks }
}

impl Served {
    /// Waits until nothing is served any more; connections that stay open longer than `grace` are cut.
    pub(crate) async fn join(self, grace: std::time::Duration, clock: &dyn runtime::Clock) {
        tokio::select! {
            () = self.tasks.join() => {}
            () = clock.sleep(grace) => {}
        }
    }
}
