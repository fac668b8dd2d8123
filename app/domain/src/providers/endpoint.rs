//! Where a provider is reached: its base URL, checked once, and its key.

use std::fmt;

use reqwest::Url;
use secrecy::SecretString;

use crate::{Error, Result};

/// The longest base URL.
const MAX: usize = 500;

/// Where requests go, and the key that goes with them.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The common beginning of all addresses.
    pub base_url: BaseUrl,
    /// The key; many self-hosted servers want none.
    pub key: Option<SecretString>,
}

/// The common beginning of a provider's addresses: http or https, without credentials, query or fragment, and without a
/// slash at the end.
///
/// One rule helps people who enter only a host: where the URL has no path, `/v1` is added. `https://api.openai.com` and
/// `https://api.openai.com/v1/` are the same base URL.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Checks what a person entered. Whether such a host may be asked is for [`crate::outward`] to say.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |constraint: &str, message: &str| Err(Error::invalid("baseUrl", constraint, message));
        let text = text.trim();
        if text.is_empty() {
            return bad("required", "Please enter the base URL, for example https://api.openai.com/v1.");
        }
        if text.len() > MAX {
            return bad("maxLength", "This base URL is too long.");
        }
        if text.chars().any(char::is_control) {
            return bad("noControlCharacters", "Control characters are not allowed here.");
        }
        let Ok(mut url) = Url::parse(text) else {
            return bad("isUrl", "This is not a URL. It begins with https:// or http://.");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return bad("scheme", "Only https:// and http:// are possible.");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return bad(
                "noCredentials",
                "Please leave user name and password out of the URL; enter the key in its own field.",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return bad("noQuery", "Please leave out everything from the ? or # on.");
        }
        let path = match url.path().trim_end_matches('/') {
            "" => "/v1".to_owned(),
            path if path.ends_with("/chat/completions") => {
                return bad("path", "Please leave out /chat/completions; HYVVE adds it.");
            }
            path => path.to_owned(),
        };
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The address of something below the base.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path()));
        url
    }

    /// Scheme, host and port: what a key is bound to.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The host, without the port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_be_entered_with_or_without_slash_and_version() -> Result<()> {
        for (entered, base) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
            ("  https://api.openai.com  ", "https://api.openai.com/v1"),
            ("https://API.OpenAI.com:443/", "https://api.openai.com/v1"),
            ("https://openrouter.ai/api/v1//", "https://openrouter.ai/api/v1"),
            ("http://localhost:11434", "http://localhost:11434/v1"),
            ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
            ("http://192.168.1.20/llm", "http://192.168.1.20/llm"),
        ] {
            let parsed = BaseUrl::parse(entered)?;
            assert_eq!(parsed.to_string(), base);
            assert_eq!(parsed.join("chat/completions").as_str(), format!("{base}/chat/completions"));
            assert_eq!(BaseUrl::parse(base)?, parsed, "the stored form is stable");
        }
        assert_eq!(BaseUrl::parse("http://localhost:11434/v1")?.origin(), "http://localhost:11434");
        Ok(())
    }

    #[test]
    fn a_base_url_with_anything_else_in_it_is_refused_with_the_fields_name() {
        for (entered, constraint) in [
            ("", "required"),
            ("api.openai.com", "isUrl"),
            ("https://", "isUrl"),
            ("ftp://host/v1", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("javascript:alert(1)", "scheme"),
            ("https://user@host/v1", "noCredentials"),
            ("https://:secret@host/v1", "noCredentials"),
            ("https://host/v1?key=1", "noQuery"),
            ("https://host/v1?", "noQuery"),
            ("https://host/v1#x", "noQuery"),
            ("https://host/v1/chat/completions", "path"),
            ("https://ho\0st/v1", "noControlCharacters"),
            ("https://ho\nst/v1", "noControlCharacters"),
            (&format!("https://host/{}", "a".repeat(MAX)), "maxLength"),
        ] {
            let details = BaseUrl::parse(entered).err().and_then(|e| e.details);
            assert_eq!(
                details,
                Some(serde_json::json!({ "field": "baseUrl", "constraint": constraint })),
                "{entered:?}"
            );
        }
    }
}
