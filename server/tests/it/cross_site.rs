//! Another site's page cannot make a signed-in browser do anything.

use reqwest::{Method, RequestBuilder, multipart::Form};
use serde_json::json;

use crate::support::{Reply, Sse, Story, TestApp, id};

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

#[tokio::test]
async fn pages_of_listed_sites_call_agentos_with_a_key_and_never_with_a_cookie() {
    const OURS: &str = "https://ui.example.com";
    let app = TestApp::start_with(&[("HYVVE_AGENTOS_ORIGINS", "https://ui.example.com, http://localhost:3001")]).await;
    let ada = app.sign_up("Ada").await;
    let new = json!({ "name": "UI", "scopes": ["read", "propose"] });
    let made = ada.post(&format!("/api/workspaces/{}/api-keys", ada.workspace()), &new).await;
    let ui = app.anonymous().with_key(made.expect(201).body["data"]["secret"].as_str().unwrap());
    let from = |request: RequestBuilder, origin: &str| {
        Reply::of(request.header("origin", origin).header("sec-fetch-site", "cross-site"))
    };
    let allowed = |reply: &Reply| reply.header("access-control-allow-origin").map(str::to_owned);

    let agents = from(ui.request(Method::GET, "/agents"), OURS).await;
    let runs = format!("/agents/{}/runs", agents.expect(200).body[0]["id"].as_str().unwrap());
    let exposed = agents.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
    assert!(agents.headers.get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("origin")));
    for path in ["/health", "/config", "/info", "/models", "/agents", "/approvals", "/approvals/count"] {
        let reply = from(ui.request(Method::GET, path), OURS).await;
        assert_eq!(allowed(reply.expect(200)).as_deref(), Some(OURS), "{path}");
        assert!(reply.header("access-control-allow-credentials").is_none(), "{path}");
        for other in ["https://evil.example", "https://ui.example.com.evil.example", "http://ui.example.com", "null"] {
            assert_eq!(allowed(&from(ui.request(Method::GET, path), other).await), None, "{path} to {other}");
        }
    }
    // What is refused can be read as well, also by the guard.
    let refused = from(app.anonymous().with_key("none").request(Method::GET, "/agents"), OURS).await;
    assert_eq!(allowed(refused.expect(401)).as_deref(), Some(OURS));
    assert_eq!(allowed(&from(ui.request(Method::GET, "/approvals?x=%00"), OURS).await).as_deref(), Some(OURS));

    // A browser asks before it sends a key.
    let ask = async |path: &str, origin: &str| {
        let request = app.anonymous().request(Method::OPTIONS, path);
        let request = request.header("access-control-request-method", "POST");
        from(request.header("access-control-request-headers", "authorization,content-type"), origin).await
    };
    let may = ask(&runs, OURS).await;
    assert_eq!(allowed(may.expect(200)).as_deref(), Some(OURS));
    let (methods, sent) = (may.header("access-control-allow-methods"), may.header("access-control-allow-headers"));
    assert!(methods.is_some_and(|methods| methods.contains("POST")), "{methods:?}");
    assert!(sent.is_some_and(|sent| sent.contains("authorization") && sent.contains("x-api-key")), "{sent:?}");
    assert!(may.header("access-control-allow-credentials").is_none() && may.header("x-request-id").is_some());
    assert_eq!(allowed(&ask(&runs, "https://evil.example").await), None);
    // What is HYVVE's own is no other site's.
    for path in ["/api/approvals", "/api/auth/sign-in/email", "/_fn/any", "/sign-in"] {
        assert_eq!(allowed(&ask(path, OURS).await), None, "{path}");
        assert_eq!(allowed(&from(ui.request(Method::GET, path), OURS).await), None, "{path}");
    }

    let form = || Form::new().text("message", "Hello").text("stream", "true");
    let run = ui.request(Method::POST, &runs).header("origin", OURS).header("sec-fetch-site", "cross-site");
    let stream = Sse::of(run.multipart(form()).send().await.unwrap());
    assert_eq!(stream.response.headers().get("access-control-allow-origin").unwrap(), OURS);
    assert_eq!(stream.rest().await.last().map(|frame| frame.event.clone()).as_deref(), Some("RunCompleted"));

    from(ada.request(Method::POST, &runs).multipart(form()), OURS).await.expect(403);
}
