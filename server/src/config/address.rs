//! How browsers reach the server.

use std::{fmt, str::FromStr};

use http::Uri;

/// Scheme and authority, as a browser's `Origin` header names them: `https://hyvve.example.com`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// As it stands in an `Origin` header.
    pub fn origin(&self) -> &str {
        &self.0
    }

    /// Cookies are then marked as secret to https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
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
