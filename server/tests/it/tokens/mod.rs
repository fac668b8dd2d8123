//! Access tokens: what they open, how they end, and that nobody else can make one.

mod altered;
mod forge;
mod rotation;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use self::forge::{claims_of, header_of};
use crate::{
    isolation::functions::call,
    support::{Caller, Reply, Story, TestApp, password_of},
};

/// A token for the workspace that the caller names, or used last.
async fn mint(caller: &Caller) -> String {
    let minted = caller.get("/api/auth/token").await;
    minted.expect(200).body["token"].as_str().expect("a token").to_owned()
}

/// A program with a token of that person's, which names no workspace.
async fn bearer(app: &TestApp, person: &Caller) -> Caller {
    app.anonymous().with_key(&mint(person).await)
}

/// Makes `guest` a member of the host's workspace.
async fn join(host: &Caller, guest: &Caller, role: &str) {
    let made = host.post(&format!("/api/workspaces/{}/invitations", host.workspace()), &json!({ "role": role })).await;
    let link = made.expect(201).body["data"]["link"].as_str().expect("a link").to_owned();
    let accept = json!({ "token": link.rsplit('/').next() });
    guest.post("/api/invitations/accept", &accept).await.expect(200);
}

async fn person(who: &Caller) -> Value {
    who.get("/api/auth/session").await.expect(200).body.clone()
}

#[tokio::test]
async fn a_session_mints_a_token_that_says_who_where_and_for_how_long() {
    let app = TestApp::start_with(&[("HYVVE_PUBLIC_URL", "http://hyvve.example")]).await;
    let ada = app.sign_up("Ada").await;
    let reply = ada.get("/api/auth/token").await;
    assert_eq!(reply.expect(200).header("cache-control"), Some("no-store"));
    assert_eq!(reply.body.as_object().map(serde_json::Map::len), Some(1), "{}", reply.text);
    let token = reply.body["token"].as_str().unwrap();
    let (header, claims, session) = (header_of(token), claims_of(token), person(&ada).await);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("at+jwt")));
    let keys = app.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(keys.expect(200).body["keys"][0]["kid"], header["kid"]);
    assert_eq!(header.as_object().map(serde_json::Map::len), Some(3));
    for (claim, value) in [
        ("iss", json!("http://hyvve.example")),
        ("aud", json!("http://hyvve.example")),
        ("sub", session["user"]["id"].clone()),
        ("sid", session["session"]["id"].clone()),
        ("workspace_id", json!(ada.workspace())),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    let [iat, nbf, exp] = ["iat", "nbf", "exp"].map(|claim| claims[claim].as_i64().unwrap());
    assert_eq!((nbf, exp), (iat, iat + 600));
    assert_ne!(claims["jti"], claims_of(&mint(&ada).await)["jti"]);
    assert_eq!(claims.as_object().map(serde_json::Map::len), Some(9), "{claims}");
}

#[tokio::test]
async fn a_token_acts_as_its_person_in_its_workspace_on_every_surface() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let program = bearer(&app, &story.user).await;
    let items = program.get("/api/approvals?status=pending").await;
    assert_eq!(items.expect(200).body["data"].as_array().unwrap().len(), 2);
    assert_eq!(program.get("/agents").await.expect(200).body[0]["id"], story.agent.as_str());
    let home = format!("/api/workspaces/{}", story.user.workspace());
    assert_eq!(program.get(&home).await.expect(200).body["data"]["id"], story.user.workspace());
    let mut news = program.open("/api/stream").await;
    assert_eq!(news.next_of("hello").await.event, "hello");
    let change = story.change["id"].as_str().unwrap();
    program.post(&format!("/api/approvals/{change}/approve"), &json!({})).await.expect(200);
    assert!(news.next_of("event").await.data["type"].as_str().is_some());
    let row = &story.user.get("/api/audit-log").await.body["data"];
    assert!(row.as_array().unwrap().iter().any(|row| row["action"] == "approval.approved"), "{row}");
}

#[tokio::test]
async fn every_other_workspace_is_unknown_to_a_token_even_one_of_its_persons() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    join(&bob, &ada, "admin").await;
    ada.clone().in_workspace(bob.workspace()).get("/api/approvals").await.expect(200);
    let program = bearer(&app, &ada).await;
    program.get("/api/approvals").await.expect(200);
    program.clone().in_workspace(ada.workspace()).get("/api/approvals").await.expect(200);
    let unknown = program.clone().in_workspace("00000000-0000-7000-8000-000000000000").get("/api/approvals").await;
    let foreign = program.clone().in_workspace(bob.workspace()).get("/api/approvals").await;
    assert_eq!(foreign.expect(404).without_id(), unknown.expect(404).without_id());
    program.get(&format!("/api/approvals?workspace={}", bob.workspace())).await.expect(404);
    program.get(&format!("/api/workspaces/{}/members", bob.workspace())).await.expect(404);
    program.clone().in_workspace(bob.workspace()).get("/api/stream").await.expect(404);
    // Minted there, it works there and not at home.
    let there = bearer(&app, &ada.clone().in_workspace(bob.workspace())).await;
    there.get(&format!("/api/workspaces/{}/members", bob.workspace())).await.expect(200);
    there.get(&format!("/api/workspaces/{}/members", ada.workspace())).await.expect(404);
    app.sign_up("Eve").await.in_workspace(ada.workspace()).get("/api/auth/token").await.expect(404);
}

#[tokio::test]
async fn a_key_mints_a_token_that_can_no_more_than_the_key_and_ends_with_it() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    join(&bob, &ada, "admin").await;
    let home = format!("/api/workspaces/{}", ada.workspace());
    let new = json!({ "name": "A program", "scopes": ["read", "admin"] });
    let made = ada.post(&format!("{home}/api-keys"), &new).await.expect(201).body["data"].clone();
    let key = app.anonymous().with_key(made["secret"].as_str().unwrap());
    let token = mint(&key).await;
    let claims = claims_of(&token);
    assert_eq!((&claims["key_id"], &claims["workspace_id"]), (&made["id"], &json!(ada.workspace())));
    assert!(claims["sid"].is_null(), "{claims}");
    let program = app.anonymous().with_key(&token);
    let agents = program.get("/agents").await;
    let runs = format!("/agents/{}/runs", agents.expect(200).body[0]["id"].as_str().unwrap());

    program.post_form(&runs, &[("message", "Hello")]).await.expect(403);
    let invite = async |email: &str, role: &str| {
        program.post(&format!("{home}/members"), &json!({ "email": email, "role": role })).await
    };
    invite("eve@example.com", "admin").await.expect(403);
    invite("eve@example.com", "viewer").await.expect(201);
    let log = &ada.get("/api/audit-log").await.body["data"];
    let is_named = |row: &Value| row["action"] == "workspace.member.invited" && row["details"]["apiKey"] == made["id"];
    assert!(log.as_array().unwrap().iter().any(is_named), "{log}");
    for path in ["/api/auth/token", "/api/auth/session", "/api/workspaces"] {
        program.get(path).await.expect(401);
    }
    for caller in [&key, &program] {
        caller.clone().in_workspace(bob.workspace()).get("/api/approvals").await.expect(404);
    }
    key.clone().in_workspace(bob.workspace()).get("/api/auth/token").await.expect(404);

    let mut news = program.open("/api/stream").await;
    news.next_of("hello").await;
    let path = format!("{home}/api-keys/{}", made["id"].as_str().unwrap());
    Reply::of(ada.request(Method::DELETE, &path)).await.expect(200);
    program.get("/api/approvals").await.expect(401);
    key.get("/api/auth/token").await.expect(401);
    timeout(Duration::from_secs(2), news.rest()).await.expect("the stream ends as well");
}

#[tokio::test]
async fn a_token_does_not_reach_the_account_nor_the_pages_nor_another_token() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let program = bearer(&app, &ada).await;
    for path in ["/api/auth/token", "/api/auth/session", "/api/auth/list-sessions", "/api/workspaces"] {
        program.get(path).await.expect(401);
    }
    assert_eq!(program.get("/api/auth/get-session").await.expect(200).body, json!(null));
    for (path, body) in [
        (
            "/api/auth/change-password",
            json!({ "currentPassword": password_of("Ada"), "newPassword": "a-new-password" }),
        ),
        ("/api/auth/delete-user", json!({ "password": password_of("Ada") })),
        ("/api/auth/update-user", json!({ "name": "Eve" })),
        ("/api/auth/revoke-sessions", json!({})),
        ("/api/auth/organization/create", json!({ "name": "x", "slug": "x-y-z" })),
        (&format!("/api/workspaces/{}/api-keys", ada.workspace()), json!({ "name": "x", "scopes": ["read"] })),
    ] {
        program.post(path, &body).await.expect(401);
    }
    call(&program, "agents/list", String::new()).await.expect(401);
    assert_eq!(program.get("/account/profile").await.status, 303);
    program.post("/api/auth/sign-out", &json!({})).await.expect(200);
    program.get("/api/approvals").await.expect(200);
    ada.get("/api/auth/session").await.expect(200);
}

#[tokio::test]
async fn a_token_ends_with_its_session_and_no_other() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let credentials = json!({ "email": "ada@example.com", "password": password_of("Ada") });
    let again = app.anonymous().post("/api/auth/sign-in/email", &credentials).await;
    let phone = app.anonymous().with_cookie(&again.expect(200).cookie().unwrap());
    let (of_ada, of_phone) = (bearer(&app, &ada).await, bearer(&app, &phone).await);
    let mut news = of_phone.open("/api/stream").await;
    news.next_of("hello").await;
    of_phone.get("/api/approvals").await.expect(200);
    ada.post("/api/auth/revoke-other-sessions", &json!({})).await.expect(200);
    let reply = of_phone.get("/api/approvals").await;
    assert_eq!(reply.expect(401).body["error"]["code"], "UNAUTHORIZED");
    assert!(news.rest().await.iter().all(|frame| frame.event != "error"), "the stream has ended as well");
    of_ada.get("/api/approvals").await.expect(200);
    ada.post("/api/auth/sign-out", &json!({})).await.expect(200);
    of_ada.get("/api/approvals").await.expect(401);
}

#[tokio::test]
async fn a_token_ends_with_the_account_and_is_nobody_elses() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let program = bearer(&app, &ada).await;
    program.get("/api/approvals").await.expect(200);
    ada.post("/api/auth/delete-user", &json!({ "password": password_of("Ada") })).await.expect(200);
    program.get("/api/approvals").await.expect(401);
}

#[tokio::test]
async fn membership_and_role_are_read_when_a_token_is_used() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    join(&ada, &bob, "admin").await;
    let bob = bob.in_workspace(ada.workspace());
    let id = person(&bob).await["user"]["id"].as_str().unwrap().to_owned();
    let program = bearer(&app, &bob).await;
    let member = format!("/api/workspaces/{}/members/{id}", ada.workspace());
    program.get("/api/audit-log").await.expect(200);
    let demoted = Reply::of(ada.request(Method::PATCH, &member).json(&json!({ "role": "viewer" }))).await;
    demoted.expect(200);
    program.get("/api/audit-log").await.expect(403);
    program.get("/api/collections").await.expect(200);
    let mut news = program.open("/api/stream").await;
    news.next_of("hello").await;
    Reply::of(ada.request(Method::DELETE, &member)).await.expect(200);
    program.get("/api/collections").await.expect(404);
    news.rest().await;
    bob.get("/api/auth/token").await.expect(404);
}

#[tokio::test]
async fn a_token_ends_by_itself_and_takes_its_streams_along() {
    let app = TestApp::start_with(&[("HYVVE_ACCESS_TOKEN_SECONDS", "2")]).await;
    let ada = app.sign_up("Ada").await;
    let program = bearer(&app, &ada).await;
    let mut news = program.open("/api/stream").await;
    news.next_of("hello").await;
    news.rest().await;
    // Clocks of two nodes may be five seconds apart.
    sleep(Duration::from_secs(8)).await;
    program.get("/api/approvals").await.expect(401);
    ada.get("/api/approvals").await.expect(200);
}

#[tokio::test]
async fn the_published_keys_are_for_anyone_to_keep_and_hold_nothing_private() {
    let app = TestApp::start().await;
    for path in ["/.well-known/jwks.json", "/api/auth/jwks"] {
        let keys = app.anonymous().get(path).await;
        assert_eq!(keys.expect(200).header("cache-control"), Some("public, max-age=300"));
        assert_eq!(keys.header("content-type"), Some("application/json"));
        let keys = keys.body["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1);
        let members: Vec<&str> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(keys[0]["n"].as_str().map(str::len), Some(512), "3072 bits");
        assert_eq!((&keys[0]["use"], &keys[0]["alg"], &keys[0]["e"]), (&json!("sig"), &json!("RS256"), &json!("AQAB")));
    }
}
