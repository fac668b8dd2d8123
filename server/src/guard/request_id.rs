//! The request's id, in its reply, in its errors and in every line that is logged meanwhile.

use std::{fmt, time::Instant};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, field::Empty};
use uuid::Uuid;

const NAME: &str = "x-request-id";
/// The longest id that is taken from a client.
const MAX: usize = 128;

/// The id of a request.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The client's, if it is short and visible, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let is_usable = |id: &&str| (1..=MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let sent = headers.get(NAME).and_then(|value| value.to_str().ok()).filter(is_usable);
        sent.map_or_else(|| Self(Uuid::now_v7().to_string()), Self::from)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RequestId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives the request its id and logs how it went. The query is left out: it may carry what is nobody's business.
pub(crate) async fn trace(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let (method, path) = (request.method().as_str(), loggable(request.uri().path()));
    let span = tracing::info_span!("request", request_id = %id, method, path, user_id = Empty, workspace_id = Empty);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(NAME, value);
    }
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, ms = started.elapsed().as_millis() as u64, "answered"));
    response
}

/// A path as the log may have it: an invitation's holds the secret that lets somebody in.
fn loggable(path: &str) -> &str {
    const INVITATION: &str = "/invite/";
    if path.starts_with(INVITATION) { INVITATION } else { path }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn the_secret_of_an_invitation_is_not_logged() {
        assert_eq!(loggable("/invite/s3cret"), "/invite/");
        assert_eq!(loggable("/api/invitations"), "/api/invitations");
    }

    #[test]
    fn a_clients_id_is_taken_only_if_it_is_short_and_visible() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.extend(HeaderValue::from_str(value).ok().map(|value| (HeaderName::from_static(NAME), value)));
            RequestId::of(&headers)
        };
        assert_eq!(of("from-a-proxy:1").as_str(), "from-a-proxy:1");
        for unusable in ["", "two words", "ümlaut", &"x".repeat(MAX + 1)] {
            assert!(Uuid::parse_str(of(unusable).as_str()).is_ok(), "{unusable:?} was taken");
        }
    }
}
