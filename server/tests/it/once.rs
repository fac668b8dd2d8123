//! Requests that are sent again with the same key: one effect, and the first reply, whatever happens in between.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::time::{sleep, timeout};

use crate::{
    inbox::{all_of, people},
    support::{Caller, Reply, TestApp, cluster::superuser, id},
};

fn keyed_request(of: &Caller, method: Method, path: &str, key: &str, body: &Value) -> RequestBuilder {
    of.request(method, path).header("idempotency-key", key).json(body)
}

async fn keyed(of: &Caller, path: &str, key: &str, body: &Value) -> Reply {
    Reply::of(keyed_request(of, Method::POST, path, key, body)).await
}

async fn root(app: &TestApp) -> PgConnection {
    PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap()
}

async fn run(root: &mut PgConnection, sql: &'static str) -> u64 {
    sqlx::query(sql).execute(root).await.unwrap().rows_affected()
}

/// Waits until so many sessions wait for a lock that somebody else holds.
async fn waiting(root: &mut PgConnection, many: i64) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..400 {
        if sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *root).await.unwrap() >= many {
            return;
        }
        sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody waits for the lock");
}

async fn total(of: &Caller) -> Value {
    of.get("/api/approvals").await.expect(200).body["meta"]["total"].clone()
}

fn replayed(reply: &Reply) -> bool {
    reply.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

#[tokio::test]
async fn twenty_at_once_with_one_key_make_one_item_and_get_the_same_reply() {
    let app = TestApp::start().await;
    let (owner, member) = people(&app).await;
    let body = json!({ "action": "refund", "arguments": { "amount": 20 } });
    let replies = join_all((0..20).map(|_| keyed(&member, "/api/approvals", "k-1", &body))).await;
    for reply in &replies {
        assert_eq!(reply.expect(201).text, replies[0].text);
    }
    assert_eq!(member.get("/api/approvals").await.expect(200).body["meta"]["total"], 1);
    let reject = format!("/api/approvals/{}/reject", id(&replies[0].body["data"]));
    owner.post(&reject, &json!({ "reason": "No." })).await.expect(200);
    let later = keyed(&member, "/api/approvals", "k-1", &body).await;
    assert_eq!(later.expect(201).text, replies[0].text, "the first reply, whatever has happened since");

    let other = json!({ "action": "refund", "arguments": { "amount": 21 } });
    let reused = keyed(&member, "/api/approvals", "k-1", &other).await;
    assert_eq!(reused.expect(422).body["error"]["code"], "IDEMPOTENCY_KEY_REUSED");
    keyed(&member, "/api/inbox/interrupts", "k-1", &all_of("a")).await.expect(422);
    keyed(&member, "/api/approvals", "a key", &body).await.expect(400);
    let hers = keyed(&owner, "/api/approvals", "k-1", &other).await;
    assert_ne!(hers.expect(201).body["data"]["id"], replies[0].body["data"]["id"], "keys are a person's own");
    let eve = keyed(&app.sign_up("Eve").await, "/api/approvals", "k-1", &body).await;
    assert_ne!(eve.expect(201).body["data"]["id"], replies[0].body["data"]["id"]);

    keyed(&member, "/api/approvals", "k-2", &json!({ "action": "", "arguments": {} })).await.expect(400);
    keyed(&member, "/api/approvals", "k-2", &body).await.expect(201);
    let list = json!([all_of("a"), all_of("b")]);
    let replies = join_all((0..20).map(|_| keyed(&member, "/api/inbox/interrupts", "k-3", &list))).await;
    assert!(replies.iter().all(|reply| reply.expect(201).text == replies[0].text));
    assert_eq!(owner.get("/api/approvals").await.expect(200).body["meta"]["total"], 5);
}

#[tokio::test]
async fn whatever_changes_something_takes_a_key() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let rename = format!("/api/workspaces/{}", ada.workspace());
    let change = json!({ "name": "Analytical Engines" });
    for again in [false, true] {
        let made = keyed(&ada, "/api/workspaces", "new", &json!({ "name": "Second" })).await;
        assert_eq!((made.expect(201).body["data"]["name"].as_str(), replayed(&made)), (Some("Second"), again));
        let renamed = Reply::of(keyed_request(&ada, Method::PATCH, &rename, "rename", &change)).await;
        assert_eq!(replayed(renamed.expect(200)), again);
    }
    assert_eq!(ada.get("/api/workspaces").await.expect(200).body["data"].as_array().map(Vec::len), Some(2));
    let log = ada.get("/api/audit-log?pageSize=100").await.expect(200).body["data"].clone();
    let renames = log.as_array().unwrap().iter().filter(|entry| entry["action"] == "workspace.updated").count();
    assert_eq!(renames, 1, "{log:#}");
    // A list is read anew, with a key or without.
    let read = Reply::of(keyed_request(&ada, Method::GET, "/api/workspaces", "new", &Value::Null)).await;
    assert!(!replayed(read.expect(200)));
}

#[tokio::test]
async fn a_secret_that_is_shown_once_is_kept_sealed() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let path = format!("/api/workspaces/{}/api-keys", ada.workspace());
    let body = json!({ "name": "ci", "scopes": ["read"] });
    let first = keyed(&ada, &path, "one", &body).await;
    let again = keyed(&ada, &path, "one", &body).await;
    assert_eq!((first.expect(201).text.as_str(), replayed(&again)), (again.expect(201).text.as_str(), true));
    let secret = first.body["data"]["secret"].as_str().expect("the key itself").as_bytes().to_owned();
    // Not even a program of the same person gets it, whatever it knows of the request.
    let program = ada.clone().with_key(first.body["data"]["secret"].as_str().unwrap());
    let stolen = keyed(&program, &path, "one", &body).await;
    assert!(!replayed(&stolen) && !stolen.status.is_success(), "{}", stolen.text);
    let kept = sqlx::query("SELECT reply FROM idempotency_keys").fetch_all(&mut root(&app).await).await.unwrap();
    let reply: Vec<u8> = kept[0].get(0);
    assert!(kept.len() == 1 && !reply.windows(secret.len()).any(|part| part == secret));
}

#[tokio::test]
async fn a_client_that_does_not_wait_gets_the_reply_when_it_asks_again() {
    let app = TestApp::start().await;
    let (_, member) = people(&app).await;
    let body = json!({ "action": "refund", "arguments": { "amount": 20 } });
    let mut holder = root(&app).await;
    run(&mut holder, "BEGIN").await;
    run(&mut holder, "LOCK TABLE approval_items IN EXCLUSIVE MODE").await;
    let impatient = keyed(&member, "/api/approvals", "gone", &body);
    assert!(timeout(Duration::from_secs(1), impatient).await.is_err(), "nobody gets through");
    waiting(&mut root(&app).await, 1).await;
    run(&mut holder, "COMMIT").await;
    let reply = keyed(&member, "/api/approvals", "gone", &body).await;
    assert_eq!((reply.expect(201).body["data"]["status"].as_str(), replayed(&reply)), (Some("pending"), true));
    assert_eq!(total(&member).await, 1);
}

#[tokio::test]
async fn of_a_slow_request_and_the_one_that_took_over_only_one_commits() {
    let app = TestApp::start().await;
    let (_, member) = people(&app).await;
    let body = json!({ "action": "refund", "arguments": { "amount": 20 } });
    let (mut holder, mut other) = (root(&app).await, root(&app).await);
    run(&mut holder, "BEGIN").await;
    run(&mut holder, "LOCK TABLE approval_items IN EXCLUSIVE MODE").await;
    let slow = tokio::spawn(keyed_request(&member, Method::POST, "/api/approvals", "slow", &body).send());
    waiting(&mut other, 1).await;
    assert_eq!(run(&mut other, "UPDATE idempotency_keys SET claimed_at = now() - interval '2 minutes'").await, 1);
    let second = tokio::spawn(keyed_request(&member, Method::POST, "/api/approvals", "slow", &body).send());
    waiting(&mut other, 2).await;
    run(&mut holder, "COMMIT").await;
    let (slow, second) = (slow.await.unwrap().unwrap(), second.await.unwrap().unwrap());
    assert_eq!((slow.status().as_u16(), second.status().as_u16()), (409, 201));
    assert_eq!(total(&member).await, 1);
    assert!(replayed(&keyed(&member, "/api/approvals", "slow", &body).await));
}

#[tokio::test]
async fn a_reply_that_was_lost_is_owned_up_to_and_nothing_is_done_twice() {
    let app = TestApp::start().await;
    let (_, member) = people(&app).await;
    let body = json!({ "action": "refund", "arguments": { "amount": 20 } });
    keyed(&member, "/api/approvals", "lost", &body).await.expect(201);
    let crash = "UPDATE idempotency_keys SET reply = NULL, claimed_at = now() - interval '2 minutes' WHERE committed";
    assert_eq!(run(&mut root(&app).await, crash).await, 1);
    let lost = keyed(&member, "/api/approvals", "lost", &body).await;
    assert!(lost.expect(409).text.contains("its reply was lost"), "{}", lost.text);
    assert_eq!(total(&member).await, 1);
    let over = "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'";
    run(&mut root(&app).await, over).await;
    keyed(&member, "/api/approvals", "lost", &body).await.expect(201);
    assert_eq!(total(&member).await, 2);
}
