//! Records that somebody sees because they were shared or assigned, and nobody else does.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::{
    isolation::pages::home,
    kinds::send,
    support::{Caller, Reply, TestApp, cluster::superuser, id},
};

/// A person who joins the owner's workspace in a role, and looks at it from then on.
async fn join(app: &TestApp, owner: &Caller, name: &str, role: &str) -> (Caller, String) {
    let person = app.sign_up(name).await;
    let path = format!("/api/workspaces/{}/invitations", owner.workspace());
    let link = owner.post(&path, &json!({ "role": role })).await.expect(201).body["data"]["link"].clone();
    let token = link.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    person.post("/api/invitations/accept", &json!({ "token": token })).await.expect(200);
    let user = person.get("/api/auth/session").await.body["user"]["id"].as_str().unwrap().to_owned();
    (person.in_workspace(owner.workspace()), user)
}

async fn records(of: &Caller) -> Vec<Value> {
    of.get("/api/collections/customers/records").await.expect(200).body["data"].as_array().unwrap().clone()
}

async fn put(of: &Caller, path: &str, body: Value) -> Reply {
    Reply::of(of.request(Method::PUT, path).json(&body)).await
}

#[tokio::test]
async fn a_guest_sees_what_was_shared_and_nothing_else() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (guest, user) = join(&app, &ada, "Gus", "guest").await;
    let all = records(&ada).await;
    let (shared, other) = (id(&all[0]).to_owned(), id(&all[1]).to_owned());
    assert_eq!(guest.get("/api/collections").await.expect(200).body["data"], json!([]));
    guest.get("/api/collections/customers/records").await.expect(404);
    guest.get(&format!("/api/records/{shared}")).await.expect(404);

    let mut stream = guest.open("/api/stream").await;
    let access = ada.post(&format!("/api/records/{shared}/shares"), &json!({ "userId": user })).await;
    assert_eq!(access.expect(200).body["data"]["sharedWith"][0]["name"], "Gus");
    let told = stream.next_of("event").await.data;
    assert_eq!((&told["type"], &told["subjectId"]), (&json!("record.shared"), &json!(shared)));
    let seen = records(&guest).await;
    assert_eq!(seen.iter().map(id).collect::<Vec<_>>(), [shared.as_str()]);
    let collections = guest.get("/api/collections").await.expect(200).body["data"].clone();
    assert_eq!((collections.as_array().unwrap().len(), &collections[0]["records"]), (1, &json!(1)));
    let seen = guest.get(&format!("/api/records/{shared}")).await.expect(200).body["data"].clone();
    assert!(seen["history"].as_array().unwrap().iter().all(|version| version["actorName"].is_null()));
    guest.get(&format!("/api/records/{other}")).await.expect(404);
    guest.get("/api/collections/invoices/records").await.expect(404);
    // Seeing is all.
    guest.get(&format!("/api/records/{shared}/access")).await.expect(403);
    guest.post(&format!("/api/records/{other}/shares"), &json!({ "userId": user })).await.expect(403);
    guest.get(&format!("/api/workspaces/{}/members", ada.workspace())).await.expect(403);

    let back = Reply::of(ada.request(Method::DELETE, &format!("/api/records/{shared}/shares/{user}"))).await;
    assert_eq!(back.expect(200).body["data"]["sharedWith"], json!([]));
    guest.get(&format!("/api/records/{shared}")).await.expect(404);
    let again = Reply::of(ada.request(Method::DELETE, &format!("/api/records/{shared}/shares/{user}"))).await;
    assert_eq!(again.expect(200).body["data"], back.body["data"]);
}

#[tokio::test]
async fn a_member_sees_what_is_assigned_or_shared_and_loses_it_with_the_workspace() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (mia, user) = join(&app, &ada, "Mia", "member").await;
    let all = records(&ada).await;
    let (first, second) = (id(&all[0]).to_owned(), id(&all[1]).to_owned());
    assert_eq!(records(&mia).await, Vec::<Value>::new());
    let assigned = put(&ada, &format!("/api/records/{first}/assignee"), json!({ "userId": user })).await;
    assert_eq!(assigned.expect(200).body["data"]["assignedTo"]["userId"], user.as_str());
    ada.post(&format!("/api/records/{second}/shares"), &json!({ "userId": user })).await.expect(200);
    ada.post(&format!("/api/records/{second}/shares"), &json!({ "userId": user })).await.expect(200);
    assert_eq!(records(&mia).await.len(), 2);
    put(&ada, &format!("/api/records/{first}/assignee"), json!({ "userId": null })).await.expect(200);
    assert_eq!(records(&mia).await.len(), 1);
    put(&ada, &format!("/api/records/{first}/assignee"), json!({ "userId": user })).await.expect(200);

    let member = format!("/api/workspaces/{}/members/{user}", ada.workspace());
    Reply::of(ada.request(Method::DELETE, &member)).await.expect(200);
    mia.get("/api/collections/customers/records").await.expect(404);
    for record in [&first, &second] {
        let access = ada.get(&format!("/api/records/{record}/access")).await;
        assert_eq!(access.expect(200).body["data"], json!({ "assignedTo": null, "sharedWith": [] }));
    }
    let log = ada.get("/api/audit-log").await.expect(200).body["data"].clone();
    let actions: Vec<_> =
        log.as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions.iter().filter(|action| *action == "record.shared").count(), 1, "{actions:?}");
    assert_eq!(actions.iter().filter(|action| *action == "record.assigned").count(), 3, "{actions:?}");
}

#[tokio::test]
async fn a_record_is_shared_with_people_of_the_workspace_only() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let (_, viewer) = join(&app, &ada, "Vic", "viewer").await;
    let (_, guest) = join(&app, &ada, "Gus", "guest").await;
    let stranger = eve.get("/api/auth/session").await.body["user"]["id"].as_str().unwrap().to_owned();
    let record = id(&records(&ada).await[0]).to_owned();
    let (shares, assignee) = (format!("/api/records/{record}/shares"), format!("/api/records/{record}/assignee"));
    let unknown = "00000000-0000-7000-8000-000000000000";
    for person in [stranger.as_str(), unknown] {
        ada.post(&shares, &json!({ "userId": person })).await.expect(404);
        put(&ada, &assignee, json!({ "userId": person })).await.expect(404);
    }
    let refused = ada.post(&shares, &json!({ "userId": viewer })).await;
    assert_eq!(refused.expect(400).body["error"]["details"]["field"], "userId");
    put(&ada, &assignee, json!({ "userId": guest })).await.expect(400);
    put(&ada, &assignee, json!({})).await.expect(400);
    put(&ada, &assignee, json!({ "userId": null, "workspace_id": unknown })).await.expect(400);
    let access = ada.get(&format!("/api/records/{record}/access")).await;
    assert_eq!(access.expect(200).body["data"], json!({ "assignedTo": null, "sharedWith": [] }));
}

#[tokio::test]
async fn a_guest_hears_of_nothing_but_what_was_shared() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (guest, user) = join(&app, &ada, "Gus", "guest").await;
    let record = id(&records(&ada).await[0]).to_owned();
    let mut stream = guest.open("/api/stream").await;
    let renamed = ada.request(Method::PATCH, &format!("/api/workspaces/{}", ada.workspace()));
    Reply::of(renamed.json(&json!({ "name": "Renamed" }))).await.expect(200);
    ada.post(&format!("/api/records/{record}/shares"), &json!({ "userId": user })).await.expect(200);
    // The renaming came first, and is not for guests.
    assert_eq!(stream.next_of("event").await.data["type"], "record.shared");
}

#[tokio::test]
async fn a_deleted_record_is_there_for_whoever_may_bring_it_back_and_for_nobody_else() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (member, user) = join(&app, &ada, "Mia", "member").await;
    let all = records(&ada).await;
    let gone = id(&all[0]).to_owned();
    put(&ada, &format!("/api/records/{gone}/assignee"), json!({ "userId": user })).await.expect(200);
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let delete = "UPDATE records SET deleted_at = now() WHERE id::text = $1";
    sqlx::query(delete).bind(&gone).execute(&mut root).await.unwrap();

    let page = format!("{}/records/customers/{gone}", home(&ada).await);
    for who in [&ada, &member] {
        who.get(&format!("/api/records/{gone}")).await.expect(404);
        assert!(records(who).await.iter().all(|record| id(record) != gone), "it is in a list");
    }
    ada.post(&format!("/api/records/{gone}/shares"), &json!({ "userId": user })).await.expect(404);
    member.get(&page).await.expect(404);
    member.post(&format!("/api/records/{gone}/restore"), &json!({})).await.expect(403);
    let shown = ada.get(&page).await.expect(200).text.clone();
    assert!(shown.contains("Bring it back") && shown.contains("History"), "{shown}");

    let (to, _) = send(&ada, &page, "records/restore", format!("id={gone}")).await;
    assert_eq!(to, page);
    let back = member.get(&format!("/api/records/{gone}")).await.expect(200).body["data"].clone();
    assert_eq!((&back["record"]["data"], &back["history"][0]["deleted"]), (&all[0]["data"], &json!(false)));
    let again = ada.post(&format!("/api/records/{gone}/restore"), &json!({})).await;
    assert_eq!(again.expect(200).body["data"]["record"]["version"], back["record"]["version"]);
    assert!(!ada.get(&page).await.expect(200).text.contains("Bring it back"));
}
