//! Endpoints that behave badly, and servers that die.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Office, in_database, is_signed_by, receiver::Manner};
use crate::{
    assignment::number,
    jobs::{counts, jobs_of},
    support::{Process, TestApp, id, until},
};

#[tokio::test]
async fn an_endpoint_that_redirects_or_never_ends_is_bounded_and_logged() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.receiver.answers(Manner::Redirect);
    let redirected = office.test().await;
    assert_eq!((&redirected["state"], &redirected["tries"][0]["status"]), (&json!("failed"), &json!(302)));
    assert!(redirected["tries"][0]["error"].as_str().unwrap().contains("redirect"), "{redirected:#}");
    assert_eq!(office.receiver.told().len(), 1, "nobody was asked elsewhere");

    office.receiver.answers(Manner::Endless);
    let begun = Instant::now();
    let endless = office.test().await;
    assert_eq!((&endless["state"], &endless["tries"][0]["status"]), (&json!("delivered"), &json!(200)));
    assert_eq!(endless["tries"][0]["reply"].as_str().unwrap(), "x".repeat(1_024));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(office.receiver.poured() < 64 << 20, "{} bytes were taken", office.receiver.poured());

    office.receiver.says(400, "a\u{0}b\u{202e}c");
    let odd = office.test().await;
    assert_eq!(odd["tries"][0]["reply"], "a\\u{0}b\\u{202e}c");
    assert_eq!(office.log().await.len(), 3);
    // Tests say nothing of how an endpoint does with events.
    let endpoint = office.endpoint().await;
    assert_eq!((&endpoint["failingSince"], &endpoint["lastSuccessAt"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_up_nobody_else_and_is_given_up() {
    let app = TestApp::start().await;
    let (slow, quick) = (Office::open(&app).await, Office::of(app.sign_up("Bob").await).await);
    slow.receiver.answers(Manner::Hang);
    for n in 0..12 {
        slow.happen(&format!("Name {n}")).await;
    }
    slow.receiver.wait_for(4).await;
    let begun = Instant::now();
    quick.happen("Another name").await;
    quick.receiver.wait_for(1).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(slow.receiver.told().len(), 4, "no more than that at once");

    let log = format!("{}/deliveries", slow.path);
    let given_up = |body: &Value| {
        body["data"].as_array().is_some_and(|all| all.iter().filter(|one| one["tries"][0].is_object()).count() >= 4)
    };
    let body = until(&slow.user, &log, given_up).await;
    let hung = body["data"].as_array().unwrap().iter().find(|one| one["tries"][0].is_object()).unwrap();
    assert_eq!((&hung["state"], &hung["tries"][0]["status"]), (&json!("waiting"), &Value::Null));
    assert_eq!(hung["tries"][0]["error"], "There was no answer within 15 s.");
    let took = hung["tries"][0]["durationMs"].as_i64().unwrap();
    assert!((14_900..17_000).contains(&took), "{took} ms");
}

#[tokio::test]
async fn an_address_where_nobody_listens_or_that_is_not_allowed_any_more_is_told_from_others() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.change(&json!({ "url": "http://127.0.0.1:9/" })).await.expect(200);
    let nobody = office.test().await;
    assert!(nobody["tries"][0]["error"].as_str().unwrap().contains("could not be reached"), "{nobody:#}");
    let stricter = app.again_with(&[("HYVVE_ALLOWED_HOSTS", "127.0.0.2")]).await;
    let user = office.user.clone().at(&stricter);
    let refused = user.post(&format!("{}/test", office.path), &json!({})).await;
    let error = refused.expect(200).body["data"]["tries"][0]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("127.0.0.1:9") && error.contains("allowed_hosts"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_sends_loses_nothing() {
    let process = Process::start_with("warn", &[("HYVVE_LEASE_SECONDS", "2")]).await;
    let office = Office::of(process.anonymous().sign_up("Ada").await).await;
    office.receiver.answers(Manner::Hang);
    office.happen("Another name").await;
    let first = office.receiver.wait_for(1).await.remove(0);
    // Claimed, sent, and nothing of it written down.
    let environment = process.kill();
    office.receiver.says(200, "thanks");

    let data = tempfile::tempdir().unwrap();
    let mut environment = environment;
    environment.insert("HYVVE_DATA_DIR".to_owned(), data.path().display().to_string());
    let app = TestApp::start_in(environment, data).await;
    let database = app.setting("DATABASE_URL");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(office.receiver.told().len(), 1, "it is still the other server's");
    assert_eq!(in_database(database, "UPDATE webhook_deliveries SET due_at = now()").await, 1);
    let told = office.receiver.wait_for(2).await;
    assert_eq!((&told[1].id, &told[1].body), (&first.id, &first.body));
    assert!(is_signed_by(&office.secret, &told[1]));
}

#[tokio::test]
async fn an_endpoint_has_one_job_for_the_next_of_its_deliveries_and_none_once_all_are_sent() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let database = app.setting("DATABASE_URL");
    office.receiver.says(503, "");
    for name in ["One", "Two", "Three"] {
        office.happen(name).await;
    }
    let next = "SELECT count(*) FROM jobs._private_jobs j JOIN webhook_endpoints e ON j.key = 'webhook:' || e.workspace_id || ':' || e.id
                WHERE j.run_at = (SELECT min(due_at) FROM webhook_deliveries WHERE state = 'waiting' AND attempts > 0 HAVING count(*) = 3)";
    counts(database, next, 1).await;
    assert_eq!(number(database, &jobs_of("webhook")).await, 1);
    office.receiver.says(200, "");
    counts(database, "SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'", 3).await;
    counts(database, &jobs_of("webhook"), 0).await;
}

#[tokio::test]
async fn one_that_is_gone_is_disabled_at_once_and_one_that_fails_for_a_day_too_and_people_hear_of_it() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let database = app.setting("DATABASE_URL");
    office.receiver.says(410, "");
    office.happen("Another name").await;
    let gone = until(&office.user, &office.path, |body| body["data"]["enabled"] == false).await;
    assert_eq!(gone["data"]["disabledBecause"], "gone");
    assert_eq!(office.newest(|newest| newest["state"] != "waiting").await["state"], "failed");
    let letters = "UPDATE letters SET recipient = recipient WHERE subject = 'A webhook was disabled' AND recipient = 'ada@example.com'";
    wait_for_letters(database, letters, 1).await;

    office.change(&json!({ "enabled": true })).await.expect(200);
    office.receiver.says(503, "");
    office.happen("Failing").await;
    office.newest(|newest| newest["tries"][0]["status"] == 503).await;
    office.happen("Waiting").await;
    office.newest(|newest| newest["seq"].as_i64() > Some(0) && newest["tries"][0]["status"] == 503).await;
    until(&office.user, &format!("{}/deliveries", office.path), |body| body["meta"]["total"] == 3).await;
    // A day passes, in which nothing got through.
    in_database(database, "UPDATE webhook_endpoints SET failing_since = now() - interval '1 day'").await;
    let one = "UPDATE webhook_deliveries SET begun_at = begun_at - interval '1 day', due_at = now()
               WHERE state = 'waiting' AND id = (SELECT min(id::text)::uuid FROM webhook_deliveries WHERE state = 'waiting')";
    assert_eq!(in_database(database, one).await, 1);
    let failing = until(&office.user, &office.path, |body| body["data"]["enabled"] == false).await;
    assert_eq!(failing["data"]["disabledBecause"], "failing");
    let states: Vec<String> = office.log().await.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect();
    assert!(states.contains(&"cancelled".to_owned()) && !states.contains(&"waiting".to_owned()), "{states:?}");
    wait_for_letters(database, letters, 2).await;

    let log = office.user.get("/api/audit-log?limit=50").await;
    let rows = log.expect(200).body["data"].as_array().unwrap().clone();
    let disabled: Vec<&Value> = rows.iter().filter(|row| row["action"] == "webhook.disabled").collect();
    assert_eq!(disabled.len(), 2);
    assert_eq!((&disabled[0]["actorKind"], &disabled[0]["details"]["because"]), (&json!("system"), &json!("failing")));
    assert!(!log.text.contains("in-the-address"), "what may be a secret in an address is not in the log");
    let mut stream = office.user.open("/api/stream?cursor=0").await;
    while stream.next().await.expect("the event").data["type"] != "webhook.disabled" {}
}

#[tokio::test]
async fn what_is_a_month_old_goes() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let kept = office.test().await;
    office.test().await;
    let database = app.setting("DATABASE_URL").to_owned();
    let old =
        format!("UPDATE webhook_deliveries SET begun_at = now() - interval '31 days' WHERE id <> '{}'", id(&kept));
    assert_eq!(in_database(&database, &old).await, 1);
    // It is looked for every hour, and now.
    in_database(&database, "SELECT jobs.add_job('clean_webhooks')").await;
    let log = until(&office.user, &format!("{}/deliveries", office.path), |body| body["meta"]["total"] == 1).await;
    assert_eq!(log["data"][0]["id"], kept["id"]);
}

/// Letters are posted a moment after what they tell of, by whoever settles notifications.
async fn wait_for_letters(database: &str, letters: &str, count: u64) {
    for _ in 0..200 {
        if in_database(database, letters).await == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(in_database(database, letters).await, count);
}
