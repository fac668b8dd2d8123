//! Several servers that count in one Redis, and what they do without it.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::wait;
use crate::support::{Caller, Process, Redis, Reply, TestApp, Wire};

const SIGN_IN: (&str, &str) = ("HYVVE_LIMIT_SIGN_IN", "5/15m");
const PROXY: (&str, &str) = ("HYVVE_TRUSTED_PROXIES", "127.0.0.1");

async fn attempt(who: &Caller, number: usize, email: &str, password: &str) -> Reply {
    let ip = format!("198.18.{}.{}", number >> 8, number & 255);
    let request = who.request(Method::POST, "/api/auth/sign-in/email").header("x-forwarded-for", ip);
    Reply::of(request.json(&json!({ "email": email, "password": password }))).await
}

#[tokio::test]
async fn of_attempts_at_two_servers_five_are_looked_at() {
    let redis = Redis::start().await;
    let url = redis.url();
    let settings = [SIGN_IN, PROXY, ("REDIS_URL", url.as_str()), ("HYVVE_LIMIT_API", "30/1m")];
    let (one, other) = (TestApp::start_with(&settings).await, TestApp::start_with(&settings).await);
    // At once, from everywhere.
    let callers = [one.anonymous(), other.anonymous()];
    let replies = join_all((0..60).map(|n| attempt(&callers[n % 2], n, "nobody@example.com", "a guess"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 401).count(), 5);
    assert!(replies.iter().filter(|reply| reply.status != 401).all(|reply| (1..=900).contains(&wait(reply))));

    // What was right is given back, and what is not a secret is shared as well.
    one.sign_up("Ada").await;
    for number in 100..108 {
        attempt(&callers[0], number, "ada@example.com", "Ada-has-a-password").await.expect(200);
    }
    for number in 200..205 {
        attempt(&callers[number % 2], number, "ada@example.com", "a guess").await.expect(401);
    }
    attempt(&callers[0], 206, "ada@example.com", "Ada-has-a-password").await.expect(429);
    let calls = join_all((0..40).map(|n| callers[n % 2].get("/api/auth/get-session"))).await;
    assert_eq!(calls.iter().filter(|reply| reply.status == 200).count(), 29, "Ada's sign-up was one of thirty");

    let mut keys = redis.keys();
    keys.retain(|key| !key.starts_with("hyvve:events"));
    assert!(keys.iter().all(|key| key.starts_with("hyvve:limit:")) && keys.len() > 60, "{keys:?}");
    assert!(!keys.iter().any(|key| key.contains("example") || key.contains("198.18")), "{keys:?}");
}

#[tokio::test]
async fn a_wait_that_redis_told_is_over_when_it_said() {
    let redis = Redis::start().await;
    let url = redis.url();
    let app = TestApp::start_with(&[("HYVVE_LIMIT_SIGN_IN", "2/2s"), PROXY, ("REDIS_URL", &url)]).await;
    let anyone = app.anonymous();
    for number in 0..2 {
        attempt(&anyone, number, "nobody@example.com", "a guess").await.expect(401);
    }
    let told = wait(&attempt(&anyone, 2, "nobody@example.com", "a guess").await);
    assert!((1..=2).contains(&told), "{told}");
    tokio::time::sleep(Duration::from_secs(told)).await;
    attempt(&anyone, 3, "nobody@example.com", "a guess").await.expect(401);
    // Nothing is kept for longer than it counts.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    assert!(!redis.keys().iter().any(|key| key.contains("sign-in")), "{:?}", redis.keys());
}

#[tokio::test]
async fn without_redis_nobody_gets_in_and_everybody_goes_on_working() {
    let mut redis = Redis::start().await;
    let url = redis.url();
    let settings = [SIGN_IN, PROXY, ("REDIS_URL", url.as_str()), ("HYVVE_LIMIT_API", "30/1m")];
    let app = TestApp::start_with(&settings).await;
    let (ada, anyone) = (app.sign_up("Ada").await, app.anonymous());
    redis.kill();
    for number in 0..3 {
        let reply = attempt(&anyone, number, "ada@example.com", "Ada-has-a-password").await;
        assert!(reply.expect(503).header("retry-after").is_some(), "{}", reply.text);
        assert!(reply.cookie().is_none());
    }
    for path in ["request-password-reset", "send-verification-email"] {
        anyone.post(&format!("/api/auth/{path}"), &json!({ "email": "ada@example.com" })).await.expect(503);
    }
    let account = json!({ "name": "Eve", "email": "eve@example.com", "password": "Eve-has-a-password" });
    anyone.post("/api/auth/sign-up/email", &account).await.expect(503);
    // Calls are counted here meanwhile.
    let calls = join_all((0..40).map(|_| ada.get("/api/approvals"))).await;
    assert_eq!(calls.iter().filter(|reply| reply.status == 200).count(), 30);
    assert!(calls.iter().all(|reply| [200, 429].contains(&reply.status.as_u16())));

    redis.restart().await;
    let (since, mut number) = (Instant::now(), 10);
    while attempt(&anyone, number, "ada@example.com", "Ada-has-a-password").await.status != 200 {
        number += 1;
        assert!(since.elapsed() < Duration::from_secs(10), "Redis is back, and nobody gets in");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_redis_that_does_not_answer_keeps_nobody_waiting() {
    let redis = Redis::start().await;
    let url = redis.url();
    let app = TestApp::start_with(&[SIGN_IN, PROXY, ("REDIS_URL", url.as_str())]).await;
    let ada = app.sign_up("Ada").await;
    redis.stall();
    let since = Instant::now();
    attempt(&app.anonymous(), 1, "ada@example.com", "Ada-has-a-password").await.expect(503);
    for _ in 0..20 {
        ada.get("/api/approvals").await.expect(200);
    }
    assert!(since.elapsed() < Duration::from_secs(6), "only after {:?}", since.elapsed());
    redis.go_on();
}

#[tokio::test]
async fn a_redis_that_is_down_at_the_start_is_named_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let since = Instant::now();
    let said = TestApp::refused(&[("REDIS_URL", &format!("redis://hyvve:s3cret@{free}"))]).await;
    assert!(said.starts_with("Redis cannot be used: ") && said.contains("REDIS_URL"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    assert!(since.elapsed() < Duration::from_secs(30), "only after {:?}", since.elapsed());
    let said = TestApp::refused(&[("REDIS_URL", "redis://:s3cret@")]).await;
    assert!(said.starts_with("Redis cannot be used: ") && !said.contains("s3cret"), "{said}");
}

#[tokio::test]
async fn a_redis_that_cannot_count_is_refused_at_the_start() {
    let redis = Redis::start().await;
    let url = redis.url();
    drop(TestApp::start_with(&[("REDIS_URL", &url)]).await);
    let limits = |key: &String| key.starts_with("hyvve:limit");
    assert!(!redis.keys().iter().any(limits), "a trial leaves nothing behind: {:?}", redis.keys());
    redis.tell("ACL SETUSER reader on >s3cret ~* +@all -@write");
    let reader = url.replace("redis://", "redis://reader:s3cret@");
    let said = TestApp::refused(&[("REDIS_URL", &reader)]).await;
    assert!(said.starts_with("Redis cannot be used: ") && !said.contains("s3cret"), "{said}");
    redis.tell("REPLICAOF 127.0.0.1 1");
    let said = TestApp::refused(&[("REDIS_URL", &url)]).await;
    assert!(said.starts_with("Redis cannot be used: ") && said.contains("no replica"), "{said}");
    let cluster = Redis::start_with(&["--cluster-enabled", "yes"]).await;
    cluster.tell("CLUSTER ADDSLOTSRANGE 0 16383");
    let said = TestApp::refused(&[("REDIS_URL", &cluster.url())]).await;
    assert!(said.starts_with("Redis cannot be used: ") && said.contains("no cluster"), "{said}");
}

#[tokio::test]
async fn a_connection_to_redis_that_fell_silent_is_given_up_for_another() {
    let redis = Redis::start().await;
    let wire = Wire::to(redis.port()).await;
    let app = TestApp::start_with(&[SIGN_IN, PROXY, ("REDIS_URL", &wire.url())]).await;
    app.sign_up("Ada").await;
    let anyone = app.anonymous();
    assert!(wire.cut() > 0, "nothing was cut");
    let (since, mut number) = (Instant::now(), 0);
    while attempt(&anyone, number, "ada@example.com", "Ada-has-a-password").await.status != 200 {
        number += 1;
        assert!(since.elapsed() < Duration::from_secs(10), "the silent connection is still asked");
    }
    // Nor does anything else go on waiting for it.
    let since = Instant::now();
    attempt(&anyone, number + 1, "ada@example.com", "Ada-has-a-password").await.expect(200);
    assert!(since.elapsed() < Duration::from_secs(1), "only after {:?}", since.elapsed());
}

#[tokio::test]
async fn a_server_that_counts_by_itself_says_that_there_are_others() {
    let app = TestApp::start().await;
    let database = ["DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_DIRECT_URL"].map(|name| (name, app.setting(name)));
    let process = Process::start_with("warn", &database).await;
    // Servers say every two seconds that they run.
    tokio::time::sleep(Duration::from_secs(9)).await;
    let (_, log) = process.stop().await;
    assert!(log.contains("REDIS_URL is not set"), "{log}");
}
