//! What may pass by itself is tried again, as long as nothing of an answer has come.

use std::time::{Duration, Instant};

use hyvve_domain::providers::{Failure, FailureKind, Finish, Kind, ModelEvent};

use super::{
    PATIENT, drain, open,
    server::{Reply, Server},
};

const ANSWER: &[u8] =
    b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
const BUSY: &[u8] = br#"{"error":{"message":"Busy."}}"#;

fn refusal(status: u16) -> Reply {
    Reply::whole(BUSY).status(status).content_type("application/json")
}

/// How asking this server ends, and how often it was asked.
async fn asked(replies: Vec<Reply>) -> (Result<(), Failure>, usize) {
    let server = Server::of(replies).await;
    let ended = match open(Kind::OpenaiCompatible, &server.base_url, PATIENT).await {
        Ok(mut stream) => {
            let (events, ended) = drain(&mut stream).await;
            assert!(ended.is_err() || events.last() == Some(&ModelEvent::Finish(Finish::Stop)));
            ended
        }
        Err(failure) => Err(failure),
    };
    (ended, server.asked())
}

#[tokio::test]
async fn limits_and_overload_are_waited_out() {
    for (first, second) in [(429, 529), (500, 503), (502, 504)] {
        let (ended, times) = asked(vec![refusal(first), refusal(second), Reply::whole(ANSWER)]).await;
        assert_eq!((ended, times), (Ok(()), 3), "{first} and {second}");
    }
}

#[tokio::test]
async fn three_tries_are_all() {
    let (ended, times) = asked(vec![refusal(529)]).await;
    let failure = ended.err().unwrap();
    assert_eq!((failure.kind, failure.status, times), (FailureKind::Overloaded, Some(529), 3));
    assert_eq!(failure.said.as_deref(), Some("Busy."));
}

#[tokio::test]
async fn the_provider_says_how_long_to_wait_and_a_long_wait_is_left_to_people() {
    let begun = Instant::now();
    let (ended, times) = asked(vec![refusal(429).header("retry-after", "2"), Reply::whole(ANSWER)]).await;
    assert_eq!((ended, times), (Ok(()), 2));
    assert!(begun.elapsed() >= Duration::from_secs(2));

    let (ended, times) = asked(vec![refusal(429).header("retry-after", "3600")]).await;
    assert_eq!((ended.err().and_then(|f| f.retry_after), times), (Some(3600), 1));
}

#[tokio::test]
async fn what_stays_is_not_tried_again() {
    for status in [400, 401, 402, 403, 404, 413, 422, 307] {
        let (ended, times) = asked(vec![refusal(status), Reply::whole(ANSWER)]).await;
        assert_eq!((ended.is_err(), times), (true, 1), "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_has_begun_is_never_asked_for_again() {
    let overload = b"data: {\"error\":{\"code\":503,\"message\":\"Busy.\"}}\n\n";
    for begun in [Reply::whole(overload), Reply::then_cut(b": hello\n\n"), Reply::whole(b"")] {
        let (ended, times) = asked(vec![begun, Reply::whole(ANSWER)]).await;
        assert_eq!((ended.is_err(), times), (true, 1));
    }
}

#[tokio::test]
async fn whoever_drops_the_call_has_cancelled_it() {
    let server = Server::of(vec![refusal(429).header("retry-after", "1"), Reply::whole(ANSWER)]).await;
    let asking = open(Kind::OpenaiCompatible, &server.base_url, PATIENT);
    assert!(tokio::time::timeout(Duration::from_millis(500), asking).await.is_err());
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    assert_eq!(server.asked(), 1);
}
