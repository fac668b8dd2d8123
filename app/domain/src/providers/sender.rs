//! The one that sends: the same networking for every provider.
//!
//! A key goes to the host that it was entered for and nowhere else: redirects are refused, and no proxy is taken from the
//! environment (to a plain `http` address it would see the key). Nothing of a provider's reply is logged or passed on
//! except what the adapter made of it.

use std::{error::Error as _, time::Duration};

use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect,
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::timeout;

use super::{Adapter, ChatRequest, Endpoint, Failure, FailureKind, HttpRequest, ModelStream};

/// How long a connection may take, TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the rest of a failed reply, or a list of models, may take.
const SHORT: Duration = Duration::from_secs(10);
/// How much of a failed reply is read to find out what it means.
const EXCERPT: usize = 64 << 10;
/// The largest list of models.
const LIST: usize = 8 << 20;
/// The longest wait that a provider may ask for: a day.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// The client for AI providers; one for the whole process, so that connections are reused. There is no time-out for an
/// answer as a whole: a stream may go on as long as bytes come.
pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("HYVVE/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .no_proxy()
        .build()
}

/// Asks for a streamed answer. `stall` is how long the provider may send nothing, now and later.
pub async fn stream(
    http: &Client,
    adapter: &dyn Adapter,
    endpoint: &Endpoint,
    provider_name: &str,
    request: &ChatRequest,
    stall: Duration,
) -> Result<ModelStream, Failure> {
    let request = adapter.chat(endpoint, request).map_err(|kind| failed(provider_name, kind))?;
    let response = send(http, adapter, request, provider_name, stall).await?;
    if is_json(response.headers()) {
        // A stream was asked for; some servers send an error as plain JSON with status 200.
        let status = response.status().as_u16();
        let body = read(response, EXCERPT).await.unwrap_or_default();
        return Err(failed(provider_name, adapter.failure(status, &body)));
    }
    Ok(ModelStream::http(response, adapter.decoder(), provider_name, stall))
}

/// Tries the key and lists the provider's models.
pub async fn models(
    http: &Client,
    adapter: &dyn Adapter,
    endpoint: &Endpoint,
    provider_name: &str,
    stall: Duration,
) -> Result<Vec<String>, Failure> {
    let fail = |kind| failed(provider_name, kind);
    if let Some(check) = adapter.key_check(endpoint).map_err(fail)? {
        send(http, adapter, check, provider_name, stall).await?;
    }
    let request = adapter.models(endpoint).map_err(fail)?;
    let response = send(http, adapter, request, provider_name, stall).await?;
    let body = read(response, LIST).await.map_err(fail)?;
    adapter.read_models(&body).map_err(fail)
}

/// Sends, and passes only a successful reply on.
async fn send(
    http: &Client,
    adapter: &dyn Adapter,
    request: HttpRequest,
    provider_name: &str,
    stall: Duration,
) -> Result<Response, Failure> {
    let HttpRequest { method, url, headers, body } = request;
    let sending = http.request(method, url).headers(headers).body(body).send();
    let response = match timeout(stall, sending).await {
        Err(_) => return Err(failed(provider_name, FailureKind::Stalled)),
        Ok(Err(cause)) => return Err(failed(provider_name, kind_of(cause))),
        Ok(Ok(response)) => response,
    };
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = retry_after(response.headers());
    let body = read(response, EXCERPT).await.unwrap_or_default();
    let kind = adapter.failure(status.as_u16(), &body);
    Err(Failure { status: Some(status.as_u16()), retry_after, ..failed(provider_name, kind) })
}

/// A failure without a status.
pub(super) fn failed(provider_name: &str, kind: FailureKind) -> Failure {
    Failure { kind, provider: provider_name.to_owned(), status: None, retry_after: None }
}

/// What an error of the network means. The error has no part of a request or reply in it, and is logged without the address.
pub(super) fn kind_of(cause: reqwest::Error) -> FailureKind {
    let kind = if cause.is_connect() || cause.is_timeout() {
        FailureKind::Unreachable
    } else if cause.is_builder() {
        FailureKind::BadRequest
    } else {
        FailureKind::Broken
    };
    let cause = cause.without_url();
    tracing::debug!(kind = ?kind, error.message = %cause, error.cause = ?cause.source(), "a provider's network failed");
    kind
}

/// The first `limit` bytes of a body, in at most [`SHORT`].
async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, FailureKind> {
    let reading = async {
        let mut body = Vec::new();
        while body.len() < limit
            && let Some(bytes) = response.chunk().await.map_err(kind_of)?
        {
            body.extend_from_slice(&bytes);
        }
        body.truncate(limit);
        Ok(body)
    };
    timeout(SHORT, reading).await.unwrap_or(Err(FailureKind::Stalled))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/json"))
}

/// `Retry-After` (RFC 9110, 10.2.3) is a number of seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = value.parse().ok().or_else(|| {
        let until = OffsetDateTime::parse(value, &Rfc2822).ok()? - OffsetDateTime::now_utc();
        Some(until.whole_seconds().max(0).unsigned_abs())
    })?;
    Some(seconds.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let read =
            |value: &'static str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]));
        assert_eq!(read("20"), Some(20));
        assert_eq!(read("99999999"), Some(LONGEST_WAIT));
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        assert_eq!(read("Wed, 21 Oct 2415 07:28:00 GMT"), Some(LONGEST_WAIT));
        assert_eq!(read("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
