//! Reading on from any moment, with the ids of then, and without a gap that nobody speaks of.

use std::time::{Duration, Instant};

use hyvve_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::sleep;

use crate::support::{Caller, Reply, TestApp, cluster::superuser};

async fn happen(user: &Caller, name: &str) {
    let path = format!("/api/workspaces/{}", user.workspace());
    Reply::of(user.request(Method::PATCH, &path).json(&json!({ "name": name }))).await.expect(200);
}

async fn read(user: &Caller, query: &str) -> Value {
    user.get(&format!("/api/events?{query}")).await.expect(200).body.clone()
}

fn seqs(read: &Value) -> Vec<i64> {
    read["data"].as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_program_reads_everything_in_pages_with_the_ids_that_a_browser_hears() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for n in 0..5 {
        happen(&ada, &format!("Name {n}")).await;
    }
    let (mut all, mut cursor) = (Vec::new(), 0);
    loop {
        let page = read(&ada, &format!("after={cursor}&limit=2")).await;
        all.extend(page["data"].as_array().unwrap().clone());
        cursor = page["meta"]["nextCursor"].as_i64().unwrap();
        assert_eq!(page["meta"]["gone"], Value::Null);
        if page["meta"]["hasMore"] == false {
            break;
        }
    }
    let mut stream = ada.open("/api/stream?cursor=0").await;
    for event in &all {
        assert_eq!(&stream.next_of("event").await.data, event);
        assert_eq!(event["version"], 1);
    }
    assert_eq!(all.last().unwrap()["seq"], cursor);
    assert_eq!(all, read(&ada, "").await["data"].as_array().unwrap().clone(), "without a cursor from the beginning");

    let updates = read(&ada, "types=workspace.updated,nothing.").await;
    assert_eq!(seqs(&updates).len(), 5);
    assert_eq!((&updates["meta"]["nextCursor"], &updates["meta"]["hasMore"]), (&json!(cursor), &json!(false)));
    let none = read(&ada, "types=nothing.&limit=1").await;
    assert_eq!(
        (seqs(&none), &none["meta"]["nextCursor"]),
        (Vec::<i64>::new(), &json!(cursor)),
        "what does not pass is past"
    );
}

#[tokio::test]
async fn whoever_waits_is_answered_when_something_happens() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let head = read(&ada, "").await["meta"]["nextCursor"].as_i64().unwrap();
    let nothing = read(&ada, &format!("after={head}&waitSeconds=1")).await;
    assert_eq!((seqs(&nothing), &nothing["meta"]["nextCursor"]), (Vec::<i64>::new(), &json!(head)));
    let since = Instant::now();
    let happens = async {
        sleep(Duration::from_millis(300)).await;
        happen(&ada, "Another name").await;
    };
    let query = format!("after={head}&types=workspace.&waitSeconds=30");
    let (heard, ()) = tokio::join!(read(&ada, &query), happens);
    assert_eq!(seqs(&heard), [head + 1]);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
}

#[tokio::test]
async fn what_is_too_long_ago_is_said_to_be_gone() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for n in 0..5 {
        happen(&ada, &format!("Name {n}")).await;
    }
    let all = seqs(&read(&ada, "").await);
    let long_ago = Timestamp::now().minus(Duration::from_hours(24 * 40));
    let whole = read(&ada, &format!("since={long_ago}")).await;
    assert_eq!((seqs(&whole), &whole["meta"]["gone"]), (all.clone(), &Value::Null), "nothing was ever removed");

    // Some time passes: what was first becomes too old, and is removed as the server does it.
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let workspace = ada.workspace();
    let age = format!(
        "UPDATE events SET created_at = now() - interval '20 days' WHERE workspace_id = '{workspace}' AND seq > 3"
    );
    sqlx::query(AssertSqlSafe(age)).execute(&mut root).await.unwrap();
    let purge = format!("DELETE FROM events WHERE workspace_id = '{workspace}' AND seq <= 3");
    sqlx::query(AssertSqlSafe(purge)).execute(&mut root).await.unwrap();

    let rest: Vec<i64> = all.iter().copied().filter(|seq| *seq > 3).collect();
    let before = |gone: &Value| serde_json::from_value::<Timestamp>(gone["before"].clone()).expect("a time");
    let kept_from = Timestamp::now().minus(Duration::from_hours(24 * 30));
    for query in [format!("since={long_ago}"), "after=0".to_owned(), "after=1".to_owned(), String::new()] {
        let read = read(&ada, &query).await;
        assert_eq!((seqs(&read), &read["meta"]["gone"]["upTo"]), (rest.clone(), &json!(3)), "{query}");
        let apart = (before(&read["meta"]["gone"]).unix_seconds() - kept_from.unix_seconds()).abs();
        assert!(apart < 60, "{query}: {read}");
    }
    let recently = Timestamp::now().minus(Duration::from_hours(24 * 25));
    for query in [format!("since={recently}"), "after=3".to_owned()] {
        let read = read(&ada, &query).await;
        assert_eq!((seqs(&read), &read["meta"]["gone"]), (rest.clone(), &Value::Null), "{query}");
    }
    let since_then = Timestamp::now().minus(Duration::from_hours(24 * 10));
    assert_eq!(seqs(&read(&ada, &format!("since={since_then}")).await), Vec::<i64>::new());
}

#[tokio::test]
async fn what_somebody_else_was_notified_of_is_neither_read_nor_said_to_be_gone() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let head = read(&ada, "").await["meta"]["nextCursor"].as_i64().unwrap();
    // Of all that is kept, the first is for somebody else.
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let (workspace, next) = (ada.workspace(), head + 1);
    let sql = format!(
        "DELETE FROM events WHERE workspace_id = '{workspace}';
         INSERT INTO events (workspace_id, seq, id, type, subject_kind, payload, audience, created_at) VALUES
           ('{workspace}', {next}, gen_random_uuid(), 'notification.read', 'notification', '{{}}', gen_random_uuid(), now());
         UPDATE workspace_heads SET event_seq = {next} WHERE workspace_id = '{workspace}'"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut root).await.unwrap();
    happen(&ada, "Another name").await;
    let whole = read(&ada, &format!("after={head}")).await;
    assert_eq!((seqs(&whole), &whole["meta"]["gone"]), (vec![next + 1], &Value::Null));
    let late = read(&ada, &format!("after={}", head - 1)).await;
    assert_eq!((seqs(&late), &late["meta"]["gone"]["upTo"]), (vec![next + 1], &json!(head)));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let tomorrow = Timestamp::now().plus(Duration::from_hours(24));
    for (query, field) in [
        (format!("after=1&since={tomorrow}"), "since"),
        (format!("since={tomorrow}"), "since"),
        ("since=yesterday".to_owned(), "since"),
        ("after=first".to_owned(), "after"),
        ("types=Approval.".to_owned(), "types"),
        ("waitSeconds=61".to_owned(), "waitSeconds"),
    ] {
        let refused = ada.get(&format!("/api/events?{query}")).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field, "{query}");
    }
}

#[tokio::test]
async fn the_page_shows_what_its_address_asks_for() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for n in 0..60 {
        happen(&ada, &format!("Name {n}")).await;
    }
    let slug = ada.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = format!("/w/{slug}/settings/events");
    let ada = ada.naming_no_workspace();
    let rows = |text: &str| text.matches("id=\"event-").count();
    let newest = ada.get(&page).await.expect(200).text.clone();
    assert_eq!(rows(&newest), 50);
    assert!(newest.contains("data-follow=\"\""), "it is live");
    let older =
        newest.split("?before=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link to what is older");
    let older = ada.get(&format!("{page}?before={older}")).await.expect(200).text.clone();
    assert!((10..50).contains(&rows(&older)), "{}", rows(&older));
    assert!(!older.contains("data-follow=\"\""), "what is older stays as it is");
    let created = ada.get(&format!("{page}?types=workspace.created")).await.expect(200).text.clone();
    assert_eq!(rows(&created), 1);
    assert_eq!(rows(&ada.get(&format!("{page}?to=2020-01-01T00:00")).await.expect(200).text), 0);
    assert!(ada.get(&format!("{page}?types=Nonsense")).await.expect(200).text.contains("is no type of event"));
}
