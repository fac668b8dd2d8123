//! A workspace that asks for a second factor.

use std::time::Duration;

use serde_json::{Value, json};

use super::protect;
use crate::{
    accounts::World,
    isolation::functions::{IN_A_WORKSPACE, call, filled},
    pictures::data_url,
    support::{Caller, password_of},
};

async fn join(owner: &Caller, other: &Caller, role: &str) {
    let path = format!("/api/workspaces/{}/invitations", owner.workspace());
    let made = owner.post(&path, &json!({ "role": role })).await;
    let token = made.expect(201).body["data"]["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    other.post("/api/invitations/accept", &json!({ "token": token })).await.expect(200);
}

async fn demand(who: &Caller, required: bool) -> crate::support::Reply {
    let path = format!("/api/workspaces/{}/security", who.workspace());
    let request = who.request(reqwest::Method::PATCH, &path).json(&json!({ "secondFactorRequired": required }));
    crate::support::Reply::of(request).await
}

#[tokio::test]
async fn a_workspace_that_asks_for_a_second_factor_is_shut_on_every_door_until_there_is_one() {
    let world = World::new().await;
    let (ada, bob) = (world.app.sign_up("Ada").await, world.app.sign_up("Bob").await);
    join(&ada, &bob, "admin").await;
    let bob_here = bob.clone().in_workspace(ada.workspace());
    let slug = ada.get(&format!("/api/workspaces/{}", ada.workspace())).await;
    let page = format!("/w/{}/approvals", slug.expect(200).body["data"]["slug"].as_str().unwrap());

    // Nobody shuts themselves out.
    assert_eq!(demand(&ada, true).await.expect(422).body["error"]["details"]["field"], "second_factor");
    protect(&ada, "Ada").await;
    let asked = ada.get(&format!("/api/workspaces/{}/security", ada.workspace())).await;
    assert_eq!(asked.expect(200).body["data"]["secondFactorRequired"], false);
    assert_eq!(asked.body["data"]["withoutSecondFactor"][0]["name"], "Bob");

    let keys = format!("/api/workspaces/{}/api-keys", ada.workspace());
    let made = bob_here.post(&keys, &json!({ "name": "A program", "scopes": ["read"] })).await;
    let program = world.anyone().with_key(made.expect(201).body["data"]["secret"].as_str().unwrap());
    program.get("/api/approvals").await.expect(200);

    ada.post("/api/auth/update-user", &json!({ "image": data_url() })).await.expect(200);
    let pictured = ada.get("/api/auth/session").await.expect(200).body["user"]["image"].clone();
    let picture = pictured.as_str().unwrap();
    for member in [&bob, &program] {
        member.get(picture).await.expect(200);
    }

    let mut stream = bob_here.open("/api/stream").await;
    demand(&ada, true).await.expect(200);
    for member in [&bob, &program] {
        member.get(picture).await.expect(404);
    }
    // A key cannot show a factor; it enters where its person could.
    let refused = program.get("/api/approvals").await;
    assert_eq!(refused.expect(403).body["error"]["details"]["reason"], "second_factor_required");
    let refused = bob_here.get("/api/approvals").await;
    assert_eq!(refused.expect(403).body["error"]["code"], "FORBIDDEN");
    assert_eq!(refused.body["error"]["details"]["reason"], "second_factor_required");
    assert_eq!(refused.body["error"]["details"]["workspaceId"], ada.workspace());
    for path in ["/api/stream", "/agents", "/approvals", "/config"] {
        let reply = bob_here.get(path).await;
        assert!(reply.status == 403 || path == "/config", "{path}: {} {}", reply.status, reply.text);
    }
    for (function, form) in IN_A_WORKSPACE {
        let form = filled(form, |_| "00000000-0000-7000-8000-000000000000".to_owned());
        let reply = call(&bob_here, function, form).await;
        assert_eq!(reply.expect(403).body["details"]["reason"], "second_factor_required", "{function}");
    }
    let away = bob.get(&page).await;
    let location = away.expect(303).header("location").unwrap().to_owned();
    assert!(location.starts_with("/account/security?for="), "{location}");
    assert!(bob.get(&location).await.expect(200).text.contains("The workspace asks for two-step verification"));
    tokio::time::timeout(Duration::from_secs(20), async { while stream.next().await.is_some() {} })
        .await
        .expect("the stream ends");
    // Bob's own is open, and so is Ada's for Ada.
    bob.get("/api/approvals").await.expect(200);
    ada.get(&page).await.expect(200);

    protect(&bob, "Bob").await;
    bob_here.get("/api/approvals").await.expect(200);
    bob.get(picture).await.expect(200);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    program.get("/api/approvals").await.expect(200);
    bob.get(&page).await.expect(200);
    bob.post("/api/auth/two-factor/disable", &json!({ "password": password_of("Bob") })).await.expect(200);
    bob_here.get("/api/approvals").await.expect(403);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    program.get("/api/approvals").await.expect(403);

    demand(&ada, false).await.expect(200);
    bob_here.get("/api/approvals").await.expect(200);
    let log = ada.get("/api/audit-log").await;
    let rows = log.expect(200).body["data"].as_array().unwrap().clone();
    let changes: Vec<&Value> = rows.iter().filter(|row| row["action"] == "workspace.security_changed").collect();
    assert_eq!(changes.len(), 2, "{}", log.text);
    assert_eq!(changes[0]["details"]["before"], json!({ "secondFactorRequired": true }));
    assert_eq!(changes[0]["details"]["after"], json!({ "secondFactorRequired": false }));
}

#[tokio::test]
async fn only_owners_and_admins_say_what_a_workspace_asks() {
    let world = World::new().await;
    let (ada, bob) = (world.app.sign_up("Ada").await, world.app.sign_up("Bob").await);
    join(&ada, &bob, "member").await;
    protect(&bob, "Bob").await;
    let bob_here = bob.in_workspace(ada.workspace());
    demand(&bob_here, true).await.expect(403);
    bob_here.get(&format!("/api/workspaces/{}/security", ada.workspace())).await.expect(403);
    demand(&ada, true).await.expect(422);
}
