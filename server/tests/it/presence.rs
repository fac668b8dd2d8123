//! Who else looks at a card: told at once, over after a while, and only to those who see the card themselves.

use serde_json::{Value, json};

use crate::{
    assignment::{ask_for, in_database, program},
    isolation::NOBODYS,
    queue::admin,
    support::{Caller, Reply, Story, TestApp, id},
    workspaces::join,
};

async fn say(who: &Caller, item: &str, tab: &str, here: bool) -> Reply {
    who.post(&format!("/api/approvals/{item}/presence"), &json!({ "tab": tab, "here": here })).await
}

/// The names of the others, after having said that one is here.
async fn others(who: &Caller, item: &str) -> Vec<Value> {
    let others = say(who, item, "1", true).await.expect(200).body["data"].clone();
    others.as_array().unwrap().iter().map(|other| other["name"].clone()).collect()
}

#[tokio::test]
async fn two_people_on_one_card_see_each_other_on_any_node_until_one_leaves() {
    let [here, there] = TestApp::start_nodes::<2>(&[]).await;
    let story = Story::begin(&here, "Grace").await;
    let ada = admin(&here, &story.user, "Ada").await.at(&there);
    let (grace, item) = (&story.user, id(&story.change));
    let mut heard = grace.open("/api/stream").await;
    heard.next_of("hello").await;

    assert_eq!(others(grace, item).await, [] as [Value; 0]);
    assert_eq!(heard.next_of("presence").await.data, json!({ "approvalId": item }), "her own coming, too");
    assert_eq!(others(&ada, item).await, ["Grace"]);
    let came = heard.next_of("presence").await;
    assert_eq!((&came.data, came.id), (&json!({ "approvalId": item }), None), "it is no event and moves no cursor");
    assert_eq!(others(grace, item).await, ["Ada"]);

    // Another tab of hers stays; with the last one she is gone.
    say(&ada, item, "2", true).await.expect(200);
    say(&ada, item, "1", false).await.expect(200);
    assert_eq!(others(grace, item).await, ["Ada"]);
    say(&ada, item, "2", false).await.expect(200);
    heard.next_of("presence").await;
    assert_eq!(others(grace, item).await, [] as [Value; 0]);

    // Without a word she is gone after a while, and no event or entry of the log tells of any of it.
    assert_eq!(others(&ada, item).await, ["Grace"]);
    assert_eq!(others(grace, item).await, ["Ada"]);
    in_database(here.setting("DATABASE_URL"), "UPDATE approval_presence SET until = now() - interval '1 second'").await;
    assert_eq!(others(grace, item).await, [] as [Value; 0]);
    let log = grace.get("/api/audit-log?limit=200").await.expect(200).text.clone();
    assert!(!log.contains("presence"));
    // On another card nobody is.
    assert_eq!(others(&ada, id(&story.mail)).await, [] as [Value; 0]);
}

#[tokio::test]
async fn nobody_is_told_of_a_card_that_he_or_she_does_not_see() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let (grace, item) = (&story.user, id(&story.change));
    let (mia, vic, eve) = (app.sign_up("Mia").await, app.sign_up("Vic").await, app.sign_up("Eve").await);
    join(grace, &mia, "member").await;
    join(grace, &vic, "viewer").await;
    let (mia, vic) = (mia.in_workspace(grace.workspace()), vic.in_workspace(grace.workspace()));
    let mut quiet = Vec::new();
    for caller in [&mia, &vic, &eve] {
        let mut stream = caller.open("/api/stream").await;
        stream.next_of("hello").await;
        quiet.push(stream);
    }
    assert_eq!(others(grace, item).await, [] as [Value; 0]);
    say(&mia, item, "1", true).await.expect(404);
    say(&vic, item, "1", true).await.expect(403);
    let (foreign, unknown) = (say(&eve, item, "1", true).await, say(&eve, NOBODYS, "1", true).await);
    assert_eq!(foreign.expect(404).without_id(), unknown.expect(404).without_id());
    say(grace, item, "", true).await.expect(400);
    say(grace, item, &"x".repeat(65), true).await.expect(400);
    assert_eq!(others(grace, item).await, [] as [Value; 0], "nobody who was refused is there");

    // The next thing that they hear is what is for them.
    let next = ask_for(&program(&mia).await, "A refund").await;
    say(&mia, id(&next), "1", true).await.expect(200);
    assert_eq!(quiet[0].next_of("presence").await.data, json!({ "approvalId": next["id"] }));
    assert_eq!(others(grace, id(&next)).await, ["Mia"], "who may see all sees her at her own");
    for stream in &mut quiet[1..] {
        let silence = tokio::time::timeout(std::time::Duration::from_secs(2), stream.next_of("presence")).await;
        assert!(silence.is_err(), "{silence:?}");
    }

    // Whoever lost the right to see it is not named any more.
    let path = format!("/api/workspaces/{}/members/{}", grace.workspace(), crate::assignment::person(&mia).await);
    let viewer = json!({ "role": "viewer" });
    Reply::of(grace.request(reqwest::Method::PATCH, &path).json(&viewer)).await.expect(200);
    assert_eq!(others(grace, id(&next)).await, [] as [Value; 0]);
}

#[tokio::test]
async fn the_cards_page_has_a_place_that_is_read_out_when_somebody_comes() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let ada = admin(&app, &story.user, "Ada").await;
    let form = format!("id={}&tab=x", id(&story.change));
    let watched = crate::isolation::functions::call(&ada, "approvals/watch", form.clone()).await;
    assert_eq!(watched.expect(200).body, json!([]));
    let watched = crate::isolation::functions::call(&story.user, "approvals/watch", form).await;
    assert_eq!(watched.expect(200).body, json!(["Ada"]));
    let slug = ada.get("/api/workspaces").await.expect(200).body["data"].clone();
    let slug = slug.as_array().unwrap().iter().find(|one| one["id"] == ada.workspace()).unwrap()["slug"].clone();
    let path = format!("/w/{}/approvals/{}", slug.as_str().unwrap(), id(&story.change));
    let page = ada.clone().naming_no_workspace().get(&path).await;
    assert!(page.expect(200).text.contains("role=\"status\" aria-live=\"polite\" class=\"watchers\""));
}
