//! What came back of an `http_request`: status, a few headers, and as much of the body as a model can do something with. What is
//! missing is said to be.

use reqwest::{
    Response,
    header::{self, HeaderName},
};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

/// How many bytes of a body are kept.
const KEPT: usize = 32 * 1024;
/// The headers that are kept: what the body is, and what to do next. Cookies are not.
const HEADERS: [HeaderName; 6] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::LOCATION,
    header::RETRY_AFTER,
];
/// The most characters of a header that are kept.
const HEADER: usize = 500;

/// How reading a body ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Whole,
    TooLong,
    TooSlow,
    BrokenOff,
}

/// Reads a reply until its end, until it is too long, or until that moment.
pub(super) async fn read(mut reply: Response, until: Instant) -> Value {
    let status = reply.status().as_u16();
    let headers: Map<String, Value> = HEADERS
        .into_iter()
        .filter_map(|name| {
            let value: String = reply.headers().get(&name)?.to_str().ok()?.chars().take(HEADER).collect();
            Some((name.as_str().to_owned(), Value::String(value)))
        })
        .collect();
    let (bytes, end) = body(&mut reply, until).await;
    let mut result = json!({ "status": status, "headers": headers, "body": null, "complete": end == End::Whole });
    let mut notes: Vec<String> = cut(end).map(str::to_owned).into_iter().collect();
    match text(&bytes, end != End::Whole) {
        Some(text) => result["body"] = Value::String(text),
        None => notes.push(format!("What came, {} bytes, is no text in UTF-8, and is left out.", bytes.len())),
    }
    if reply.status().is_redirection() && headers.contains_key(header::LOCATION.as_str()) {
        notes.push("This is a redirect, which was not followed.".to_owned());
    }
    if !notes.is_empty() {
        result["note"] = Value::String(notes.join(" "));
    }
    result
}

async fn body(reply: &mut Response, until: Instant) -> (Vec<u8>, End) {
    let mut bytes = Vec::new();
    loop {
        match timeout_at(until, reply.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk[..chunk.len().min(KEPT + 1 - bytes.len())]),
            Ok(Ok(None)) => return (bytes, End::Whole),
            Ok(Err(_)) => return (bytes, End::BrokenOff),
            Err(_) => return (bytes, End::TooSlow),
        }
        if bytes.len() > KEPT {
            bytes.truncate(KEPT);
            return (bytes, End::TooLong);
        }
    }
}

/// What is to be said about a body that is not whole.
const fn cut(end: End) -> Option<&'static str> {
    match end {
        End::Whole => None,
        End::TooLong => Some("Only the first 32 KiB of the reply are here; the rest was not read."),
        End::TooSlow => Some("The rest of the reply did not come in time."),
        End::BrokenOff => Some("The connection broke off in the middle of the reply."),
    }
}

/// A body as text; `None`: it is none. One that was cut may end within a character. The database stores no NUL.
fn text(bytes: &[u8], is_cut: bool) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) if is_cut && e.error_len().is_none() => std::str::from_utf8(&bytes[..e.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    Some(text.replace('\0', "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_within_a_character_is_no_fault_and_what_is_no_text_is_none() {
        assert_eq!(text("né".as_bytes(), false).as_deref(), Some("né"));
        assert_eq!(text(&"né".as_bytes()[..2], true).as_deref(), Some("n"));
        assert_eq!(text(&"né".as_bytes()[..2], false), None);
        assert_eq!(text(b"\xff\xfe", true), None);
        assert_eq!(text(b"a\0b", false).as_deref(), Some("a\u{fffd}b"));
    }
}
