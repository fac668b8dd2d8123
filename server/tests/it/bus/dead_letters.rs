//! Dead letters as owners see them: over REST, and on their pages.

use std::time::{Duration, Instant};

use hyvve_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

use crate::support::{Caller, Reply, TestApp, cluster::superuser, until};

const LIST: &str = "/api/events/dead-letters";

/// A dead letter of a consumer that there is not, so that nobody revives it; answers its id.
pub(crate) async fn dead_letter_of(database: &str, workspace: &str) -> String {
    let (id, event) = (Uuid::now_v7(), Uuid::now_v7());
    let what = json!({
        "seq": 1, "id": event, "type": "test.happened", "subjectKind": "test", "subjectId": null,
        "payload": { "title": "What happened" }, "createdAt": Timestamp::now(),
    });
    let mut root = PgConnection::connect(&superuser(database)).await.unwrap();
    let insert = "INSERT INTO event_dead_letters (workspace_id, id, consumer, event_id, event, error, tries)
                  VALUES ($1, $2, 'nobody', $3, $4, 'It was too much. (UNPROCESSABLE)', 5)";
    let workspace: Uuid = workspace.parse().unwrap();
    sqlx::query(insert).bind(workspace).bind(id).bind(event).bind(what).execute(&mut root).await.unwrap();
    id.to_string()
}

async fn logged(user: &Caller, action: &str) -> Vec<Value> {
    let log = user.get("/api/audit-log?limit=50").await;
    let rows = log.expect(200).body["data"].as_array().unwrap().clone();
    rows.into_iter().filter(|row| row["action"] == action).collect()
}

#[tokio::test]
async fn an_owner_reads_dead_letters_has_them_tried_again_and_discards_them() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    assert_eq!(ada.get(LIST).await.expect(200).body["meta"]["total"], 0);
    let id = dead_letter_of(app.setting("DATABASE_URL"), ada.workspace()).await;
    let list = ada.get(LIST).await;
    let letter = &list.expect(200).body["data"][0];
    assert_eq!((letter["id"].as_str().unwrap(), &letter["consumer"]), (id.as_str(), &json!("nobody")));
    assert_eq!((&letter["tries"], &letter["nextTryAt"]), (&json!(5), &Value::Null));
    assert_eq!(letter["event"]["payload"]["title"], "What happened");
    assert_eq!(letter["error"], "It was too much. (UNPROCESSABLE)");

    let requeued = ada.post(&format!("{LIST}/{id}/requeue"), &json!({})).await;
    let letter = &requeued.expect(200).body["data"];
    assert_eq!(letter["tries"], 0);
    assert!(letter["nextTryAt"].is_string());
    let entries = logged(&ada, "event.requeued").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["details"]["type"], "test.happened");

    let discard = format!("{LIST}/{id}");
    Reply::of(ada.request(Method::DELETE, &discard)).await.expect(200);
    Reply::of(ada.request(Method::DELETE, &discard)).await.expect(404);
    ada.post(&format!("{LIST}/{id}/requeue"), &json!({})).await.expect(404);
    assert_eq!(logged(&ada, "event.discarded").await.len(), 1);
    assert_eq!(ada.get(LIST).await.expect(200).body["data"], json!([]));
}

#[tokio::test]
async fn what_does_not_read_as_an_event_any_more_is_shown_rests_and_holds_up_nothing() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let database = app.setting("DATABASE_URL");
    let id = dead_letter_of(database, ada.workspace()).await;
    let mut root = PgConnection::connect(&superuser(database)).await.unwrap();
    let spoil =
        r#"UPDATE event_dead_letters SET consumer = 'unknown-effects', event = '{ "type": "test.happened", "of": 1 }'"#;
    sqlx::query(spoil).execute(&mut root).await.unwrap();
    let list = ada.get(LIST).await;
    let event = &list.expect(200).body["data"][0]["event"];
    assert_eq!((&event["type"], &event["payload"]["of"]), (&json!("test.happened"), &json!(1)));

    ada.post(&format!("{LIST}/{id}/requeue"), &json!({})).await.expect(200);
    let rests = until(&ada, LIST, |body| body["data"][0]["nextTryAt"].is_null()).await;
    assert_eq!(rests["data"][0]["error"], "It does not read as an event any more.");
    let behind = "SELECT count(*) FROM workspace_heads h JOIN event_consumers c USING (workspace_id)
                  WHERE c.consumer = 'unknown-effects' AND c.done_seq < h.event_seq";
    let since = Instant::now();
    while sqlx::query_scalar::<_, i64>(behind).fetch_one(&mut root).await.unwrap() > 0 {
        assert!(since.elapsed() < Duration::from_secs(20), "other events wait for it");
        sleep(Duration::from_millis(50)).await;
    }
    Reply::of(ada.request(Method::DELETE, &format!("{LIST}/{id}"))).await.expect(200);
}

#[tokio::test]
async fn the_pages_say_what_went_wrong_and_their_forms_work_without_a_script() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let slug = ada.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let here = format!("/w/{slug}/settings/events/dead-letters");
    assert!(ada.get(&here).await.expect(200).text.contains("Everything was dealt with"));
    let id = dead_letter_of(app.setting("DATABASE_URL"), ada.workspace()).await;
    let list = ada.get(&here).await;
    assert!(list.expect(200).text.contains("test.happened") && list.text.contains("It was too much."), "{}", list.text);
    let one = ada.get(&format!("{here}/{id}?ask=discard")).await;
    assert!(one.expect(200).text.contains("What happened") && one.text.contains("Discard this event?"), "{}", one.text);

    for (form, done) in [("requeue", "It is tried again."), ("discard", "Discarded.")] {
        let request = ada.request(Method::POST, &format!("/_fn/dead-letters/{form}"));
        let request = request.header("accept", "text/html").header("referer", format!("http://x{here}/{id}"));
        let posted = Reply::of(request.form(&[("id", &id)])).await;
        assert_eq!((posted.status.as_u16(), posted.header("location")), (302, Some(here.as_str())), "{}", posted.text);
        let page = ada.clone().and_cookie(&posted.cookie().expect("what the next page says")).get(&here).await;
        assert!(page.text.contains(done), "{form}: {}", page.text);
    }
}
