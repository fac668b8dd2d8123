//! What a proposal refers to elsewhere: a name and an address, never loaded by HYVVE. They are part of what is decided on.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{Error, Result};

/// The most of one proposal.
pub const MAX: usize = 20;
/// The most characters of a name.
#[cfg(feature = "ssr")]
const MAX_NAME: usize = 200;
/// The most characters of an address.
#[cfg(feature = "ssr")]
const MAX_URL: usize = 2_000;
/// The most characters of a media type: RFC 6838 has two names of at most 127 and a slash.
#[cfg(feature = "ssr")]
const MAX_TYPE: usize = 255;
/// The most bytes that everybody reads alike in JSON (RFC 8259, section 6).
#[cfg(feature = "ssr")]
const MAX_BYTES: u64 = 9_007_199_254_740_991;

/// Something elsewhere that a proposal refers to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attachment {
    /// In the proposer's words: one line.
    pub name: String,
    /// Where it is: `https` only.
    pub url: String,
    /// What it is said to be: `application/pdf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// How large it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// SHA-256 of what is said to be there: 64 hexadecimal digits, lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Attachment {
    /// The host that it is on, as it stands in the address.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }
}

/// Refuses what is no attachment; `at` stands before the names of fields in errors.
#[cfg(feature = "ssr")]
pub(super) fn check(all: &[Attachment], at: &str) -> Result<()> {
    if all.len() > MAX {
        let message = format!("At most {MAX} attachments, please.");
        return Err(Error::invalid(&format!("{at}attachments"), "maxItems", message));
    }
    for (place, one) in all.iter().enumerate() {
        let refuse = |field: &str, constraint: &str, why: &str| {
            Err(Error::invalid(&format!("{at}attachments[{place}].{field}"), constraint, why))
        };
        match one.name.chars().count() {
            0 => return refuse("name", "required", "Please name it."),
            1..=MAX_NAME if one.name.trim() == one.name && !one.name.chars().any(steers) => {}
            _ => {
                return refuse(
                    "name",
                    "characters",
                    "One line of at most 200 characters, please, without any that steer.",
                );
            }
        }
        if one.url.chars().count() > MAX_URL {
            return refuse("url", "maxLength", "At most 2,000 characters, please.");
        }
        if !is_plain_https(&one.url) {
            let why = "An https address, please, as URLs are written: no name or password in it, and no blanks.";
            return refuse("url", "https", why);
        }
        if one.media_type.as_deref().is_some_and(|text| !is_media_type(text)) {
            return refuse("mediaType", "format", "Something like “application/pdf”, please.");
        }
        if one.bytes.is_some_and(|bytes| bytes > MAX_BYTES) {
            return refuse("bytes", "range", "That is larger than anything.");
        }
        if one.sha256.as_deref().is_some_and(|text| !is_sha256(text)) {
            return refuse("sha256", "format", "64 hexadecimal digits in lower case, please.");
        }
    }
    Ok(())
}

/// An address that says plainly where it leads: printable ASCII, a host, nobody's name and password.
#[cfg(feature = "ssr")]
fn is_plain_https(text: &str) -> bool {
    let printable =
        text.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && !matches!(byte, b'\\' | b'"' | b'<' | b'>'));
    let parsed = reqwest::Url::parse(text).ok().filter(|_| printable && text.starts_with("https://"));
    parsed.is_some_and(|url| {
        // What is shown as the host is what a browser goes to.
        let shown = text["https://".len()..].split(['/', '?', '#']).next().unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        let goes_to = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        !host.is_empty() && url.username().is_empty() && url.password().is_none() && shown == goes_to
    })
}

#[cfg(feature = "ssr")]
fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= MAX_TYPE && text.split_once('/').is_some_and(|(of, sub)| name(of) && name(sub))
}

#[cfg(feature = "ssr")]
fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What ends a line, or turns the direction of what stands after it.
#[cfg(feature = "ssr")]
pub(super) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn one(url: &str) -> Attachment {
        let (media_type, bytes) = (Some("application/pdf".to_owned()), Some(7));
        Attachment { name: "Offer".to_owned(), url: url.to_owned(), media_type, bytes, sha256: Some("0a".repeat(32)) }
    }

    #[test]
    fn an_address_leads_where_it_says() {
        let good = one("https://files.example.com:8443/a.pdf?x=1#y");
        assert!(check(std::slice::from_ref(&good), "").is_ok());
        assert_eq!(good.host(), "files.example.com:8443");
        for bad in [
            "http://example.com/",
            "https://",
            "https:///a",
            "https://bank.example@evil.example/",
            "https://a:b@evil.example/",
            "https://EXAMPLE.com/",
            "https://exämple.com/",
            "https://example.com/a b",
            "https://example.com\\@evil.example/",
            "https://example.com:443/",
            "javascript:alert(1)",
            "//example.com/",
        ] {
            let refused = check(&[one(bad)], "").err().and_then(|e| e.field().map(str::to_owned));
            assert_eq!(refused.as_deref(), Some("attachments[0].url"), "{bad}");
        }
    }

    #[test]
    fn what_is_said_about_it_has_a_form() {
        let good = one("https://example.com/");
        let with = |change: fn(&mut Attachment)| {
            let mut changed = good.clone();
            change(&mut changed);
            check(&[changed], "x.").err().and_then(|e| e.field().map(str::to_owned))
        };
        assert_eq!(with(|a| a.name.clear()).as_deref(), Some("x.attachments[0].name"));
        assert_eq!(with(|a| a.name = "a\u{202e}b".to_owned()).as_deref(), Some("x.attachments[0].name"));
        assert_eq!(with(|a| a.media_type = Some("pdf".to_owned())).as_deref(), Some("x.attachments[0].mediaType"));
        assert_eq!(with(|a| a.sha256 = Some("0A".repeat(32))).as_deref(), Some("x.attachments[0].sha256"));
        assert_eq!(with(|a| a.bytes = Some(u64::MAX)).as_deref(), Some("x.attachments[0].bytes"));
        let refused = check(&vec![good.clone(); MAX + 1], "").err().and_then(|e| e.field().map(str::to_owned));
        assert_eq!(refused.as_deref(), Some("attachments"));
    }
}
