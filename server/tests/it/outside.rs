//! Outside agents: they propose, wait for the decision, do it themselves, and say what became of it.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    support::{Caller, Reply, TestApp, id, until},
    workspaces::join,
};

/// A workspace: who decides, and an outside agent with a key of somebody else's.
struct World {
    app: TestApp,
    owner: Caller,
    member: Caller,
    agent: Caller,
}

impl World {
    async fn begin() -> Self {
        let app = TestApp::start().await;
        let (owner, member) = (app.sign_up("Grace").await, app.sign_up("Mia").await);
        join(&owner, &member, "member").await;
        let member = member.in_workspace(owner.workspace());
        let agent = key(&member, &["propose"]).await;
        Self { app, owner, member, agent }
    }

    async fn decide(&self, item: &Value, how: &str, body: Value) -> Reply {
        self.owner.post(&format!("/api/approvals/{}/{how}", id(item)), &body).await
    }
}

pub(crate) async fn key(of: &Caller, scopes: &[&str]) -> Caller {
    let path = format!("/api/workspaces/{}/api-keys", of.workspace());
    let made = of.post(&path, &json!({ "name": "Outside", "scopes": scopes })).await;
    let secret = made.expect(201).body["data"]["secret"].as_str().unwrap().to_owned();
    of.clone().with_key(&secret)
}

fn refund() -> Value {
    json!({
        "action": "refund_payment", "arguments": { "payment": "p-17", "amount": 20.0, "lines": ["a", "b"] },
        "title": "Twenty back for Ada", "reason": "It broke.", "confidence": 80, "reversible": true,
    })
}

async fn proposed(agent: &Caller, body: &Value) -> Value {
    agent.post("/api/approvals", body).await.expect(201).body["data"].clone()
}

async fn decision(agent: &Caller, item: &Value, seconds: u64) -> Value {
    let reply = agent.get(&format!("/api/approvals/{}/decision?waitSeconds={seconds}", id(item))).await;
    reply.expect(200).body["data"].clone()
}

async fn report(agent: &Caller, item: &Value, body: Value) -> Reply {
    agent.post(&format!("/api/approvals/{}/outcome", id(item)), &body).await
}

#[tokio::test]
async fn what_an_outside_agent_proposes_is_shown_as_it_is_decided_on_and_reported_once() {
    let world = World::begin().await;
    let item = proposed(&world.agent, &refund()).await;
    assert_eq!(
        (&item["type"], &item["status"], &item["review"]),
        (&json!("external"), &json!("pending"), &json!("full"))
    );
    assert_eq!((&item["title"], &item["proposer"]), (&json!("refund_payment: Twenty back for Ada"), &json!("Mia")));
    assert_eq!(item["reversibility"], "reversible");
    let path = format!("/api/approvals/{}", id(&item));
    let shown = world.owner.get(&path).await.expect(200).body["data"].clone();
    assert_eq!(
        shown["preview"],
        json!({ "kind": "external", "action": "refund_payment", "arguments": { "payment": "p-17", "amount": 20, "lines": ["a", "b"] } })
    );
    assert_eq!((&shown["reason"], &shown["outside"]["confidence"]), (&json!("It broke."), &json!(80)));

    let waiting = decision(&world.agent, &item, 0).await;
    assert_eq!((&waiting["status"], &waiting["approved"]), (&json!("pending"), &Value::Null));
    let early = json!({ "happened": true, "hash": item["hash"] });
    report(&world.agent, &item, early).await.expect(409);

    let asked = Instant::now();
    let (decided, ()) = tokio::join!(decision(&world.agent, &item, 30), async {
        sleep(Duration::from_millis(300)).await;
        world.decide(&item, "approve", json!({})).await.expect(200);
    });
    assert!(asked.elapsed() < Duration::from_secs(10), "as soon as it is decided");
    assert_eq!((&decided["approved"], &decided["status"]), (&json!(true), &json!("approved")));
    assert_eq!((&decided["hash"], &decided["arguments"]), (&item["hash"], &shown["preview"]["arguments"]));
    let shown = world.owner.get(&path).await.expect(200).body["data"].clone();
    assert_eq!(shown["effect"], "executing", "approved is not done");
    let page = world.owner.get(&format!("/w/{}/approvals/{}", slug(&world.owner).await, id(&item))).await;
    assert!(page.expect(200).text.contains("Waiting for the outside agent"));

    let done = json!({ "happened": true, "result": { "refund": "r-1" }, "hash": item["hash"] });
    let wrong = json!({ "happened": true, "hash": "0".repeat(64) });
    report(&world.agent, &item, wrong).await.expect(409);
    report(&world.owner, &item, done.clone()).await.expect(403);
    let reports = join_all((0..5).map(|_| report(&world.agent, &item, done.clone()))).await;
    assert_eq!(reports.iter().filter(|reply| reply.status == 200).count(), 1, "once");
    assert_eq!(reports.iter().filter(|reply| reply.status == 409).count(), 4);
    let shown = world.owner.get(&path).await.expect(200).body["data"].clone();
    assert_eq!((&shown["effect"], &shown["effectDetail"]["result"]), (&json!("done"), &json!({ "refund": "r-1" })));
    let last = shown["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["what"], &last["who"]), (&json!("effect_done"), &json!("Mia")));

    let log = world.owner.get("/api/audit-log?limit=50").await.expect(200).body["data"].clone();
    let of = |action: &str| log.as_array().unwrap().iter().filter(|row| row["action"] == action).count();
    assert_eq!((of("approval.requested"), of("approval.approved"), of("effect.done")), (1, 1, 1));
    let verdict = world.owner.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
}

async fn slug(of: &Caller) -> String {
    let list = of.get("/api/workspaces").await.expect(200).body["data"].clone();
    let own = list.as_array().unwrap().iter().find(|workspace| workspace["id"] == of.workspace());
    own.unwrap()["slug"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_failed_is_no_effect_and_what_was_rejected_never_gets_one() {
    let world = World::begin().await;
    let item = proposed(&world.agent, &refund()).await;
    world.decide(&item, "approve", json!({})).await.expect(200);
    decision(&world.agent, &item, 10).await;
    for bad in [
        json!({ "happened": false, "result": {}, "hash": item["hash"] }),
        json!({ "happened": true, "error": "x", "hash": item["hash"] }),
        json!({ "happened": true, "result": "x".repeat(40_000), "hash": item["hash"] }),
        json!({ "happened": true, "hash": item["hash"], "by": "me" }),
    ] {
        report(&world.agent, &item, bad).await.expect(400);
    }
    let failed =
        report(&world.agent, &item, json!({ "happened": false, "error": "Card gone.", "hash": item["hash"] })).await;
    assert_eq!(failed.expect(200).body["data"]["effect"], "failed");

    let other = proposed(&world.agent, &refund()).await;
    world.decide(&other, "reject", json!({ "reason": "Too much." })).await.expect(200);
    let told = decision(&world.agent, &other, 10).await;
    assert_eq!((&told["approved"], &told["reason"]), (&json!(false), &json!("Too much.")));
    report(&world.agent, &other, json!({ "happened": true, "hash": other["hash"] })).await.expect(409);
    let shown = world.owner.get(&format!("/api/approvals/{}", id(&other))).await.expect(200).body["data"].clone();
    assert_eq!((&shown["effect"], &shown["effectDetail"]), (&Value::Null, &Value::Null));

    let third = proposed(&world.agent, &refund()).await;
    world.decide(&third, "ask", json!({ "question": "Why twenty?" })).await.expect(200);
    let told = decision(&world.agent, &third, 10).await;
    assert_eq!((&told["approved"], &told["question"]), (&json!(false), &json!("Why twenty?")));
}

#[tokio::test]
async fn nobody_decides_on_what_a_program_with_their_key_proposed() {
    let world = World::begin().await;
    let own = key(&world.owner, &["propose", "decide"]).await;
    let item = proposed(&own, &refund()).await;
    for who in [&own, &world.owner] {
        who.post(&format!("/api/approvals/{}/approve", id(&item)), &json!({})).await.expect(403);
    }
    let viewer = world.app.sign_up("Vic").await;
    join(&world.owner, &viewer, "viewer").await;
    viewer.in_workspace(world.owner.workspace()).post("/api/approvals", &refund()).await.expect(403);
    key(&world.member, &["read"]).await.post("/api/approvals", &refund()).await.expect(403);
}

#[tokio::test]
async fn a_change_by_a_person_is_what_may_be_done() {
    let world = World::begin().await;
    let item = proposed(&world.agent, &refund()).await;
    let shown = world.owner.get(&format!("/api/approvals/{}", id(&item))).await.expect(200).body["data"].clone();
    let mut arguments = shown["arguments"].clone();
    arguments["arguments"]["amount"] = json!(5);
    let mut other = arguments.clone();
    other["action"] = json!("delete_everything");
    let mut huge = arguments.clone();
    huge["arguments"]["note"] = json!("x".repeat(140_000));
    let mut inexact = arguments.clone();
    inexact["arguments"]["amount"] = json!(9_007_199_254_740_993_u64);
    for refused in [other, huge, inexact] {
        world.decide(&item, "edit", json!({ "arguments": refused })).await.expect(400);
    }
    let edited = world.decide(&item, "edit", json!({ "arguments": arguments, "hash": item["hash"] })).await;
    let edited = edited.expect(200).body["data"].clone();
    let told = decision(&world.agent, &item, 10).await;
    assert_eq!((&told["id"], &told["hash"]), (&edited["id"], &edited["hash"]));
    assert_eq!((&told["approved"], &told["arguments"]["amount"]), (&json!(true), &json!(5)));
    report(&world.agent, &item, json!({ "happened": true, "hash": item["hash"] })).await.expect(409);
    let done = report(&world.agent, &item, json!({ "happened": true, "hash": edited["hash"] })).await;
    assert_eq!(done.expect(200).body["data"]["effect"], "done");
}

#[tokio::test]
async fn an_approval_that_can_be_taken_back_is_not_told_yet() {
    let world = World::begin().await;
    let item = proposed(&world.agent, &refund()).await;
    let form = [("id", id(&item)), ("verdict", "approve"), ("note", ""), ("hash", item["hash"].as_str().unwrap())];
    let request = world.owner.request(Method::POST, "/_fn/approvals/decide").form(&form);
    let reply = Reply::of(request).await;
    assert!(reply.status.is_success() || reply.status.is_redirection(), "{}", reply.text);
    let shown = world.owner.get(&format!("/api/approvals/{}", id(&item))).await.expect(200).body["data"].clone();
    assert_eq!((&shown["status"], &shown["effect"]), (&json!("approved"), &json!("intended")));
    assert_eq!(decision(&world.agent, &item, 1).await["approved"], Value::Null);
    report(&world.agent, &item, json!({ "happened": true, "hash": item["hash"] })).await.expect(409);
    assert_eq!(decision(&world.agent, &item, 30).await["approved"], true, "once it cannot be");
}

#[tokio::test]
async fn what_cannot_be_a_proposal_is_refused_by_field() {
    let world = World::begin().await;
    let long = "x".repeat(140_000);
    for (change, field) in [
        (json!({ "action": "" }), "action"),
        (json!({ "action": "a\u{430}" }), "action"),
        (json!({ "action": "x".repeat(101) }), "action"),
        (json!({ "arguments": [1] }), "arguments"),
        (json!({ "arguments": { "a": long } }), "arguments"),
        (json!({ "title": "a\u{202e}b" }), "title"),
        (json!({ "reason": "x".repeat(2_001) }), "reason"),
        (json!({ "confidence": 101 }), "confidence"),
        (json!({ "workspace": "mine" }), "workspace"),
    ] {
        let mut body = refund();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = world.agent.post("/api/approvals", &body).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field);
    }
    for text in [
        r#"{"action":"x","arguments":{"a":1,"a":2}}"#,
        r#"{"action":"x","arguments":{"a":9007199254740993}}"#,
        r#"{"action":"x","arguments":{"a":"\u0000"}}"#,
    ] {
        let request = world.agent.request(Method::POST, "/api/approvals").header("content-type", "application/json");
        Reply::of(request.body(text)).await.expect(400);
    }
    let item = proposed(&world.agent, &refund()).await;
    world.agent.get(&format!("/api/approvals/{}/decision?waitSeconds=61", id(&item))).await.expect(400);
}

#[tokio::test]
async fn another_tenants_proposals_are_not_there() {
    let world = World::begin().await;
    let item = proposed(&world.agent, &refund()).await;
    let eve = world.app.sign_up("Eve").await;
    let stranger = key(&eve, &["propose", "read", "decide"]).await;
    stranger.get(&format!("/api/approvals/{}/decision?waitSeconds=30", id(&item))).await.expect(404);
    report(&stranger, &item, json!({ "happened": true, "hash": item["hash"] })).await.expect(404);
    let ned = world.app.sign_up("Ned").await;
    join(&world.owner, &ned, "member").await;
    let ned = key(&ned.in_workspace(world.owner.workspace()), &["propose"]).await;
    ned.get(&format!("/api/approvals/{}/decision", id(&item))).await.expect(404);
    assert_eq!(stranger.get("/api/approvals").await.expect(200).body["data"], json!([]));
}

#[tokio::test]
async fn whoever_is_let_out_in_the_middle_of_a_wait_is_told_nothing() {
    let world = World::begin().await;
    let item = proposed(&world.agent, &refund()).await;
    let person = world.member.get("/api/auth/session").await.expect(200).body["user"]["id"].clone();
    let path = format!("/api/workspaces/{}/members/{}", world.owner.workspace(), person.as_str().unwrap());
    let wait = format!("/api/approvals/{}/decision?waitSeconds=30", id(&item));
    let (waited, ()) = tokio::join!(world.agent.get(&wait), async {
        sleep(Duration::from_millis(300)).await;
        Reply::of(world.owner.request(Method::DELETE, &path)).await.expect(200);
        world.decide(&item, "approve", json!({})).await.expect(200);
    });
    assert!([401, 403, 404].contains(&waited.status.as_u16()), "{}", waited.text);
}

#[tokio::test]
async fn a_policy_for_outside_agents_says_how_many_agree_and_until_when() {
    let world = World::begin().await;
    let admin = world.app.sign_up("Ann").await;
    let policy = json!({
        "tool": "external", "thresholds": { "auto": 85, "quick": 60, "target": 0.95, "sample": 0.05 },
        "handling": { "dueMinutes": 60 },
    });
    Reply::of(world.owner.request(Method::PUT, "/api/approval-policies").json(&policy)).await.expect(200);
    join(&world.owner, &admin, "admin").await;
    let item = proposed(&world.agent, &refund()).await;
    assert!(item["dueAt"].is_string());
    until(&world.owner, "/api/approvals?type=external", |body| body["meta"]["total"] == 1).await;
}

#[tokio::test]
async fn whoever_listens_is_told_the_verdict_on_which_action_and_the_hash_of_exactly_that() {
    let world = World::begin().await;
    let [yes, no, why, less] = [
        proposed(&world.agent, &refund()).await,
        proposed(&world.agent, &refund()).await,
        proposed(&world.agent, &refund()).await,
        proposed(&world.agent, &refund()).await,
    ];
    world.decide(&yes, "approve", json!({})).await.expect(200);
    world.decide(&no, "reject", json!({ "reason": "Too much." })).await.expect(200);
    world.decide(&why, "ask", json!({ "question": "Why twenty?" })).await.expect(200);
    let shown = world.owner.get(&format!("/api/approvals/{}", id(&less))).await.expect(200).body["data"].clone();
    let mut arguments = shown["arguments"].clone();
    arguments["arguments"]["amount"] = json!(5);
    let edited = world.decide(&less, "edit", json!({ "arguments": arguments, "hash": less["hash"] })).await;
    let edited = edited.expect(200).body["data"].clone();
    for item in [&yes, &edited] {
        assert_eq!(decision(&world.agent, item, 10).await["approved"], true);
    }

    let read = world.owner.get("/api/events?limit=200").await.expect(200).body["data"].clone();
    let told = |name: &str, item: &Value| {
        let mut events = read.as_array().unwrap().iter();
        let found = events.find(|event| event["type"] == name && event["subjectId"] == item["id"]);
        found.unwrap_or_else(|| panic!("no {name} of {item}"))["payload"].clone()
    };
    for (name, item, verdict) in [
        ("approval.approved", &yes, "approve"),
        ("approval.rejected", &no, "reject"),
        ("approval.asked", &why, "respond"),
        ("approval.edited", &less, "edit"),
        ("approval.approved", &edited, "approve"),
    ] {
        let payload = told(name, item);
        let expected = (&json!("external"), &json!("refund_payment"), &item["hash"], &json!(verdict));
        assert_eq!((&payload["tool"], &payload["action"], &payload["hash"], &payload["verdict"]), expected, "{name}");
        let replaced = if name == "approval.edited" { edited["id"].clone() } else { Value::Null };
        assert_eq!(payload["replacedBy"], replaced, "{name}");
    }
    for (name, item) in [("approval.requested", &yes), ("approval.requested", &edited), ("effect.executing", &edited)] {
        let payload = told(name, item);
        assert_eq!((&payload["action"], &payload["hash"]), (&json!("refund_payment"), &item["hash"]), "{name}");
        assert_eq!(payload.get("verdict"), None, "{name} is no decision");
    }
}
