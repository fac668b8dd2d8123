//! What does not belong here gets a 4xx that says why, and leaves nothing behind.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Story, TestApp, id};

async fn post_raw(user: &Caller, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Reply {
    Reply::of(user.request(Method::POST, path).header("content-type", kind).body(body)).await
}

fn field(reply: &Reply) -> &str {
    let error = if reply.body["error"].is_object() { &reply.body["error"] } else { &reply.body };
    error["details"]["field"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said_by_field() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    for (body, wrong) in [
        ("{", "body"),
        ("", "ids"),
        ("null", "body"),
        (r#"{"ids":[],"action":"approve"} trailing"#, "body"),
        (r#"{"ids":"one","action":"approve"}"#, "ids"),
        (r#"{"ids":["one"],"action":"approve"}"#, "ids[0]"),
        (r#"{"ids":[],"action":"perhaps"}"#, "action"),
        (r#"{"ids":[],"action":"approve","workspaceId":"x"}"#, "workspaceId"),
        (r#"{"ids":[],"action":"approve","notes":7}"#, "notes"),
    ] {
        let reply = post_raw(&user, "/api/approvals/bulk", "application/json", body).await;
        assert_eq!(field(reply.expect(400)), wrong, "{body}: {}", reply.text);
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    post_raw(&user, "/api/approvals/bulk", "application/json", deep).await.expect(400);
    assert_eq!(field(user.get("/api/approvals?page=two").await.expect(400)), "page");
    assert_eq!(field(user.get("/api/approvals?status=lost").await.expect(400)), "status");
}

#[tokio::test]
async fn text_that_the_database_cannot_hold_is_refused_everywhere() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let (user, agent) = (&story.user, &story.agent);
    let reject = format!("/api/approvals/{}/reject", id(&story.mail));
    let runs = format!("/agents/{agent}/runs");
    let sign_in = "/api/auth/sign-in/email";
    let form = "application/x-www-form-urlencoded";
    post_raw(user, &reject, "application/json", r#"{"reason":"a\u0000b"}"#).await.expect(400);
    post_raw(user, &reject, "application/json", b"{\"reason\":\"\xff\xfe\"}".to_vec()).await.expect(400);
    post_raw(user, sign_in, "application/json", r#"{"email":"a\u0000@b.c","password":"x"}"#).await.expect(400);
    for called in ["text/plain", "Application/JSON", "multipart/x"] {
        post_raw(user, &reject, called, r#"{"reason":"a\u0000b"}"#).await.expect(400);
        post_raw(user, "/_fn/chat/send", called, format!("agent_id={agent}&message=a%00b")).await.expect(400);
    }
    post_raw(user, &runs, form, "message=a%00b").await.expect(400);
    post_raw(user, &runs, form, b"message=\xff".to_vec()).await.expect(400);
    user.post_form(&runs, &[("message", "a\0b")]).await.expect(400);
    user.get("/api/collections/customers/records?q=a%00b").await.expect(400);
    user.get("/api/collections/a%00b/records").await.expect(400);
    assert!(user.get("/api/collections/%ff/records").await.status.is_client_error());
    assert!(user.get("/api/collections/customers/records?q=%ff").await.status.as_u16() < 500);

    let item = user.get(&format!("/api/approvals/{}", id(&story.mail))).await;
    assert_eq!(item.expect(200).body["data"]["status"], "pending");
    assert_eq!(user.get("/api/runs").await.expect(200).body["meta"]["total"], 1);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_nothing_of_it_is_kept() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let ten_megabytes = "x".repeat(10 << 20);
    let reply = story
        .user
        .post(&format!("/api/approvals/{}/reject", id(&story.mail)), &json!({ "reason": ten_megabytes }))
        .await;
    assert_eq!(reply.expect(413).body["error"]["code"], "PAYLOAD_TOO_LARGE");
    let reply = story.user.post_form(&format!("/agents/{}/runs", story.agent), &[("message", &ten_megabytes)]).await;
    assert_eq!(reply.expect(413).body["error_code"], "PAYLOAD_TOO_LARGE");
    let reply = story.user.post("/_fn/anything", &json!({ "text": ten_megabytes })).await;
    assert_eq!(reply.expect(413).body["code"], "PAYLOAD_TOO_LARGE");

    let long = "x".repeat(200_000);
    let reply =
        story.user.post(&format!("/api/approvals/{}/reject", id(&story.mail)), &json!({ "reason": long })).await;
    assert_eq!(reply.expect(400).body["error"]["details"]["constraint"], "maxLength");
    let reply = story.user.post_form(&format!("/agents/{}/runs", story.agent), &[("message", &long)]).await;
    reply.expect(400);
    let runs = story.user.get("/api/runs").await;
    assert_eq!(runs.expect(200).body["meta"]["total"], 1);
}

#[tokio::test]
async fn an_account_needs_a_name_an_address_and_a_password() {
    let app = TestApp::start().await;
    let good = json!({ "name": "Ada", "email": "ada@example.com", "password": "a-long-password" });
    for (key, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(5_000))),
        ("name", json!("two\nlines")),
        ("email", json!("nobody")),
        ("email", json!(7)),
        ("password", json!("short")),
        ("password", json!("x".repeat(5_000))),
        ("password", Value::Null),
    ] {
        let mut account = good.clone();
        account[key] = value;
        app.anonymous().post("/api/auth/sign-up/email", &account).await.expect(400);
    }
    app.anonymous().post("/api/auth/sign-up/email", &good).await.expect(200);
}

#[tokio::test]
async fn an_id_that_is_none_is_as_unknown_as_one_that_is_not_there() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    for path in ["/api/approvals/one", "/api/runs/1", "/api/records/%20", "/agents/main-agent", "/approvals/x/status"] {
        user.get(path).await.expect(404);
    }
    user.clone().in_workspace("not-a-workspace").get("/api/approvals").await.expect(404);
}
