//! Lists of hosts: those that whoever runs the server lets workspaces reach although they are private or speak plain http, and
//! those that a workspace lets its agents ask.

use std::{fmt, net::IpAddr, str::FromStr};

use reqwest::Url;
use serde::{Serialize, Serializer};

use super::{
    address::{Reach, reach},
    literal,
};

/// Hosts, each with the port that it is allowed with, or with any: `ollama.internal:11434, 10.0.0.5`. None by default.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AllowedHosts(Vec<AllowedHost>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct AllowedHost {
    /// As URLs spell it once they are parsed: lower case, punycode, addresses in their one form.
    host: String,
    /// `None`: every port.
    port: Option<u16>,
}

impl AllowedHosts {
    /// Of entries that each name one host.
    pub(crate) fn of(entries: &[String]) -> Result<Self, String> {
        let mut hosts = Vec::new();
        for entry in entries {
            let host = entry.trim().parse()?;
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        Ok(Self(hosts))
    }

    /// Each as it is spelt in URLs.
    pub fn entries(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a URL's host is one of them, at its port.
    pub(crate) fn contains(&self, url: &Url) -> bool {
        let (host, port) = (url.host_str(), url.port_or_known_default());
        self.0
            .iter()
            .any(|allowed| Some(allowed.host.as_str()) == host && (allowed.port.is_none() || allowed.port == port))
    }
}

impl Serialize for AllowedHosts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries().serialize(serializer)
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl FromStr for AllowedHosts {
    type Err = String;

    /// Hosts between commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(|entry| entry.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(entry: &str) -> Result<Self, Self::Err> {
        let shape = || format!("{entry:?} should look like ollama.internal:11434, 10.0.0.5 or [fd12::7]:8000");
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
            _ => (entry, None),
        };
        let port = port.map(str::parse).transpose().map_err(|_| shape())?;
        let bare =
            if host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()) { format!("[{host}]") } else { host.to_owned() };
        let url = Url::parse(&format!("https://{bare}/")).map_err(|_| shape())?;
        let alone = bare.chars().all(|c| !matches!(c, '/' | '\\' | '@' | '?' | '#') && !c.is_whitespace());
        let host = url.host_str().filter(|_| alone && url.port().is_none()).ok_or_else(shape)?;
        if literal(host).is_some_and(|address| reach(address) == Reach::Never) {
            return Err(format!("{entry:?} cannot be allowed: no service that a workspace may ask is at this address"));
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_allowed_in_any_spelling_and_at_its_port() -> Result<(), Box<dyn std::error::Error>> {
        let allowed: AllowedHosts =
            "ollama.internal:11434, 10.0.0.5,[fd12::7]:8000, ::1, BÜCHER.example, plain.example:80".parse()?;
        for inside in [
            "http://ollama.internal:11434/v1",
            "https://OLLAMA.internal:11434",
            "http://10.0.0.5",
            "https://10.0.0.5:9/x",
            "http://0xa.5",
            "http://[fd12:0::7]:8000",
            "http://[::1]:1",
            "http://xn--bcher-kva.example",
            "http://plain.example",
        ] {
            assert!(allowed.contains(&inside.parse()?), "{inside}");
        }
        for outside in [
            "http://ollama.internal",
            "http://ollama.internal:11435",
            "http://ollama.internal.evil.example:11434",
            "http://a.ollama.internal:11434",
            "http://ollama.internal.:11434",
            "http://10.0.0.50",
            "http://[fd12::7]",
            "https://plain.example",
            "http://localhost",
        ] {
            assert!(!allowed.contains(&outside.parse()?), "{outside}");
        }
        assert!(!AllowedHosts::default().contains(&"http://localhost".parse()?));
        Ok(())
    }

    #[test]
    fn what_is_no_host_or_may_never_be_asked_is_no_setting() {
        for bad in [
            "",
            "a,,b",
            "http://a",
            "a/b",
            "a:x",
            "a:70000",
            "a:",
            "u@a",
            "a b",
            "10.0.0.0/8",
            "169.254.169.254",
            "0",
            "[fe80::1]:80",
            "255.255.255.255",
            "::ffff:169.254.169.254",
        ] {
            assert!(bad.parse::<AllowedHosts>().is_err(), "{bad:?} was taken");
        }
    }
}
