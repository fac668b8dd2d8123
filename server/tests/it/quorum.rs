//! Several who have to agree, of certain roles; and nobody on what he or she asked for, on any door.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    assignment::{ask_for, hold, person, program, send},
    grants::grant_of,
    isolation::functions::call,
    queue::{admin, detail},
    routing::{propose, trusted},
    support::{Caller, Reply, Story, TestApp, id, until},
    workspaces::join,
};

async fn approve(by: &Caller, item: &Value) -> Reply {
    by.post(&format!("/api/approvals/{}/approve", id(item)), &json!({})).await
}

#[tokio::test]
async fn where_an_owner_has_to_agree_two_admins_are_not_enough_on_any_door() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let (ada, alan) = (admin(&app, &grace, "Ada").await, admin(&app, &grace, "Alan").await);
    let mia = app.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    let mia = program(&mia.in_workspace(grace.workspace())).await;
    let an_owner = json!([{ "role": "owner", "atLeast": 1 }]);
    hold(&grace, &ada, "external", json!({ "quorum": 2, "groups": an_owner, "ladder": [] })).await;
    let item = ask_for(&mia, "A refund").await;

    let first = approve(&ada, &item).await.expect(200).body["data"].clone();
    let agreement = json!({ "agreed": 1, "needed": 2, "missing": an_owner });
    assert_eq!((&first["status"], &first["agreement"]), (&json!("pending"), &agreement));
    let slug = grace.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = grace.clone().naming_no_workspace().get(&format!("/w/{slug}/approvals/{}", id(&item))).await;
    assert!(page.expect(200).text.contains("1 of 2 agreed; an owner still has to"));
    let list = grace.clone().naming_no_workspace().get(&format!("/w/{slug}/approvals")).await.expect(200).text.clone();
    assert!(list.contains("1 of 2 agreed; an owner still has to"), "the row says so, too: {list}");
    // What a browser is given when somebody has agreed; whoever has agreed waits for others.
    let queue = call(&ada, "approvals/list", "tab=waiting&page=1".to_owned()).await.expect(200).body.clone();
    assert_eq!(queue["agreements"], json!([[item["id"], agreement]]));
    assert_eq!(queue["others"], json!([item["id"]]));
    let second = approve(&alan, &item).await.expect(200).body["data"].clone();
    assert_eq!(
        (&second["status"], &second["agreement"]["agreed"]),
        (&json!("pending"), &json!(2)),
        "as many, but no owner"
    );
    let again = approve(&alan, &item).await;
    let why = again.expect(409).body["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(why, "You have approved this already: 2 of 2 agreed; an owner still has to.");
    alan.post(&format!("/approvals/{}/resolve", id(&item)), &json!({ "status": "approved" })).await.expect(409);
    let bulk = ada.post("/api/approvals/bulk", &json!({ "ids": [item["id"]], "action": "approve" })).await;
    assert_eq!(bulk.expect(200).body["errors"][0]["code"], "CONFLICT");
    assert_eq!(approve(&grace, &item).await.expect(200).body["data"]["status"], "approved");

    // An owner alone is one only.
    let next = ask_for(&mia, "Another").await;
    assert_eq!(approve(&grace, &next).await.expect(200).body["data"]["status"], "pending");
    assert_eq!(approve(&ada, &next).await.expect(200).body["data"]["status"], "approved");
}

#[tokio::test]
async fn nobody_waits_for_those_who_have_left_and_what_is_shown_counts_who_is_left() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let (ada, alan) = (admin(&app, &grace, "Ada").await, admin(&app, &grace, "Alan").await);
    let mia = app.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    let mia = program(&mia.in_workspace(grace.workspace())).await;
    hold(&grace, &ada, "external", json!({ "quorum": 3, "ladder": [] })).await;
    let item = ask_for(&mia, "A refund").await;
    approve(&grace, &item).await.expect(200);
    assert_eq!(detail(&grace, id(&item)).await["agreement"], json!({ "agreed": 1, "needed": 3, "missing": [] }));
    let path = format!("/api/workspaces/{}/members/{}", grace.workspace(), person(&alan).await);
    Reply::of(grace.request(Method::DELETE, &path)).await.expect(200);
    let shown = detail(&grace, id(&item)).await;
    assert_eq!((&shown["agreement"]["needed"], &shown["quorum"]), (&json!(2), &json!(3)));
    let path = format!("/api/workspaces/{}/members/{}", grace.workspace(), person(&ada).await);
    Reply::of(grace.request(Method::PATCH, &path).json(&json!({ "role": "member" }))).await.expect(200);

    // Whoever is left has agreed already: said once more, that is all who have to.
    assert_eq!(detail(&grace, id(&item)).await["agreement"]["needed"], 1);
    assert_eq!(approve(&grace, &item).await.expect(200).body["data"]["status"], "approved");
}

#[tokio::test]
async fn whoever_asked_for_it_does_not_decide_on_it_where_the_policy_says_so() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "0")]).await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let barred =
        json!({ "requesterBarred": true, "assignment": { "kind": "round_robin", "role": "owner" }, "ladder": [] });
    hold(&grace, &ada, "update_record", barred).await;
    let story = Story::of(grace).await;
    let (user, item) = (&story.user, &story.change);
    assert_eq!((&item["assigneeId"], &item["assignedRole"]), (&Value::Null, &json!("admin")), "no owner may");
    let shown = detail(user, id(item)).await;
    assert!(shown["blocked"].as_str().is_some_and(|why| why.contains("asked for this")), "{shown:#}");
    approve(user, item).await.expect(403);
    let edit = json!({ "arguments": shown["arguments"] });
    user.post(&format!("/api/approvals/{}/edit", id(item)), &edit).await.expect(403);
    user.post(&format!("/approvals/{}/resolve", id(item)), &json!({ "status": "approved" })).await.expect(403);
    let bulk = user.post("/api/approvals/bulk", &json!({ "ids": [item["id"]], "action": "approve" })).await;
    assert_eq!(bulk.expect(200).body["errors"][0]["code"], "FORBIDDEN");
    let hers = json!({ "assigneeId": person(user).await });
    let path = format!("/api/approvals/{}", id(item));
    Reply::of(ada.request(Method::PATCH, &path).json(&hers)).await.expect(400);
    assert_eq!(approve(&ada, item).await.expect(200).body["data"]["status"], "approved");
    // Mails have another policy.
    approve(user, &story.mail).await.expect(200);

    // Nor does one decide in advance on what one asks for: a grant of one's own covers nothing of it, somebody else's does.
    user.post("/api/approval-grants", &grant_of(&story.agent)).await.expect(201);
    let next = propose(&story, 2).await;
    let waits = detail(user, id(&next)).await;
    assert_eq!((&waits["status"], &waits["review"]), (&json!("pending"), &json!("full")), "{waits:#}");
    ada.post("/api/approval-grants", &grant_of(&story.agent)).await.expect(201);
    let covered = detail(user, id(&propose(&story, 1).await)).await;
    assert_eq!(covered["review"], "auto", "{covered:#}");
}

#[tokio::test]
async fn what_an_owner_has_to_agree_on_never_goes_on_by_itself() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    send(&grace, "update_record", json!({ "groups": [{ "role": "owner", "atLeast": 1 }] })).await.expect(200);
    let story = Story::of(grace).await;
    trusted(&app, &story, &story.change, 200).await;
    let next = propose(&story, 31).await;
    let shown = detail(&story.user, id(&next)).await;
    assert_eq!((&shown["status"], &shown["review"]), (&json!("pending"), &json!("quick")));
    assert!(
        shown["confidence"]["because"].as_str().is_some_and(|why| why.contains("An owner has to agree")),
        "{shown:#}"
    );
    let grant = story.user.post("/api/approval-grants", &grant_of(&story.agent)).await;
    assert_eq!(grant.expect(400).body["error"]["details"]["constraint"], "quorum");
    approve(&story.user, &next).await.expect(200);
    until(&story.user, &format!("/api/approvals/{}", id(&next)), |body| body["data"]["status"] == "approved").await;
}

#[tokio::test]
async fn of_two_who_decide_at_once_the_second_is_told_who_was_first_and_when_and_the_card_shows_it() {
    let [here, there] = TestApp::start_nodes::<2>(&[]).await;
    let grace = here.sign_up("Grace").await;
    let ada = admin(&here, &grace, "Ada").await;
    let story = Story::of(grace).await;
    let path = |how: &str| format!("/api/approvals/{}/{how}", id(&story.change));
    let elsewhere = ada.at(&there);
    let no = json!({ "reason": "No." });
    let (yes, no) = (path("approve"), (path("reject"), no));
    let body = json!({});
    let (one, other) = tokio::join!(story.user.post(&yes, &body), elsewhere.post(&no.0, &no.1));
    let (first, second, who, word) =
        if one.status == 200 { (one, other, "Grace", "approved") } else { (other, one, "Ada", "rejected") };
    first.expect(200);
    let error = second.expect(409).body["error"].clone();
    let told = error["message"].as_str().unwrap();
    assert!(
        told.starts_with(&format!("{who} was first, at ")) && told.ends_with(&format!(" UTC: this is {word}.")),
        "{told}"
    );
    assert_eq!((&error["details"]["decidedBy"], error["details"]["decidedAt"].is_string()), (&json!(who), true));
    let shown = detail(&elsewhere, id(&story.change)).await;
    assert_eq!((&shown["status"], &shown["decidedBy"]), (&json!(word), &json!(who)));
}
