//! What a bad provider gets: a failure of the right kind, soon, in a short line of the provider's words and without the key.

use std::time::{Duration, Instant};

use hyvve_domain::providers::{
    Failure, FailureKind, Finish, Kind, Listed, ModelEvent, ModelStream,
    completions::Completions,
    sender::{self, Patience},
};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use super::{
    PATIENT, PROVIDER, drain, endpoint, out,
    server::{Reply, Server},
};

pub(crate) const KEY: &str = "sk-canary-0123456789";

const HI: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";
const STOP: &[u8] = b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const SHORT: Patience = Patience { first_byte: Duration::from_millis(300), idle: Duration::from_millis(150) };

async fn open(base_url: &str, patience: Patience) -> Result<ModelStream, Failure> {
    super::open(Kind::OpenaiCompatible, base_url, patience).await
}

/// The failure to open a stream with this reply.
async fn refused(reply: Reply) -> Failure {
    let server = Server::start(reply).await;
    let failure = open(&server.base_url, PATIENT).await.err().expect("a failure");
    assert!(!format!("{failure} {failure:?} {}", failure.remedy()).contains("canary"), "the key leaked");
    failure
}

#[tokio::test]
async fn a_wrong_key_is_named_and_never_shown() {
    let body =
        format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}\",\"code\":\"invalid_api_key\"}}}}");
    let failure = refused(Reply::whole(body.as_bytes()).status(401).content_type("application/json")).await;
    assert_eq!((failure.kind, failure.status), (FailureKind::InvalidKey, Some(401)));
    assert_eq!(failure.to_string(), format!("{PROVIDER} refused the key (401)."));
    assert_eq!(failure.said.as_deref(), Some("Incorrect API key provided: [key]"));
}

#[tokio::test]
async fn the_key_is_sent_in_the_header_and_nowhere_else() {
    let mut server = Server::start(Reply::whole(&[HI, STOP].concat())).await;
    let mut stream = open(&server.base_url, PATIENT).await.unwrap();
    assert_eq!(drain(&mut stream).await.1, Ok(()));
    let request = server.request().await;
    assert!(request.contains(&format!("authorization: Bearer {KEY}\r\n")), "{request}");
    assert_eq!(request.matches("canary").count(), 1);
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let failure = refused(Reply::whole(b"{}").status(429).header("retry-after", "7200")).await;
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::RateLimited, Some(7200)));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(Reply::whole(&[HI, STOP].concat())).await;
    let failure = refused(Reply::whole(b"").status(307).header("location", &other.base_url)).await;
    assert_eq!((failure.kind, failure.status), (FailureKind::Unreachable, Some(307)));
    assert_eq!(other.asked(), 0);
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let failure = open(&format!("http://{address}"), PATIENT).await.err().unwrap();
    assert_eq!((failure.kind, failure.status), (FailureKind::Unreachable, None));
    assert_eq!(failure.to_string(), format!("{PROVIDER} cannot be reached."));
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let plain = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let failure = open(&format!("https://{address}"), PATIENT).await.err().unwrap();
    assert_eq!((failure.kind, failure.status), (FailureKind::Unreachable, None));
    plain.await.unwrap();
}

#[tokio::test]
async fn silence_ends_an_answer_and_keeps_its_beginning() {
    let begun = Instant::now();
    let mute = Server::start(Reply::mute()).await;
    assert_eq!(open(&mute.base_url, SHORT).await.err().map(|f| f.kind), Some(FailureKind::Stalled));

    let server = Server::start(Reply::then_silence(HI)).await;
    let (events, ended) = drain(&mut open(&server.base_url, SHORT).await.unwrap()).await;
    assert_eq!(events, [ModelEvent::Text("Hi".into())]);
    assert_eq!(ended.err().map(|f| f.kind), Some(FailureKind::Stalled));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_broken_connection_ends_an_answer_and_keeps_its_beginning() {
    for reply in [Reply::then_cut(HI), Reply::whole(HI)] {
        let server = Server::start(reply).await;
        let (events, ended) = drain(&mut open(&server.base_url, PATIENT).await.unwrap()).await;
        assert_eq!(events, [ModelEvent::Text("Hi".into())]);
        assert_eq!(ended.err().map(|f| f.kind), Some(FailureKind::BadReply));
    }
}

#[tokio::test]
async fn an_answer_that_said_why_it_finished_is_complete_however_it_ends() {
    let body = [HI, STOP].concat();
    for reply in [Reply::whole(&body), Reply::then_cut(&body), Reply::then_silence(&body)] {
        let server = Server::start(reply).await;
        let (events, ended) = drain(&mut open(&server.base_url, SHORT).await.unwrap()).await;
        assert_eq!((events.last(), ended), (Some(&ModelEvent::Finish(Finish::Stop)), Ok(())));
    }
}

#[tokio::test]
async fn what_is_no_stream_is_not_taken_for_one() {
    let error = br#"{"error":{"code":402,"message":"no credits"}}"#;
    assert_eq!(refused(Reply::whole(error).content_type("application/json")).await.kind, FailureKind::NoCredit);

    let server = Server::start(Reply::whole(b"<html>Hello</html>").content_type("text/html")).await;
    let (events, ended) = drain(&mut open(&server.base_url, PATIENT).await.unwrap()).await;
    assert_eq!((events, ended.err().map(|f| f.kind)), (vec![], Some(FailureKind::BadReply)));
}

#[tokio::test]
async fn models_are_listed_and_a_wrong_key_is_found_out() {
    let list = |reply: Reply| async {
        let mut server = Server::start(reply).await;
        let (http, adapter) = (out(), &Completions::Compatible);
        let models = sender::models(&http, adapter, &endpoint(&server.base_url), PROVIDER, PATIENT.idle).await;
        (models, server.request().await)
    };
    let (models, request) = list(Reply::whole(br#"{"data":[{"id":"a"},{"id":"b"}]}"#)).await;
    assert_eq!(models, Ok(vec![Listed::of("a"), Listed::of("b")]));
    assert!(request.starts_with("GET /v1/models HTTP/1.1\r\n"), "{request}");
    let (models, _) = list(Reply::whole(b"{}").status(403)).await;
    assert_eq!(models.err().map(|f| f.kind), Some(FailureKind::InvalidKey));
    let (models, _) = list(Reply::whole(b"<html>")).await;
    assert_eq!(models.err().map(|f| f.kind), Some(FailureKind::BadReply));
}

#[tokio::test]
async fn a_model_cannot_send_what_a_database_cannot_store() {
    let nul = br#"data: {"model":"m\u0000","choices":[{"delta":{"content":"a\u0000b","reasoning":"\u0000",
data: "tool_calls":[{"index":0,"id":"\u0000","function":{"name":"n\u0000","arguments":"{\u0000}"}}]}}]}"#;
    let server = Server::start(Reply::whole(&[nul, &b"\n\n"[..], STOP].concat())).await;
    let (events, ended) = drain(&mut open(&server.base_url, PATIENT).await.unwrap()).await;
    assert_eq!((events.len(), ended), (6, Ok(())), "{events:?}");
    assert!(!format!("{events:?}").contains("\\0") && format!("{events:?}").contains("a\u{fffd}b"), "{events:?}");
}
