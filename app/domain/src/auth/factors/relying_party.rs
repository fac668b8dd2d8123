//! For which site a passkey is: browsers bind it to a name, and sign at which address they were asked.

use std::net::IpAddr;

use webauthn_rs::{Webauthn, WebauthnBuilder, prelude::Url};

use crate::{Code, Error, Result};

/// What password managers show beside the name.
const NAME: &str = "HYVVE";

/// The site, as passkeys know it.
pub struct Party(Webauthn);

impl Party {
    /// The site at its public address. Passkeys need a name that browsers trust: one with https, or `localhost`. Where the server
    /// is reached on a loopback address, `localhost` is it, if that is what the request was sent to.
    pub fn of(public_url: &str, host: Option<&str>) -> Option<Self> {
        let public = Url::parse(public_url).ok()?;
        let origin = if public.domain().is_some() { public } else { at_localhost(&public, host?)? };
        let name = origin.domain()?.to_owned();
        if origin.scheme() != "https" && name != "localhost" {
            return None;
        }
        WebauthnBuilder::new(&name, &origin).ok()?.rp_name(NAME).build().ok().map(Self)
    }

    /// The same, or an error that says what to do.
    pub fn here(public_url: &str, host: Option<&str>) -> Result<Self> {
        let why = "Passkeys do not work at this address. They need https and a name, or http://localhost.";
        Self::of(public_url, host).ok_or_else(|| Error::new(Code::Unprocessable, why))
    }

    pub(super) const fn webauthn(&self) -> &Webauthn {
        &self.0
    }
}

/// `http://localhost:3000`, for a server on a loopback address.
fn at_localhost(public: &Url, host: &str) -> Option<Url> {
    let address = public.host_str()?.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let name = host.split(':').next()?;
    (is_loopback && name == "localhost").then(|| Url::parse(&format!("http://{host}")).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(public_url: &str, host: &str) -> Option<String> {
        let party = Party::of(public_url, Some(host))?;
        party.0.get_allowed_origins().first().map(|url| url.origin().ascii_serialization())
    }

    #[test]
    fn passkeys_are_for_the_public_name_and_in_development_for_localhost() {
        let public = |host| origin("https://hyvve.example.com", host);
        assert_eq!(public("hyvve.example.com").as_deref(), Some("https://hyvve.example.com"));
        assert_eq!(public("evil.example").as_deref(), Some("https://hyvve.example.com"), "not what the request says");
        let local = |host| origin("http://127.0.0.1:3000", host);
        assert_eq!(local("localhost:3000").as_deref(), Some("http://localhost:3000"));
        assert_eq!(origin("http://[::1]:3000", "localhost:3000").as_deref(), Some("http://localhost:3000"));
        for host in ["127.0.0.1:3000", "evil.example", "localhost.evil.example:3000", "localhost@evil.example", ""] {
            assert_eq!(local(host), None, "{host}");
        }
        assert_eq!(origin("http://hyvve.example.com", "localhost"), None, "no browser offers one without https");
        assert_eq!(origin("http://192.168.1.7:3000", "localhost:3000"), None);
    }
}
