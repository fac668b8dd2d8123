//! The browser's one stream.

mod many;
#[path = "../../support/plan.rs"]
mod plan;
mod strangers;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Story, TestApp, id};

#[tokio::test]
async fn a_browser_hears_what_happens_and_comes_back_to_where_it_was() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let mut stream = story.user.open(&format!("/api/stream?runs={}:0", story.run)).await;
    let hello = stream.next().await.unwrap();
    assert_eq!(hello.event, "hello");
    let cursor = hello.data["cursor"].as_i64().unwrap();
    let of_run = stream.next_of("run").await;
    assert_eq!((&of_run.data["runId"], &of_run.data["event"]["index"]), (&json!(story.run), &json!(0)));

    story
        .user
        .post(&format!("/api/approvals/{}/reject", id(&story.mail)), &json!({ "reason": "No." }))
        .await
        .expect(200);
    let heard = stream.next_of("event").await;
    assert_eq!((&heard.data["type"], &heard.data["subjectId"]), (&json!("approval.rejected"), &story.mail["id"]));
    assert_eq!(heard.id, Some(cursor + 1));

    let mut again = story.user.open(&format!("/api/stream?cursor={cursor}")).await;
    assert_eq!(again.next_of("event").await.id, heard.id);
    let mut from_the_start = story.user.open("/api/stream?cursor=0").await;
    assert_eq!(from_the_start.next_of("event").await.id, Some(1));
}

#[tokio::test]
async fn a_run_that_one_may_not_see_is_gone_like_one_that_nobody_has_and_the_rest_goes_on() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let stranger = Story::begin(&app, "Eve").await;
    let (own, foreign, nobodys) = (&stranger.run, &story.run, "00000000-0000-7000-8000-000000000000");
    let path = format!("/api/stream?runs={foreign}:0,{nobodys}:0,{own}:0");
    let mut stream = stranger.user.open(&path).await;
    let (mut gone, mut paused) = (Vec::new(), false);
    while gone.len() < 2 || !paused {
        let frame = stream.next().await.expect("the stream goes on");
        match frame.event.as_str() {
            "gone" => gone.push((frame.data, frame.id)),
            "run" => {
                assert_eq!(frame.data["runId"], own.as_str());
                paused |= frame.data["event"]["name"] == "RunPaused";
            }
            other => assert_eq!(other, "hello"),
        }
    }
    gone.sort_by_key(|(data, _)| data.to_string());
    assert_eq!(gone, [nobodys, foreign].map(|run| (json!({ "runId": run }), None)));

    let reject = format!("/api/approvals/{}/reject", id(&stranger.mail));
    stranger.user.post(&reject, &json!({ "reason": "No." })).await.expect(200);
    assert_eq!(stream.next_of("event").await.data["type"], "approval.rejected");
}

#[tokio::test]
async fn signing_out_ends_the_stream_within_a_second() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let mut stream = ada.open("/api/stream").await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    ada.post("/api/auth/sign-out", &json!({})).await.expect(200);
    let since = Instant::now();
    while stream.next().await.is_some() {}
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
}

#[tokio::test]
async fn an_event_source_names_its_workspace_in_the_address() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (workspace, ada) = (ada.workspace().to_owned(), ada.naming_no_workspace());
    let slug = ada.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    for named in [workspace, slug] {
        let mut stream = ada.open(&format!("/api/stream?workspace={named}")).await;
        assert_eq!(stream.next().await.unwrap().event, "hello");
    }
    ada.get("/api/stream?workspace=somebody-elses").await.expect(404);
    ada.get("/api/stream?runs=nonsense").await.expect(400);
}

#[tokio::test]
async fn a_stream_on_which_nothing_happens_says_so() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let mut stream = ada.open("/api/stream").await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    let beat = stream.next().await.expect("a heartbeat");
    assert_eq!((beat.event.as_str(), beat.data, beat.id), ("beat", json!({}), None));
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let mut stream = ada.open("/api/stream").await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    let since = Instant::now();
    app.stop().await;
    assert!(stream.next().await.is_none());
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_run_that_waits_is_read_no_longer_than_its_reader_belongs_to_the_workspace() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let bob = app.sign_up("Bob").await;
    let here = format!("/api/workspaces/{}", story.user.workspace());
    let link = story.user.post(&format!("{here}/invitations"), &json!({ "role": "admin" })).await;
    let link = link.expect(201).body["data"]["link"].as_str().unwrap().to_owned();
    bob.post("/api/invitations/accept", &json!({ "token": link.rsplit('/').next() })).await.expect(200);
    let person = bob.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned();
    let bob = bob.in_workspace(story.user.workspace());
    let stream = bob.open(&format!("/agents/runs/{}/stream", story.run)).await;
    assert_eq!(stream.response.status().as_u16(), 200);
    let removed = story.user.request(reqwest::Method::DELETE, &format!("{here}/members/{person}"));
    crate::support::Reply::of(removed).await.expect(200);
    let ended = tokio::time::timeout(Duration::from_secs(1), stream.rest()).await;
    assert!(ended.is_ok(), "somebody who was removed still reads a run");
}
