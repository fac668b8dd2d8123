//! Whoever has no business here hears nothing: not by a number of somebody else's, and not for a moment longer than a membership.

use std::time::{Duration, Instant};

use reqwest::{Method, header::HeaderValue};
use serde_json::json;
use tokio::{task::JoinHandle, time::timeout};

use crate::support::{Caller, Reply, Sse, TestApp};

/// In which a stream has to end.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A change of the workspace that every member hears of.
async fn happen(user: &Caller, name: &str) {
    let path = format!("/api/workspaces/{}", user.workspace());
    Reply::of(user.request(Method::PATCH, &path).json(&json!({ "name": name }))).await.expect(200);
}

/// Somebody else who belongs to the workspace, and the path of the membership.
async fn member(app: &TestApp, owner: &Caller, name: &str, role: &str) -> (Caller, String) {
    let person = app.sign_up(name).await;
    let here = format!("/api/workspaces/{}", owner.workspace());
    let link = owner.post(&format!("{here}/invitations"), &json!({ "role": role })).await;
    let link = link.expect(201).body["data"]["link"].as_str().unwrap().to_owned();
    person.post("/api/invitations/accept", &json!({ "token": link.rsplit('/').next() })).await.expect(200);
    let who = person.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned();
    (person.in_workspace(owner.workspace()), format!("{here}/members/{who}"))
}

/// Opens a stream as a browser that comes back with this id, and reads its greeting; answers where it begins.
async fn come_back(user: &Caller, last: &str) -> (Sse, i64) {
    let request =
        user.request(Method::GET, "/api/stream").header("last-event-id", HeaderValue::from_str(last).unwrap());
    let mut stream = Sse::of(request.send().await.unwrap());
    let hello = stream.next().await.expect("a greeting");
    assert_eq!(hello.event, "hello");
    (stream, hello.data["cursor"].as_i64().unwrap())
}

async fn head(user: &Caller) -> i64 {
    let mut stream = user.open("/api/stream").await;
    stream.next().await.expect("a greeting").data["cursor"].as_i64().unwrap()
}

/// A frame's event and number.
type Heard = (String, Option<i64>);

/// Reads on until the stream ends; answers what came, and when it ended.
fn reading(stream: Sse) -> JoinHandle<(Vec<Heard>, Instant)> {
    tokio::spawn(async {
        let rest = stream.rest().await;
        (rest.into_iter().map(|frame| (frame.event, frame.id)).collect(), Instant::now())
    })
}

/// What came until the stream ended, which was at once.
async fn rest(reading: JoinHandle<(Vec<Heard>, Instant)>, since: Instant) -> Vec<Heard> {
    let (rest, ended) = timeout(5 * AT_ONCE, reading).await.expect("the stream ends").unwrap();
    let took = ended.saturating_duration_since(since);
    assert!(took < AT_ONCE, "it took {took:?}");
    rest
}

#[tokio::test]
async fn a_number_of_another_workspace_leads_to_nothing_of_it() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    for n in 0..5 {
        happen(&ada, &format!("Ada’s {n}")).await;
    }
    let (hers, eves) = (head(&ada).await, head(&eve).await);
    assert!(hers > eves);
    let newest = ada.get("/api/events").await.expect(200).body["data"].as_array().unwrap().last().cloned().unwrap();
    let id = newest["id"].as_str().unwrap().to_owned();
    let (mut streams, hers) = (Vec::new(), hers.to_string());
    let lasts: [&str; 5] = [&hers, "9223372036854775807", "-1", &id, "nonsense"];
    for last in lasts {
        let (stream, cursor) = come_back(&eve, last).await;
        assert_eq!(cursor, if last == "-1" { 0 } else { eves }, "{last}");
        streams.push((last.to_owned(), stream));
    }
    // Her own come, also where somebody else's number is the larger one; nothing of what happens meanwhile elsewhere does.
    for n in 0..3 {
        happen(&ada, &format!("Secret {n}")).await;
    }
    happen(&eve, "Eve’s own").await;
    for (last, mut stream) in streams {
        let first = if last == "-1" { 1 } else { eves + 1 };
        for seq in first..=eves + 1 {
            let frame = stream.next_of("event").await;
            assert_eq!(frame.id, Some(seq), "{last}");
        }
        assert!(timeout(Duration::from_millis(300), stream.next()).await.is_err(), "{last}: something else came");
    }
}

#[tokio::test]
async fn somebody_who_was_removed_hears_nothing_more_and_the_stream_ends_within_a_second() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (bob, membership) = member(&app, &ada, "Bob", "member").await;
    let mut stream = bob.open("/api/stream").await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    happen(&ada, "Before").await;
    let before = stream.next_of("event").await.id.unwrap();
    let reading = reading(stream);
    let removed = async {
        Reply::of(ada.request(Method::DELETE, &membership)).await.expect(200);
        Instant::now()
    };
    let after = async {
        for n in 0..10 {
            happen(&ada, &format!("After {n}")).await;
        }
    };
    let (since, ()) = tokio::join!(removed, after);
    let events = ada.get(&format!("/api/events?after={before}")).await.expect(200).body["data"].clone();
    let of_removal = events.as_array().unwrap().iter().find(|event| event["type"] == "workspace.member.removed");
    let end = of_removal.and_then(|event| event["seq"].as_i64()).expect("the removal among the events");
    for (event, id) in rest(reading, since).await {
        assert!(event == "event" && id.is_some_and(|id| id < end), "{event} {id:?} came after the removal, #{end}");
    }
    bob.get("/api/stream").await.expect(404);
}

#[tokio::test]
async fn another_node_lets_nobody_listen_longer_either() {
    let [one, other] = TestApp::start_nodes(&[]).await;
    let ada = one.sign_up("Ada").await;
    let (bob, membership) = member(&one, &ada, "Bob", "viewer").await;
    let mut stream = bob.clone().at(&other).open("/api/stream").await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    let reading = reading(stream);
    Reply::of(ada.request(Method::DELETE, &membership)).await.expect(200);
    let since = Instant::now();
    happen(&ada, "After").await;
    let heard = rest(reading, since).await;
    assert!(heard.is_empty(), "{heard:?} came after the removal");
}

#[tokio::test]
async fn another_role_ends_the_stream_and_the_next_one_tells_what_that_role_may_hear() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (bob, membership) = member(&app, &ada, "Bob", "member").await;
    let (stream, cursor) = come_back(&bob, "nothing yet").await;
    let reading = reading(stream);
    Reply::of(ada.request(Method::PATCH, &membership).json(&json!({ "role": "guest" }))).await.expect(200);
    let since = Instant::now();
    happen(&ada, "For members").await;
    let heard = rest(reading, since).await;
    assert!(heard.is_empty(), "{heard:?} was heard as a member no more, and not yet as a guest");
    let (mut again, begins) = come_back(&bob, &cursor.to_string()).await;
    assert_eq!(begins, cursor, "nothing is passed over");
    // Of what concerns Bob himself he hears: that he has another role. Of the workspace, guests hear nothing.
    while let Ok(frame) = timeout(Duration::from_millis(500), again.next()).await {
        let frame = frame.expect("the stream stays open");
        assert_eq!(frame.data["type"], "notification.created", "{frame:?}");
    }
}
