//! The one that sends: the same networking for every provider.
//!
//! A key goes to the host that it was entered for and nowhere else, and that host is one that may be asked at all:
//! [`Outward`] sees to it. Nothing of a provider's reply is logged, and of a failed one only a short line without the key is
//! passed on.
//!
//! What may pass by itself is tried again: limits and overload, as long as nothing of an answer has come. Whoever drops a
//! call that waits has cancelled it.

use std::{error::Error as _, time::Duration};

use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use secrecy::SecretString;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    Adapter, ChatRequest, Endpoint, Failure, FailureKind, Fault, HttpRequest, Listed, Message, ModelStream, catalogue,
    excerpt::excerpt, fault,
};
use crate::outward::{Outward, Refused};

/// How long the rest of a failed reply, or a list of models, may take.
const SHORT: Duration = Duration::from_secs(10);
/// How much of a failed reply is read to find out what it means.
const EXCERPT: usize = 64 << 10;
/// The largest list of models.
const LIST: usize = 8 << 20;
/// How often an answer is asked for. Limits and overload last for seconds or for much longer; a third try after some
/// seconds catches nearly all of the former, and a person waits meanwhile.
const TRIES: u32 = 3;
/// The wait before the second try; it doubles for each further one.
const WAIT: Duration = Duration::from_millis(500);
/// A provider that asks for a longer wait than this is not waited for: the run says so, and its person decides.
const LONGEST_RETRY_AFTER: u64 = 20;
/// The longest wait that is passed on: a day.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// How long a provider may send bytes of which nothing of an answer comes: comments keep a connection alive, and can do so for ever.
const PROGRESS: Duration = Duration::from_mins(15);

/// How long a provider may send nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Until the first byte of an answer. Models that think before they speak send nothing meanwhile, and gateways not even
    /// headers.
    pub first_byte: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// Between two things that it says, whatever else it sends meanwhile.
    pub progress: Duration,
}

impl Patience {
    /// From the setting, which is for the time between two pieces. Thinking may take thrice as long.
    pub fn of(stall: Duration) -> Self {
        let first_byte = stall * 3;
        Self { first_byte, idle: stall, progress: PROGRESS.max(first_byte) }
    }
}

/// Speaks of one provider's failures: under its name in the workspace, and never with its key.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    provider: String,
    key: Option<SecretString>,
}

impl Voice {
    fn of(provider_name: &str, endpoint: &Endpoint) -> Self {
        Self { provider: provider_name.to_owned(), key: endpoint.key.clone() }
    }

    /// A failure without a status.
    pub(super) fn failure(&self, fault: impl Into<Fault>) -> Failure {
        let Fault { kind, said, retry_after } = fault.into();
        let said = said.and_then(|said| excerpt(&said, self.key.as_ref()));
        Failure { kind, provider: self.provider.clone(), status: None, retry_after, said }
    }
}

/// Asks for a streamed answer, a few times where that may help, for whoever stands in no line: in one, each try has its turn
/// (`route.rs`).
pub async fn stream(
    http: &Outward,
    adapter: &dyn Adapter,
    endpoint: &Endpoint,
    provider_name: &str,
    request: &ChatRequest,
    patience: Patience,
) -> Result<ModelStream, Failure> {
    let mut tries = Tries::default();
    loop {
        match once(http, adapter, endpoint, provider_name, request, patience).await {
            Ok(stream) => return Ok(stream),
            Err(failure) => tries.wait_after(failure).await?,
        }
    }
}

/// Asks for a streamed answer, once.
pub(super) async fn once(
    http: &Outward,
    adapter: &dyn Adapter,
    endpoint: &Endpoint,
    provider_name: &str,
    request: &ChatRequest,
    patience: Patience,
) -> Result<ModelStream, Failure> {
    let voice = Voice::of(provider_name, endpoint);
    let request = adapter.chat(endpoint, request).map_err(|fault| voice.failure(fault))?;
    let response = send(http, request, &voice, patience.first_byte).await?;
    streamed(response, adapter, &voice, patience).await
}

/// How often an answer was asked for.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Waits until another try may help; gives the failure back where none does.
    pub(super) async fn wait_after(&mut self, failure: Failure) -> Result<(), Failure> {
        self.0 += 1;
        match wait_after(self.0, &failure) {
            Some(wait) => {
                sleep(wait).await;
                Ok(())
            }
            None => Err(failure),
        }
    }
}

/// How long to wait before the next try; none where a failure stays, or lasts too long. What comes without the status of a refusal
/// comes of a reply that has begun.
fn wait_after(tries: u32, failure: &Failure) -> Option<Duration> {
    let asked = failure.retry_after.unwrap_or(0);
    if tries >= TRIES || failure.status.is_none() || !failure.kind.passes() || asked > LONGEST_RETRY_AFTER {
        return None;
    }
    // Half of the wait is left to chance, so that runs that were refused together do not come back together.
    let full = WAIT * 2_u32.pow(tries - 1);
    let chance = f64::from(Uuid::now_v7().as_u128() as u32) / f64::from(u32::MAX);
    Some(Duration::from_secs(asked) + full / 2 + (full / 2).mul_f64(chance))
}

/// Tries the key and lists the provider's models, once: a person waits for what comes of it.
pub async fn models(
    http: &Outward,
    adapter: &dyn Adapter,
    endpoint: &Endpoint,
    provider_name: &str,
    stall: Duration,
) -> Result<Vec<Listed>, Failure> {
    let voice = Voice::of(provider_name, endpoint);
    let fail = |fault: Fault| voice.failure(fault);
    if let Some(check) = adapter.key_check(endpoint).map_err(fail)? {
        send(http, check, &voice, stall).await?;
    }
    let request = adapter.models(endpoint).map_err(fail)?;
    let response = send(http, request, &voice, stall).await?;
    let body = read(response, LIST).await.map_err(|kind| voice.failure(kind))?;
    adapter.read_models(&body).map(|models| catalogue::fit(models, endpoint.key.as_ref())).map_err(fail)
}

/// Asks for one model by its id, once. `false` also where the provider cannot be asked so.
pub async fn has_model(
    http: &Outward,
    adapter: &dyn Adapter,
    endpoint: &Endpoint,
    provider_name: &str,
    model: &str,
    stall: Duration,
) -> Result<bool, Failure> {
    let voice = Voice::of(provider_name, endpoint);
    let Some(request) = adapter.model(endpoint, model).map_err(|fault| voice.failure(fault))? else {
        return Ok(false);
    };
    match send(http, request, &voice, stall).await {
        Ok(response) => {
            let body = read(response, EXCERPT).await.map_err(|kind| voice.failure(kind))?;
            let told: Value = serde_json::from_slice(&body).unwrap_or_default();
            Ok(told.get("id").or_else(|| told.get("name")).is_some_and(Value::is_string))
        }
        Err(failure) if failure.kind == FailureKind::ModelNotFound || matches!(failure.status, Some(400 | 404)) => {
            Ok(false)
        }
        Err(failure) => Err(failure),
    }
}

/// Asks a model for an answer of one token, once: the cheapest call of a server that lists no models.
pub async fn answers(
    http: &Outward,
    adapter: &dyn Adapter,
    endpoint: &Endpoint,
    provider_name: &str,
    model: &str,
    stall: Duration,
) -> Result<(), Failure> {
    let voice = Voice::of(provider_name, endpoint);
    let request = ChatRequest {
        model: model.to_owned(),
        messages: vec![Message::user("Hi")],
        max_output_tokens: Some(1),
        ..ChatRequest::default()
    };
    let request = adapter.chat(endpoint, &request).map_err(|fault| voice.failure(fault))?;
    let response = send(http, request, &voice, stall).await?;
    let patience = Patience { first_byte: stall, idle: stall, progress: stall };
    let mut stream = streamed(response, adapter, &voice, patience).await?;
    let reading = async {
        while stream.next().await?.is_some() {}
        Ok(())
    };
    // Somebody who was asked for one token and goes on for so long does not understand the question.
    timeout(SHORT, reading).await.unwrap_or_else(|_| Err(voice.failure(FailureKind::BadReply)))
}

/// A reply as the stream that was asked for; some servers send an error as plain JSON with status 200.
async fn streamed(
    response: Response,
    adapter: &dyn Adapter,
    voice: &Voice,
    patience: Patience,
) -> Result<ModelStream, Failure> {
    if is_json(response.headers()) {
        let status = response.status().as_u16();
        let body = read(response, EXCERPT).await.unwrap_or_default();
        return Err(voice.failure(fault::of_reply(status, &body)));
    }
    Ok(ModelStream::http(response, adapter.decoder(), voice.clone(), patience))
}

/// Sends, and passes only a successful reply on.
async fn send(http: &Outward, request: HttpRequest, voice: &Voice, first_byte: Duration) -> Result<Response, Failure> {
    let HttpRequest { method, url, headers, body } = request;
    let request = http.request(method, url).map_err(|_| voice.failure(FailureKind::NotAllowed))?;
    let sending = request.headers(headers).body(body).send();
    let response = match timeout(first_byte, sending).await {
        Err(_) => return Err(voice.failure(FailureKind::Stalled)),
        Ok(Err(cause)) => return Err(voice.failure(kind_of(cause))),
        Ok(Ok(response)) => response,
    };
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let after = retry_after(response.headers());
    let body = read(response, EXCERPT).await.unwrap_or_default();
    let failure = voice.failure(fault::of_reply(status.as_u16(), &body));
    Err(Failure { status: Some(status.as_u16()), retry_after: after.or(failure.retry_after), ..failure })
}

/// What an error of the network means. The error has no part of a request or reply in it, and is logged without the address.
pub(super) fn kind_of(cause: reqwest::Error) -> FailureKind {
    let kind = if Refused::of(&cause).is_some() {
        FailureKind::NotAllowed
    } else if cause.is_connect() || cause.is_timeout() {
        FailureKind::Unreachable
    } else if cause.is_builder() {
        FailureKind::Refused
    } else {
        FailureKind::BadReply
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

    fn failure(kind: FailureKind, retry_after: Option<u64>) -> Failure {
        Failure { kind, provider: "P".into(), status: Some(429), retry_after, said: None }
    }

    #[test]
    fn what_may_pass_is_waited_for_a_few_times_and_not_for_long() {
        let wait = |tries, kind, after| wait_after(tries, &failure(kind, after)).map(|wait| wait.as_millis());
        for _ in 0..100 {
            assert!(matches!(wait(1, FailureKind::RateLimited, None), Some(250..=500)));
            assert!(matches!(wait(2, FailureKind::Overloaded, None), Some(500..=1000)));
            assert!(matches!(wait(1, FailureKind::RateLimited, Some(7)), Some(7250..=7500)));
        }
        assert_eq!(wait(3, FailureKind::Overloaded, None), None);
        let begun = Failure { status: None, ..failure(FailureKind::Overloaded, None) };
        assert_eq!(wait_after(1, &begun), None);
        assert_eq!(wait(1, FailureKind::RateLimited, Some(21)), None);
        for stays in [FailureKind::InvalidKey, FailureKind::NoCredit, FailureKind::Stalled, FailureKind::Refused] {
            assert_eq!(wait(1, stays, None), None);
        }
    }

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
