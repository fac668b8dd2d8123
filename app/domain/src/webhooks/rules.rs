//! What makes an endpoint's address and description acceptable.

use reqwest::Url;

use crate::{Error, Result, outward::Outward};

/// The longest address.
const MAX_URL: usize = 2_000;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 200;

/// An address that may be asked, as far as it can be said before its name is looked up. What stands in its query stays.
pub(super) fn url(http: &Outward, text: &str) -> Result<String> {
    let bad = |constraint: &str, message: &str| Err(Error::invalid("url", constraint, message));
    let text = text.trim();
    if text.is_empty() {
        return bad("required", "Please enter the address, for example https://example.com/hooks.");
    }
    if text.chars().any(char::is_control) {
        return bad("noControlCharacters", "Control characters are not allowed here.");
    }
    let Ok(url) = Url::parse(text) else {
        return bad("isUrl", "This is not a URL. It begins with https://.");
    };
    if url.fragment().is_some() {
        return bad("noFragment", "Please leave out everything from the # on; it is never sent.");
    }
    if url.as_str().len() > MAX_URL {
        return bad("maxLength", "This address is too long.");
    }
    if let Err(refused) = http.check(&url) {
        return bad("allowed", &refused.to_string());
    }
    Ok(url.into())
}

/// Scheme, host and port of an address: what may be written down and mailed. The rest of it often is a secret.
pub(super) fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

/// One line, or nothing.
pub(super) fn description(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > MAX_DESCRIPTION {
        let why = format!("At most {MAX_DESCRIPTION} characters, please.");
        return Err(Error::invalid("description", "maxLength", why));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid("description", "noControlCharacters", "Control characters are not allowed here."));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_public_and_https_unless_its_host_is_allowed() -> Result<(), Box<dyn std::error::Error>> {
        let http = Outward::new("127.0.0.1".parse()?)?;
        assert_eq!(url(&http, " https://example.com/hooks?token=1 ")?, "https://example.com/hooks?token=1");
        assert_eq!(url(&http, "http://127.0.0.1:9/x")?, "http://127.0.0.1:9/x");
        for (bad, constraint) in [
            ("", "required"),
            ("example.com", "isUrl"),
            ("https://ex\nample.com", "noControlCharacters"),
            ("https://example.com/#x", "noFragment"),
            ("http://example.com/", "allowed"),
            ("https://10.0.0.1/", "allowed"),
            ("https://[::1]/", "allowed"),
            ("https://169.254.169.254/", "allowed"),
            ("https://user:pass@example.com/", "allowed"),
            ("ftp://example.com/", "allowed"),
            ("javascript:alert(1)", "allowed"),
            (&format!("https://example.com/{}", "a".repeat(MAX_URL)), "maxLength"),
        ] {
            let details = url(&http, bad).err().and_then(|e| e.details).unwrap_or_default();
            assert_eq!((&details["field"], &details["constraint"]), (&"url".into(), &constraint.into()), "{bad:?}");
        }
        assert_eq!(origin("https://example.com/hooks?token=1"), "https://example.com");
        Ok(())
    }
}
