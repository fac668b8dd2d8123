//! Streams that providers really sent, replayed through the adapter and the sender, and compared with a simple reading of
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

mod failures;
mod reading;
mod recording;
mod server;

use std::{iter, time::Duration};

use hyvve_domain::providers::{
    Adapter, BaseUrl, ChatRequest, Endpoint, Failure, FailureKind, Message, ModelEvent, ModelStream, openai::OpenAi,
    sender,
};
use secrecy::SecretString;

use reading::Answer;
use server::{Reply, Server};

const PROVIDER: &str = "Test provider";
const STALL: Duration = Duration::from_secs(20);
/// From this size on a stream is long.
const LONG: usize = 4 << 10;
const STEP: usize = 61;

/// What the decoder makes of a stream that arrives in these pieces.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
    let (mut decoder, mut events) = (OpenAi.decoder(), Vec::new());
    for piece in pieces {
        if let Err(kind) = decoder.push(piece, &mut events) {
            return (events, Err(kind));
        }
    }
    let ended = decoder.end(&mut events);
    (events, ended)
}

fn ask(message: &str) -> ChatRequest {
    ChatRequest {
        model: "m".into(),
        system: String::new(),
        messages: vec![Message::User { text: message.into() }],
        tools: vec![],
        max_output_tokens: None,
    }
}

/// Asks the replay server, through the one sender.
async fn open(base_url: &str, stall: Duration) -> Result<ModelStream, Failure> {
    let key = Some(SecretString::from(failures::KEY));
    let endpoint = Endpoint { base_url: BaseUrl::parse(base_url).unwrap(), key };
    sender::stream(&sender::client().unwrap(), &OpenAi, &endpoint, PROVIDER, &ask("hello"), stall).await
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

#[test]
fn every_stream_reads_as_the_provider_meant_it() {
    for recording in recording::streams() {
        let (events, ended) = decode([recording.body.as_slice()]);
        assert_eq!(Answer::of_events(&events, ended), Answer::of_body(&recording.text()), "{}", recording.name);
        for (_, name, arguments) in &Answer::of_events(&events, ended).calls {
            let arguments: serde_json::Value = serde_json::from_str(arguments).expect("arguments are JSON");
            assert!(arguments.is_object() && !name.is_empty(), "{}", recording.name);
        }
    }
}

/// In two at every offset; a long stream, for which that would take minutes, at every offset and each [`STEP`] bytes
/// before and after it.
#[test]
fn a_stream_may_be_split_at_any_byte() {
    for recording in recording::streams() {
        let body = recording.body.as_slice();
        let whole = decode([body]);
        assert_eq!(decode(body.chunks(1)), whole, "{} byte by byte", recording.name);
        let long = body.len() > LONG;
        for at in 1..if long { STEP } else { body.len() } {
            let (first, rest) = body.split_at(at);
            let pieces = iter::once(first).chain(rest.chunks(if long { STEP } else { rest.len() }));
            assert_eq!(decode(pieces), whole, "{} split at {at}", recording.name);
        }
        assert_eq!(decode(body.chunks(STEP)), whole, "{} in equal pieces", recording.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_reads_the_same_over_http_whole_and_byte_by_byte() {
    for recording in recording::streams() {
        let expected = Answer::of_body(&recording.text());
        for reply in [Reply::whole(&recording.body), Reply::byte_by_byte(&recording.body)] {
            let server = Server::start(reply.content_type(&recording.content_type)).await;
            let mut stream = open(&server.base_url, STALL).await.unwrap();
            let (events, ended) = drain(&mut stream).await;
            assert_eq!(stream.next().await, Ok(None), "an answer ends once");
            assert!(ended.as_ref().err().is_none_or(|f| f.provider == PROVIDER && f.status.is_none()));
            assert_eq!(Answer::of_events(&events, ended.map_err(|f| f.kind)), expected, "{}", recording.name);
            let request = server.request().await;
            assert!(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{request}");
        }
    }
}

#[tokio::test]
async fn every_recorded_refusal_is_a_failure_of_the_right_kind() {
    for recording in recording::refusals() {
        let reply = Reply::whole(&recording.body).status(recording.status).content_type(&recording.content_type);
        let server = Server::start(reply).await;
        let failure = open(&server.base_url, STALL).await.err().expect("a refusal");
        assert_eq!(failure.kind, reading::refusal(recording.status), "{}", recording.name);
        assert_eq!((failure.status, failure.provider.as_str()), (Some(recording.status), PROVIDER));
    }
}
