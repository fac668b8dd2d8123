//! Endpoints and their secrets: who is shown what, and when.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Office, in_database, is_signed_by};
use crate::{
    isolation::functions::call,
    support::{Caller, Process, Reply, TestApp, id},
};

/// Everything, of every library.
const LOUD: &str = "trace,sqlx=trace,hyper=trace,h2=trace,rustls=trace,reqwest=trace";

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let rotate = format!("{}/rotate", office.path);
    let rotated = office.user.post(&rotate, &json!({})).await.expect(200).body["data"].clone();
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, office.secret);
    assert!(rotated["oldSecretUntil"].is_string());
    office.happen("Another name").await;
    let told = office.receiver.wait_for(1).await.remove(0);
    assert_eq!(told.signatures.len(), 2);
    assert!(is_signed_by(new, &told) && is_signed_by(&office.secret, &told));

    let over = "UPDATE webhook_endpoints SET old_secret_until = now() - interval '1 second'";
    in_database(app.setting("DATABASE_URL"), over).await;
    office.test().await;
    let told = office.receiver.wait_for(2).await.remove(1);
    assert_eq!(told.signatures.len(), 1);
    assert!(is_signed_by(new, &told));
    assert_eq!(office.endpoint().await["oldSecretUntil"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_no_reply_page_or_line_of_the_log_once_it_was_shown() {
    let process = Process::start(LOUD).await;
    let office = Office::of(process.anonymous().sign_up("Ada").await).await;
    let rotated = office.user.post(&format!("{}/rotate", office.path), &json!({})).await;
    let new = rotated.expect(200).body["data"]["secret"].as_str().unwrap().to_owned();
    // An endpoint that says back what it knows.
    office.receiver.says(200, &format!("{new} {} {new}", office.secret));
    office.happen("Another name").await;
    office.newest(|newest| newest["state"] == "delivered").await;
    let tested = office.test().await;
    let slug = office.user.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let mut texts = vec![tested.to_string()];
    for path in [
        "/api/webhooks".to_owned(),
        office.path.clone(),
        format!("{}/deliveries", office.path),
        "/api/audit-log?limit=200".to_owned(),
        format!("/w/{slug}/settings/webhooks"),
        format!("/w/{slug}/settings/webhooks/{}", office.path.rsplit('/').next().unwrap()),
        format!("/w/{slug}/settings/audit-log"),
    ] {
        texts.push(office.user.get(&path).await.expect(200).text.clone());
    }
    texts.push(office.change(&json!({ "description": "Theirs" })).await.expect(200).text.clone());
    let log = process.end();
    assert!(log.contains("deliveries that are due"), "the log is not loud enough");
    texts.push(log);
    for secret in [&office.secret, &new] {
        let bare = secret.strip_prefix("whsec_").unwrap();
        for text in &texts {
            assert!(!text.contains(bare), "a secret is in {}", text.chars().take(200).collect::<String>());
        }
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let url = office.receiver.url();
    for (body, field) in [
        (json!({}), "url"),
        (json!({ "url": "" }), "url"),
        (json!({ "url": "http://example.com/" }), "url"),
        (json!({ "url": "https://192.168.1.1/" }), "url"),
        (json!({ "url": "https://169.254.169.254/latest" }), "url"),
        (json!({ "url": "https://user:secret@example.com/" }), "url"),
        (json!({ "url": url, "events": ["Approval.*"] }), "events"),
        (json!({ "url": url, "events": "approval." }), "events"),
        (json!({ "url": url, "description": "x".repeat(201) }), "description"),
        (json!({ "url": url, "secret": "whsec_mine" }), "secret"),
    ] {
        let refused = office.user.post("/api/webhooks", &body).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field, "{body}");
    }
    for body in [json!({ "url": "http://10.0.0.1/" }), json!({ "url": null, "more": 1 }), json!({ "events": [""] })] {
        office.change(&body).await.expect(400);
    }
    for n in 1..20 {
        office.user.post("/api/webhooks", &json!({ "url": url, "events": [format!("nothing{n}.")] })).await.expect(201);
    }
    let full = office.user.post("/api/webhooks", &json!({ "url": url })).await;
    assert_eq!(full.expect(422).body["error"]["code"], "UNPROCESSABLE");
    Reply::of(office.user.request(Method::DELETE, &office.path)).await.expect(200);
    office.user.get(&office.path).await.expect(404);
    office.user.post("/api/webhooks", &json!({ "url": url, "events": ["nothing."] })).await.expect(201);
}

/// A form as a browser without scripts sends it; answers the page that shows next.
async fn submit(user: &Caller, page: &str, function: &str, form: &str) -> (String, Reply) {
    let request = user.request(Method::POST, &format!("/_fn/{function}")).header("accept", "text/html");
    let request = request.header("referer", format!("http://localhost{page}"));
    let sent =
        Reply::of(request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned())).await;
    assert!(sent.status.is_redirection(), "{} {}", sent.status, sent.text);
    let to = sent.header("location").unwrap().to_owned();
    let next = match sent.cookie_named("hyvve_flash") {
        Some(flash) => user.clone().and_cookie(&flash).get(&to).await,
        None => user.get(&to).await,
    };
    next.expect(200);
    (to, next)
}

#[tokio::test]
async fn the_pages_work_with_plain_forms() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let user = office.user.clone().naming_no_workspace();
    let slug = office.user.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let list = format!("/w/{slug}/settings/webhooks");

    let (_, wrong) =
        submit(&user, &list, "webhooks/add", "url=http%3A%2F%2Fexample.com&description=Mine&events=").await;
    assert!(wrong.text.contains("without https") && wrong.text.contains("value=\"Mine\""), "{}", wrong.text);
    let url = "http%3A%2F%2F127.0.0.1%3A9";
    let form = format!("url={url}&description=Mine&events=approval.%2C+run.failed");
    let (one, made) = submit(&user, &list, "webhooks/add", &form).await;
    assert!(one.starts_with(&format!("{list}/")) && made.text.contains("value=\"whsec_"), "{one}");
    assert!(!user.get(&one).await.text.contains("whsec_"), "once");
    let webhook = one.rsplit('/').next().unwrap();

    let (_, tested) = submit(&user, &one, "webhooks/test", &format!("id={webhook}")).await;
    assert!(tested.text.contains("did not get through") && tested.text.contains("could not be reached"));
    let (_, changed) = submit(
        &user,
        &one,
        "webhooks/change",
        &format!("id={webhook}&url={url}&description=Yours&events=&filtered=true"),
    )
    .await;
    assert!(changed.text.contains("Saved.") && changed.text.contains("Hears of all events"), "{}", changed.text);
    let (_, rotated) = submit(&user, &format!("{one}?ask=rotate"), "webhooks/rotate", &format!("id={webhook}")).await;
    assert!(rotated.text.contains("value=\"whsec_") && rotated.text.contains("signs as well"));
    let (_, replayed) = submit(&user, &one, "webhooks/replay", &format!("id={webhook}&hours=24")).await;
    assert!(replayed.text.contains("sent again, with the ids of then"));
    let events = list.replace("/webhooks", "/events");
    let form = |since: &str| format!("id={webhook}&since={since}&only=webhook.");
    let (to, some) = submit(&user, &events, "events/replay", &form("")).await;
    assert!(to == events && some.text.contains("sent again, with the ids of then"), "{to}");
    let (_, wrong) = submit(&user, &events, "events/replay", &form("yesterday")).await;
    assert!(wrong.text.contains("Please enter a time like") && wrong.text.contains("value=\"webhook.\""));
    let (_, off) = submit(&user, &one, "webhooks/switch", &format!("id={webhook}&enabled=false")).await;
    assert!(off.text.contains("Enable it") && off.text.contains("somebody disabled it"));
    let (_, on) = submit(&user, &one, "webhooks/switch", &format!("id={webhook}&enabled=true")).await;
    assert!(on.text.contains("Disable it"));
    let (to, removed) = submit(&user, &format!("{one}?ask=remove"), "webhooks/remove", &format!("id={webhook}")).await;
    assert!(to == list && removed.text.contains("Removed.") && !removed.text.contains("Yours"), "{to}");

    office.happen("Another name").await;
    let told = office.newest(|newest| newest["state"] == "delivered").await;
    let own = format!("{list}/{}", office.path.rsplit('/').next().unwrap());
    let page = user.get(&own).await;
    assert!(page.expect(200).text.contains("answered 200") && page.text.contains("thanks"));
    let again = format!("id={}&delivery={}", own.rsplit('/').next().unwrap(), id(&told));
    submit(&user, &own, "webhooks/redeliver", &again).await;
    office.receiver.wait_for(2).await;
    // Somebody else's, one's own way.
    let eve = app.sign_up("Eve").await;
    call(&eve, "webhooks/redeliver", again).await.expect(404);
}
