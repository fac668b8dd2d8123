//! Jobs: in place with the row that they are about, gone with it, and taken over where a server died.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::time::sleep;

use crate::{
    accounts::{World, proved},
    assignment::{a_minute_later, ask_for, in_database, number, program, send},
    isolation::{NOBODYS, functions::call},
    support::{Caller, Reply, TestApp, cluster::superuser, id, until},
    workspaces::join,
};

/// Jobs that somebody may still work on, of one kind.
pub(crate) fn jobs_of(kind: &str) -> String {
    format!(
        "SELECT count(*) FROM jobs._private_jobs j JOIN jobs._private_tasks t ON t.id = j.task_id
         WHERE t.identifier = '{kind}' AND NOT EXISTS (SELECT 1 FROM jobs._private_job_retirements r WHERE r.id = j.id)"
    )
}

/// Waits until a statement counts so many.
pub(crate) async fn counts(url: &str, sql: &str, wanted: i64) {
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

#[tokio::test]
async fn whoever_has_a_workspace_back_has_everybodys_jobs_back() {
    let app = TestApp::start().await;
    let url = app.setting("DATABASE_URL");
    let (grace, mia) = (app.sign_up("Grace").await, app.sign_up("Mia").await);
    join(&grace, &mia, "member").await;
    let here = grace.workspace();
    let tell = format!(
        "INSERT INTO notifications (workspace_id, id, recipient_id, kind, cause, subject_kind, facts, routed_at)
         SELECT workspace_id, gen_random_uuid(), user_id, 'role_changed', 'x', 'user', '{{}}', now() FROM workspace_members WHERE workspace_id = '{here}';
         UPDATE notifications SET digest_at = now() + interval '1 day', hook_at = now() + interval '1 day' WHERE workspace_id = '{here}' AND cause = 'x'"
    );
    in_database(url, &tell).await;
    for kind in ["digest", "hook"] {
        assert_eq!(number(url, &jobs_of(kind)).await, 2, "{kind}");
    }
    let home = format!("/api/workspaces/{here}");
    Reply::of(grace.request(Method::DELETE, &home).json(&json!({}))).await.expect(200);
    in_database(url, "DELETE FROM jobs._private_jobs WHERE key LIKE 'digest:%' OR key LIKE 'hook:%'").await;
    grace.clone().naming_no_workspace().post(&format!("{home}/restore"), &json!({})).await.expect(200);
    for kind in ["digest", "hook"] {
        assert_eq!(number(url, &jobs_of(kind)).await, 2, "{kind}");
    }
}

#[tokio::test]
async fn what_is_told_before_a_second_try_keeps_the_sooner_time() {
    let app = TestApp::start().await;
    let url = app.setting("DATABASE_URL");
    let put = |at: &str| format!("SELECT job_at('digest', '{NOBODYS}', '{NOBODYS}', now() + interval '{at}', true)");
    in_database(url, &put("1 hour")).await;
    in_database(url, "UPDATE jobs._private_jobs SET attempts = 1, last_error = 'x' WHERE key LIKE 'digest:%'").await;
    in_database(url, &put("1 day")).await;
    let sooner = "SELECT count(*) FROM jobs._private_jobs WHERE key LIKE 'digest:%' AND attempts = 0 AND run_at < now() + interval '2 hours'";
    assert_eq!(number(url, sooner).await, 1);
}

#[tokio::test]
async fn a_queue_that_nobody_works_on_is_opened() {
    let app = TestApp::start().await;
    let url = app.setting("DATABASE_URL");
    let lock = "INSERT INTO jobs._private_job_queues (queue_name, locked_by, locked_at) VALUES ('hook:x:0', 'somebody who lives', now() - interval '2 minutes');
                SELECT jobs.add_job('clean_jobs', json_build_object())";
    in_database(url, lock).await;
    counts(url, "SELECT count(*) FROM jobs._private_job_queues WHERE locked_at < now() - interval '1 minute'", 0).await;
}

#[tokio::test]
async fn a_server_that_has_nothing_to_do_asks_the_database_a_few_times_a_second_and_not_more() {
    let app = TestApp::start().await;
    let url = app.setting("DATABASE_URL");
    let asked = async || {
        number(url, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()").await
    };
    // What begins with a server is over, and PostgreSQL has counted it.
    sleep(Duration::from_secs(2)).await;
    let before = asked().await;
    sleep(Duration::from_secs(4)).await;
    let each_second = (asked().await - before) / 4;
    assert!(each_second < 100, "{each_second} transactions a second");
}

const OPERATOR: &str = "/api/operator/jobs";

#[tokio::test]
async fn jobs_are_shown_to_operators_whose_address_is_proved_and_to_nobody_else() {
    let app = TestApp::start_with(&[("HYVVE_OPERATORS", "Ada@example.com")]).await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let nothing = ada.get(OPERATOR).await;
    let unknown = ada.clone().naming_no_workspace().get("/operator/nothing").await;
    let page = ada.clone().naming_no_workspace().get("/operator/jobs").await;
    assert_eq!(
        (nothing.status.as_u16(), page.status.as_u16(), unknown.status.as_u16()),
        (404, 404, 404),
        "not proved yet"
    );
    in_database(app.setting("DATABASE_URL"), "UPDATE users SET email_verified = true").await;
    let shown = until(&ada, OPERATOR, |body| body["data"]["recurring"].as_array().is_some_and(|all| all.len() == 12))
        .await["data"]
        .clone();
    let kinds: Vec<&str> = shown["kinds"].as_array().unwrap().iter().filter_map(|kind| kind["kind"].as_str()).collect();
    assert!(["letter", "time_out", "step", "clean_events"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert_eq!(shown["failed"], json!([]));
    assert!(shown["workers"].as_array().unwrap().iter().all(|worker| worker["alive"] == true), "{shown}");
    assert!(shown["recurring"].as_array().unwrap().iter().any(|one| one["kind"] == "purge_workspaces"), "{shown}");
    let page = ada.clone().naming_no_workspace().get("/operator/jobs").await;
    assert!(page.expect(200).text.contains("Approvals that time out"), "{}", page.text);

    for (path, method) in [("", Method::GET), ("/1", Method::DELETE), ("/1/run", Method::POST)] {
        let ask = async |who: &Caller| {
            Reply::of(who.request(method.clone(), &format!("{OPERATOR}{path}"))).await.status.as_u16()
        };
        assert_eq!(ask(&eve).await, 404);
        assert_eq!(ask(&app.anonymous()).await, 401);
        assert_eq!(ask(&program(&ada).await).await, 401, "a key of hers is not she");
    }
    eve.clone().naming_no_workspace().get("/operator/jobs").await.expect(404);
    app.anonymous().get("/operator/jobs").await.expect(303);
}

#[tokio::test]
async fn what_cannot_be_done_is_tried_again_and_stands_where_an_operator_has_it_run_or_gives_it_up() {
    let app = TestApp::start_with(&[("HYVVE_OPERATORS", "grace@example.com")]).await;
    let url = app.setting("DATABASE_URL");
    let (grace, mia) = (app.sign_up("Grace").await, app.sign_up("Mia").await);
    in_database(url, "UPDATE users SET email_verified = true").await;
    let ladder = json!([{ "afterMinutes": 60, "action": { "kind": "remind" } }]);
    send(&grace, "external", json!({ "ladder": ladder })).await.expect(200);
    join(&grace, &mia, "member").await;
    let mia = program(&mia.in_workspace(grace.workspace())).await;
    // A step that is not there.
    let broken = "UPDATE approval_items SET ladder_taken = 9, ladder_at = now() WHERE status = 'pending'";
    let item = ask_for(&mia, "A refund").await;
    in_database(url, broken).await;
    let shown = until(&grace, OPERATOR, |body| body["data"]["failed"][0]["tries"].as_i64() >= Some(2)).await;
    let failed = shown["data"]["failed"][0].clone();
    assert_eq!(
        (&failed["kind"], &failed["aboutId"], &failed["workspaceId"]),
        (&json!("step"), &item["id"], &json!(grace.workspace()))
    );
    assert!(failed["error"].as_str().unwrap().starts_with("INTERNAL_ERROR: "), "{failed}");
    assert!(failed["nextTryAt"].is_string() && failed["failedAt"].is_string(), "{failed}");
    let job = failed["id"].as_i64().unwrap();
    let visitor = grace.clone().naming_no_workspace();
    let page = visitor.get(&format!("/operator/jobs?give-up={job}")).await;
    assert!(
        page.expect(200).text.contains("Give this job up?") && page.text.contains("INTERNAL_ERROR"),
        "{}",
        page.text
    );

    in_database(url, "UPDATE approval_items SET ladder_taken = 0 WHERE status = 'pending'").await;
    grace.post(&format!("{OPERATOR}/{job}/run"), &json!({})).await.expect(200);
    counts(url, "SELECT count(*) FROM approval_decisions WHERE outcome = 'reminded'", 1).await;
    let all = until(&grace, OPERATOR, |body| body["data"]["failed"] == json!([])).await;
    assert_eq!(
        all["data"]["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == "step").unwrap()["failed"],
        0
    );
    grace.post(&format!("{OPERATOR}/{job}/run"), &json!({})).await.expect(404);

    in_database(url, broken).await;
    let shown = until(&grace, OPERATOR, |body| body["data"]["failed"][0]["tries"].as_i64() >= Some(2)).await;
    let job = shown["data"]["failed"][0]["id"].as_i64().unwrap();
    call(&visitor, "operator/give-up-job", format!("id={job}")).await.expect(200);
    counts(url, &jobs_of("step"), 0).await;
    Reply::of(grace.request(Method::DELETE, &format!("{OPERATOR}/{job}"))).await.expect(404);
}
