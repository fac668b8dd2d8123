//! People's own webhooks.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::StatusCode};
use tokio::net::TcpListener;

use super::*;

/// What answers at somebody's address, and what it was sent.
#[derive(Clone)]
struct Channel {
    url: String,
    answers: Arc<Mutex<StatusCode>>,
    got: Arc<Mutex<Vec<Value>>>,
}

impl Channel {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/services/T0/B0/secret-part-wxyz", listener.local_addr().unwrap());
        let channel = Self { url, answers: Arc::new(Mutex::new(StatusCode::OK)), got: Arc::default() };
        let receive = async |State(channel): State<Self>, body: String| {
            channel.got.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            *channel.answers.lock().unwrap()
        };
        let router = Router::new().fallback(receive).with_state(channel.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        channel
    }

    /// What it was sent, once it is so much.
    async fn wait_for(&self, n: usize) -> Vec<Value> {
        for _ in 0..500 {
            let got = self.got.lock().unwrap().clone();
            if got.len() >= n {
                return got;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{n} were expected: {:#?}", self.got.lock().unwrap());
    }
}

#[tokio::test]
async fn an_address_is_kept_once_it_answers_shown_in_part_and_told_until_it_is_removed() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let channel = Channel::open().await;
    let path = format!("/api/workspaces/{}/notification-webhook", office.ada.workspace());
    let set = async |url: &str| Reply::of(office.ada.request(Method::PUT, &path).json(&json!({ "url": url }))).await;
    for bad in ["", "nonsense", "https://10.0.0.1/x", "http://example.com/x"] {
        assert_eq!(set(bad).await.expect(400).body["error"]["details"]["field"], "url");
    }
    // What the operator lets the workspace reach inside is not for whoever was invited.
    let mias = office.mia.request(Method::PUT, &path).json(&json!({ "url": channel.url }));
    let refused = Reply::of(mias).await;
    assert_eq!(refused.expect(400).body["error"]["details"], json!({ "field": "url", "constraint": "public" }));
    assert!(channel.got.lock().unwrap().is_empty());
    *channel.answers.lock().unwrap() = StatusCode::NOT_FOUND;
    set(&channel.url).await.expect(400);
    *channel.answers.lock().unwrap() = StatusCode::OK;
    let kept = set(&channel.url).await;
    let shown = kept.expect(200).body["data"]["webhook"]["shown"].as_str().unwrap().to_owned();
    assert!(shown.ends_with("…wxyz") && !kept.text.contains("secret-part"), "{}", kept.text);
    let log = office.grace.get("/api/audit-log?limit=100").await.expect(200).text.clone();
    assert!(log.contains("notification_settings.webhook_set") && !log.contains("secret-part"));

    office.hand_to(&office.ada).await.expect(200);
    let got = channel.wait_for(3).await;
    assert!(got[2]["text"].as_str().unwrap().starts_with("Grace asks you to look at"), "{got:?}");
    let link = got[2]["blocks"].to_string();
    assert!(link.contains(&format!("/approvals/{}|", id(&office.story.change))), "{link}");
    // Another data key seals it anew, and it is told as before.
    app.hyvve(&["keys", "rotate-data", "--all"]).await;

    // What does not get through is tried again, and says so.
    *channel.answers.lock().unwrap() = StatusCode::INTERNAL_SERVER_ERROR;
    office.comment(&office.grace, "@Ada?").await.expect(200);
    channel.wait_for(4).await;
    let settings = format!("/api/workspaces/{}/notification-settings", office.ada.workspace());
    let failing = until(&office.ada, &settings, |body| body["data"]["webhook"]["problem"].is_string()).await;
    assert_eq!(failing["data"]["webhook"]["problem"], "It answered with 500.");
    *channel.answers.lock().unwrap() = StatusCode::OK;
    in_database(&app, "UPDATE notifications SET hook_at = now() WHERE hook_at IS NOT NULL").await;
    let again = channel.wait_for(5).await;
    assert_eq!(again[3], again[4]);
    until(&office.ada, &settings, |body| body["data"]["webhook"]["problem"].is_null()).await;

    Reply::of(office.ada.request(Method::DELETE, &path)).await.expect(200);
    office.comment(&office.grace, "@Ada!").await.expect(200);
    while in_database(&app, "UPDATE notifications SET cause = cause WHERE routed_at IS NULL").await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(channel.got.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn who_is_no_admin_any_more_is_told_nothing_at_an_address_inside() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let (home, ada) = (office.ada.workspace(), user_of(&office.ada).await);
    let channel = Channel::open().await;
    let path = format!("/api/workspaces/{home}/notification-webhook");
    Reply::of(office.ada.request(Method::PUT, &path).json(&json!({ "url": channel.url }))).await.expect(200);
    office.hand_to(&office.ada).await.expect(200);
    channel.wait_for(2).await;

    let path = format!("/api/workspaces/{home}/members/{ada}");
    Reply::of(office.grace.request(Method::PATCH, &path).json(&json!({ "role": "member" }))).await.expect(200);
    let settings = format!("/api/workspaces/{home}/notification-settings");
    let said = until(&office.ada, &settings, |body| body["data"]["webhook"]["problem"].is_string()).await;
    assert_eq!(said["data"]["webhook"]["problem"], "Only a public address, please; others are for owners and admins.");
    let got = channel.got.lock().unwrap().clone();
    assert!(got.iter().all(|message| !message.to_string().contains("another role")), "{got:?}");
    let waiting = "UPDATE notifications SET cause = cause WHERE hook_at IS NOT NULL";
    while in_database(&app, waiting).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
