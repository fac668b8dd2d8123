//! Calls of the API, as HYVVE ships: a thousand in a minute, a hundred about AI providers.

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::json;

use super::wait;
use crate::support::{Caller, Reply, TestApp};

const API: (&str, &str) = ("HYVVE_LIMIT_API", "1000/1m");
const AI_PROVIDERS: (&str, &str) = ("HYVVE_LIMIT_AI_PROVIDERS", "100/1m");
const PROXY: (&str, &str) = ("HYVVE_TRUSTED_PROXIES", "127.0.0.1");
/// Seconds that one waits at most: large limits forget a 64th of their window at a time.
const MINUTE: u64 = 61;

/// Calls so often; answers how often it was let through.
async fn call(who: &Caller, path: &str, times: usize) -> usize {
    let calls = stream::iter(0..times).map(|_| async { who.get(path).await.status == 200 });
    calls.buffer_unordered(16).filter(|passed| std::future::ready(*passed)).count().await
}

/// A program with a key of this scope.
async fn program(owner: &Caller, scope: &str) -> Caller {
    let new = json!({ "name": "A program", "scopes": [scope] });
    let made = owner.post(&format!("/api/workspaces/{}/api-keys", owner.workspace()), &new).await;
    owner.clone().naming_no_workspace().with_key(made.expect(201).body["data"]["secret"].as_str().unwrap())
}

#[tokio::test]
async fn a_person_calls_a_thousand_times_a_minute_on_all_surfaces_together() {
    let app = TestApp::start_with(&[API, AI_PROVIDERS]).await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    // Making the key is the first of them.
    let program = program(&ada, "read").await;
    let spent = [call(&program, "/agents", 300).await, call(&ada, "/api/auth/get-session", 698).await];
    assert_eq!(spent, [300, 698]);
    // A second session of hers is no second person.
    let account = json!({ "email": "ada@example.com", "password": "Ada-has-a-password" });
    let there = app.anonymous().post("/api/auth/sign-in/email", &account).await.expect(200).cookie().unwrap();
    let there = app.anonymous().with_cookie(&there).in_workspace(ada.workspace());
    assert_eq!(call(&there, "/api/approvals", 5).await, 1);

    let refused = ada.get("/api/approvals").await;
    assert!((1..=MINUTE).contains(&wait(&refused)), "{}", refused.text);
    wait(&program.get("/api/approvals").await);
    assert_eq!(refused.body["error"]["code"], "RATE_LIMITED");
    assert_eq!(refused.body["error"]["details"]["retryAfter"], wait(&refused));
    assert_eq!(ada.get("/api/auth/get-session").await.expect(429).body["code"], "RATE_LIMITED");
    assert_eq!(ada.get("/agents").await.expect(429).body["error_code"], "RATE_LIMITED");
    assert_eq!(ada.post("/_fn/agents/list", &json!({})).await.expect(429).body["code"], "RATE_LIMITED");
    assert_eq!(ada.get("/api/no-such-thing").await.expect(429).body["error"]["code"], "RATE_LIMITED");

    // What is not a call, and others.
    ada.get("/health").await.expect(200);
    ada.clone().naming_no_workspace().get("/account/profile").await.expect(200);
    eve.get("/api/approvals").await.expect(200);
    app.anonymous().get("/api/auth/get-session").await.expect(200);
}

#[tokio::test]
async fn a_network_that_nobody_has_signed_in_from_calls_a_thousand_times_a_minute() {
    let app = TestApp::start_with(&[API, PROXY]).await;
    let ada = app.sign_up("Ada").await;
    let from = |who: &Caller, ip: &str| who.request(Method::GET, "/api/auth/get-session").header("x-forwarded-for", ip);
    let (anyone, addresses) = (app.anonymous(), ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"]);
    let calls = stream::iter(0..1_010).map(|number| Reply::of(from(&anyone, addresses[number % 3])));
    let replies: Vec<Reply> = calls.buffer_unordered(16).collect().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1_000);
    assert!(replies.iter().filter(|reply| reply.status != 200).all(|reply| (1..=MINUTE).contains(&wait(reply))));
    // A made-up session is nobody.
    let nobody = anyone.clone().with_cookie(&format!("hyvve_session={}", "A".repeat(43)));
    Reply::of(from(&nobody, "2001:db8::9")).await.expect(429);
    // Who has signed in there is counted as a person, and other networks for themselves.
    Reply::of(from(&ada, "2001:db8::1")).await.expect(200);
    Reply::of(from(&anyone, "2001:db8:0:1::1")).await.expect(200);
}

#[tokio::test]
async fn a_workspace_s_ai_providers_are_asked_about_a_hundred_times_a_minute() {
    let app = TestApp::start_with(&[API, AI_PROVIDERS]).await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let second = json!({ "name": "Second" });
    let second = ada.post("/api/workspaces", &second).await.expect(201).body["data"]["id"].as_str().unwrap().to_owned();
    // A key is counted for its workspace, whatever it is for.
    let program = program(&ada, "admin").await;
    program.post("/api/ai-providers", &json!({})).await.expect(400);
    assert_eq!(call(&ada, "/api/ai-providers", 105).await, 99);
    wait(&program.post("/api/ai-providers", &json!({})).await);
    let refused = ada.post("/api/ai-providers", &json!({})).await;
    assert!((1..=MINUTE).contains(&wait(&refused)), "{}", refused.text);
    wait(&ada.post("/api/ai-providers/00000000-0000-0000-0000-000000000000/test", &json!({})).await);
    ada.get("/api/approvals").await.expect(200);
    ada.clone().in_workspace(&second).get("/api/ai-providers").await.expect(200);
    eve.get("/api/ai-providers").await.expect(200);
    // A stranger uses nothing of it up, and learns nothing.
    for _ in 0..3 {
        ada.clone().in_workspace(eve.workspace()).get("/api/ai-providers").await.expect(404);
    }
    assert_eq!(call(&eve, "/api/ai-providers", 105).await, 99);
}
