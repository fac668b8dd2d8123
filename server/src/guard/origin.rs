//! Where a request comes from.
//!
//! Its connection says so. Behind proxies, each of them adds the address that it was asked from to `X-Forwarded-For`; what
//! stands left of the first address that is no proxy of ours, anybody may have written there.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Once,
};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use hyvve_domain::auth::{
    Origin,
    device_token::{DeviceToken, cookie_name},
};

use super::cookie;
use crate::config::TrustedProxies;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// How much of a browser's description of itself is kept.
const USER_AGENT_MAX: usize = 300;

/// The origin of a request, as it is counted and written down.
pub(super) fn origin(parts: &Parts, trusted: &TrustedProxies, secure: bool) -> Origin {
    let headers = &parts.headers;
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        ip: peer.map(|ConnectInfo(peer)| client(peer.ip().to_canonical(), headers, trusted).to_string()),
        user_agent: agent.map(|text| text.chars().take(USER_AGENT_MAX).collect()),
        device: cookie::named(headers, cookie_name(secure)).and_then(DeviceToken::parse),
        by: None,
    }
}

/// From right to left, the first address that is no trusted proxy's. Where the list stops making sense, the last proxy's.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    if !trusted.contains(peer) {
        if headers.contains_key(FORWARDED_FOR) && is_inside(peer) {
            warn_once(peer);
        }
        return peer;
    }
    let lines: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
    let mut known = peer;
    // By bytes: what the sender wrote on the left need not be text, and hides nothing that our proxies have added.
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        let Some(address) = str::from_utf8(hop).ok().and_then(|hop| address(hop.trim())) else { break };
        known = address;
        if !trusted.contains(address) {
            break;
        }
    }
    known
}

/// Some proxies add the port.
fn address(hop: &str) -> Option<IpAddr> {
    let plain = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = plain.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// All who come through such a proxy would share the limits of one network.
fn warn_once(peer: IpAddr) {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(%peer, "X-Forwarded-For from this address is not believed; if it is your proxy, set trusted_proxies");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whose request this is, behind the proxies 10.0.0.0/8 and 2001:db8:f::/48.
    fn whose(peer: &str, lines: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
        let trusted = "10.0.0.0/8, 2001:db8:f::/48".parse()?;
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes())?);
        }
        Ok(client(peer.parse::<IpAddr>()?.to_canonical(), &headers, &trusted).to_string())
    }

    #[test]
    fn a_strangers_word_is_not_taken() -> Result<(), Box<dyn std::error::Error>> {
        assert_eq!(whose("203.0.113.9", &["198.51.100.1"])?, "203.0.113.9");
        assert_eq!(whose("127.0.0.1", &["198.51.100.1"])?, "127.0.0.1");
        assert_eq!(whose("::ffff:203.0.113.9", &[])?, "203.0.113.9");
        Ok(())
    }

    #[test]
    fn behind_proxies_the_nearest_address_that_is_none_counts() -> Result<(), Box<dyn std::error::Error>> {
        for (lines, client) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            (&["192.0.2.66, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
            (&["192.0.2.66", "198.51.100.1 , 10.9.9.9"], "198.51.100.1"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            (&["[2001:db8:1::5]:4711"], "2001:db8:1::5"),
            (&["[2001:db8:1::5]"], "2001:db8:1::5"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            // Asked from the inside.
            (&["10.0.0.3, 10.0.0.7"], "10.0.0.3"),
            // What makes no sense ends the list.
            (&["198.51.100.1, unknown, 10.0.0.7"], "10.0.0.7"),
            // Also what is no text; what stands right of it counts.
            (&["é, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
            (&["é", "198.51.100.1"], "198.51.100.1"),
            (&["192.0.2.66, é, 10.0.0.7"], "10.0.0.7"),
            (&[""], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(whose("10.0.0.1", lines)?, client, "{lines:?}");
            assert_eq!(whose("::ffff:10.0.0.1", lines)?, client, "{lines:?}");
        }
        assert_eq!(whose("2001:db8:f::1", &["198.51.100.1"])?, "198.51.100.1");
        Ok(())
    }
}
