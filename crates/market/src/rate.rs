//! How many requests an address may make in a minute. Memory is bounded: old counts are forgotten, then all of them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

const WINDOW: Duration = Duration::from_secs(60);
/// Addresses counted at the same time.
const MAX_ADDRESSES: usize = 20_000;

/// Requests of the current minute, by address.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    started: Duration,
    counts: HashMap<IpAddr, u32>,
}

impl Rates {
    /// Counts one request; `false` when it is one too many. `now` is monotonic.
    pub(crate) fn allows(&mut self, who: IpAddr, limit: u32, now: Duration) -> bool {
        if now.saturating_sub(self.started) >= WINDOW || self.counts.len() >= MAX_ADDRESSES {
            self.counts.clear();
            self.started = now;
        }
        let count = self.counts.entry(who).or_default();
        *count = count.saturating_add(1);
        *count <= limit
    }
}

/// Who asks, as far as it counts: `None` is this machine itself, or a server that does not say who connects.
///
/// Headers of a proxy are believed only when the connection comes from this machine: others could write anything.
pub(crate) fn caller(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    if !peer.is_loopback() {
        return Some(peer);
    }
    let named = |name: &str| {
        let text = headers.get(name)?.to_str().ok()?;
        text.split(',').next()?.trim().parse::<IpAddr>().ok()
    };
    named("x-real-ip").or_else(|| named("x-forwarded-for")).filter(|ip| !ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hundred_and_first_request_of_a_minute_is_refused() {
        let (mut rates, who) = (Rates::default(), IpAddr::from([10, 0, 0, 1]));
        let now = Duration::from_secs(500);
        assert!((0..100).all(|_| rates.allows(who, 100, now)));
        assert!(!rates.allows(who, 100, now));
        assert!(rates.allows(IpAddr::from([10, 0, 0, 2]), 100, now));
        assert!(rates.allows(who, 100, now + WINDOW));
    }

    #[test]
    fn headers_count_only_when_a_proxy_of_this_machine_sends_them() {
        let mut headers = HeaderMap::new();
        headers.insert("x-real-ip", "192.0.2.7".parse().unwrap());
        let from = |peer: [u8; 4]| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::from((peer, 1_000))));
            extensions
        };
        assert_eq!(caller(&from([127, 0, 0, 1]), &headers), Some(IpAddr::from([192, 0, 2, 7])));
        assert_eq!(caller(&from([203, 0, 113, 9]), &headers), Some(IpAddr::from([203, 0, 113, 9])));
        assert_eq!(caller(&from([127, 0, 0, 1]), &HeaderMap::new()), None);
        assert_eq!(caller(&Extensions::new(), &headers), None);
    }
}
