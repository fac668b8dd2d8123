//! A channel of Slack: approvals that wait, in words.

use super::{receiver::Receiver, *};
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
