//! An issuer: the address that a provider is known by.

use std::{fmt, str::FromStr};

use openidconnect::{
    IssuerUrl,
    url::{Host, Url},
};

/// An `https` address; on this machine also an `http` one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuer(IssuerUrl);

impl Issuer {
    /// As the discovery document and ID tokens have to spell it, to the letter.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn url(&self) -> IssuerUrl {
        self.0.clone()
    }

    /// Whether an address that the issuer publishes may be used: what is said there is as secret as what is said to the issuer.
    pub(super) fn may_publish(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.0.url().scheme() == "http" && is_plain_here(url))
    }
}

/// Plain `http` that does not leave this machine.
fn is_plain_here(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Issuer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "it should look like https://login.example.com; http is for this machine only";
        let issuer = IssuerUrl::new(text.to_owned()).map_err(|_| SHAPE)?;
        let url = issuer.url();
        let bare =
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && !url.cannot_be_a_base();
        let safe = url.scheme() == "https" || is_plain_here(url);
        if bare && safe && url.password().is_none() { Ok(Self(issuer)) } else { Err(SHAPE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for good in
            ["https://accounts.google.com", "https://id.example/realms/a", "http://127.0.0.1:9", "http://[::1]:9"]
        {
            assert!(good.parse::<Issuer>().is_ok_and(|issuer| issuer.as_str() == good), "{good}");
        }
        for bad in [
            "",
            "accounts.google.com",
            "http://accounts.google.com",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "https://a:b@id.example",
            "https://id.example?x=1",
            "https://id.example#x",
            "javascript:alert(1)",
            "file:///etc/passwd",
        ] {
            assert!(bad.parse::<Issuer>().is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn a_provider_on_the_net_cannot_lead_to_this_machine_or_into_the_open() -> Result<(), Box<dyn std::error::Error>> {
        let (far, here): (Issuer, Issuer) = ("https://id.example".parse()?, "http://127.0.0.1:9".parse()?);
        let (https, plain, loopback) = (
            Url::parse("https://b.example/token")?,
            Url::parse("http://b.example/token")?,
            Url::parse("http://localhost:1/")?,
        );
        assert!(far.may_publish(&https) && !far.may_publish(&plain) && !far.may_publish(&loopback));
        assert!(here.may_publish(&https) && !here.may_publish(&plain) && here.may_publish(&loopback));
        assert!(!far.may_publish(&Url::parse("javascript:alert(1)")?));
        Ok(())
    }
}
