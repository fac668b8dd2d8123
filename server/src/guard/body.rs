//! The body of a request: read whole, up to a limit, and free of what no text of ours may contain.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    http::{header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::StreamExt;
use hyvve_domain::{Code, Error, agents::images, pictures};
use tokio::time::timeout;

use super::credential;
use crate::problem::Problem;

/// The largest body.
const LIMIT: usize = 1 << 20;
/// The largest one with a picture in it, and what a form puts around that.
const PICTURE_LIMIT: usize = pictures::MAX_BYTES + (16 << 10);
/// The largest one with a message and its images.
const IMAGES_LIMIT: usize = images::MAX_TOTAL + LIMIT;
/// How much of a larger one is read before it is refused: clients that only listen after they have sent everything would
/// otherwise see a broken connection instead of the refusal.
const PATIENCE: usize = 32 << 20;
/// How long a body may take to come: nobody is to hold memory by never ending.
const TIME: Duration = Duration::from_mins(5);

/// Why files could not be read. A form's answer is a page, so that the handler says so.
#[derive(Clone)]
pub(crate) struct Unread(pub(crate) Error);

/// Reads the body before anything else happens, so that every surface refuses the same things in the same way.
pub(crate) async fn whole(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let checked = if let Some((limit, too_large)) = files(&parts) {
        let read = read(body, limit, too_large).await;
        Ok(read.unwrap_or_else(|error| {
            parts.extensions.insert(Unread(error));
            Bytes::new()
        }))
    } else {
        let too_large = || Error::new(Code::PayloadTooLarge, format!("At most {} KiB, please.", LIMIT >> 10));
        read(body, LIMIT, too_large).await.and_then(|bytes| check(&parts, &bytes).map(|()| bytes))
    };
    match checked {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Where the body is a form with files in it, which are no text: how large it may be, and what is said of a larger one. Only
/// addresses of pictures and of messages take any. Who is asking is looked up later; whoever shows nothing at all is refused there,
/// and holds no more memory until then than with any other body.
fn files(parts: &Parts) -> Option<(usize, fn() -> Error)> {
    let kind = parts.headers.get(header::CONTENT_TYPE)?.as_bytes().to_ascii_lowercase();
    if !kind.starts_with(b"multipart/form-data") {
        return None;
    }
    let (limit, too_large): (usize, fn() -> Error) = match parts.uri.path() {
        path if path.starts_with("/api/") && path.ends_with("/picture") => (PICTURE_LIMIT, pictures::too_large),
        "/api/messages" => (IMAGES_LIMIT, images::too_large),
        path if path.starts_with("/agents/") && path.ends_with("/runs") => (IMAGES_LIMIT, images::too_large),
        _ => return None,
    };
    Some((if credential::is_shown(&parts.headers) { limit } else { LIMIT }, too_large))
}

async fn read(body: Body, limit: usize, too_large: impl Fn() -> Error) -> Result<Bytes, Error> {
    let slow = |_| Error::invalid("body", "complete", "The body took too long to come.");
    timeout(TIME, read_all(body, limit, too_large)).await.map_err(slow)?
}

async fn read_all(body: Body, limit: usize, too_large: impl Fn() -> Error) -> Result<Bytes, Error> {
    if body.size_hint().lower() <= limit as u64 && body.size_hint().upper().is_some() {
        let broken = |_| Error::invalid("body", "complete", "The body ended too early.");
        return to_bytes(body, limit).await.map_err(broken);
    }
    let mut chunks = body.into_data_stream();
    let (mut kept, mut seen) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Error::invalid("body", "complete", "The body ended too early."))?;
        seen += chunk.len();
        if seen > PATIENCE {
            return Err(too_large());
        } else if seen > limit {
            kept = Vec::new();
        } else {
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > limit { Err(too_large()) } else { Ok(kept.into()) }
}

/// Text is UTF-8 without NUL, whatever it is wrapped in, and whatever it is called: hardly anybody who reads it looks at that.
fn check(parts: &Parts, bytes: &[u8]) -> Result<(), Error> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let text = str::from_utf8(bytes).map_err(|_| Error::invalid("body", "utf8", "The body is not UTF-8."))?;
    // Server functions read whatever comes as a form.
    let is_form = !(kind.contains("json") || kind.starts_with("multipart/")) || parts.uri.path().starts_with("/_fn/");
    let has_nul = text.contains('\0') || has_escaped_nul(bytes) || (is_form && text.contains("%00"));
    if has_nul { Err(Error::invalid("body", "noNul", "Text cannot contain a NUL character.")) } else { Ok(()) }
}

/// Whether JSON spells NUL as `\u0000`.
fn has_escaped_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = &rest[at + 1..];
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_escaped_nul;

    #[test]
    fn only_a_real_escape_is_nul() {
        assert!(has_escaped_nul(br#"{"a":"x\u0000"}"#));
        assert!(has_escaped_nul(br#"{"a":"\\\u0000"}"#));
        assert!(!has_escaped_nul(br#"{"a":"\\u0000"}"#));
        assert!(!has_escaped_nul(br#"{"a":"\u0001 \n"}"#));
        assert!(!has_escaped_nul(b"\\"));
    }
}
