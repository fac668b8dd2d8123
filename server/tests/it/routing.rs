//! Which look a proposal gets: what agents have earned, what policies ask for, and what goes on by itself.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::{
    support::{Caller, Reply, Story, TestApp, cluster::superuser, id, until},
    workspaces::join,
};

/// Lets people have agreed so often with everything that the story's agent proposes with a tool, and with all of its sort.
pub(crate) async fn trusted(app: &TestApp, story: &Story, item: &Value, agreed: i32) {
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let cell = "INSERT INTO calibration (workspace_id, tool, agent_id, setup, agreed, disagreed, watch)
         SELECT workspace_id, tool, proposer_id, setup, array_fill($2, ARRAY[5]), array_fill(0, ARRAY[5]), 1
         FROM approval_items WHERE id = $1::uuid";
    sqlx::query(cell).bind(id(item)).bind(agreed).execute(&mut root).await.unwrap();
    assert!(!story.agent.is_empty());
}

/// Asks the story's agent for one more change of a record; answers the proposal as soon as it is there.
pub(crate) async fn propose(story: &Story, percent: u32) -> Value {
    let message = format!("Give Ada Lovelace a {percent} % discount");
    let fields = [("message", message.as_str()), ("stream", "false"), ("background", "true")];
    let accepted = story.user.post_form(&format!("/agents/{}/runs", story.agent), &fields).await;
    let run = accepted.expect(202).body["run_id"].as_str().unwrap().to_owned();
    let there = |body: &Value| items(body).any(|item| item["runId"] == run.as_str());
    let listed = until(&story.user, "/api/approvals?pageSize=100", there).await;
    items(&listed).find(|item| item["runId"] == run.as_str()).unwrap().clone()
}

fn items(body: &Value) -> impl Iterator<Item = &Value> {
    body["data"].as_array().into_iter().flatten()
}

async fn detail(user: &Caller, item: &Value) -> Value {
    user.get(&format!("/api/approvals/{}", id(item))).await.expect(200).body["data"].clone()
}

async fn put(user: &Caller, policy: Value) -> Reply {
    Reply::of(user.request(Method::PUT, "/api/approval-policies").json(&policy)).await
}

fn policy(thresholds: (f64, f64, f64, f64), rules: Value) -> Value {
    let (auto, quick, target, sample) = thresholds;
    json!({
        "tool": "update_record",
        "thresholds": { "auto": auto, "quick": quick, "target": target, "sample": sample },
        "rules": rules,
    })
}

#[tokio::test]
async fn nobody_has_earned_anything_at_first_and_every_factor_says_why() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let shown = detail(&story.user, &story.change).await;
    assert_eq!((&shown["review"], &shown["score"]), (&json!("full"), &Value::Null));
    let confidence = &shown["confidence"];
    let factors = confidence["factors"].as_array().unwrap();
    assert_eq!(factors.len(), 8);
    assert!((factors.iter().map(|f| f["weight"].as_f64().unwrap()).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(factors.iter().all(|f| f["explanation"].as_str().is_some_and(|words| words.ends_with('.'))));
    assert!(confidence["because"].as_str().is_some_and(|why| why.contains("too few")), "{confidence}");

    // A decision is learned from at once, and taken back with it.
    let at = format!("/api/approvals/{}", id(&story.change));
    story.user.post(&format!("{at}/reject"), &json!({ "reason": "No." })).await.expect(200);
    let report = story.user.get("/api/calibration").await;
    let earned = &report.expect(200).body["data"]["earned"];
    assert_eq!((&earned[0]["agreed"], &earned[0]["disagreed"]), (&json!(0), &json!(1)));
    let log = story.user.get("/api/audit-log?limit=200").await;
    let requested = items(&log.expect(200).body).find(|row| row["action"] == "approval.requested").unwrap().clone();
    assert_eq!(requested["details"]["routing"]["review"], "full");
}

#[tokio::test]
async fn what_has_earned_it_goes_on_by_itself_and_a_mail_never_does() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "0")]).await;
    let story = Story::begin(&app, "Grace").await;
    trusted(&app, &story, &story.mail, 200).await;
    let next = Story::of(story.user.clone()).await;
    let mail = detail(&next.user, &next.mail).await;
    assert_eq!((&mail["status"], &mail["review"]), (&json!("pending"), &json!("quick")));
    assert!(mail["confidence"]["because"].as_str().is_some_and(|why| why.contains("cannot be taken back")));

    trusted(&app, &story, &story.change, 200).await;
    let item = propose(&story, 35).await;
    let path = format!("/api/approvals/{}", id(&item));
    let ended = until(&story.user, &path, |body| body["data"]["effect"] == "done").await;
    let ended = &ended["data"];
    assert_eq!((&ended["status"], &ended["review"]), (&json!("auto_approved"), &json!("auto")));
    assert_eq!(ended["decidedBy"], Value::Null, "nobody decided");
    assert!(ended["score"].as_f64().is_some_and(|score| score > 95.0) || ended["sample"].is_object());
    let log = story.user.get("/api/audit-log?limit=200").await;
    let let_through =
        items(&log.expect(200).body).find(|row| row["action"] == "approval.auto_approved").unwrap().clone();
    assert_eq!((&let_through["actorKind"], &let_through["details"]["policyVersion"]), (&json!("system"), &json!(0)));
    let verdict = story.user.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
}

#[tokio::test]
async fn a_person_takes_back_what_a_rule_let_through_and_then_decides() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "30")]).await;
    let story = Story::begin(&app, "Grace").await;
    trusted(&app, &story, &story.change, 200).await;
    let item = propose(&story, 36).await;
    let path = format!("/api/approvals/{}", id(&item));
    until(&story.user, &path, |body| body["data"]["status"] == "auto_approved").await;
    let form = format!("id={}", id(&item));
    let undone = crate::isolation::functions::call(&story.user, "approvals/undo", form).await;
    undone.expect(200);
    let waits = detail(&story.user, &item).await;
    assert_eq!(
        (&waits["status"], &waits["review"], &waits["sample"]),
        (&json!("pending"), &json!("full"), &Value::Null)
    );
    story.user.post(&format!("{path}/reject"), &json!({ "reason": "Too much." })).await.expect(200);
    assert_eq!(detail(&story.user, &item).await["status"], "rejected");
}

#[tokio::test]
async fn a_share_is_looked_at_afterwards_without_its_score_and_a_no_is_learned() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "0")]).await;
    let story = Story::begin(&app, "Grace").await;
    trusted(&app, &story, &story.change, 100).await;
    put(&story.user, policy((85.0, 60.0, 0.9, 1.0), json!([]))).await.expect(200);
    let item = propose(&story, 37).await;
    let path = format!("/api/approvals/{}", id(&item));
    let there = |body: &Value| items(body).any(|found| found["id"] == item["id"]);
    let sampled = until(&story.user, "/api/approvals?sampled=true", there).await;
    assert_eq!(items(&sampled).next().unwrap()["score"], Value::Null, "hidden until somebody has said something");
    assert_eq!(detail(&story.user, &item).await["confidence"], Value::Null);
    // Whoever is asked for the look may read the log as well.
    let logged = async || {
        let log = story.user.get("/api/audit-log?limit=200").await.expect(200).body.clone();
        items(&log).filter(|row| row["subjectId"] == item["id"]).map(|row| row["details"].clone()).collect::<Vec<_>>()
    };
    let before = logged().await;
    assert!(before.len() > 1);
    for details in &before {
        assert!(details.get("score").is_none() && details["routing"].get("factors").is_none(), "{details}");
    }

    let review = format!("{path}/review");
    story.user.post(&review, &json!({ "agreed": false })).await.expect(400);
    let said = story.user.post(&review, &json!({ "agreed": false, "notes": "It should have been 5 %." })).await;
    let said = &said.expect(200).body["data"];
    assert_eq!((&said["sample"]["agreed"], &said["sample"]["by"]), (&json!(false), &json!("Grace")));
    assert!(said["confidence"].is_object(), "shown now");
    let is_told = |details: &Value| details["score"].is_number() && details["routing"]["factors"].is_object();
    assert!(logged().await.iter().any(is_told), "and in the log");
    story.user.post(&review, &json!({ "agreed": true })).await.expect(409);
    assert_eq!(story.user.get("/api/approvals?sampled=true").await.expect(200).body["meta"]["total"], 0);
    let report = story.user.get("/api/calibration").await;
    assert_eq!(report.expect(200).body["data"]["earned"][0]["disagreed"], 1);
}

#[tokio::test]
async fn a_policy_is_changed_by_two_where_there_are_two() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let ada = app.sign_up("Ada").await;
    join(&story.user, &ada, "admin").await;
    let ada = ada.in_workspace(story.user.workspace());
    let strict = policy(
        (101.0, 60.0, 0.95, 0.05),
        json!([
            { "name": "Large discounts", "when": "changes.discount_percent > 15", "review": "full" },
        ]),
    );
    let changed = put(&story.user, strict.clone()).await;
    let changed = &changed.expect(200).body["data"];
    assert_eq!(changed["version"], Value::Null);
    let proposal = changed["approvalId"].as_str().unwrap().to_owned();
    let path = format!("/api/approvals/{proposal}");
    let shown = ada.get(&path).await;
    let shown = &shown.expect(200).body["data"];
    assert_eq!(
        (&shown["preview"]["kind"], &shown["preview"]["before"]["thresholds"]["auto"]),
        (&json!("policy"), &json!(85.0))
    );
    assert_eq!(shown["preview"]["after"]["rules"][0]["name"], "Large discounts");
    story.user.post(&format!("{path}/approve"), &json!({})).await.expect(403);
    let policies = story.user.get("/api/approval-policies").await;
    assert_eq!(items(&policies.expect(200).body).count(), 1, "nothing holds yet but what HYVVE ships");

    ada.post(&format!("{path}/approve"), &json!({})).await.expect(200);
    let holds = until(&ada, "/api/approval-policies", |body| items(body).count() == 2).await;
    let held = items(&holds).find(|policy| policy["tool"] == "update_record").unwrap();
    assert_eq!((&held["version"], &held["by"]), (&json!(1), &json!("Grace")));

    // From now on the rule is asked.
    let item = propose(&story, 38).await;
    let shown = detail(&story.user, &item).await;
    assert_eq!(shown["confidence"]["policyVersion"], 1);
    let factors = shown["confidence"]["factors"].as_array().unwrap();
    let rule = factors.iter().find(|f| f["factor"] == "policy").unwrap();
    assert!(rule["explanation"].as_str().is_some_and(|words| words.contains("Large discounts")), "{rule}");
}

#[tokio::test]
async fn a_rule_asks_for_a_closer_look_than_was_earned() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "0")]).await;
    let story = Story::begin(&app, "Grace").await;
    trusted(&app, &story, &story.change, 200).await;
    let rules = json!([{ "name": "Large discounts", "when": "changes.discount_percent > 30", "review": "full" }]);
    let changed = put(&story.user, policy((85.0, 60.0, 0.95, 0.05), rules.clone())).await;
    assert_eq!(changed.expect(200).body["data"]["version"], 1, "nobody else could approve it");
    assert_eq!(detail(&story.user, &propose(&story, 31).await).await["review"], "full");
    let small = propose(&story, 5).await;
    until(&story.user, &format!("/api/approvals/{}", id(&small)), |body| body["data"]["status"] == "auto_approved")
        .await;

    let draft = policy((85.0, 60.0, 0.95, 0.05), rules);
    let tried = story.user.post("/api/approval-policies/dry-run", &draft).await;
    let tried = &tried.expect(200).body["data"];
    assert_eq!((&tried["proposals"], &tried["autoThen"], &tried["auto"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!((&tried["matched"], &tried["autoRejected"]), (&json!([1]), &json!(0)));
}

#[tokio::test]
async fn a_policy_that_makes_no_sense_is_refused_with_the_place() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let rule = |when: &str| json!([{ "name": "x", "when": when, "review": "full" }]);
    for (rules, field, word) in [
        (rule("changes.discount_percent >"), "rules[0].when", "column 27"),
        (rule("discount > 3"), "rules[0].when", "there is no “discount”"),
        (rule("collection > 3"), "rules[0].when", "types"),
        (rule("collection"), "rules[0].when", "true or false"),
        (json!([{ "name": " ", "when": "true", "review": "full" }]), "rules[0].name", "name the rule"),
        (json!([{ "name": "x", "when": "true", "review": "auto" }]), "rules[0].review", "quick or a full"),
    ] {
        let refused = put(&story.user, policy((85.0, 60.0, 0.95, 0.05), rules)).await;
        let error = &refused.expect(400).body["error"];
        assert_eq!(error["details"]["field"], field, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(word)), "{error}");
    }
    for thresholds in
        [(20.0, 10.0, 0.95, 0.05), (85.0, 90.0, 0.95, 0.05), (85.0, 60.0, 1.0, 0.05), (85.0, 60.0, 0.95, 0.0)]
    {
        put(&story.user, policy(thresholds, json!([]))).await.expect(400);
    }
    let mut unknown = policy((85.0, 60.0, 0.95, 0.05), json!([]));
    unknown["tool"] = json!("change_policy");
    put(&story.user, unknown).await.expect(400);
    assert_eq!(items(&story.user.get("/api/approval-policies").await.expect(200).body).count(), 1, "nothing was saved");
}
