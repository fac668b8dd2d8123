//! Jobs: in place with the row that they are about, gone with it, and taken over where a server died.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::time::sleep;

use crate::{
    accounts::{World, proved},
    assignment::{a_minute_later, ask_for, number, program, send},
    support::{Reply, TestApp, cluster::superuser, id, until},
    workspaces::join,
};

/// Jobs that somebody may still work on, of one kind.
fn jobs_of(kind: &str) -> String {
    format!(
        "SELECT count(*) FROM jobs._private_jobs j JOIN jobs._private_tasks t ON t.id = j.task_id
         WHERE t.identifier = '{kind}' AND NOT EXISTS (SELECT 1 FROM jobs._private_job_retirements r WHERE r.id = j.id)"
    )
}

/// Waits until a statement counts so many.
async fn counts(url: &str, sql: &str, wanted: i64) {
    let since = Instant::now();
    loop {
        let found = number(url, sql).await;
        if found == wanted {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{found} instead of {wanted}: {sql}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Posts a letter as a transaction would, with an id that tells it from others.
fn post(cause: &str) -> String {
    format!(
        "INSERT INTO letters (id, cause, recipient, subject, sealed) VALUES (gen_random_uuid(), '{cause}', 'x@example.com', 'x', '')"
    )
}

#[tokio::test]
async fn a_letter_has_one_job_while_it_waits_and_none_once_it_has_left() {
    let world = World::where_addresses_are_proved().await;
    let url = world.app.setting("DATABASE_URL");
    proved(&world, "Ada").await;
    counts(url, &jobs_of("letter"), 0).await;
    assert_eq!(number(url, "SELECT count(*) FROM letters WHERE state = 'sent'").await, 1);

    // Its text cannot be opened, which may pass: so it is tried again.
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    root.execute(AssertSqlSafe(post("one"))).await.unwrap();
    counts(url, "SELECT count(*) FROM letters WHERE state = 'waiting' AND attempts > 0", 1).await;
    assert_eq!(number(url, &jobs_of("letter")).await, 1);
    let of_the_letter =
        "SELECT count(*) FROM jobs._private_jobs j JOIN letters l ON j.key = 'letter:' || l.id AND j.run_at = l.due_at";
    assert_eq!(number(url, of_the_letter).await, 1);
}

#[tokio::test]
async fn what_is_rolled_back_leaves_no_job() {
    let app = TestApp::start().await;
    let url = app.setting("DATABASE_URL");
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    let before = number(url, &jobs_of("letter")).await;
    let mut tx = root.begin().await.unwrap();
    tx.execute(AssertSqlSafe(post("undone"))).await.unwrap();
    let inside: i64 = sqlx::query_scalar(AssertSqlSafe(jobs_of("letter"))).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(inside, before + 1);
    tx.rollback().await.unwrap();
    assert_eq!(number(url, &jobs_of("letter")).await, before);
}

#[tokio::test]
async fn what_a_dead_server_had_in_hand_goes_on_and_a_letter_is_not_sent_twice() {
    let app = TestApp::start_with(&[("HYVVE_LEASE_SECONDS", "2")]).await;
    let url = app.setting("DATABASE_URL");
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    // A server that sent one letter, had taken another, and was not heard of again.
    let dies = format!(
        "BEGIN; {}; UPDATE letters SET state = 'sending' WHERE cause = 'under way'; {};
         UPDATE jobs._private_jobs SET locked_by = 'a server that died', locked_at = now(), attempts = 1
           WHERE key IN (SELECT 'letter:' || id FROM letters WHERE cause IN ('under way', 'taken'));
         INSERT INTO jobs._private_workers (id, last_heartbeat_at) VALUES ('a server that died', now() - interval '3 seconds'); COMMIT",
        post("under way"),
        post("taken"),
    );
    root.execute(AssertSqlSafe(dies)).await.unwrap();
    counts(url, "SELECT count(*) FROM letters WHERE cause = 'under way' AND state = 'unknown' AND attempts = 0", 1)
        .await;
    // Its text cannot be opened, which another server may be able to: so it has been tried, and waits.
    counts(url, "SELECT count(*) FROM letters WHERE cause = 'taken' AND state = 'waiting' AND attempts > 0", 1).await;
    counts(url, "SELECT count(*) FROM jobs._private_workers WHERE id = 'a server that died'", 0).await;
}

#[tokio::test]
async fn an_approval_has_its_jobs_while_it_waits_and_a_deleted_workspace_gets_them_back() {
    let app = TestApp::start().await;
    let url = app.setting("DATABASE_URL");
    let (grace, mia) = (app.sign_up("Grace").await, app.sign_up("Mia").await);
    let ladder = json!([{ "afterMinutes": 1, "action": { "kind": "remind" } }]);
    send(&grace, "external", json!({ "dueMinutes": 2, "ladder": ladder })).await.expect(200);
    join(&grace, &mia, "member").await;
    let mia = program(&mia.in_workspace(grace.workspace())).await;
    let there = async |wanted| {
        for kind in ["time_out", "step"] {
            assert_eq!(number(url, &jobs_of(kind)).await, wanted, "{kind}");
        }
    };

    let item = ask_for(&mia, "A refund").await;
    there(1).await;
    grace.post(&format!("/api/approvals/{}/reject", id(&item)), &json!({ "reason": "No." })).await.expect(200);
    there(0).await;

    let item = ask_for(&mia, "Another").await;
    let home = format!("/api/workspaces/{}", grace.workspace());
    Reply::of(grace.request(Method::DELETE, &home).json(&json!({}))).await.expect(200);
    a_minute_later(url).await;
    a_minute_later(url).await;
    counts(url, &jobs_of("time_out"), 0).await;
    counts(url, &jobs_of("step"), 0).await;
    assert_eq!(
        number(url, "SELECT count(*) FROM approval_items WHERE status = 'pending'").await,
        1,
        "nothing is done there"
    );
    grace.clone().naming_no_workspace().post(&format!("{home}/restore"), &json!({})).await.expect(200);
    until(&grace, &format!("/api/approvals/{}", id(&item)), |body| body["data"]["status"] == "timed_out").await;
    counts(url, &jobs_of("time_out"), 0).await;
}
