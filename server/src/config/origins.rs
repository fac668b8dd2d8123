//! Which sites' pages may call AgentOS's addresses.

use std::str::FromStr;

use http::HeaderValue;

use super::{PublicUrl, host_of};

/// Origins as browsers name them: `https://ui.example.com, http://localhost:3001`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Origins(Vec<HeaderValue>);

impl Origins {
    /// Each as it stands in an `Origin` header.
    pub fn all(&self) -> &[HeaderValue] {
        &self.0
    }
}

impl FromStr for Origins {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(|origin| exact(origin.trim())).collect::<Result<_, _>>().map(Self)
    }
}

/// What no browser would send is an error, and not an origin that never comes.
fn exact(text: &str) -> Result<HeaderValue, &'static str> {
    const SHAPE: &str = "it should look like https://ui.example.com, http://localhost:3001, without paths or wildcards";
    const USUAL: &str = "browsers leave out the ports 80 of http and 443 of https, so leave them out here";
    let url: PublicUrl = text.parse().map_err(|_| SHAPE)?;
    let (scheme, authority) = url.origin().split_once("://").ok_or(SHAPE)?;
    let host = host_of(authority);
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte)) {
        return Err(SHAPE);
    }
    if let Some(port) = authority.strip_prefix(host).and_then(|rest| rest.strip_prefix(':')) {
        let port: u16 = port.parse().map_err(|_| SHAPE)?;
        if matches!((scheme, port), ("http", 80) | ("https", 443)) {
            return Err(USUAL);
        }
    }
    HeaderValue::from_str(url.origin()).map_err(|_| SHAPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() -> Result<(), &'static str> {
        let origins: Origins = "https://UI.example.com/, http://localhost:3001,http://[::1]:8080".parse()?;
        assert_eq!(origins.all(), ["https://ui.example.com", "http://localhost:3001", "http://[::1]:8080"]);
        for bad in [
            "",
            "*",
            "null",
            "ui.example.com",
            "https://*.example.com",
            "https://ui.example.com/path",
            "https://ui.example.com?x",
            "https://ada@ui.example.com",
            "https://ui.example.com:",
            "https://ui.example.com:99999",
            "https://ui.example.com:443",
            "http://ui.example.com:80",
            "ftp://ui.example.com",
            "https://ui.example.com,",
            "https://a.example https://b.example",
        ] {
            assert!(bad.parse::<Origins>().is_err(), "{bad:?} was taken");
        }
        Ok(())
    }
}
