//! What makes an endpoint's address and description acceptable.

use reqwest::Url;

use crate::{Error, Result, events::filter, outward::Outward};

/// The longest address.
const MAX_URL: usize = 2_000;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 200;

/// An address that may be asked, as far as it can be said before its name is looked up. What stands in its query stays.
pub(crate) fn url(http: &Outward, text: &str) -> Result<String> {
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

/// What is shown of an address that is a credential: where it leads, and its last four characters if these are few of many.
pub(crate) fn masked(url: &str) -> String {
    let (origin, letters) = (origin(url), url.chars().count());
    let rest = letters.saturating_sub(origin.chars().count());
    let end: String = if rest < 16 { String::new() } else { url.chars().skip(letters - 4).collect() };
    format!("{origin}/…{end}")
}

/// A secret with which Slack signs, as far as it can be told from something else.
pub(super) fn signing_secret(text: &str) -> Result<&str> {
    let is_plain = text.bytes().all(|b| b.is_ascii_graphic());
    if is_plain && (16..=200).contains(&text.len()) {
        return Ok(text);
    }
    let why = "This is no signing secret. Slack shows it under “Basic Information” of the app.";
    Err(Error::invalid("signingSecret", "isSecret", why))
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

/// Whether an endpoint with that filter is told of events of that type. What a person was notified of is that person's business.
pub(super) fn passes(types: &[String], name: &str) -> bool {
    !name.starts_with("notification.") && filter::passes(types, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::catalogue::CATALOGUE;

    #[test]
    fn nobody_else_is_told_what_a_person_was_notified_of() {
        let notifications = ["notification.".to_owned()];
        assert!(passes(&[], "run.failed") && passes(&["run.".to_owned()], "run.failed"));
        assert!(!passes(&[], "notification.created") && !passes(&notifications, "notification.created"));
        for kind in CATALOGUE {
            assert_eq!(passes(&[], kind.name), kind.is_delivered(), "{}", kind.name);
        }
    }

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
        assert_eq!(masked("https://hooks.slack.com/services/T0/B0/abcdefgh"), "https://hooks.slack.com/…efgh");
        assert_eq!(masked("https://example.com/abcd"), "https://example.com/…");
        assert_eq!(origin(&masked("https://hooks.slack.com/services/T0/B0/abcdefgh")), "https://hooks.slack.com");
        Ok(())
    }
}
