//! Signing up, in and out.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

#[tokio::test]
async fn a_person_signs_up_and_is_in_a_workspace_of_his_or_her_own() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let session = ada.get("/api/auth/session").await;
    assert_eq!(session.expect(200).body["user"]["email"], "ada@example.com");
    let workspaces = ada.get("/api/workspaces").await;
    let list = workspaces.expect(200).body["data"].as_array().unwrap().clone();
    assert_eq!((list.len(), &list[0]["role"]), (1, &json!("owner")));
    let members = ada.get(&format!("/api/workspaces/{}/members", list[0]["id"].as_str().unwrap())).await;
    assert_eq!(members.expect(200).body["data"][0]["email"], "ada@example.com");
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    ada.get("/api/auth/session").await.expect(200);
    let out = ada.post("/api/auth/sign-out", &json!({})).await;
    assert_eq!(out.expect(200).body, json!({ "success": true }));
    assert!(out.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    ada.get("/api/auth/session").await.expect(401);
    ada.get("/api/approvals").await.expect(401);
    ada.post("/api/auth/sign-out", &json!({})).await.expect(200);
}

#[tokio::test]
async fn without_a_session_one_spelling_answers_null_and_the_other_401() {
    let app = TestApp::start().await;
    let reply = app.anonymous().get("/api/auth/get-session").await;
    assert_eq!((reply.expect(200).text.as_str(), &reply.body), ("null", &Value::Null));
    assert_eq!(app.anonymous().get("/api/auth/session").await.expect(401).body["code"], "UNAUTHORIZED");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let app = TestApp::start().await;
    app.sign_up("Ada").await;
    let attempt = |email: &str, password: &str| json!({ "email": email, "password": password });
    let right =
        app.anonymous().post("/api/auth/sign-in/email", &attempt(" ADA@example.com", "Ada-has-a-password")).await;
    assert_eq!(right.expect(200).body["user"]["name"], "Ada");
    let wrong = app.anonymous().post("/api/auth/sign-in/email", &attempt("ada@example.com", "not-her-password")).await;
    let unknown =
        app.anonymous().post("/api/auth/sign-in/email", &attempt("eve@example.com", "not-her-password")).await;
    assert_eq!(wrong.expect(401).body, unknown.expect(401).body);
    assert!(wrong.cookie().is_none() && unknown.cookie().is_none());
}

#[tokio::test]
async fn an_address_is_taken_once() {
    let app = TestApp::start().await;
    app.sign_up("Ada").await;
    let again = json!({ "name": "Other", "email": "Ada@Example.com", "password": "another-password" });
    app.anonymous().post("/api/auth/sign-up/email", &again).await.expect(409);
}

#[tokio::test]
async fn the_session_cookie_is_for_the_server_only() {
    let plain = TestApp::start().await;
    let account =
        json!({ "name": "Ada", "email": "ada@example.com", "password": "a-long-password", "rememberMe": true });
    let reply = plain.anonymous().post("/api/auth/sign-up/email", &account).await;
    let cookie = reply.expect(200).header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("hyvve_session=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let secret = reply.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    assert!(!reply.text.contains(&secret), "the secret is in the body too");

    let https = TestApp::start_with(&[("HYVVE_PUBLIC_URL", "https://hyvve.example")]).await;
    let reply = https.anonymous().post("/api/auth/sign-up/email", &account).await;
    let cookie = reply.expect(200).header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-hyvve_session=")
            && cookie.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn a_request_with_a_key_does_not_use_the_cookie() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for (header, value) in [("authorization", "Bearer something"), ("x-api-key", "something")] {
        let reply = Reply::of(ada.request(Method::GET, "/api/approvals").header(header, value)).await;
        reply.expect(401);
    }
}

#[tokio::test]
async fn where_sign_up_is_closed_nobody_gets_in() {
    let app = TestApp::start_with(&[("HYVVE_SIGN_UP", "false")]).await;
    let account = json!({ "name": "Ada", "email": "ada@example.com", "password": "a-long-password" });
    app.anonymous().post("/api/auth/sign-up/email", &account).await.expect(403);
}

#[tokio::test]
async fn where_others_come_the_demo_that_was_tried_out_before_keeps_the_server_from_starting() {
    let (tried, public) = (
        [("HYVVE_DEMO", "true"), ("HYVVE_SAMPLE_DATA", "false")],
        [("HYVVE_DEMO", "false"), ("HYVVE_PUBLIC_URL", "https://hyvve.example")],
    );
    let app = TestApp::start_with(&tried).await;
    let why = app.not_again_with(&public).await;
    assert!(why.contains("demo@hyvve.local") && why.contains("change the password"), "{why}");

    let app = TestApp::start_with(&tried).await;
    let known = json!({ "email": "demo@hyvve.local", "password": "hyvve-demo-2026" });
    let entered = app.anonymous().post("/api/auth/sign-in/email", &known).await;
    let demo = app.anonymous().with_cookie(&entered.expect(200).cookie().unwrap());
    let change = json!({ "currentPassword": "hyvve-demo-2026", "newPassword": "quite another long secret" });
    demo.post("/api/auth/change-password", &change).await.expect(200);
    let app = app.again_with(&public).await;
    app.anonymous().post("/api/auth/sign-in/email", &known).await.expect(401);
}
