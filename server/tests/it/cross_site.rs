//! Another site's page cannot make a signed-in browser do anything.

use reqwest::Method;
use serde_json::json;

use crate::support::{Reply, Story, TestApp, id};

#[tokio::test]
async fn a_page_of_another_site_can_neither_decide_nor_sign_anybody_in() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let approve = format!("/api/approvals/{}/approve", id(&story.change));
    let runs = format!("/agents/{}/runs", story.agent);
    for path in [
        approve.as_str(),
        "/api/approvals/bulk",
        "/api/auth/sign-in/email",
        "/api/auth/sign-up/email",
        &runs,
        "/_fn/any",
    ] {
        for (header, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            let request = story.user.request(Method::POST, path).header(header, value).json(&json!({}));
            Reply::of(request).await.expect(403);
        }
    }
    let item = story.user.get(&format!("/api/approvals/{}", id(&story.change))).await;
    assert_eq!(item.expect(200).body["data"]["status"], "pending");
}

#[tokio::test]
async fn our_own_page_and_a_program_may() {
    let app = TestApp::start_with(&[("HYVVE_PUBLIC_URL", "http://hyvve.example")]).await;
    let story = Story::begin(&app, "Ada").await;
    for (header, value) in [("sec-fetch-site", "same-origin"), ("origin", "http://hyvve.example"), ("x-nothing", "x")] {
        let nothing = json!({ "ids": [], "action": "approve" });
        let request = story.user.request(Method::POST, "/api/approvals/bulk").header(header, value).json(&nothing);
        Reply::of(request).await.expect(200);
    }
}

/// A name of some site may lead here; to the browser its pages are then ours.
#[tokio::test]
async fn a_server_on_this_machine_answers_to_no_name_of_another_site() {
    let app = TestApp::start_with(&[("HYVVE_PUBLIC_URL", "https://hyvve.example")]).await;
    let user = app.sign_up("Ada").await;
    let ask = async |method: Method, path: &str, host: &str| {
        let changes = method == Method::POST;
        let request = user.request(method, path).header("host", host).header("origin", format!("http://{host}"));
        let nothing = json!({ "ids": [], "action": "approve" });
        Reply::of(if changes { request.json(&nothing) } else { request }).await
    };
    for host in ["evil.example", "evil.example:3000", "localhost.evil.example", "hyvve.example.evil.example", "0.0.0.0"]
    {
        for (method, path) in
            [(Method::POST, "/api/approvals/bulk"), (Method::GET, "/api/approvals"), (Method::GET, "/health")]
        {
            ask(method, path, host).await.expect(403);
        }
        let refused = ask(Method::GET, "/api/approvals", host).await;
        assert_eq!(refused.body["error"]["code"], "FORBIDDEN", "{}", refused.text);
        let page = user.request(Method::GET, "/sign-in").header("host", host).header("accept", "text/html");
        assert!(Reply::of(page).await.expect(403).text.contains("<html"), "people see a page");
    }
    for host in ["localhost:3000", "127.0.0.1", "[::1]:8080", "hyvve.example", "HYVVE.example:8443"] {
        ask(Method::GET, "/api/approvals", host).await.expect(200);
    }
}
