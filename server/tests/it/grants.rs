//! Standing grants: what a person has allowed in advance goes on by itself, so often and no more often, and not where a rule
//! asks for a closer look.

use std::{collections::HashSet, time::Duration};

use futures::future::join_all;
use hyvve_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::{
    isolation::functions::call,
    support::{Caller, Reply, Story, TestApp, cluster::superuser, id, until},
    workspaces::join,
};

const DAY: u64 = 24 * 60 * 60;

fn in_days(days: u64) -> Value {
    json!(Timestamp::now().plus(Duration::from_secs(days * DAY)))
}

/// A grant that the sandbox's story does not touch.
pub(crate) fn grant_of(agent: &str) -> Value {
    grant(agent, "changes.discount_percent < 3", 3)
}

fn grant(agent: &str, when: &str, max_uses: i32) -> Value {
    json!({
        "agentId": agent, "tool": "update_record", "when": when, "maxUses": max_uses, "expiresAt": in_days(7),
    })
}

/// Grants the story's agent discounts up to 10 %.
async fn granted(by: &Caller, story: &Story, max_uses: i32) -> Value {
    let made = by.post("/api/approval-grants", &grant(&story.agent, "changes.discount_percent <= 10", max_uses)).await;
    made.expect(201).body["data"].clone()
}

fn items(body: &Value) -> impl Iterator<Item = &Value> {
    body["data"].as_array().into_iter().flatten()
}

/// Asks the story's agent for one more change of a record; answers the run.
async fn ask(story: &Story, percent: u32) -> String {
    let message = format!("Give Ada Lovelace a {percent} % discount");
    let fields = [("message", message.as_str()), ("stream", "false"), ("background", "true")];
    let accepted = story.user.post_form(&format!("/agents/{}/runs", story.agent), &fields).await;
    accepted.expect(202).body["run_id"].as_str().unwrap().to_owned()
}

/// The same; answers what it has proposed, with everything that is known about it.
async fn propose(story: &Story, percent: u32) -> Value {
    let run = ask(story, percent).await;
    let there = |body: &Value| items(body).any(|item| item["runId"] == run.as_str());
    let listed = until(&story.user, "/api/approvals?pageSize=100", there).await;
    let item = items(&listed).find(|item| item["runId"] == run.as_str()).unwrap();
    detail(story, item).await
}

async fn detail(story: &Story, item: &Value) -> Value {
    story.user.get(&format!("/api/approvals/{}", id(item))).await.expect(200).body["data"].clone()
}

async fn grants(user: &Caller) -> Vec<Value> {
    let listed = user.get("/api/approval-grants").await;
    items(&listed.expect(200).body).cloned().collect()
}

async fn log(user: &Caller, action: &str) -> Vec<Value> {
    let log = user.get("/api/audit-log?limit=200").await;
    items(&log.expect(200).body).filter(|row| row["action"] == action).cloned().collect()
}

async fn revoke(user: &Caller, grant: &Value) -> Reply {
    Reply::of(user.request(Method::DELETE, &format!("/api/approval-grants/{}", id(grant)))).await
}

async fn gone_on(story: &Story, item: &Value) -> Value {
    let path = format!("/api/approvals/{}", id(item));
    until(&story.user, &path, |body| body["data"]["status"] == "auto_approved").await["data"].clone()
}

#[tokio::test]
async fn what_a_grant_covers_goes_on_by_itself_and_is_counted() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "0")]).await;
    let story = Story::begin(&app, "Grace").await;
    let grant = granted(&story.user, &story, 2).await;
    assert_eq!((&grant["used"], &grant["state"], &grant["by"]), (&json!(0), &json!("live"), &json!("Grace")));

    let covered = propose(&story, 5).await;
    let covered = gone_on(&story, &covered).await;
    assert_eq!((&covered["grantId"], &covered["decidedBy"]), (&grant["id"], &Value::Null));
    let because = "A standing grant of Grace covers it: 1 of 2 used.";
    assert!(covered["confidence"]["because"] == because || covered["sample"].is_object(), "{covered:#}");
    let path = format!("/api/approvals/{}", id(&covered));
    until(&story.user, &path, |body| body["data"]["effect"] == "done").await;
    let let_through = log(&story.user, "approval.auto_approved").await;
    assert_eq!((let_through.len(), &let_through[0]["details"]["grant"]), (1, &grant["id"]));
    let requested = log(&story.user, "approval.requested").await;
    let routing = &requested[0]["details"]["routing"];
    assert_eq!(routing["grant"], json!({ "id": grant["id"], "used": 1, "maxUses": 2 }));

    let other = propose(&story, 12).await;
    assert_eq!(
        (&other["status"], &other["review"], &other["grantId"]),
        (&json!("pending"), &json!("full"), &Value::Null)
    );
    gone_on(&story, &propose(&story, 6).await).await;
    let third = propose(&story, 7).await;
    assert_eq!((&third["status"], &third["grantId"]), (&json!("pending"), &Value::Null), "it is used up");
    let held = &grants(&story.user).await[0];
    assert_eq!((&held["used"], &held["state"]), (&json!(2), &json!("used_up")));

    let report = story.user.get("/api/calibration").await;
    assert_eq!(report.expect(200).body["data"]["earned"], json!([]), "only people teach");
    let verdict = story.user.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
}

#[tokio::test]
async fn fifty_at_once_never_use_a_grant_more_often_than_it_allows() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "60")]).await;
    let story = Story::begin(&app, "Grace").await;
    let grant = granted(&story.user, &story, 7).await;
    let runs: HashSet<String> = join_all((0..50).map(|_| ask(&story, 5))).await.into_iter().collect();
    let of_runs = |body: &Value| {
        let mine = |item: &&Value| item["runId"].as_str().is_some_and(|run| runs.contains(run));
        items(body).filter(mine).cloned().collect::<Vec<_>>()
    };
    let settled = |body: &Value| {
        let found = of_runs(body);
        found.len() == 50 && !found.iter().any(|item| item["review"] == "auto" && item["status"] == "pending")
    };
    let listed = of_runs(&until(&story.user, "/api/approvals?pageSize=100", settled).await);
    let of = |status: &str| listed.iter().filter(|item| item["status"] == status).count();
    assert_eq!((of("auto_approved"), of("pending")), (7, 43));
    let held = &grants(&story.user).await[0];
    assert_eq!((&held["id"], &held["used"], &held["state"]), (&grant["id"], &json!(7), &json!("used_up")));
    let mut counted: Vec<i64> = log(&story.user, "approval.requested")
        .await
        .iter()
        .filter_map(|row| row["details"]["routing"]["grant"]["used"].as_i64())
        .collect();
    counted.sort_unstable();
    assert_eq!(counted, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_rule_that_asks_for_a_closer_look_and_a_quorum_count_more() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    granted(&story.user, &story, 5).await;
    let policy = |rules: Value, quorum: u32| {
        json!({
            "tool": "update_record", "rules": rules, "handling": { "quorum": quorum },
            "thresholds": { "auto": 85.0, "quick": 60.0, "target": 0.95, "sample": 0.05 },
        })
    };
    let put = async |user: &Caller, policy: Value| {
        Reply::of(user.request(Method::PUT, "/api/approval-policies").json(&policy)).await
    };
    let rules = json!([{ "name": "Any discount", "when": "changes.discount_percent > 0", "review": "quick" }]);
    put(&story.user, policy(rules, 1)).await.expect(200);
    let asked = propose(&story, 5).await;
    assert_eq!((&asked["status"], &asked["grantId"]), (&json!("pending"), &Value::Null));
    assert_ne!(asked["review"], "auto");

    let ada = app.sign_up("Ada").await;
    join(&story.user, &ada, "admin").await;
    let ada = ada.in_workspace(story.user.workspace());
    let changed = put(&story.user, policy(json!([]), 2)).await;
    let proposal = changed.expect(200).body["data"]["approvalId"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/approvals/{proposal}/approve"), &json!({})).await.expect(200);
    let holds = |body: &Value| items(body).any(|policy| policy["handling"]["quorum"] == 2);
    until(&ada, "/api/approval-policies", holds).await;
    let several = propose(&story, 6).await;
    assert_eq!((&several["status"], &several["grantId"]), (&json!("pending"), &Value::Null));
    let refused = ada.post("/api/approval-grants", &grant_of(&story.agent)).await;
    assert_eq!(refused.expect(400).body["error"]["details"]["field"], "tool");
    assert_eq!(grants(&ada).await[0]["used"], 0);
}

#[tokio::test]
async fn what_is_revoked_or_over_or_whose_maker_decides_no_more_covers_nothing() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "60")]).await;
    let story = Story::begin(&app, "Grace").await;
    let ada = app.sign_up("Ada").await;
    join(&story.user, &ada, "admin").await;
    let session = ada.get("/api/auth/session").await.expect(200).body.clone();
    let member = id(&session["user"]);
    let ada = ada.in_workspace(story.user.workspace());
    let state = async || grants(&story.user).await[0]["state"].clone();
    let pending = async |percent: u32| {
        let item = propose(&story, percent).await;
        assert_eq!((&item["status"], &item["grantId"]), (&json!("pending"), &Value::Null), "{percent}");
    };

    let first = granted(&ada, &story, 5).await;
    revoke(&story.user, &first).await.expect(200);
    revoke(&story.user, &first).await.expect(409);
    let held = &grants(&story.user).await[0];
    assert_eq!((&held["state"], &held["revokedBy"]), (&json!("revoked"), &json!("Grace")));
    assert_eq!(log(&story.user, "approval_grant.created").await.len(), 1);
    assert_eq!(log(&story.user, "approval_grant.revoked").await.len(), 1);
    pending(5).await;

    let second = granted(&ada, &story, 5).await;
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let over = "UPDATE approval_grants SET expires_at = now() - interval '1 second' WHERE id = $1::uuid";
    sqlx::query(over).bind(id(&second)).execute(&mut root).await.unwrap();
    assert_eq!(state().await, "expired");
    pending(6).await;

    granted(&ada, &story, 5).await;
    gone_on(&story, &propose(&story, 7).await).await;
    let path = format!("/api/workspaces/{}/members/{member}", story.user.workspace());
    Reply::of(story.user.request(Method::PATCH, &path).json(&json!({ "role": "member" }))).await.expect(200);
    assert!(grants(&story.user).await.iter().any(|grant| grant["state"] == "maker_gone"));
    pending(8).await;
}

#[tokio::test]
async fn taking_it_back_gives_the_use_back() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "60")]).await;
    let story = Story::begin(&app, "Grace").await;
    granted(&story.user, &story, 1).await;
    let item = propose(&story, 5).await;
    gone_on(&story, &item).await;
    assert_eq!(grants(&story.user).await[0]["used"], 1);
    call(&story.user, "approvals/undo", format!("id={}", id(&item))).await.expect(200);
    let waits = detail(&story, &item).await;
    assert_eq!((&waits["status"], &waits["review"]), (&json!("pending"), &json!("full")));
    let held = &grants(&story.user).await[0];
    assert_eq!((&held["used"], &held["state"]), (&json!(0), &json!("live")));
    gone_on(&story, &propose(&story, 6).await).await;
}

#[tokio::test]
async fn a_grant_that_makes_no_sense_is_refused_with_the_field() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let good = grant_of(&story.agent);
    for (name, value, field, word) in [
        ("tool", json!("send_email"), "tool", "cannot be taken back"),
        ("tool", json!("search_records"), "tool", "no such tool"),
        ("tool", json!("change_policy"), "tool", "no such tool"),
        ("when", json!(" "), "when", "say when"),
        ("when", json!("true"), "when", "everything"),
        ("when", json!("changes.discount_percent <"), "when", "column"),
        ("when", json!("discount < 3"), "when", "there is no “discount”"),
        ("when", json!("collection"), "when", "true or false"),
        ("maxUses", json!(0), "maxUses", "Between 1 and"),
        ("maxUses", json!(1_001), "maxUses", "Between 1 and"),
        ("expiresAt", in_days(0), "expiresAt", "in the future"),
        ("expiresAt", in_days(91), "expiresAt", "at most 90 days"),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        let refused = story.user.post("/api/approval-grants", &bad).await;
        let error = &refused.expect(400).body["error"];
        assert_eq!(error["details"]["field"], field, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(word)), "{error}");
    }
    assert!(grants(&story.user).await.is_empty());
    let mut reads = good;
    (reads["tool"], reads["when"]) = (json!("http_request"), json!("method == 'GET' && url.host == 'api.example.com'"));
    story.user.post("/api/approval-grants", &reads).await.expect(201);
}

#[tokio::test]
async fn the_page_lists_grants_and_its_forms_make_and_revoke_them() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let form = |when: &str| {
        let agent = &story.agent;
        format!("agent_id={agent}&tool=update_record&when={when}&max_uses=4&days=30")
    };
    call(&story.user, "approval-grants/make", form("true")).await.expect(400);
    call(&story.user, "approval-grants/make", form("changes.discount_percent+%3C+3")).await.expect(200);
    let workspaces = story.user.get("/api/workspaces").await;
    let slug = workspaces.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let path = format!("/w/{slug}/settings/approval-policy/grants");
    let page = story.user.clone().naming_no_workspace().get(&path).await;
    let text = &page.expect(200).text;
    assert!(text.contains("0 of 4 used") && text.contains("changes.discount_percent &lt; 3"), "{text}");
    let grant = grants(&story.user).await.remove(0);
    call(&story.user, "approval-grants/revoke", format!("id={}", id(&grant))).await.expect(200);
    let page = story.user.clone().naming_no_workspace().get(&path).await;
    assert!(page.expect(200).text.contains("Revoked"));
}
