//! Buttons in a channel, pressed: what Slack sends of it, and somebody whom the channel knows.

use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::Receiver;
use crate::{
    isolation::NOBODYS,
    support::{Caller, Reply, TestApp, id},
};

/// What Slack signs with.
pub(super) const SIGNING: &str = "0123456789abcdef0123456789abcdef";

/// What Slack sends when this user presses a button, and is to be told at this address what came of it.
pub(super) fn body(slack_user: &str, action: &Value, value: &Value, answer_to: &str) -> String {
    let payload = json!({
        "type": "block_actions",
        "user": { "id": slack_user, "username": "<b>ada</b>" },
        "actions": [{ "action_id": action, "value": value }],
        "response_url": answer_to,
    });
    let url = reqwest::Url::parse_with_params("http://x/", [("payload", payload.to_string())]).unwrap();
    url.query().unwrap().to_owned()
}

/// Sends it to an endpoint, signed with this secret at this moment.
pub(super) async fn send(slack: &Caller, endpoint: &str, body: String, at: i64, secret: &str) -> Reply {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    let signature = hex::encode(tag);
    let request = slack.request(Method::POST, &format!("/api/slack/{endpoint}"));
    let request = request.header("x-slack-request-timestamp", at.to_string());
    let request = request.header("x-slack-signature", format!("v0={signature}"));
    Reply::of(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}

/// The secret of a link that connects.
pub(super) fn token_in(said: &str) -> String {
    let (_, rest) = said.split_once("?connect=").unwrap_or_else(|| panic!("no link in {said}"));
    rest.split_once('|').unwrap().0.to_owned()
}

/// A user of Slack who is somebody here.
#[derive(Clone)]
pub(crate) struct Presser {
    slack: Caller,
    endpoint: String,
    told: Receiver,
}

impl Presser {
    /// Opens a channel with buttons, and connects a user of Slack with this person.
    pub(crate) async fn connected(app: &TestApp, person: &Caller) -> Self {
        Self::unknown(app, person).await.is(person).await
    }

    /// Lets somebody open a channel with buttons. Whoever presses them is nobody here.
    pub(crate) async fn unknown(app: &TestApp, opener: &Caller) -> Self {
        let channel = json!({ "url": Receiver::start().await.url(), "format": "slack" });
        let made = opener.post("/api/webhooks", &channel).await;
        let endpoint = id(&made.expect(201).body["data"]).to_owned();
        let signing = opener.request(Method::PATCH, &format!("/api/webhooks/{endpoint}"));
        Reply::of(signing.json(&json!({ "signingSecret": SIGNING }))).await.expect(200);
        Self { slack: app.anonymous(), endpoint, told: Receiver::start().await }
    }

    /// Connects its user of Slack with this person.
    pub(crate) async fn is(self, person: &Caller) -> Self {
        // Whoever is not connected is told how, whatever the button is about.
        self.press(&json!({ "id": NOBODYS, "hash": "" }), "approve").await;
        let said = self.said(1).await.remove(0);
        let connect = person.request(Method::POST, "/_fn/notifications/connect-channel");
        Reply::of(connect.form(&[("token", token_in(&said))])).await.expect(200);
        self.afresh().await
    }

    /// The same one, who was told nothing yet.
    pub(crate) async fn afresh(&self) -> Self {
        Self { told: Receiver::start().await, ..self.clone() }
    }

    /// Presses a button about an item.
    pub(crate) async fn press(&self, item: &Value, action: &str) {
        let value = json!(format!("{} {}", id(item), item["hash"].as_str().expect("a hash")));
        let body = body("U1", &json!(action), &value, &self.told.url());
        let now = hyvve_domain::Timestamp::now().unix_seconds();
        send(&self.slack, &self.endpoint, body, now, SIGNING).await.expect(200);
    }

    /// What he or she was told, once it is so much.
    pub(crate) async fn said(&self, n: usize) -> Vec<String> {
        let told = self.told.wait_for(n).await;
        told.iter().map(|told| told.json()["text"].as_str().expect("words").to_owned()).collect()
    }
}
