//! Which addresses a download may reach: a requester's URL must not read services of this machine or its network.
//!
//! Names are resolved here and nowhere else, so what was checked is what is connected to, on redirects too.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

/// Most redirects of one download.
const MAX_REDIRECTS: usize = 5;

/// Resolves names to public addresses only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicOnly;

/// The refusal, for the resolver's error.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' has no public address, and private ones are not allowed")]
struct Private(String);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Private(name.as_str().to_owned()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Follows few redirects, and none to an address that may not be reached.
pub(crate) fn redirects(private_networks: bool) -> Policy {
    Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if private_networks || may_reach(attempt.url()) {
            attempt.follow()
        } else {
            attempt.error("redirected to a private address")
        }
    })
}

/// Whether the URL does not itself spell a private address. Names are judged by [`PublicOnly`] when they are resolved.
pub(crate) fn may_reach(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let reserved = a == 0 || a >= 240 || (a == 198 && (b == 18 || b == 19)) || (a == 192 && b == 0);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || shared || reserved)
        }
        IpAddr::V6(ip) => {
            // Only 2000::/3 is handed out for the public network; 2002::/16 and 64:ff9b::/96 carry IPv4 inside.
            let first = ip.segments()[0];
            first & 0xe000 == 0x2000 && first != 0x2002
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_its_network_are_refused() {
        for url in [
            "http://127.0.0.1/x",
            "http://10.1.2.3/",
            "http://192.168.0.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://2130706433/",
        ] {
            assert!(!may_reach(&url.parse().unwrap()), "{url}");
        }
        for url in ["http://8.8.8.8/", "https://[2606:4700::1111]/", "https://example.com/in.txt"] {
            assert!(may_reach(&url.parse().unwrap()), "{url}");
        }
    }
}
