//! What is told, to whom, how often, and with which ids.

use std::{collections::BTreeSet, time::Duration};

use hyvve_domain::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Office, Receiver, happen, is_signed_by};
use crate::support::{Story, TestApp, id};

#[tokio::test]
async fn an_event_is_told_once_with_a_signature_that_anybody_can_check() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.happen("Another name").await;
    let told = office.receiver.wait_for(1).await.remove(0);

    assert!(is_signed_by(&office.secret, &told), "{told:?}");
    assert_eq!(told.signatures.len(), 1);
    assert_eq!(told.path, "/hooks?token=in-the-address");
    let now = Timestamp::now().unix_seconds();
    assert!((now - 20..=now).contains(&told.timestamp));
    let body = told.json();
    assert_eq!((&body["id"], &body["type"]), (&json!(told.id), &json!("workspace.updated")));
    assert_eq!(body["workspaceId"], office.user.workspace());
    let at: Timestamp = serde_json::from_value(body["timestamp"].clone()).unwrap();
    assert!(at <= Timestamp::now());
    let mut stream = office.user.open("/api/stream?cursor=0").await;
    let heard = loop {
        let frame = stream.next().await.expect("the same event");
        if frame.data["type"] == "workspace.updated" {
            break frame.data;
        }
    };
    let data = &body["data"];
    assert_eq!((&body["id"], &data["seq"], &data["payload"]), (&heard["id"], &heard["seq"], &heard["payload"]));
    assert_eq!((&data["subjectKind"], &data["subjectId"]), (&heard["subjectKind"], &heard["subjectId"]));

    let logged = office.newest(|newest| newest["state"] == "delivered").await;
    assert_eq!((&logged["eventId"], &logged["nextTryAt"]), (&json!(told.id), &Value::Null));
    let tries = logged["tries"].as_array().unwrap();
    assert_eq!((tries.len(), &tries[0]["status"], &tries[0]["reply"]), (1, &json!(200), &json!("thanks")));
    assert!(office.endpoint().await["lastSuccessAt"].is_string());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(office.receiver.told().len(), 1, "once, and nothing else");
}

#[tokio::test]
async fn an_endpoint_without_a_filter_hears_what_owners_see() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let receiver = Receiver::start().await;
    ada.post("/api/webhooks", &json!({ "url": receiver.url() })).await.expect(201);
    let story = Story::of(ada).await;
    story.user.post(&format!("/api/approvals/{}/approve", id(&story.change)), &json!({})).await.expect(200);
    // Some of them are for one person, owners and admins only. They may overtake each other.
    let expected =
        ["webhook.created", "run.started", "approval.requested", "approval.approved", "record.updated", "effect.done"];
    let (mut names, mut n) = (BTreeSet::new(), 0);
    while !expected.iter().all(|name| names.contains(*name)) {
        n += 1;
        names.insert(receiver.wait_for(n).await[n - 1].json()["type"].as_str().unwrap().to_owned());
    }
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_with_the_same_id() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.receiver.says(500, "not now");
    office.happen("Another name").await;
    office.receiver.wait_for(1).await;
    let waiting = office.newest(|newest| newest["tries"][0]["status"] == 500).await;
    assert_eq!((&waiting["state"], &waiting["tries"][0]["reply"]), (&json!("waiting"), &json!("not now")));
    let next: Timestamp = serde_json::from_value(waiting["nextTryAt"].clone()).unwrap();
    let tried: Timestamp = serde_json::from_value(waiting["tries"][0]["at"].clone()).unwrap();
    let pause = next.unix_millis() - tried.unix_millis();
    assert!((4_400..7_000).contains(&pause), "{pause} ms");
    assert!(office.endpoint().await["failingSince"].is_string());

    office.receiver.says(204, "");
    let told = office.receiver.wait_for(2).await;
    assert_eq!((&told[0].id, &told[0].body), (&told[1].id, &told[1].body));
    assert!(told[1].timestamp >= told[0].timestamp + 4);
    assert!(is_signed_by(&office.secret, &told[1]));
    let done = office.newest(|newest| newest["state"] == "delivered").await;
    let statuses: Vec<&Value> = done["tries"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [204, 500]);
    assert_eq!(office.endpoint().await["failingSince"], Value::Null);
}

#[tokio::test]
async fn by_hand_a_delivery_goes_again_and_a_replay_sends_all_again_with_their_ids() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let begun = Timestamp::now();
    for n in 1..=3 {
        office.happen(&format!("Name {n}")).await;
        office.receiver.wait_for(n).await;
    }
    let log = office.newest(|newest| newest["state"] == "delivered").await;
    let again = format!("{}/deliveries/{}/redeliver", office.path, id(&log));
    let answer = office.user.post(&again, &json!({})).await;
    assert_eq!(answer.expect(200).body["data"]["eventId"], log["eventId"]);
    let told = office.receiver.wait_for(4).await;
    assert_eq!((&told[3].id, &told[3].body), (&told[2].id, &told[2].body));

    let replay = format!("{}/replay", office.path);
    let replayed = office.user.post(&replay, &json!({ "since": begun })).await;
    assert_eq!(replayed.expect(200).body["data"]["events"], 3);
    let told = office.receiver.wait_for(7).await;
    let ids = |told: &[super::Told]| told.iter().map(|told| told.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&told[..3]), ids(&told[4..]));
    assert_eq!(office.log().await.len(), 3, "an event is one delivery, however often it is sent");

    let later = office.user.post(&replay, &json!({ "since": Timestamp::now() })).await;
    assert_eq!(later.expect(200).body["data"]["events"], 0);
    let day = Duration::from_hours(24);
    for bad in [
        json!({ "since": Timestamp::now().plus(day) }),
        json!({ "since": Timestamp::now().minus(31 * day) }),
        json!({ "since": "yesterday" }),
        json!({}),
    ] {
        let refused = office.user.post(&replay, &bad).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], "since", "{bad}");
    }
    office.change(&json!({ "enabled": false })).await.expect(200);
    office.user.post(&replay, &json!({ "since": begun })).await.expect(409);
    office.user.post(&again, &json!({})).await.expect(409);
}

#[tokio::test]
async fn a_replay_can_be_of_some_types_only_and_keeps_nothing_new_back() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.change(&json!({ "events": ["workspace."] })).await.expect(200);
    let begun = Timestamp::now();
    let here = format!("/api/workspaces/{}/invitations", office.user.workspace());
    office.happen("Another name").await;
    office.user.post(&here, &json!({ "role": "viewer" })).await.expect(201);
    let told = office.receiver.wait_for(2).await;
    let invited = told.iter().find(|told| told.json()["type"] == "workspace.member.invited").expect("the invitation");
    assert_eq!(invited.json()["version"], 1);

    let replay = json!({ "since": begun, "types": ["workspace.member."] });
    let replayed = office.user.post(&format!("{}/replay", office.path), &replay).await;
    assert_eq!(replayed.expect(200).body["data"]["events"], 1);
    office.happen("Once more").await;
    let told = office.receiver.wait_for(4).await;
    let again: BTreeSet<&str> = told[2..].iter().map(|told| told.id.as_str()).collect();
    assert!(again.contains(invited.id.as_str()), "the invitation comes with the id that it had");
    let newest = told[2..].iter().find(|told| told.id != invited.id).expect("what is new");
    assert_eq!(newest.json()["type"], "workspace.updated");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(office.receiver.told().len(), 4, "nothing that was not asked for");

    let bad = json!({ "since": begun, "types": ["Everything"] });
    let refused = office.user.post(&format!("{}/replay", office.path), &bad).await;
    assert_eq!(refused.expect(400).body["error"]["details"]["field"], "types");
}

#[tokio::test]
async fn what_happens_while_it_is_disabled_is_told_only_if_somebody_asks() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let begun = Timestamp::now();
    let off = office.change(&json!({ "enabled": false })).await;
    assert_eq!(off.expect(200).body["data"]["disabledBecause"], "by_hand");
    office.happen("Missed").await;
    office.change(&json!({ "enabled": true })).await.expect(200);
    office.happen("Heard").await;
    let heard = office.receiver.wait_for(1).await;
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(office.receiver.told().len(), 1);
    office.user.post(&format!("{}/replay", office.path), &json!({ "since": begun })).await.expect(200);
    let told = office.receiver.wait_for(3).await;
    assert!(told[1..].iter().any(|told| told.id == heard[0].id) && told[1..].iter().any(|told| told.id != heard[0].id));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_nodes_share_the_work_and_each_event_is_sent_once() {
    let [one, other] = TestApp::start_nodes::<2>(&[]).await;
    let office = Office::open(&one).await;
    let there = office.user.clone().at(&other);
    for n in 0..20 {
        happen(if n % 2 == 0 { &there } else { &office.user }, &format!("Name {n}")).await;
    }
    let told = office.receiver.wait_for(20).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(office.receiver.told().len(), 20);
    assert_eq!(told.iter().map(|told| &told.id).collect::<BTreeSet<_>>().len(), 20);
}
