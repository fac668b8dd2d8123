//! Streams that providers really sent, replayed through the adapters and the sender, and compared with a simple reading of
//! the whole body. The folder is `HYVVE_RECORDINGS`, else `shared/recordings` beside the project; where there is none, the
//! project's own small fixtures still run.

#![cfg(feature = "ssr")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on should stop where it is, and say what it skips"
)]

mod broken;
mod failures;
mod reading;
mod recording;
mod retries;
mod server;

use std::{iter, time::Duration};

use hyvve_domain::{
    outward::Outward,
    providers::{
        Adapter, BaseUrl, ChatRequest, Endpoint, Failure, FailureKind, Kind, Message, ModelEvent, ModelStream,
        sender::{self, Patience},
    },
};
use secrecy::SecretString;
use serde_json::Value;
use tokio::task::JoinSet;

use reading::Answer;
use recording::Recording;
use server::{Reply, Server};

const PROVIDER: &str = "Test provider";
const WAIT: Duration = Duration::from_secs(20);
const PATIENT: Patience = Patience { first_byte: WAIT, idle: WAIT, progress: WAIT };
/// From this size on a stream is long.
const LONG: usize = 4 << 10;
const STEP: usize = 61;

fn adapter(kind: Kind) -> &'static dyn Adapter {
    kind.adapter().unwrap()
}

/// What the decoder makes of a stream that arrives in these pieces.
fn decode<'a>(kind: Kind, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
    let (mut decoder, mut events) = (adapter(kind).decoder(), Vec::new());
    for piece in pieces {
        if let Err(fault) = decoder.push(piece, &mut events) {
            return (events, Err(fault.kind));
        }
    }
    let ended = decoder.end(&mut events);
    (events, ended.map_err(|fault| fault.kind))
}

fn ask(message: &str) -> ChatRequest {
    ChatRequest { model: "m".into(), messages: vec![Message::user(message)], ..ChatRequest::default() }
}

fn endpoint(base_url: &str) -> Endpoint {
    Endpoint { base_url: BaseUrl::parse(base_url).unwrap(), key: Some(SecretString::from(failures::KEY)) }
}

/// The replay server is on this machine.
fn out() -> Outward {
    Outward::new("127.0.0.1".parse().unwrap()).unwrap()
}

/// Asks the replay server, through the one sender.
async fn open(kind: Kind, base_url: &str, patience: Patience) -> Result<ModelStream, Failure> {
    sender::stream(&out(), adapter(kind), &endpoint(base_url), PROVIDER, &ask("hello"), patience).await
}

/// Everything that a stream gives out, and how it ended.
async fn drain(stream: &mut ModelStream) -> (Vec<ModelEvent>, Result<(), Failure>) {
    let mut events = Vec::new();
    loop {
        match stream.next().await {
            Ok(Some(batch)) => {
                assert!(!batch.is_empty());
                events.extend(batch);
            }
            Ok(None) => return (events, Ok(())),
            Err(failure) => return (events, Err(failure)),
        }
    }
}

/// Ids that the adapter made up are new each time.
fn comparable(
    (mut events, ended): (Vec<ModelEvent>, Result<(), FailureKind>),
) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
    for event in &mut events {
        if let ModelEvent::ToolCallStart { id, .. } = event
            && id.len() == 37
            && id.starts_with("call_")
        {
            id.clear();
        }
    }
    (events, ended)
}

#[test]
fn every_kind_has_streams_to_read() {
    let streams = recording::streams();
    for kind in Kind::ADDABLE {
        assert!(streams.iter().any(|recording| recording.kind == kind), "{kind}");
    }
}

#[test]
fn every_stream_reads_as_the_provider_meant_it() {
    for recording in recording::streams() {
        let (events, ended) = decode(recording.kind, [recording.body.as_slice()]);
        let answer = Answer::of_events(&events, ended);
        assert_eq!(answer, Answer::of_body(recording.kind, &recording.text()), "{}", recording.name);
        for (_, name, arguments) in &answer.calls {
            let arguments: Value = serde_json::from_str(arguments).expect("arguments are JSON");
            assert!(arguments.is_object() && !name.is_empty(), "{}", recording.name);
        }
    }
}

/// In two at every offset; a long stream, for which that would take minutes, at every offset and each [`STEP`] bytes
/// before and after it.
#[test]
fn a_stream_may_be_split_at_any_byte() {
    for recording in recording::streams() {
        let (kind, body) = (recording.kind, recording.body.as_slice());
        let decode = |pieces: Vec<&[u8]>| comparable(decode(kind, pieces));
        let whole = decode(vec![body]);
        assert_eq!(decode(body.chunks(1).collect()), whole, "{} byte by byte", recording.name);
        let long = body.len() > LONG;
        for at in 1..if long { STEP } else { body.len() } {
            let (first, rest) = body.split_at(at);
            let pieces = iter::once(first).chain(rest.chunks(if long { STEP } else { rest.len() }));
            assert_eq!(decode(pieces.collect()), whole, "{} split at {at}", recording.name);
        }
        assert_eq!(decode(body.chunks(STEP).collect()), whole, "{} in equal pieces", recording.name);
    }
}

/// What a provider sealed stands in the next request as it came, and so do the ids of the calls that are answered.
#[test]
fn what_was_sealed_goes_back_unchanged() {
    let mut returned = 0;
    for recording in recording::streams() {
        let (events, ended) = decode(recording.kind, [recording.body.as_slice()]);
        let answer = Answer::of_events(&events, ended);
        if answer.end.is_err() {
            continue;
        }
        let mut request = ask("hello");
        request.messages.push(Message::Assistant { parts: answer.parts(&events) });
        for (id, name, _) in &answer.calls {
            let (tool_call_id, name) = (id.clone(), name.clone());
            request.messages.push(Message::Tool { tool_call_id, name, content: "{}".into(), is_error: false });
        }
        let sent = adapter(recording.kind).chat(&endpoint("http://localhost"), &request).ok().unwrap();
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        for seal in answer.seals.iter().filter(|seal| seal.get("field").is_none()) {
            assert!(stands_in(seal, &body), "{}: {seal} is not in {body}", recording.name);
            returned += 1;
        }
        for (id, _, _) in answer.calls.iter().filter(|(id, _, _)| !id.is_empty()) {
            assert!(body.to_string().matches(&format!("\"{id}\"")).count() >= 2, "{}: {id}", recording.name);
        }
    }
    assert!(returned > 10, "only {returned} seals were returned");
}

/// Whether all fields of a seal stand together somewhere.
fn stands_in(seal: &Value, body: &Value) -> bool {
    let here = || seal.as_object().unwrap().iter().all(|(name, value)| body.get(name) == Some(value));
    match body {
        Value::Object(fields) => here() || fields.values().any(|value| stands_in(seal, value)),
        Value::Array(items) => items.iter().any(|value| stands_in(seal, value)),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_reads_the_same_over_http_whole_and_byte_by_byte() {
    let mut replays = JoinSet::new();
    for recording in recording::streams() {
        replays.spawn(replayed_over_http(recording));
    }
    while let Some(replayed) = replays.join_next().await {
        replayed.unwrap();
    }
}

async fn replayed_over_http(recording: Recording) {
    let expected = Answer::of_body(recording.kind, &recording.text());
    for reply in [Reply::whole(&recording.body), Reply::pieces(&recording.body, 1)] {
        let mut server = Server::start(reply.content_type(&recording.content_type)).await;
        let mut stream = open(recording.kind, &server.base_url, PATIENT).await.unwrap();
        let (events, ended) = drain(&mut stream).await;
        assert_eq!(stream.next().await, Ok(None), "an answer ends once");
        assert!(ended.as_ref().err().is_none_or(|f| f.provider == PROVIDER && f.status.is_none()));
        assert_eq!(Answer::of_events(&events, ended.map_err(|f| f.kind)), expected, "{}", recording.name);
        let path = match recording.kind {
            Kind::Anthropic => "/v1/messages",
            Kind::Openai => "/v1/responses",
            Kind::Gemini => "/v1/models/m:streamGenerateContent?alt=sse",
            _ => "/v1/chat/completions",
        };
        let request = server.request().await;
        assert!(request.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{request}");
        assert_eq!(server.asked(), 0, "an answer that has begun is never asked for again");
    }
}

#[tokio::test]
async fn every_recorded_refusal_is_a_failure_of_the_right_kind_in_the_providers_words() {
    for recording in recording::refusals() {
        let reply = Reply::whole(&recording.body).status(recording.status).content_type(&recording.content_type);
        let server = Server::start(reply).await;
        let failure = open(recording.kind, &server.base_url, PATIENT).await.err().expect("a refusal");
        assert_eq!(failure.kind, reading::refusal(recording.status, &recording.text()), "{}", recording.name);
        assert_eq!((failure.status, failure.provider.as_str()), (Some(recording.status), PROVIDER));
        let body: Value = serde_json::from_slice(&recording.body).unwrap();
        let message = body["error"]["message"].as_str().unwrap();
        assert!(failure.said.unwrap().starts_with(message.get(..40).unwrap_or(message)), "{}", recording.name);
    }
}
