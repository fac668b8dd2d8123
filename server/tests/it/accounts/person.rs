//! The profile, the forms, and the end of an account.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::{NEW, VERIFY, World, elsewhere, reset, sign_in, token_in};
use crate::{
    isolation::functions::{ON_ONES_ACCOUNT, call},
    pictures::data_url,
    support::{
        Caller, Reply,
        line::{MEMBERS, hold, in_line},
        password_of,
    },
};

#[tokio::test]
async fn a_profile_takes_names_and_pictures_and_nothing_that_is_more() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let update = async |body: Value| ada.post("/api/auth/update-user", &body).await;
    let user = async || ada.get("/api/auth/session").await.expect(200).body["user"].clone();
    update(json!({ "name": " Ada Lovelace ", "image": data_url() })).await.expect(200);
    let picture = user().await["image"].clone();
    assert_eq!(user().await["name"], "Ada Lovelace");
    assert!(picture.as_str().unwrap().starts_with("/api/pictures/"), "{picture}");
    update(json!({ "name": "Countess" })).await.expect(200);
    assert_eq!(user().await["image"], picture, "what is not named stays");
    update(json!({ "image": null })).await.expect(200);
    assert_eq!((&user().await["name"], &user().await["image"]), (&json!("Countess"), &Value::Null));
    for bad in [
        json!({ "name": "" }),
        json!({ "name": "Ada\r\nBcc: eve@example.com" }),
        json!({ "name": "x".repeat(101) }),
        json!({ "image": "https://example.com/a.png" }),
        json!({ "image": picture }),
        json!({ "image": "javascript:alert(1)" }),
        json!({ "image": "data:image/svg+xml;base64,PHN2Zz4=" }),
    ] {
        update(bad).await.expect(400);
    }
    // Not from a body: neither address nor identity.
    update(json!({ "email": "eve@example.com", "emailVerified": true, "id": "00000000-0000-7000-8000-000000000000" }))
        .await
        .expect(200);
    assert_eq!((&user().await["email"], &user().await["emailVerified"]), (&json!("ada@example.com"), &json!(false)));
    let log = ada.get("/api/audit-log").await;
    let rows = log.expect(200).body["data"].as_array().unwrap().clone();
    let facts = |name: &str| json!({ "name": name, "image": picture });
    let named = rows.iter().find(|row| row["personal"]["after"] == facts("Countess")).unwrap();
    assert_eq!((&named["action"], &named["personal"]["before"]), (&json!("account.updated"), &facts("Ada Lovelace")));
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_what_it_did_stays() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let other = elsewhere(&world, "Ada").await;
    let link = world.reset_link("ada@example.com").await;
    let path = "/api/auth/delete-user";
    ada.post(path, &json!({ "password": "not-her-password" })).await.expect(400);
    world.anyone().post(path, &json!({ "password": password_of("Ada") })).await.expect(401);
    let gone = ada.post(path, &json!({ "password": password_of("Ada") })).await;
    assert_eq!(gone.expect(200).body["success"], true);
    assert!(gone.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    for ended in [&ada, &other] {
        ended.get("/api/auth/session").await.expect(401);
    }
    sign_in(&world.anyone(), "ada@example.com", &password_of("Ada")).await.expect(401);
    assert_eq!(reset(&world.anyone(), &link, NEW).await.expect(400).body["code"], "INVALID_TOKEN");
    // The address is free again.
    world.app.sign_up("Ada").await.get("/api/approvals").await.expect(200);
}

#[tokio::test]
async fn an_account_cannot_end_while_others_need_its_owner() {
    let world = World::new().await;
    let (ada, bob) = (world.app.sign_up("Ada").await, world.app.sign_up("Bob").await);
    let home = ada.workspace().to_owned();
    let made = ada.post(&format!("/api/workspaces/{home}/invitations"), &json!({ "role": "member" })).await;
    let link = made.expect(201).body["data"]["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    for invited in ["bob", "eve"] {
        let invite = json!({ "email": format!("{invited}@example.com"), "role": "viewer" });
        ada.post(&format!("/api/workspaces/{home}/members"), &invite).await.expect(201);
    }
    bob.post("/api/invitations/accept", &json!({ "token": link })).await.expect(200);
    let asked = json!({ "email": "bob@example.com" });
    bob.post("/api/auth/send-verification-email", &asked).await.expect(200);
    let token = token_in(&world.letter("bob@example.com", VERIFY).await);
    bob.get(&format!("/api/auth/verify-email?token={token}")).await.expect(200);
    let personal = async |of: &str| -> Vec<bool> {
        let log = ada.get("/api/audit-log").await;
        let rows = log.expect(200).body["data"].as_array().unwrap().clone();
        rows.iter().filter(|row| row["actorId"] == *of).map(|row| row["personal"].is_object()).collect()
    };
    let log = ada.get("/api/audit-log").await;
    assert!(log.expect(200).text.contains("bob@example.com"), "{}", log.text);
    let id = async |who: &Caller| {
        who.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned()
    };
    let (ada_id, bob_id) = (id(&ada).await, id(&bob).await);
    assert!(personal(&bob_id).await.contains(&true));
    let refused = ada.post("/api/auth/delete-user", &json!({ "password": password_of("Ada") })).await;
    assert_eq!(refused.expect(409).body["code"], "CONFLICT");
    ada.get("/api/auth/session").await.expect(200);
    bob.clone().in_workspace(&home).get("/api/approvals").await.expect(200);

    // A member goes, and stays in the log under no name.
    bob.post("/api/auth/delete-user", &json!({ "password": password_of("Bob") })).await.expect(200);
    let members = ada.get(&format!("/api/workspaces/{home}/members")).await;
    assert_eq!(members.expect(200).body["data"].as_array().unwrap().len(), 1);
    let log = ada.get("/api/audit-log").await;
    let left = log.expect(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["action"] == "workspace.member.left")
        .unwrap()
        .clone();
    assert_ne!(left["actorName"], "Bob");
    assert!(!log.text.contains("bob@example.com"), "{}", log.text);
    // What is personal of it is gone, and what is others' is there; the chain holds.
    let his = personal(&bob_id).await;
    assert!(!his.is_empty() && !his.contains(&true), "{}", log.text);
    assert!(personal(&ada_id).await.contains(&true) && log.text.contains("eve@example.com"), "{}", log.text);
    let verdict = ada.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
    ada.post("/api/auth/delete-user", &json!({ "password": password_of("Ada") })).await.expect(200);
}

#[tokio::test]
async fn nobody_has_the_address_that_is_left_of_an_account() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let id = ada.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned();
    let squat = |email: String| json!({ "name": "Eve", "email": email, "password": password_of("Eve") });
    let anyone = world.anyone();
    anyone.post("/api/auth/sign-up/email", &squat(format!("deleted-{id}@invalid"))).await.expect(200);
    anyone.post("/api/auth/sign-up/email", &squat(format!("deleted-{id}"))).await.expect(400);
    ada.post("/api/auth/delete-user", &json!({ "password": password_of("Ada") })).await.expect(200);
    ada.get("/api/auth/session").await.expect(401);
}

#[tokio::test]
async fn a_workspace_that_somebody_has_just_come_into_does_not_end_with_an_account() {
    let world = World::new().await;
    let (ada, bob) = (world.app.sign_up("Ada").await, world.app.sign_up("Bob").await);
    let url = world.app.setting("DATABASE_URL");
    let mut root = hold(url, MEMBERS).await;
    // Bob joins after HYVVE has looked at who is in it.
    let coming = async {
        in_line(url, MEMBERS, 1).await;
        let join = format!(
            "INSERT INTO workspace_members (workspace_id, user_id, role)
             SELECT '{}', id, 'member' FROM users WHERE email = 'bob@example.com'; COMMIT",
            ada.workspace()
        );
        sqlx::raw_sql(AssertSqlSafe(join)).execute(&mut root).await.unwrap();
    };
    let password = json!({ "password": password_of("Ada") });
    let (refused, ()) = tokio::join!(ada.post("/api/auth/delete-user", &password), coming);
    assert_eq!(refused.expect(409).body["code"], "CONFLICT");
    ada.get("/api/auth/session").await.expect(200);
    bob.in_workspace(ada.workspace()).get("/api/approvals").await.expect(200);
}

#[tokio::test]
async fn the_forms_of_an_account_need_a_session_and_work_without_scripts() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    for (function, form) in ON_ONES_ACCOUNT {
        call(&world.anyone(), function, form.to_owned()).await.expect(401);
    }
    for page in ["profile", "security", "sessions", "security?delete=1"] {
        let path = format!("/account/{page}");
        let shown = ada.get(&path).await;
        assert!(!shown.expect(200).text.contains(".js"), "{path} loads scripts");
        let anonymous = world.anyone().get(&path).await;
        assert!(anonymous.expect(303).header("location").is_some_and(|to| to.starts_with("/sign-in?next=/account/")));
    }
    ada.get("/account/no-such-page").await.expect(404);
    assert_eq!(ada.get("/account").await.expect(303).header("location"), Some("/account/profile"));
    assert!(world.anyone().get("/sign-in").await.expect(200).text.contains("/forgot-password"));
    world.anyone().get("/forgot-password").await.expect(200);
    world.anyone().get("/verify-email").await.expect(200);
    assert!(!world.anyone().get("/reset-password?token=x").await.expect(200).text.contains("type=\"password\""));

    let post = async |form: &str, function: &str, from: &str| {
        let request = ada.request(Method::POST, &format!("/_fn/{function}")).header("accept", "text/html");
        let request = request.header("referer", format!("http://localhost{from}"));
        Reply::of(request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned())).await
    };
    let saved = post("name=Countess", "account/profile", "/account/profile").await;
    assert_eq!(saved.expect(302).header("location"), Some("/account/profile"));
    assert!(ada.get("/account/profile").await.expect(200).text.contains("Countess"));
    let wrong = post("current_password=x&password=y", "account/change-password", "/account/security").await;
    assert_eq!(wrong.expect(302).header("location"), Some("/account/security"));
    let flash = wrong
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .find(|line| line.starts_with("hyvve_flash"));
    assert!(flash.is_some(), "{:?}", wrong.headers);
    let out = post("", "account/revoke-sessions", "/account/sessions").await;
    assert_eq!(out.expect(302).header("location"), Some("/sign-in"));
    ada.get("/api/auth/session").await.expect(401);
}
