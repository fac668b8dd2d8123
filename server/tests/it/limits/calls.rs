//! Calls of the API, as HYVVE ships: a thousand in a minute, a hundred about AI providers.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use super::wait;
use crate::{
    isolation::functions,
    support::{Caller, Reply, TestApp},
};

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
async fn a_person_calls_a_thousand_times_a_minute_on_all_surfaces_and_with_all_sessions_together() {
    let app = TestApp::start_with(&[API, AI_PROVIDERS]).await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let spent = [call(&ada, "/agents", 300).await, call(&ada, "/api/auth/get-session", 699).await];
    assert_eq!(spent, [300, 699]);
    // A second session of hers is no second person.
    let account = json!({ "email": "ada@example.com", "password": "Ada-has-a-password" });
    let there = app.anonymous().post("/api/auth/sign-in/email", &account).await.expect(200).cookie().unwrap();
    let there = app.anonymous().with_cookie(&there).in_workspace(ada.workspace());
    assert_eq!(call(&there, "/api/approvals", 5).await, 1);

    let refused = ada.get("/api/approvals").await;
    assert!((1..=MINUTE).contains(&wait(&refused)), "{}", refused.text);
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
async fn a_key_or_a_token_that_leaked_does_not_keep_its_owner_from_ending_it() {
    let app = TestApp::start_with(&[("HYVVE_LIMIT_API", "20/1m")]).await;
    let ada = app.sign_up("Ada").await;
    let (leaked, other) = (program(&ada, "read").await, program(&ada, "read").await);
    let token = ada.get("/api/auth/token").await.expect(200).body["token"].as_str().unwrap().to_owned();
    let bearer = app.anonymous().with_key(&token);
    for thief in [&leaked, &bearer] {
        assert_eq!(call(thief, "/api/approvals", 60).await, 20);
        wait(&thief.get("/agents").await);
    }
    // Each is counted for itself, and the owner for herself.
    other.get("/api/approvals").await.expect(200);
    let keys = format!("/api/workspaces/{}/api-keys", ada.workspace());
    for key in ada.get(&keys).await.expect(200).body["data"].as_array().unwrap() {
        let path = format!("{keys}/{}", key["id"].as_str().unwrap());
        Reply::of(ada.request(Method::DELETE, &path)).await.expect(200);
    }
    leaked.get("/api/approvals").await.expect(401);
    ada.post("/api/auth/sign-out", &json!({})).await.expect(200);
    bearer.get("/api/approvals").await.expect(401);
}

#[tokio::test]
async fn made_up_sessions_and_keys_are_looked_up_so_often_and_keep_nobody_out_who_is_known() {
    let app = TestApp::start_with(&[("HYVVE_LIMIT_API", "20/1m"), PROXY]).await;
    let ada = app.sign_up("Ada").await;
    let from = |who: &Caller, ip: &str| who.request(Method::GET, "/account/profile").header("x-forwarded-for", ip);
    let asks = async |who: &Caller, ip: &str| Reply::of(from(who, ip)).await.status.as_u16();
    let (browser, key) = (ada.clone().naming_no_workspace(), program(&ada, "read").await);
    assert_eq!(asks(&browser, "203.0.113.7").await, 200);
    key.get("/health").await.expect(200);
    let made_up = |number: usize| {
        let secret = URL_SAFE_NO_PAD.encode([[7; 24].as_slice(), &number.to_be_bytes()].concat());
        match number % 2 {
            0 => app.anonymous().with_cookie(&format!("hyvve_session={secret}")),
            _ => app.anonymous().with_key(&format!("hyvve_{secret}")),
        }
    };
    // A page asks for nothing else that is counted.
    for number in 0..20 {
        assert_ne!(asks(&made_up(number), "203.0.113.7").await, 429, "{number}");
    }
    for number in 20..24 {
        let refused = Reply::of(from(&made_up(number), "203.0.113.7")).await;
        assert!((1..=MINUTE).contains(&wait(&refused)), "{}", refused.text);
    }
    // Whoever this node has seen before is looked up there as ever, also once the second is over for which it is remembered.
    sleep(Duration::from_millis(1_200)).await;
    assert_eq!(asks(&browser, "203.0.113.7").await, 200);
    assert_ne!(asks(&key, "203.0.113.7").await, 429);
    // So is whoever shows nothing, and whoever comes from elsewhere.
    assert_ne!(asks(&app.anonymous(), "203.0.113.7").await, 429);
    assert_ne!(asks(&made_up(30), "203.0.113.8").await, 429);
    // What has ended is a stranger's from then on.
    ada.post("/api/auth/sign-out", &json!({})).await.expect(200);
    assert_ne!(asks(&browser, "203.0.113.7").await, 429);
    assert_eq!(asks(&browser, "203.0.113.7").await, 429);
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
async fn a_workspace_s_ai_providers_are_asked_about_a_hundred_times_a_minute_on_all_surfaces() {
    let app = TestApp::start_with(&[API, AI_PROVIDERS]).await;
    let (ada, bob, eve) = (app.sign_up("Ada").await, app.sign_up("Bob").await, app.sign_up("Eve").await);
    let second = json!({ "name": "Second" });
    let second = ada.post("/api/workspaces", &second).await.expect(201).body["data"]["id"].as_str().unwrap().to_owned();
    let made =
        ada.post(&format!("/api/workspaces/{}/invitations", ada.workspace()), &json!({ "role": "member" })).await;
    let link = made.expect(201).body["data"]["link"].as_str().unwrap().to_owned();
    bob.post("/api/invitations/accept", &json!({ "token": link.rsplit('/').next() })).await.expect(200);
    let bob = bob.in_workspace(ada.workspace());
    let (reader, admin) = (program(&ada, "read").await, program(&ada, "admin").await);

    // Who may not configure AI uses nothing up, nor does a key that is not for it, nor a stranger.
    let any = "00000000-0000-0000-0000-000000000000";
    for _ in 0..60 {
        bob.get("/api/ai-providers").await.expect(403);
        function(&bob, "ai-providers/test", &format!("id={any}")).await.expect(403);
        reader.post(&format!("/api/ai-providers/{any}/test"), &json!({})).await.expect(403);
        ada.clone().in_workspace(eve.workspace()).get("/api/ai-providers").await.expect(404);
    }
    // Nor do pages that show them.
    let hers = ada.get(&format!("/api/workspaces/{}", ada.workspace())).await;
    let page = format!("/w/{}/settings/ai-providers", hers.expect(200).body["data"]["slug"].as_str().unwrap());
    for _ in 0..5 {
        assert!(ada.get(&format!("{page}?kind=openai")).await.expect(200).text.contains("ai-providers/add"));
    }
    // Calls by REST and forms are counted together.
    function(&ada, "ai-providers/test", &format!("id={any}")).await.expect(404);
    admin.post(&format!("/api/ai-providers/{any}/test"), &json!({})).await.expect(404);
    let reads =
        ["usage", "usage.csv", "prices", "budgets", "fallbacks"].map(|what| format!("/api/ai-providers/{what}"));
    for read in &reads {
        ada.get(read).await.expect(200);
    }
    assert_eq!(call(&ada, "/api/ai-providers", 105).await, 93);
    for read in &reads {
        assert!((1..=MINUTE).contains(&wait(&ada.get(read).await)), "{read}");
    }
    // Who may look only is counted as a person.
    assert_eq!(call(&bob, &reads[0], 105).await, 100);
    wait(&bob.get("/api/ai-providers/budgets").await);
    let refused = ada.get("/api/ai-providers").await;
    assert!((1..=MINUTE).contains(&wait(&refused)), "{}", refused.text);
    wait(&admin.post(&format!("/api/ai-providers/{any}/test"), &json!({})).await);
    for (name, form) in [
        (
            "add",
            "provider=openai_compatible&name=x&base_url=http%3A%2F%2F127.0.0.1%3A9&api_key=x&default_model=x"
                .to_owned(),
        ),
        ("change", format!("id={any}&name=x&base_url=&default_model=x")),
        ("delete", format!("id={any}")),
        ("test", format!("id={any}")),
        ("models", format!("id={any}")),
    ] {
        let refused = function(&ada, &format!("ai-providers/{name}"), &form).await;
        assert_eq!(refused.expect(429).body["code"], "RATE_LIMITED", "{name}");
    }
    ada.get(&page).await.expect(200);
    let usage = page.replace("settings/ai-providers", "usage");
    for page in [&usage, &format!("{usage}/budgets"), &format!("{usage}/prices")] {
        ada.get(page).await.expect(200);
    }
    ada.get("/api/approvals").await.expect(200);
    ada.clone().in_workspace(&second).get("/api/ai-providers").await.expect(200);
    eve.get("/api/ai-providers").await.expect(200);
}

/// Sends a form to a server function, as a program that wants no page back.
async fn function(who: &Caller, name: &str, form: &str) -> Reply {
    functions::call(who, name, form.to_owned()).await
}
