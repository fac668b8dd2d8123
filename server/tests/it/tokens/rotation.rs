//! Keys follow each other by schedule and by command, on several nodes, and nobody notices.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::{Instant, sleep};

use super::{
    bearer,
    forge::{b64, header_of},
    mint,
};
use crate::support::{Caller, TestApp};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// How tokens stand on keys where a key signs for this many seconds.
fn brisk(key_seconds: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("HYVVE_PUBLIC_URL", "http://hyvve.example"),
        ("HYVVE_ACCESS_TOKEN_SECONDS", "30"),
        ("HYVVE_SIGNING_KEY_SECONDS", key_seconds),
        ("HYVVE_SIGNING_LEAD_SECONDS", "1"),
    ]
}

fn kid(token: &str) -> String {
    header_of(token)["kid"].as_str().unwrap().to_owned()
}

async fn published(app: &TestApp) -> BTreeSet<String> {
    let keys = app.anonymous().get("/.well-known/jwks.json").await;
    let keys = keys.expect(200).body["keys"].as_array().unwrap().clone();
    keys.iter().map(|key: &Value| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Asks without a pause, with a new token and with an old one, until told to stop; answers what was refused.
async fn ask(minting: Caller, asking: Caller, seen: Arc<Seen>) -> Vec<String> {
    let mut refused = Vec::new();
    let mut older: Option<(Instant, String)> = None;
    while !seen.stop.load(Ordering::Relaxed) {
        let token = mint(&minting).await;
        seen.kids.lock().unwrap().insert(kid(&token));
        let old = older.get_or_insert_with(|| (Instant::now(), token.clone()));
        for (what, token) in [("new", &token), ("old", &old.1)] {
            let reply = asking.clone().with_key(token).get("/api/approvals").await;
            seen.asked.fetch_add(1, Ordering::Relaxed);
            if reply.status != 200 {
                refused.push(format!("{what}, of {}: {} {}", kid(token), reply.status, reply.text));
            }
        }
        // As old as one may safely become here.
        older = older.filter(|(since, _)| since.elapsed() < Duration::from_secs(15));
    }
    refused
}

#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    asked: AtomicUsize,
    kids: Mutex<BTreeSet<String>>,
}

#[tokio::test]
async fn nothing_is_refused_while_keys_rotate_by_schedule_and_by_command_on_two_nodes() {
    let [one, two] = TestApp::start_nodes(&brisk("4")).await;
    let ada = one.sign_up("Ada").await;
    let seen = Arc::<Seen>::default();
    let askers = [(&one, &two), (&two, &one), (&one, &one)].map(|(minting, asking)| {
        let minting = minting.anonymous().with_cookie(&format!("hyvve_session={}", ada.token()));
        tokio::spawn(ask(minting, asking.anonymous(), Arc::clone(&seen)))
    });
    let began = Instant::now();
    for command in 1..=2 {
        sleep(Duration::from_secs(2)).await;
        let said = one.hyvve(&["keys", "rotate"]).await;
        let (kid, _) = said.split_once(": signs from ").unwrap_or_else(|| panic!("it says {said:?}"));
        // Both nodes know it before it signs, and then it does, or one that came after it.
        while !(published(&one).await.contains(kid) && published(&two).await.contains(kid)) {
            assert!(began.elapsed() < PATIENCE, "the key of command {command} is not published");
            sleep(Duration::from_millis(50)).await;
        }
    }
    while seen.kids.lock().unwrap().len() < 5 {
        assert!(began.elapsed() < PATIENCE, "only {:?} have signed", seen.kids.lock().unwrap());
        sleep(Duration::from_millis(100)).await;
    }
    seen.stop.store(true, Ordering::Relaxed);
    let refused: Vec<String> = join_all(askers).await.into_iter().flat_map(Result::unwrap).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(seen.asked.load(Ordering::Relaxed) > 50, "too few to prove anything");
}

#[tokio::test]
async fn several_nodes_that_start_at_once_make_one_key() {
    let nodes: [TestApp; 3] = TestApp::start_nodes(&brisk("86400")).await;
    let all = join_all(nodes.iter().map(published)).await;
    assert!(all.iter().all(|keys| keys.len() == 1 && *keys == all[0]), "{all:?}");
    // A session that is revoked on one node ends its tokens on the others within a second or so.
    let ada = nodes[0].sign_up("Ada").await;
    let program = nodes[1].anonymous().with_key(&mint(&ada).await);
    program.get("/api/approvals").await.expect(200);
    ada.post("/api/auth/sign-out", &serde_json::json!({})).await.expect(200);
    sleep(Duration::from_millis(1200)).await;
    program.get("/api/approvals").await.expect(401);
}

#[tokio::test]
async fn a_compromised_key_is_replaced_at_once() {
    let app = TestApp::start_with(&brisk("86400")).await;
    let ada = app.sign_up("Ada").await;
    let (token, program) = (mint(&ada).await, bearer(&app, &ada).await);
    let said = app.hyvve(&["keys", "rotate", "--compromised"]).await;
    let new = said.split_once(": signs from ").expect("the new key").0.to_owned();
    assert_ne!(new, kid(&token));
    let began = Instant::now();
    while program.get("/api/approvals").await.status != 401 {
        assert!(began.elapsed() < PATIENCE, "what the old key signed is still accepted");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(published(&app).await, BTreeSet::from([new.clone()]));
    let next = mint(&ada).await;
    assert_eq!(kid(&next), new);
    app.anonymous().with_key(&next).get("/api/approvals").await.expect(200);
    assert!(app.hyvve(&["keys", "list"]).await.starts_with(&format!("{new}: signs since ")));
}

#[tokio::test]
async fn a_retired_key_is_not_published_and_its_private_half_is_gone() {
    let app = TestApp::start_with(&brisk("86400")).await;
    let ada = app.sign_up("Ada").await;
    let token = mint(&ada).await;
    let program = app.anonymous().with_key(&token);
    app.hyvve(&["keys", "rotate"]).await;
    let began = Instant::now();
    while kid(&mint(&ada).await) == kid(&token) {
        assert!(began.elapsed() < PATIENCE, "the old key still signs");
        sleep(Duration::from_millis(100)).await;
    }
    // The old one still counts: what it signed may be in use.
    assert_eq!(published(&app).await.len(), 2);
    program.get("/api/approvals").await.expect(200);
    let mut conn = PgConnection::connect(app.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    conn.execute("UPDATE signing_keys SET retire_at = now() WHERE retire_at IS NOT NULL").await.unwrap();
    let began = Instant::now();
    while program.get("/api/approvals").await.status != 401 {
        assert!(began.elapsed() < PATIENCE, "what a retired key signed is still accepted");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(!published(&app).await.contains(&kid(&token)));
    let left: Vec<String> = sqlx::query_scalar("SELECT kid FROM signing_keys").fetch_all(&mut conn).await.unwrap();
    assert!(!left.contains(&kid(&token)), "{left:?}");
}

#[tokio::test]
async fn while_keys_cannot_be_read_a_token_of_an_unknown_one_is_not_called_bad_to_anybody_who_waits() {
    let app = TestApp::start_with(&brisk("86400")).await;
    let ada = app.sign_up("Ada").await;
    let token = mint(&ada).await;
    let mut header = header_of(&token);
    header["kid"] = "A".repeat(43).into();
    let unknown = format!("{}.{}", b64(header.to_string()), token.split_once('.').unwrap().1);
    let program = app.anonymous().with_key(&unknown);
    let mut owner = PgConnection::connect(app.setting("DATABASE_DIRECT_URL")).await.unwrap();
    owner.execute("REVOKE SELECT ON signing_keys FROM hyvve_system").await.unwrap();
    let replies = join_all((0..6).map(|_| program.get("/api/approvals"))).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert!(statuses.iter().all(|status| *status >= 500), "{statuses:?}");
    app.anonymous().with_key(&token).get("/api/approvals").await.expect(200);
    owner.execute("GRANT SELECT ON signing_keys TO hyvve_system").await.unwrap();
    program.get("/api/approvals").await.expect(401);
}
