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
