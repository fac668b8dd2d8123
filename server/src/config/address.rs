//! How browsers reach the server.

use std::{fmt, net::IpAddr, str::FromStr};

use http::Uri;

/// Scheme and authority, as a browser's `Origin` header names them: `https://hyvve.example.com`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// As it stands in an `Origin` header.
    pub fn origin(&self) -> &str {
        &self.0
    }

    /// The host alone, without its port.
    pub fn host(&self) -> &str {
        host_of(self.0.split_once("://").map_or(self.0.as_str(), |(_, authority)| authority))
    }

    /// Whether only this machine reaches it.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// Cookies are then marked as secret to https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// The host of an authority, without its port; an IPv6 address in its brackets.
pub(crate) fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// Whether a host is this machine for every browser, whatever a name server says.
pub(crate) fn is_loopback(host: &str) -> bool {
    let plain = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || plain.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "it should look like https://hyvve.example.com, without a path";
        let uri: Uri = text.parse().map_err(|_| SHAPE)?;
        let (Some(scheme @ ("http" | "https")), Some(authority), "/" | "", None) =
            (uri.scheme_str(), uri.authority(), uri.path(), uri.query())
        else {
            return Err(SHAPE);
        };
        if authority.as_str().contains('@') {
            return Err(SHAPE);
        }
        Ok(Self(format!("{scheme}://{authority}").to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others_by_the_host_alone() {
        for (authority, is_here) in [
            ("127.0.0.1:3000", true),
            ("127.8.9.1", true),
            ("LocalHost:80", true),
            ("[::1]:3000", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("evil.example:3000", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:3000", false),
            ("0.0.0.0:3000", false),
            ("192.168.0.7", false),
            ("[::2]:3000", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(host_of(authority)), is_here, "{authority}");
        }
    }
}
