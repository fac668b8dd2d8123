//! The queue in depth: changes before approval, questions, several who have to agree, time-outs, who looks at what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    routing::{propose, trusted},
    support::{Caller, Reply, Story, TestApp, id, until},
    workspaces::join,
};

pub(crate) async fn detail(user: &Caller, item: &str) -> Value {
    user.get(&format!("/api/approvals/{item}")).await.expect(200).body["data"].clone()
}

pub(crate) async fn put(user: &Caller, handling: Value) -> Reply {
    let policy = json!({
        "tool": "update_record", "thresholds": { "auto": 85, "quick": 60, "target": 0.95, "sample": 0.05 }, "handling": handling,
    });
    Reply::of(user.request(Method::PUT, "/api/approval-policies").json(&policy)).await
}

pub(crate) async fn admin(app: &TestApp, of: &Caller, name: &str) -> Caller {
    let person = app.sign_up(name).await;
    join(of, &person, "admin").await;
    person.in_workspace(of.workspace())
}

#[tokio::test]
async fn what_somebody_changed_runs_as_changed_and_the_agent_is_told() {
    let app = TestApp::start().await;
    let Story { user, run, change, mail, .. } = Story::begin(&app, "Grace").await;
    let shown = detail(&user, id(&change)).await;
    let mut arguments = shown["arguments"].clone();
    arguments["changes"]["discount_percent"] = json!(5);
    let path = format!("/api/approvals/{}/edit", id(&change));
    for (bad, field) in [
        (json!({ "arguments": shown["arguments"] }), "arguments"),
        (json!({ "arguments": { "collection": "customers" } }), "arguments"),
    ] {
        assert_eq!(user.post(&path, &bad).await.expect(400).body["error"]["details"]["field"], field);
    }
    let stale = json!({ "arguments": arguments, "hash": "0".repeat(64) });
    user.post(&path, &stale).await.expect(409);

    let edited = user.post(&path, &json!({ "arguments": arguments, "hash": shown["hash"], "notes": "Less." })).await;
    let new = edited.expect(200).body["data"].clone();
    assert_ne!((&new["id"], &new["hash"]), (&change["id"], &change["hash"]));
    assert_eq!((&new["status"], &new["editedFrom"]), (&json!("approved"), &change["id"]));
    assert_eq!(new["proposer"], change["proposer"], "still the agent's");
    let old = detail(&user, id(&change)).await;
    assert_eq!((&old["status"], &old["editedTo"]), (&json!("superseded"), &new["id"]));
    user.post(&path, &json!({ "arguments": arguments })).await.expect(409);

    let record = shown["preview"]["recordId"].as_str().unwrap();
    let changed = |body: &Value| body["data"]["record"]["data"]["discount_percent"] == 5;
    let after = until(&user, &format!("/api/records/{record}"), changed).await;
    assert_eq!(after["data"]["record"]["version"], 2, "once, and only as changed");
    user.post(&format!("/api/approvals/{}/reject", id(&mail)), &json!({ "reason": "No." })).await.expect(200);
    let ended = until(&user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    let told = ended["data"]["steps"].to_string();
    assert!(told.contains("A person changed the arguments"), "{told}");
    let report = user.get("/api/calibration").await;
    assert_eq!(report.expect(200).body["data"]["earned"][0]["disagreed"], 1, "nobody agreed with it as it was");
}

#[tokio::test]
async fn a_question_goes_to_the_agent_and_nothing_is_done() {
    let app = TestApp::start().await;
    let Story { user, run, change, mail, .. } = Story::begin(&app, "Grace").await;
    let path = format!("/api/approvals/{}/ask", id(&change));
    user.post(&path, &json!({ "question": "  " })).await.expect(400);
    let asked = user.post(&path, &json!({ "question": "Who wants this?" })).await;
    assert_eq!(asked.expect(200).body["data"]["status"], "superseded");
    user.post(&path, &json!({ "question": "And now?" })).await.expect(409);
    user.post(&format!("/api/approvals/{}/reject", id(&mail)), &json!({ "reason": "No." })).await.expect(200);
    let ended = until(&user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    assert!(ended["data"]["steps"].to_string().contains("Who wants this?"));
    let report = user.get("/api/calibration").await;
    let earned = report.expect(200).body["data"]["earned"].clone();
    assert!(earned.as_array().unwrap().iter().all(|one| one["tool"] == "send_email"), "no yes and no no: {earned}");
}

#[tokio::test]
async fn where_two_have_to_agree_one_is_not_enough_on_any_door() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    put(&grace, json!({ "quorum": 2 })).await.expect(400);
    let ada = admin(&app, &grace, "Ada").await;
    let changed = put(&grace, json!({ "quorum": 2 })).await;
    let proposal = changed.expect(200).body["data"]["approvalId"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/approvals/{proposal}/approve"), &json!({})).await.expect(200);
    let held = |body: &Value| body["data"].as_array().is_some_and(|all| all.len() == 2);
    until(&ada, "/api/approval-policies", held).await;

    let story = Story::of(grace).await;
    let (grace, item) = (&story.user, id(&story.change).to_owned());
    let path = format!("/api/approvals/{item}/approve");
    let first = grace.post(&path, &json!({})).await;
    let first = &first.expect(200).body["data"];
    assert_eq!(
        (&first["status"], &first["agreement"]["agreed"], &first["quorum"]),
        (&json!("pending"), &json!(1), &json!(2))
    );
    grace.post(&path, &json!({})).await.expect(409);
    grace.post(&format!("/approvals/{item}/resolve"), &json!({ "status": "approved" })).await.expect(409);
    let bulk = grace.post("/api/approvals/bulk", &json!({ "ids": [item], "action": "approve" })).await;
    assert_eq!(bulk.expect(200).body["errors"][0]["code"], "CONFLICT");
    assert_eq!(detail(grace, &item).await["status"], "pending");

    // Whoever changes it begins anew, and counts as the first.
    let mut arguments = first["arguments"].clone();
    arguments["changes"]["discount_percent"] = json!(7);
    let edited = grace.post(&format!("/api/approvals/{item}/edit"), &json!({ "arguments": arguments })).await;
    let edited = edited.expect(200).body["data"].clone();
    assert_eq!((&edited["status"], &edited["agreement"]["agreed"]), (&json!("pending"), &json!(1)));
    let second = ada.post(&format!("/api/approvals/{}/approve", id(&edited)), &json!({})).await;
    assert_eq!(second.expect(200).body["data"]["status"], "approved");
}

#[tokio::test]
async fn what_nobody_decided_on_in_time_is_not_done_and_is_nobodys_decision() {
    let app = TestApp::start().await;
    let Story { user, change, mail, run, .. } = Story::begin(&app, "Grace").await;
    let soon = hyvve_domain::Timestamp::now().plus(std::time::Duration::from_millis(400));
    for item in [&change, &mail] {
        let path = format!("/api/approvals/{}", id(item));
        let due = json!({ "dueAt": soon });
        Reply::of(user.request(Method::PATCH, &path).json(&due)).await.expect(200);
    }
    let path = format!("/api/approvals/{}", id(&change));
    let ended = until(&user, &path, |body| body["data"]["status"] == "timed_out").await;
    assert_eq!((&ended["data"]["decidedBy"], &ended["data"]["effect"]), (&Value::Null, &Value::Null));
    user.post(&format!("{path}/approve"), &json!({})).await.expect(409);
    until(&user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    let status = user.get(&format!("/approvals/{}/status", id(&change))).await;
    assert_eq!(status.expect(200).body["status"], "expired");
    let past = json!({ "dueAt": "2020-01-01T00:00:00.000Z" });
    let next = Story::of(user.clone()).await;
    let path = format!("/api/approvals/{}", id(&next.change));
    Reply::of(user.request(Method::PATCH, &path).json(&past)).await.expect(400);
}

#[tokio::test]
async fn an_item_is_handed_over_put_off_and_talked_about() {
    let app = TestApp::start().await;
    let Story { user, change, .. } = Story::begin(&app, "Grace").await;
    let ada = admin(&app, &user, "Ada").await;
    let viewer = app.sign_up("Vic").await;
    join(&user, &viewer, "viewer").await;
    let who = |caller: Caller| async move {
        caller.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/api/approvals/{}", id(&change));
    let patch = async |body: Value| Reply::of(user.request(Method::PATCH, &path).json(&body)).await;
    patch(json!({ "assigneeId": who(viewer).await })).await.expect(400);
    let handed = patch(json!({ "assigneeId": who(ada.clone()).await })).await;
    assert_eq!(handed.expect(200).body["data"]["assignee"], "Ada");
    let later = hyvve_domain::Timestamp::now().plus(std::time::Duration::from_hours(1));
    let off = patch(json!({ "snoozedUntil": later })).await;
    let off = &off.expect(200).body["data"];
    assert_eq!((&off["assignee"], off["snoozedUntil"].is_string()), (&json!("Ada"), true));
    assert_eq!(patch(json!({ "assigneeId": null })).await.expect(200).body["data"]["assignee"], Value::Null);

    ada.post(&format!("{path}/comments"), &json!({ "body": "" })).await.expect(400);
    let said = ada.post(&format!("{path}/comments"), &json!({ "body": "Is this the right Ada?" })).await;
    let comments = &said.expect(200).body["data"]["comments"];
    assert_eq!((&comments[0]["by"], &comments[0]["body"]), (&json!("Ada"), &json!("Is this the right Ada?")));
    let verdict = user.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
}

#[tokio::test]
async fn where_two_have_to_agree_nothing_goes_on_by_itself_and_nobody_waits_for_whoever_has_left() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "0")]).await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let proposal = put(&grace, json!({ "quorum": 2 })).await.expect(200).body["data"]["approvalId"].clone();
    ada.post(&format!("/api/approvals/{}/approve", proposal.as_str().unwrap()), &json!({})).await.expect(200);
    let held = |body: &Value| body["data"].as_array().is_some_and(|all| all.len() == 2);
    until(&ada, "/api/approval-policies", held).await;
    let story = Story::of(grace).await;
    trusted(&app, &story, &story.change, 200).await;
    let next = propose(&story, 33).await;
    let shown = detail(&story.user, id(&next)).await;
    assert_eq!((&shown["status"], &shown["review"]), (&json!("pending"), &json!("quick")), "however much was earned");
    assert!(shown["confidence"]["because"].as_str().is_some_and(|why| why.contains("2 people")));

    // A vote of somebody who may not decide any more does not count, and nobody waits for one who is gone.
    let path = format!("/api/approvals/{}/approve", id(&next));
    ada.post(&path, &json!({})).await.expect(200);
    let ada_id = ada.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned();
    let member = format!("/api/workspaces/{}/members/{ada_id}", story.user.workspace());
    Reply::of(story.user.request(Method::PATCH, &member).json(&json!({ "role": "member" }))).await.expect(200);
    assert_eq!(detail(&story.user, id(&next)).await["agreement"]["agreed"], 0);
    let alone = story.user.post(&path, &json!({})).await;
    assert_eq!(alone.expect(200).body["data"]["status"], "approved");
}
