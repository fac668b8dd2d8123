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
const SHORT: Patience = Patience {
    first_byte: Duration::from_millis(300),
    idle: Duration::from_millis(150),
    progress: Duration::from_secs(20),
};
/// Waits for bytes, and not so long for something that is said.
const PRESSING: Patience = Patience { progress: Duration::from_millis(600), ..PATIENT };

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
async fn bytes_that_say_nothing_do_not_keep_an_answer_alive() {
    let begun = Instant::now();
    for (body, heard) in [(HI, vec![ModelEvent::Text("Hi".into())]), (b": hello\n\n".as_slice(), vec![])] {
        let server = Server::start(Reply::then_drip(body)).await;
        let (events, ended) = drain(&mut open(&server.base_url, PRESSING).await.unwrap()).await;
        assert_eq!((events, ended.err().map(|f| f.kind)), (heard, Some(FailureKind::Stalled)));
    }
    assert!((PRESSING.progress * 2..PATIENT.idle).contains(&begun.elapsed()), "{:?}", begun.elapsed());

    // Who is slow and says something each time is waited for, however long it takes.
    let words = [HI.repeat(20), STOP.to_vec()].concat();
    let (server, begun) = (Server::start(Reply::slowly(&words, HI.len())).await, Instant::now());
    let (events, ended) = drain(&mut open(&server.base_url, PRESSING).await.unwrap()).await;
    assert_eq!((events.len(), ended), (21, Ok(())));
    assert!(begun.elapsed() > PRESSING.progress, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn fifty_megabytes_are_no_answer_whatever_they_are_sent_as() {
    let large = vec![b'x'; 50 << 20];
    // As one line of a stream, as an error, as JSON in the place of a stream, and as a list of models.
    let line = [HI, b"data: ".as_slice(), large.as_slice()].concat();
    let server = Server::start(Reply::whole(&line)).await;
    let (events, ended) = drain(&mut open(&server.base_url, PATIENT).await.unwrap()).await;
    assert_eq!(events, [ModelEvent::Text("Hi".into())]);
    assert_eq!(ended.err().map(|f| f.kind), Some(FailureKind::BadReply));

    let failure = refused(Reply::whole(&large).status(400)).await;
    assert_eq!((failure.kind, failure.said), (FailureKind::Refused, None));
    let failure = refused(Reply::whole(&large).content_type("application/json")).await;
    assert_eq!((failure.kind, failure.said), (FailureKind::BadReply, None));

    let server = Server::start(Reply::whole(&large).content_type("application/json")).await;
    let models = sender::models(&out(), &Completions::Compatible, &endpoint(&server.base_url), PROVIDER, PATIENT.idle);
    assert_eq!(models.await.err().map(|f| f.kind), Some(FailureKind::BadReply));

    // And as words: more than any answer may have, and read no further.
    let words = "x".repeat(64 << 10);
    let event = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{words}\"}}}}]}}\n\n");
    let server = Server::start(Reply::whole(event.repeat(1_100).as_bytes())).await;
    let mut stream = open(&server.base_url, PATIENT).await.unwrap();
    let (events, ended) = drain(&mut stream).await;
    assert_eq!(ended.err().map(|f| f.kind), Some(FailureKind::BadReply));
    assert!((500..1_024).contains(&events.len()), "{}", events.len());
}

#[tokio::test]
async fn what_is_no_utf8_is_replaced_and_breaks_nothing() {
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xFF\xC3b\"},\"finish_reason\":null}]}\n\n";
    let body = [text.as_slice(), b"\xFE: \xFF\n\n", STOP].concat();
    for reply in [Reply::whole(&body), Reply::pieces(&body, 1)] {
        let server = Server::start(reply).await;
        let (events, ended) = drain(&mut open(&server.base_url, PATIENT).await.unwrap()).await;
        let said = ModelEvent::Text("a\u{fffd}\u{fffd}b".into());
        assert_eq!((events, ended), (vec![said, ModelEvent::Finish(Finish::Stop)], Ok(())));
    }
    let failure = refused(Reply::whole(b"{\"error\":{\"message\":\"a\xFFb\"}}").status(401)).await;
    assert_eq!((failure.kind, failure.said), (FailureKind::InvalidKey, None));
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
