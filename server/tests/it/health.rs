//! What anyone may ask, and what every reply has.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{Reply, TestApp};

#[tokio::test]
async fn the_server_says_that_it_is_up_to_anyone() {
    let app = TestApp::start().await;
    let health = app.anonymous().get("/health").await;
    assert_eq!(health.expect(200).body["status"], "ok");
    app.anonymous().get("/info").await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn a_request_keeps_its_id_and_gets_one_when_it_has_none() {
    let app = TestApp::start().await;
    let with_id = app.anonymous().request(Method::GET, "/api/approvals").header("x-request-id", "from-a-proxy-1");
    let reply = Reply::of(with_id).await;
    assert_eq!(reply.expect(401).header("x-request-id"), Some("from-a-proxy-1"));
    assert_eq!(reply.body["error"]["requestId"], "from-a-proxy-1");

    let with_a_bad_one = app.anonymous().request(Method::GET, "/api/approvals").header("x-request-id", "two words");
    let reply = Reply::of(with_a_bad_one).await;
    let made = reply.header("x-request-id").expect("an id").to_owned();
    assert!(made != "two words" && reply.body["error"]["requestId"] == made.as_str());
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_are_errors_like_all_others() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    assert_eq!(user.get("/api/nowhere").await.expect(404).body["error"]["code"], "NOT_FOUND");
    assert_eq!(user.post("/api/calibration", &json!({})).await.expect(405).body["error"]["code"], "METHOD_NOT_ALLOWED");
    assert_eq!(user.get("/api/auth/sign-out").await.expect(405).body["code"], "METHOD_NOT_ALLOWED");
    assert_eq!(user.post("/health", &json!({})).await.expect(405).body["error_code"], "METHOD_NOT_ALLOWED");
    assert_eq!(user.get("/_fn/nowhere").await.expect(404).body["code"], "NOT_FOUND");
    assert_eq!(user.get("/memories").await.expect(404).body["error_code"], "NOT_FOUND");
    let in_a_browser = user.request(Method::GET, "/memories").header("accept", "text/html,*/*");
    assert!(Reply::of(in_a_browser).await.expect(404).text.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn every_reply_tells_the_browser_what_not_to_do() {
    let app = TestApp::start().await;
    for path in ["/health", "/api/approvals", "/", "/nowhere"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"), "{path}");
    }
}

#[tokio::test]
async fn a_page_keeps_its_headers_while_files_are_served_beside_it() {
    let site = tempfile::tempdir().unwrap();
    std::fs::write(site.path().join("icon.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let app = TestApp::start_with(&[("LEPTOS_SITE_ROOT", site.path().to_str().unwrap())]).await;
    let user = app.sign_up("Ada").await;
    let policy = |reply: &Reply| reply.header("content-security-policy").unwrap().to_owned();
    for _ in 0..40 {
        let pages = join_all((0..4).map(|_| user.get("/account/security")));
        let files = join_all((0..12).map(|_| user.get("/icon.svg")));
        let (pages, files) = tokio::join!(pages, files);
        assert!(
            pages.iter().all(|page| policy(page.expect(200)).starts_with("default-src 'self'; script-src 'nonce-"))
        );
        assert!(files.iter().all(|file| policy(file.expect(200)).starts_with("default-src 'none'")));
    }
    // What is nowhere is a page for people, and an error for programs.
    let nowhere = Reply::of(user.request(Method::GET, "/nowhere").header("accept", "text/html")).await;
    assert!(nowhere.expect(404).text.contains("<html"), "{}", nowhere.text);
    user.get("/nowhere").await.expect(404);
    user.get(&format!("/{}", "x".repeat(300))).await.expect(404);
}
