//! A channel of Slack: approvals that wait, in words.

use super::{
    pressing::{SIGNING, body, send, token_in},
    receiver::Receiver,
    *,
};
use crate::support::Story;

#[tokio::test]
async fn a_channel_is_told_of_what_waits_with_the_way_to_the_card_and_its_address_stays_secret() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    let receiver = Receiver::start().await;
    let new = json!({ "url": receiver.url(), "description": "Ours", "format": "slack" });
    let with_events = json!({ "url": receiver.url(), "format": "slack", "events": ["run."] });
    user.post("/api/webhooks", &with_events).await.expect(400);
    let made = user.post("/api/webhooks", &new).await;
    let endpoint = made.expect(201).body["data"].clone();
    let shown = endpoint["url"].as_str().unwrap().to_owned();
    assert!(shown.ends_with("…ress") && !made.text.contains("in-the-address"), "{}", made.text);
    let office = Office {
        secret: endpoint["secret"].as_str().unwrap().to_owned(),
        path: format!("/api/webhooks/{}", id(&endpoint)),
        user: user.clone(),
        receiver,
    };
    assert_eq!(office.test().await["state"], "delivered");
    assert!(office.receiver.told()[0].json()["text"].as_str().unwrap().starts_with("A test"));

    // Events of other kinds are none of its business.
    office.happen("Another name").await;
    let story = Story::of(user.clone()).await;
    let told = office.receiver.wait_for(3).await;
    let change = told.iter().find(|told| told.body.contains(id(&story.change))).expect("the change");
    let message = change.json();
    assert_eq!(message["blocks"][0]["text"]["text"], story.change["title"]);
    assert!(message["blocks"][1].to_string().contains("Proposed by"), "{message}");
    assert!(message["blocks"][1].to_string().contains("score"), "{message}");
    let link = message["blocks"][2]["text"]["text"].as_str().unwrap();
    assert!(link.contains(&format!("/approvals/{}|Open the card>", id(&story.change))), "{link}");
    assert!(is_signed_by(&office.secret, change) && change.path.contains("in-the-address"));
    // Looking decides nothing.
    let item = format!("/api/approvals/{}", id(&story.change));
    assert_eq!(user.get(&item).await.expect(200).body["data"]["status"], "pending");

    office.change(&json!({ "description": "Theirs" })).await.expect(200);
    office.change(&json!({ "url": shown })).await.expect(400);
    office.change(&json!({ "events": ["run."] })).await.expect(400);
    let since = hyvve_domain::Timestamp::now().minus(std::time::Duration::from_hours(1));
    user.post(&format!("{}/replay", office.path), &json!({ "since": since })).await.expect(422);
    app.hyvve(&["keys", "rotate-data", "--all"]).await;
    assert_eq!(office.test().await["state"], "delivered", "another data key opens it");
    assert_eq!(office.receiver.told().len(), 4);
    let log = user.get("/api/audit-log?limit=100").await.expect(200).text.clone();
    assert!(!log.contains("in-the-address"));
}

/// A channel with buttons, something that waits, and what Slack would send.
struct Channel {
    story: Story,
    office: Office,
    message: Value,
}

impl Channel {
    async fn open(app: &TestApp) -> Self {
        let user = app.sign_up("Ada").await;
        let receiver = Receiver::start().await;
        let made = user.post("/api/webhooks", &json!({ "url": receiver.url(), "format": "slack" })).await;
        let endpoint = made.expect(201).body["data"].clone();
        let path = format!("/api/webhooks/{}", id(&endpoint));
        let office = Office { secret: String::new(), path, user: user.clone(), receiver };
        office.change(&json!({ "signingSecret": "short" })).await.expect(400);
        let signed = office.change(&json!({ "signingSecret": SIGNING })).await;
        assert_eq!(signed.expect(200).body["data"]["takesAnswers"], true);
        assert!(!signed.text.contains(SIGNING));
        let story = Story::of(user).await;
        let told = office.receiver.wait_for(2).await;
        let message = told.iter().find(|told| told.body.contains(id(&story.change))).expect("the change").json();
        Self { story, office, message }
    }

    /// What Slack sends when this user presses the button.
    fn body(&self, slack_user: &str, button: usize) -> String {
        let button = &self.message["blocks"][4]["elements"][button];
        let answer_to = self.office.receiver.url().replace("/hooks", "/answer");
        body(slack_user, &button["action_id"], &button["value"], &answer_to)
    }

    /// Presses the button as this user of Slack; answers what he or she is told.
    async fn press(&self, app: &TestApp, slack_user: &str, button: usize) -> String {
        let before = self.office.receiver.told().len();
        let now = hyvve_domain::Timestamp::now().unix_seconds();
        send(&app.anonymous(), self.endpoint(), self.body(slack_user, button), now, SIGNING).await.expect(200);
        let told = self.office.receiver.wait_for(before + 1).await;
        let told = told[before].json();
        assert_eq!(told["response_type"], "ephemeral");
        told["text"].as_str().unwrap().to_owned()
    }

    fn endpoint(&self) -> &str {
        self.office.path.rsplit('/').next().unwrap()
    }

    async fn status(&self) -> Value {
        let item = self.office.user.get(&format!("/api/approvals/{}", id(&self.story.change))).await;
        item.expect(200).body["data"]["status"].clone()
    }
}

async fn connect(who: &Caller, token: &str) -> Reply {
    let request = who.request(Method::POST, "/_fn/notifications/connect-channel");
    Reply::of(request.form(&[("token", token)])).await
}

#[tokio::test]
async fn a_button_decides_for_whoever_is_connected_and_for_nobody_else() {
    let app = TestApp::start().await;
    let channel = Channel::open(&app).await;
    let now = hyvve_domain::Timestamp::now().unix_seconds();
    let body = channel.body("U1", 0);
    for (endpoint, at, secret) in [
        (channel.endpoint(), now, "another secret"),
        (channel.endpoint(), now - 301, SIGNING),
        (channel.endpoint(), now + 330, SIGNING),
        ("00000000-0000-7000-8000-000000000000", now, SIGNING),
    ] {
        send(&app.anonymous(), endpoint, body.clone(), at, secret).await.expect(401);
    }
    // What the buttons decide on stands above them.
    let whole = channel.message["blocks"][3]["text"].clone();
    assert!(whole["type"] == "plain_text" && whole["text"].as_str().unwrap().contains("\"changes\""), "{whole}");
    // Nobody is connected: whoever presses is told how, and nothing is decided.
    let said = channel.press(&app, "U1", 0).await;
    assert!(said.starts_with("Nothing is decided"), "{said}");
    assert_eq!(channel.status().await, "pending");
    let ada = &channel.office.user;
    let slug = ada.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = format!("/w/{slug}/settings/notifications?connect={}", token_in(&said));
    for _ in 0..2 {
        let page = ada.get(&page).await.expect(200).text.clone();
        assert!(
            page.contains("Is this you?") && page.contains("&lt;b&gt;ada&lt;/b&gt;") && page.contains("U1"),
            "{page}"
        );
    }
    let mia = app.sign_up("Mia").await;
    crate::workspaces::join(ada, &mia, "member").await;
    let mia = mia.in_workspace(ada.workspace());
    connect(&mia, &token_in(&said)).await.expect(403);
    connect(ada, &token_in(&said)).await.expect(200);
    connect(ada, &token_in(&said)).await.expect(400);
    // Another user of Slack is still nobody.
    assert!(channel.press(&app, "U2", 0).await.starts_with("Nothing is decided"));

    let said = channel.press(&app, "U1", 0).await;
    assert!(said.starts_with("You have approved"), "{said}");
    assert_eq!(channel.status().await, "approved");
    let item = ada.get(&format!("/api/approvals/{}", id(&channel.story.change))).await;
    assert_eq!(item.expect(200).body["data"]["decidedBy"], "Ada");
    let again = channel.press(&app, "U1", 1).await;
    assert!(again.starts_with("Nothing is decided. Ada was first"), "{again}");
}

#[tokio::test]
async fn a_button_decides_on_what_its_message_was_about_with_the_role_of_that_moment() {
    let app = TestApp::start().await;
    let channel = Channel::open(&app).await;
    let ada = &channel.office.user;
    let bob = app.sign_up("Bob").await;
    crate::workspaces::join(ada, &bob, "admin").await;
    let bob = bob.in_workspace(ada.workspace());
    let said = channel.press(&app, "U3", 0).await;
    connect(&bob, &token_in(&said)).await.expect(200);

    let mut other = Channel { message: channel.message.clone(), story: channel.story, office: channel.office };
    let value = other.message["blocks"][4]["elements"][0]["value"].as_str().unwrap().to_owned();
    let (item, _) = value.split_once(' ').unwrap();
    other.message["blocks"][4]["elements"][0]["value"] = json!(format!("{item} {}", "0".repeat(64)));
    let said = other.press(&app, "U3", 0).await;
    assert!(said.starts_with("Nothing is decided. This is not what you were shown."), "{said}");
    other.message["blocks"][4]["elements"][0]["value"] = json!(value);

    let user = bob.get("/api/auth/session").await.body["user"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/workspaces/{}/members/{user}", other.office.user.workspace());
    let ada = other.office.user.clone();
    Reply::of(ada.request(Method::PATCH, &path).json(&json!({ "role": "viewer" }))).await.expect(200);
    let said = other.press(&app, "U3", 0).await;
    assert!(said.starts_with("Nothing is decided."), "{said}");
    Reply::of(ada.request(Method::DELETE, &path)).await.expect(200);
    assert!(other.press(&app, "U3", 0).await.contains("?connect="), "who has left is nobody");
    assert_eq!(other.status().await, "pending");

    // Whoever sets another secret could sign in anybody's name: all connect once more.
    let said = other.press(&app, "U1", 0).await;
    connect(&ada, &token_in(&said)).await.expect(200);
    other.press(&app, "U1", 1).await;
    assert_eq!(other.status().await, "rejected");
    other.office.change(&json!({ "signingSecret": SIGNING })).await.expect(200);
    assert!(other.press(&app, "U1", 0).await.contains("?connect="), "nobody is connected under this secret");
    // And once its secret is gone, nothing comes back.
    other.office.change(&json!({ "signingSecret": "" })).await.expect(200);
    let now = hyvve_domain::Timestamp::now().unix_seconds();
    send(&app.anonymous(), other.endpoint(), other.body("U3", 0), now, SIGNING).await.expect(401);
}
