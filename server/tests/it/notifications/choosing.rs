//! What people choose: which kinds, by which ways, and when.

use super::*;

/// The ways of one kind.
fn ways(kind: &str, in_app: bool, mail: &str) -> Value {
    json!({ "channels": { kind: { "inApp": in_app, "mail": mail, "webhook": false } } })
}

#[tokio::test]
async fn a_kind_comes_by_the_ways_that_were_chosen_and_by_no_others() {
    let world = World::new().await;
    let office = Office::open(&world.app).await;
    office.hand_to(&office.ada).await.expect(200);
    world.letter("ada@example.com", "handed to you").await;

    let chosen = choose(&office.ada, ways("approval_assigned", false, "no")).await;
    assert_eq!(chosen.expect(200).body["data"]["channels"]["approval_assigned"]["mail"], "no");
    assert_eq!(chosen.body["data"]["channels"]["mentioned"]["mail"], "now", "what was not named is as it was");
    assert!(told(&office.ada, "approval_assigned").await.is_empty(), "kept out of the list");
    office.hand_to(&office.grace).await.expect(200);
    office.hand_to(&office.ada).await.expect(200);
    office.comment(&office.grace, "@Ada?").await.expect(200);
    world.letter("ada@example.com", "Somebody mentions you").await;
    assert_eq!(world.all("ada@example.com", "handed to you").len(), 1);
    assert_eq!(unread(&office.ada).await, 2, "that something waits, and the mention");

    choose(&office.ada, json!({ "digestHour": 24 })).await.expect(400);
    choose(&office.ada, json!({ "channels": { "nothing": {} } })).await.expect(400);
    let mias = choose(&office.mia, ways("budget_alert", true, "now")).await.expect(200).body["data"].clone();
    assert!(mias["channels"]["budget_alert"].is_null(), "nothing of that is told to a member");
    assert_eq!(mias["channels"]["mentioned"]["mail"], "now");
}

/// What is collected for a letter leaves now.
const LEAVES_NOW: &str = "UPDATE notifications SET digest_at = now() WHERE digest_at IS NOT NULL";
/// How many wait for a letter that leaves within a minute.
const COLLECTED: &str =
    "UPDATE notifications SET cause = cause WHERE digest_at > now() AND digest_at <= now() + interval '1 minute'";

/// Waits until so many rows are as a statement asks.
async fn until_there_are(world: &World, sql: &str, rows: u64) {
    while in_database(&world.app, sql).await != rows {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn who_hears_that_something_waits_by_mail_alone_hears_of_what_comes_later_too() {
    let world = World::new().await;
    let office = Office::open(&world.app).await;
    // What is in the list already, and was not read, is in her way no more than what comes.
    choose(&office.ada, ways("approval_waiting", false, "now")).await.expect(200);
    for waiting in [4, 6] {
        Story::of(office.grace.clone()).await;
        let subject = format!("{waiting} approvals wait");
        while world.all("ada@example.com", &subject).is_empty() {
            in_database(&world.app, LEAVES_NOW).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    assert!(told(&office.ada, "approval_waiting").await.is_empty());
}

#[tokio::test]
async fn of_many_proposals_one_letter_tells_at_once_and_another_one_a_minute_later() {
    let world = World::new().await;
    let office = Office::open(&world.app).await;
    until_there_are(&world, "UPDATE notifications SET cause = cause WHERE routed_at IS NULL", 0).await;
    choose(&office.ada, ways("approval_waiting", false, "now")).await.expect(200);
    // What was told before is long ago.
    in_database(&world.app, "UPDATE notifications SET routed_at = routed_at - interval '1 minute'").await;
    let propose = async |n: usize| {
        let refund = json!({ "action": "refund", "arguments": { "order": n } });
        office.grace.post("/api/approvals", &refund).await.expect(201);
    };
    propose(0).await;
    world.letter("ada@example.com", "3 approvals wait").await;
    for n in 1..=20 {
        propose(n).await;
    }
    office.hand_to(&office.ada).await.expect(200);
    until_there_are(&world, COLLECTED, 2).await;
    // What is rare is not held up by it.
    office.comment(&office.grace, "@Ada?").await.expect(200);
    world.letter("ada@example.com", "Somebody mentions you").await;
    let letters = || world.all("ada@example.com", "").iter().filter(|text| text.contains("/approvals")).count();
    assert_eq!(letters(), 2, "one about approvals, and the mention");

    in_database(&world.app, LEAVES_NOW).await;
    let collected = world.letter("ada@example.com", "2 things to know in").await;
    assert_eq!(collected.matches("23 approvals wait for a decision").count(), 1, "{collected}");
    assert_eq!(collected.matches("Grace asks you to look at").count(), 1, "{collected}");
    // That was a letter as well, and what comes next waits until a minute after it.
    propose(21).await;
    until_there_are(&world, COLLECTED, 1).await;
    assert_eq!(letters(), 3);
    in_database(&world.app, LEAVES_NOW).await;
    world.letter("ada@example.com", "24 approvals wait").await;
    // Once it is quiet, the first one leaves at once.
    in_database(&world.app, "UPDATE notifications SET routed_at = routed_at - interval '1 minute'").await;
    propose(22).await;
    world.letter("ada@example.com", "25 approvals wait").await;
}

#[tokio::test]
async fn a_digest_is_one_letter_and_says_nothing_twice() {
    let world = World::new().await;
    let office = Office::open(&world.app).await;
    let chosen = json!({ "digest": "hourly", "channels": {
        "approval_assigned": { "inApp": true, "mail": "digest", "webhook": false },
        "mentioned": { "inApp": true, "mail": "digest", "webhook": false },
    } });
    choose(&office.ada, chosen).await.expect(200);
    office.hand_to(&office.ada).await.expect(200);
    office.comment(&office.grace, "@Ada: one").await.expect(200);
    office.comment(&office.grace, "@Ada: two").await.expect(200);
    // What she has read by then is not in it.
    let read = told(&office.ada, "mentioned").await.remove(0);
    office.ada.post(&format!("/api/notifications/{}/read", id(&read)), &json!({})).await.expect(200);
    let full_hours =
        "UPDATE notifications SET cause = cause WHERE digest_at = date_trunc('hour', now()) + interval '1 hour'";
    while in_database(&world.app, full_hours).await < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(world.all("ada@example.com", "").iter().all(|letter| !letter.contains("/approvals/")), "not yet");
    in_database(
        &world.app,
        "UPDATE notifications SET digest_at = date_trunc('hour', now()) WHERE digest_at IS NOT NULL",
    )
    .await;
    let digest = world.letter("ada@example.com", "2 things to know in").await;
    assert_eq!(digest.matches("Grace mentions you").count(), 1, "{digest}");
    assert_eq!(digest.matches("Grace asks you to look at").count(), 1, "{digest}");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(world.all("ada@example.com", "to know in").len(), 1);
    assert_eq!(in_database(&world.app, "UPDATE notifications SET cause = cause WHERE digest_at IS NOT NULL").await, 0);

    // What was settled at the last moment, and is taken out of the same hour's digest after the others, is in another letter.
    office.comment(&office.grace, "@Ada: three").await.expect(200);
    while in_database(&world.app, full_hours).await < 1 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    in_database(
        &world.app,
        "UPDATE notifications SET digest_at = date_trunc('hour', now()) WHERE digest_at IS NOT NULL",
    )
    .await;
    let late = world.letter("ada@example.com", "1 thing to know in").await;
    assert_eq!(late.matches("Grace mentions you").count(), 1, "{late}");
}

#[tokio::test]
async fn the_page_of_choices_and_the_list_work_without_a_script() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    let slug = office.grace.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let here = format!("http://localhost/w/{slug}/settings/notifications");
    let form = async |function: &str, fields: &[(&str, &str)], from: &str| {
        let request = office.grace.request(Method::POST, &format!("/_fn/notifications/{function}"));
        Reply::of(request.header("accept", "text/html").header("referer", from).form(fields)).await
    };
    let fields = [
        ("channels[approval_waiting][mail]", "digest"),
        ("channels[mentioned][in_app]", "true"),
        ("channels[mentioned][mail]", "no"),
        ("digest", "daily"),
        ("digest_hour", "17"),
    ];
    assert_eq!(
        form("choose", &fields, &here).await.expect(302).header("location"),
        Some(&here["http://localhost".len()..])
    );
    let path = format!("/api/workspaces/{}/notification-settings", office.grace.workspace());
    let chosen = office.grace.get(&path).await.expect(200).body["data"].clone();
    assert_eq!(chosen["channels"]["approval_waiting"], json!({ "inApp": false, "mail": "digest", "webhook": false }));
    assert_eq!(chosen["channels"]["mentioned"], json!({ "inApp": true, "mail": "no", "webhook": false }));
    assert_eq!((&chosen["digest"], &chosen["digestHour"]), (&json!("daily"), &json!(17)));

    // The list, and the bell that counts it.
    let ada = &office.ada;
    office.hand_to(ada).await.expect(200);
    let page = format!("/w/{slug}/notifications");
    let list = ada.get(&page).await.expect(200).text.clone();
    assert!(list.contains("id=\"unread\" class=\"bell-count\">2<") && list.contains("Mark all as read"), "{list}");
    let request = ada.request(Method::POST, "/_fn/notifications/read-all").header("accept", "text/html");
    Reply::of(request.header("referer", format!("http://localhost{page}"))).await.expect(302);
    let list = ada.get(&page).await.expect(200).text.clone();
    assert!(list.contains("id=\"unread\" class=\"bell-count\"><") && !list.contains("Mark all as read"), "{list}");
    // Its links lead to the card, after signing in where that is needed; and a card that was looked at waits as before.
    let card = told(ada, "approval_assigned").await[0]["path"].as_str().unwrap().to_owned();
    let away = app.anonymous().get(&card).await;
    assert_eq!(away.expect(303).header("location"), Some(format!("/sign-in?next={card}").as_str()));
    ada.get(&card).await.expect(200);
    assert_eq!(ada.get(&office.path()).await.expect(200).body["data"]["status"], "pending");
}
