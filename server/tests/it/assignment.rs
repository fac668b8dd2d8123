//! Whom a policy asks, and what happens while nobody decides: one after the other, the record's owner, and step by step.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::sleep;

use crate::{
    isolation::NOBODYS,
    queue::{admin, detail},
    routing::propose,
    support::{Caller, Process, Reply, Story, TestApp, cluster::superuser, id, until},
    workspaces::join,
};

/// Sends a policy of a tool.
pub(crate) async fn send(user: &Caller, tool: &str, handling: Value) -> Reply {
    let thresholds = json!({ "auto": 85, "quick": 60, "target": 0.95, "sample": 0.05 });
    let policy = json!({ "tool": tool, "thresholds": thresholds, "handling": handling });
    Reply::of(user.request(Method::PUT, "/api/approval-policies").json(&policy)).await
}

/// Lets a policy hold: at once, or as soon as somebody else has approved it.
pub(crate) async fn hold(by: &Caller, other: &Caller, tool: &str, handling: Value) {
    let changed = send(by, tool, handling.clone()).await.expect(200).body["data"].clone();
    if let Some(proposal) = changed["approvalId"].as_str() {
        other.post(&format!("/api/approvals/{proposal}/approve"), &json!({})).await.expect(200);
    }
    let holds = |body: &Value| {
        let policies = body["data"].as_array().into_iter().flatten();
        let ladder = |of: &Value| of.get("ladder").cloned().unwrap_or_else(|| json!([]));
        policies.filter(|policy| policy["tool"] == tool).any(|policy| ladder(&policy["handling"]) == ladder(&handling))
    };
    until(by, "/api/approval-policies", holds).await;
}

/// Somebody's program, which proposes.
pub(crate) async fn program(of: &Caller) -> Caller {
    let path = format!("/api/workspaces/{}/api-keys", of.workspace());
    let made = of.post(&path, &json!({ "name": "Outside", "scopes": ["propose", "read"] })).await;
    of.clone().with_key(made.expect(201).body["data"]["secret"].as_str().unwrap())
}

/// Proposes something that HYVVE does not know.
pub(crate) async fn ask_for(program: &Caller, title: &str) -> Value {
    let body = json!({ "action": "refund", "arguments": { "of": title }, "title": title, "reversible": true });
    program.post("/api/approvals", &body).await.expect(201).body["data"].clone()
}

pub(crate) async fn person(of: &Caller) -> String {
    of.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn in_database(url: &str, sql: &str) {
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut root).await.unwrap();
}

/// What one statement counts.
pub(crate) async fn number(url: &str, sql: &str) -> i64 {
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut root).await.unwrap()
}

/// Lets a minute go by for everything that waits.
pub(crate) async fn a_minute_later(url: &str) {
    let columns = ["created_at", "ladder_at", "due_at"];
    let moved = columns.map(|column| format!("{column} = {column} - interval '1 minute'")).join(", ");
    in_database(url, &format!("UPDATE approval_items SET {moved} WHERE status = 'pending'")).await;
}

fn happened(item: &Value, what: &str) -> Vec<Value> {
    let history = item["history"].as_array().unwrap();
    history.iter().filter(|entry| entry["what"] == what).cloned().collect()
}

async fn with(user: &Caller, item: &Value, what: &'static str) -> Value {
    let path = format!("/api/approvals/{}", id(item));
    until(user, &path, |body| !happened(&body["data"], what).is_empty()).await["data"].clone()
}

#[tokio::test]
async fn one_after_the_other_is_asked_however_many_propose_at_once_and_nobody_about_their_own() {
    let [here, there] = TestApp::start_nodes::<2>(&[]).await;
    let grace = here.sign_up("Grace").await;
    let (ada, alan, bob) =
        (admin(&here, &grace, "Ada").await, admin(&here, &grace, "Alan").await, admin(&here, &grace, "Bob").await);
    let mia = here.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    let in_turn = json!({ "assignment": { "kind": "round_robin", "role": "admin" } });
    send(&ada, "external", json!({ "assignment": { "kind": "round_robin", "role": "member" } })).await.expect(400);
    hold(&grace, &ada, "external", in_turn.clone()).await;
    let asked = |body: &Value| {
        let policy = body["data"].as_array().into_iter().flatten().find(|policy| policy["tool"] == "external");
        policy.is_some_and(|policy| policy["handling"]["assignment"] == in_turn["assignment"])
    };
    until(&grace, "/api/approval-policies", asked).await;

    // Bob's own never come to Bob, and the others have exactly as many, whichever node was asked.
    let of_bob = program(&bob).await;
    let titles: Vec<String> = (0..12).map(|n| format!("Refund {n}")).collect();
    let asks = titles.iter().enumerate().map(async |(n, title)| {
        let node = if n % 2 == 0 { &here } else { &there };
        ask_for(&of_bob.clone().at(node), title).await
    });
    let items = join_all(asks).await;
    let times = |items: &[Value], who: &str| items.iter().filter(|item| item["assigneeId"] == who).count();
    let (of_ada, of_alan) = (person(&ada).await, person(&alan).await);
    assert_eq!((times(&items, &of_ada), times(&items, &of_alan)), (6, 6), "{items:#?}");
    let shown = detail(&grace, id(&items[0])).await;
    let words = happened(&shown, "assigned")[0]["note"].as_str().unwrap().to_owned();
    assert!(words.starts_with("It is ") && words.ends_with("’s turn."), "{words}");

    // Who was passed by has kept the place.
    let of_mia = program(&mia.in_workspace(grace.workspace())).await;
    let next = ask_for(&of_mia, "Another").await;
    assert_eq!(next["assigneeId"], person(&bob).await);
    let last = ask_for(&of_mia, "One more").await;
    assert_ne!(last["assigneeId"], next["assigneeId"]);
}

#[tokio::test]
async fn the_owner_of_the_record_is_asked_or_else_the_owners_and_the_history_says_why() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let mia = app.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    hold(&grace, &ada, "update_record", json!({ "assignment": { "kind": "owner_of_record" } })).await;
    let story = Story::of(grace).await;
    let user = &story.user;
    let first = detail(user, id(&story.change)).await;
    let record = first["preview"]["recordId"].as_str().unwrap().to_owned();
    let path = format!("/api/records/{record}/assignee");
    for (who, assignee, role) in [(&ada, Some(person(&ada).await), Value::Null), (&mia, None, json!("owner"))] {
        let give = json!({ "userId": person(who).await });
        Reply::of(user.request(Method::PUT, &path).json(&give)).await.expect(200);
        let item = propose(&story, if role.is_null() { 11 } else { 12 }).await;
        assert_eq!((&item["assigneeId"], &item["assignedRole"]), (&json!(assignee), &role));
        let words = happened(&detail(user, id(&item)).await, "assigned")[0]["note"].as_str().unwrap().to_owned();
        let expected = if role.is_null() {
            "Ada is asked, whose record this is."
        } else {
            "The record is Mia’s, who may not decide on this: it falls to the owners."
        };
        assert_eq!(words, expected);
    }
    // By hand, somebody is asked instead of the role.
    let item = propose(&story, 13).await;
    let path = format!("/api/approvals/{}", id(&item));
    let handed = json!({ "assigneeId": person(&ada).await });
    let handed = Reply::of(user.request(Method::PATCH, &path).json(&handed)).await;
    let handed = &handed.expect(200).body["data"];
    assert_eq!((&handed["assignee"], &handed["assignedRole"]), (&json!("Ada"), &Value::Null));
}

#[tokio::test]
async fn each_step_is_taken_once_and_at_the_end_it_has_timed_out_and_was_not_approved() {
    let [here, there] = TestApp::start_nodes::<2>(&[]).await;
    let grace = here.sign_up("Grace").await;
    let ada = admin(&here, &grace, "Ada").await;
    let ladder = json!([
        { "afterMinutes": 1, "action": { "kind": "remind" } },
        { "afterMinutes": 2, "action": { "kind": "reassign", "to": { "kind": "person", "userId": person(&ada).await } } },
        { "afterMinutes": 3, "action": { "kind": "escalate", "role": "owner" } },
        { "afterMinutes": 4, "action": { "kind": "time_out" } },
    ]);
    hold(&grace, &ada, "external", json!({ "ladder": ladder })).await;
    let mia = here.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    let mia = program(&mia.in_workspace(grace.workspace())).await;
    let item = ask_for(&mia, "A refund").await;
    assert!(item["dueAt"].is_string(), "when it times out shows from the beginning: {item}");
    let url = here.setting("DATABASE_URL").to_owned();
    for (what, assignee, role) in [
        ("reminded", Value::Null, Value::Null),
        ("reassigned", json!("Ada"), Value::Null),
        ("escalated", Value::Null, json!("owner")),
    ] {
        a_minute_later(&url).await;
        let grace = grace.clone().at(&there);
        with(&grace, &item, what).await;
        let shown = detail(&grace, id(&item)).await;
        assert_eq!(
            (&shown["status"], &shown["assignee"], &shown["assignedRole"]),
            (&json!("pending"), &assignee, &role)
        );
    }
    // Time for whoever would do it twice.
    sleep(Duration::from_secs(3)).await;
    let shown = detail(&grace, id(&item)).await;
    for what in ["reminded", "reassigned", "escalated"] {
        assert_eq!(happened(&shown, what).len(), 1, "{what}");
    }
    // A letter to both and one to the owner; Ada hears of hers as of whatever else she is asked.
    assert_eq!(number(&url, "SELECT count(*) FROM letters WHERE cause LIKE 'step:%'").await, 3);
    assert_eq!(number(&url, "SELECT count(*) FROM notifications WHERE kind = 'approval_assigned'").await, 1);
    let events =
        "SELECT count(*) FROM events WHERE type IN ('approval.reminded', 'approval.reassigned', 'approval.escalated')";
    assert_eq!(number(&url, events).await, 3);

    a_minute_later(&url).await;
    let path = format!("/api/approvals/{}", id(&item));
    let ended = until(&grace, &path, |body| body["data"]["status"] == "timed_out").await;
    assert_eq!((&ended["data"]["decidedBy"], &ended["data"]["effect"]), (&Value::Null, &Value::Null));
    let log = grace.get("/api/audit-log?limit=200").await.expect(200).body["data"].clone();
    for action in ["approval.reminded", "approval.reassigned", "approval.escalated", "approval.timed_out"] {
        let rows: Vec<_> = log.as_array().unwrap().iter().filter(|row| row["action"] == action).collect();
        assert_eq!((rows.len(), &rows[0]["actorKind"]), (1, &json!("system")), "{action}");
    }
    assert_eq!(
        log.as_array().unwrap().iter().filter(|row| row["action"] == "approval.approved").count(),
        1,
        "the policy"
    );
    let verdict = grace.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
}

#[tokio::test]
async fn a_step_that_asks_somebody_who_has_left_falls_to_the_owners_and_says_so() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let who = person(&ada).await;
    let to = json!({ "kind": "person", "userId": who });
    let ladder = json!([{ "afterMinutes": 1, "action": { "kind": "reassign", "to": to } }]);
    hold(&grace, &ada, "external", json!({ "ladder": ladder, "assignment": to })).await;
    let mia = app.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    let mia = program(&mia.in_workspace(grace.workspace())).await;
    let item = ask_for(&mia, "A refund").await;
    assert_eq!(item["assignee"], "Ada");
    let path = format!("/api/workspaces/{}/members/{who}", grace.workspace());
    Reply::of(grace.request(Method::DELETE, &path)).await.expect(200);
    a_minute_later(app.setting("DATABASE_URL")).await;
    let shown = with(&grace, &item, "reassigned").await;
    assert_eq!((&shown["assignee"], &shown["assignedRole"]), (&Value::Null, &json!("owner")));
    let words = happened(&shown, "reassigned")[0]["note"].clone();
    assert_eq!(words, "Somebody who is gone was to be asked, and may not decide on this: it falls to the owners.");
    let next = ask_for(&mia, "Another").await;
    assert_eq!((&next["assigneeId"], &next["assignedRole"]), (&Value::Null, &json!("owner")));
}

#[tokio::test]
async fn a_server_that_dies_at_a_step_has_taken_it_or_not() {
    for (point, before) in [("step.before_commit", 0), ("step.after_commit", 1)] {
        let process = Process::start_with("warn", &[("HYVVE_CRASH_AT", point), ("HYVVE_LEASE_SECONDS", "2")]).await;
        let grace = process.anonymous().sign_up("Grace").await;
        let ladder = json!([{ "afterMinutes": 1, "action": { "kind": "remind" } }]);
        send(&grace, "external", json!({ "ladder": ladder })).await.expect(200);
        let item = ask_for(&program(&grace).await, "A refund").await;
        let url = process.setting("DATABASE_URL").to_owned();
        a_minute_later(&url).await;
        let gone = async {
            while Reply::is_there(grace.request(Method::GET, "/health")).await {
                sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it dies at its point");
        let taken = "SELECT count(*) FROM approval_decisions WHERE outcome = 'reminded'";
        assert_eq!(number(&url, taken).await, before, "{point}");

        let mut environment = process.kill();
        environment.remove("HYVVE_CRASH_AT");
        let data = tempfile::tempdir().unwrap();
        environment.insert("HYVVE_DATA_DIR".to_owned(), data.path().display().to_string());
        let app = TestApp::start_in(environment, data).await;
        let grace = grace.at(&app);
        let shown = with(&grace, &item, "reminded").await;
        sleep(Duration::from_secs(3)).await;
        assert_eq!(happened(&shown, "reminded").len(), 1);
        assert_eq!(number(&url, taken).await, 1, "{point}");
        assert_eq!(number(&url, "SELECT count(*) FROM letters WHERE cause LIKE 'step:%'").await, 0, "she proposed it");
    }
}

#[tokio::test]
async fn a_policy_that_nobody_could_follow_is_refused_at_its_field() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let eve = person(&app.sign_up("Eve").await).await;
    let step = |minutes: i32, action: Value| json!({ "afterMinutes": minutes, "action": action });
    let (remind, end) = (json!({ "kind": "remind" }), json!({ "kind": "time_out" }));
    for (handling, field) in [
        (json!({ "assignment": { "kind": "role", "role": "viewer" } }), "handling.assignment"),
        (json!({ "assignment": { "kind": "round_robin", "role": "admin" } }), "handling.assignment"),
        (json!({ "requesterBarred": true }), "handling.requesterBarred"),
        (json!({ "groups": [{ "role": "owner", "atLeast": 2 }] }), "handling.groups[0].atLeast"),
        (json!({ "groups": [{ "role": "member", "atLeast": 1 }] }), "handling.groups[0]"),
        (json!({ "ladder": [step(2, remind.clone()), step(1, remind.clone())] }), "handling.ladder[1].afterMinutes"),
        (json!({ "ladder": [step(1, end.clone()), step(2, remind.clone())] }), "handling.ladder[0].action"),
        (json!({ "dueMinutes": 5, "ladder": [step(9, remind)] }), "handling.ladder[0].afterMinutes"),
        (json!({ "dueMinutes": 5, "ladder": [step(4, end)] }), "handling.ladder[0].action"),
        (
            json!({ "ladder": [step(1, json!({ "kind": "reassign", "to": { "kind": "role", "role": "owner" } }))] }),
            "handling.ladder[0].action",
        ),
    ] {
        let refused = send(&grace, "external", handling.clone()).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field, "{handling}");
    }
    send(&grace, "external", json!({ "ladder": [step(1, json!({ "kind": "approve" }))] })).await.expect(400);

    // Somebody else's person is as unknown as nobody.
    let asks = |user: &str| json!({ "assignment": { "kind": "person", "userId": user } });
    let (foreign, unknown) =
        (send(&grace, "external", asks(&eve)).await, send(&grace, "external", asks(NOBODYS)).await);
    assert_eq!(foreign.expect(400).without_id(), unknown.expect(400).without_id());
}

#[tokio::test]
async fn the_form_of_a_policy_says_all_of_it_without_javascript() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let thresholds = "thresholds[auto]=85&thresholds[quick]=60&thresholds[target]=95&thresholds[sample]=5";
    let form = format!(
        "tool=send_email&{thresholds}&handling[quorum]=1&handling[owners]=1&handling[asks]=round_robin:owner\
         &steps[0][hours]=0.5&steps[0][action]=remind&steps[1][hours]=&steps[1][action]=&steps[2][hours]=24&steps[2][action]=time_out"
    );
    crate::isolation::functions::call(&grace, "approval-policy/change", form).await.expect(200);
    let policies = grace.get("/api/approval-policies").await.expect(200).body["data"].clone();
    let mail = policies.as_array().unwrap().iter().find(|policy| policy["tool"] == "send_email").unwrap().clone();
    assert_eq!(
        mail["handling"],
        json!({
            "quorum": 1, "groups": [{ "role": "owner", "atLeast": 1 }], "requesterBarred": false, "dueMinutes": null,
            "assignment": { "kind": "round_robin", "role": "owner" },
            "ladder": [
                { "afterMinutes": 30, "action": { "kind": "remind" } },
                { "afterMinutes": 1440, "action": { "kind": "time_out" } },
            ],
        })
    );
    let slug = grace.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = grace.get(&format!("/w/{slug}/settings/approval-policy?tool=send_email")).await;
    let page = page.expect(200).text.clone();
    for words in
        ["after 30 minutes: remind", "asks one owner after the other", "value=\"0.5\"", "after 1 day: time out"]
    {
        assert!(page.contains(words), "{words}");
    }
}
