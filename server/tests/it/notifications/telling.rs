//! Who is told of what, and how often.

use super::*;

#[tokio::test]
async fn that_approvals_wait_is_said_once_until_it_is_read_and_the_number_is_as_it_is_now() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    Story::of(office.grace.clone()).await;
    for decider in [&office.grace, &office.ada] {
        let waiting = told(decider, "approval_waiting").await;
        assert_eq!((waiting.len(), &waiting[0]["text"]), (1, &json!("4 approvals wait for a decision")));
        assert!(waiting[0]["path"].as_str().unwrap().ends_with("/approvals"));
    }
    assert!(told(&office.mia, "approval_waiting").await.is_empty(), "a member decides nothing");

    office.ada.post("/api/notifications/read", &json!({})).await.expect(200);
    Story::of(office.grace.clone()).await;
    let again = told(&office.ada, "approval_waiting").await;
    assert_eq!((again.len(), &again[0]["readAt"], again[1]["readAt"].is_string()), (2, &Value::Null, true));
    assert_eq!(told(&office.grace, "approval_waiting").await.len(), 1);
}

#[tokio::test]
async fn whoever_does_something_is_told_nothing_of_it_and_a_cause_is_told_once() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.hand_to(&office.ada).await.expect(200);
    office.hand_to(&office.ada).await.expect(200);
    let assigned = told(&office.ada, "approval_assigned").await;
    assert_eq!(assigned.len(), 1, "it was hers already");
    assert!(assigned[0]["text"].as_str().unwrap().starts_with("Grace asks you to look at “"), "{assigned:?}");
    assert_eq!(assigned[0]["path"].as_str().unwrap().rsplit('/').next(), office.story.change["id"].as_str());
    let own = office.hand_to(&office.grace).await;
    assert_eq!(own.expect(200).body["data"]["assignee"], "Grace");
    assert!(told(&office.grace, "approval_assigned").await.is_empty());

    office.ada.post(&format!("{}/reject", office.path()), &json!({ "reason": "No." })).await.expect(200);
    let decided = told(&office.grace, "proposal_decided").await;
    assert_eq!(decided.len(), 1);
    assert!(decided[0]["text"].as_str().unwrap().starts_with("Ada rejected “"), "{decided:?}");
    let own = format!("/api/approvals/{}", id(&office.story.mail));
    office.grace.post(&format!("{own}/approve"), &json!({})).await.expect(200);
    assert_eq!(told(&office.grace, "proposal_decided").await.len(), 1, "what she approved herself she knows");
    assert!(told(&office.ada, "proposal_decided").await.is_empty());
}

#[tokio::test]
async fn what_times_out_is_told_to_those_who_look_after_it_and_a_question_once_the_agent_goes_on() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.hand_to(&office.ada).await.expect(200);
    let soon = hyvve_domain::Timestamp::now().plus(std::time::Duration::from_millis(300));
    Reply::of(office.grace.request(Method::PATCH, &office.path()).json(&json!({ "dueAt": soon }))).await.expect(200);
    until(&office.grace, &office.path(), |body| body["data"]["status"] == "timed_out").await;
    for person in [&office.ada, &office.grace] {
        assert_eq!(told(person, "approval_timed_out").await.len(), 1);
    }
    let mail = format!("/api/approvals/{}", id(&office.story.mail));
    office.ada.post(&format!("{mail}/ask"), &json!({ "question": "Why?" })).await.expect(200);
    until(&office.ada, "/api/notifications", |body| {
        body["data"].as_array().unwrap().iter().filter(|one| one["kind"] == "question_answered").count() == 1
    })
    .await;
    let run = format!("/api/runs/{}", office.story.run);
    until(&office.grace, &run, |body| body["data"]["run"]["status"] != "RUNNING").await;
    assert_eq!(told(&office.ada, "question_answered").await.len(), 1);
    assert!(told(&office.grace, "question_answered").await.is_empty());
}

#[tokio::test]
async fn nobody_sees_or_marks_what_somebody_else_was_told() {
    let app = TestApp::start().await;
    let office = Office::open(&app).await;
    office.hand_to(&office.ada).await.expect(200);
    let adas = told(&office.ada, "approval_assigned").await.remove(0);
    let read = format!("/api/notifications/{}/read", id(&adas));
    let eve = app.sign_up("Eve").await;
    for other in [&office.grace, &office.mia, &eve] {
        other.post(&read, &json!({})).await.expect(404);
        assert!(told(other, "approval_assigned").await.is_empty());
        other.post("/api/notifications/read", &json!({})).await.expect(200);
    }
    assert_eq!(told(&office.ada, "approval_assigned").await[0]["readAt"], Value::Null);
    // Neither does an owner hear of it in her stream.
    let mut stream = office.grace.open("/api/stream?cursor=0").await;
    office.comment(&office.grace, "The end.").await.expect(200);
    loop {
        let event = stream.next().await.expect("an event").data;
        assert!(event["type"] != "notification.created" || event["payload"]["kind"] != "approval_assigned", "{event}");
        if event["type"] == "approval.commented" {
            break;
        }
    }
    let before = unread(&office.ada).await;
    office.ada.post(&read, &json!({})).await.expect(200);
    office.ada.post(&read, &json!({})).await.expect(200);
    assert_eq!(unread(&office.ada).await, before - 1);
}

#[tokio::test]
async fn who_is_given_another_role_is_told_and_who_is_removed_gets_nothing_any_more() {
    let world = World::new().await;
    let app = &world.app;
    let office = Office::open(app).await;
    let (home, mia) = (office.grace.workspace(), user_of(&office.mia).await);
    let path = format!("/api/workspaces/{home}/members/{mia}");
    Reply::of(office.grace.request(Method::PATCH, &path).json(&json!({ "role": "admin" }))).await.expect(200);
    let role = told(&office.mia, "role_changed").await;
    assert_eq!(role[0]["text"], "Grace gave you another role: admin");

    // On its way in a digest when she is removed.
    let digest = json!({ "channels": { "approval_assigned": { "inApp": true, "mail": "digest", "webhook": false } } });
    choose(&office.mia, digest).await.expect(200);
    office.hand_to(&office.mia).await.expect(200);
    let settled = format!(
        "UPDATE notifications SET digest_at = now() + interval '3 s' WHERE digest_at IS NOT NULL AND recipient_id = '{mia}'"
    );
    while in_database(app, &settled).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Reply::of(office.grace.request(Method::DELETE, &path)).await.expect(200);
    in_database(app, "UPDATE notifications SET digest_at = now() WHERE digest_at IS NOT NULL").await;
    office.mia.get("/api/notifications").await.expect(404);
    while in_database(app, "UPDATE notifications SET cause = cause WHERE digest_at IS NOT NULL").await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(world.all("mia@example.com", "to know in").is_empty());
}
