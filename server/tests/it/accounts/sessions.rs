//! Where somebody is signed in, and what ends that.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use super::{NEW, World, audit_actions, elsewhere, reset, sign_in, sign_in_as};
use crate::{
    support::{Caller, Reply, cluster::superuser, password_of},
    workspaces::join,
};

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let other = elsewhere(&world, "Ada").await;
    let link = world.reset_link("ada@example.com").await;
    let change = |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new, "revokeOtherSessions": false });
    let path = "/api/auth/change-password";
    ada.post(path, &change("not-her-password", NEW)).await.expect(400);
    ada.post(path, &change(&password_of("Ada"), "ada12345")).await.expect(400);
    ada.post(path, &change(&password_of("Ada"), "short")).await.expect(400);
    ada.post(path, &change(&password_of("Ada"), &"x1Y".repeat(43))).await.expect(400);
    world.anyone().post(path, &change(&password_of("Ada"), NEW)).await.expect(401);
    other.get("/api/auth/session").await.expect(200);

    let done = ada.post(path, &change(&password_of("Ada"), NEW)).await;
    assert_eq!(done.expect(200).body["user"]["email"], "ada@example.com");
    ada.get("/api/auth/session").await.expect(200);
    other.get("/api/auth/session").await.expect(401);
    assert_eq!(
        reset(&world.anyone(), &link, "yet another long secret").await.expect(400).body["code"],
        "INVALID_TOKEN"
    );
    sign_in(&world.anyone(), "ada@example.com", &password_of("Ada")).await.expect(401);
    sign_in(&world.anyone(), "ada@example.com", NEW).await.expect(200);
    world.letter("ada@example.com", "Your password was changed").await;
    assert!(audit_actions(&ada.get("/api/audit-log").await).contains(&"account.password_changed"));
}

#[tokio::test]
async fn sessions_are_listed_and_end_at_once_when_they_are_revoked() {
    let world = World::new().await;
    let (ada, eve) = (world.app.sign_up("Ada").await, world.app.sign_up("Eve").await);
    let (second, third) = (elsewhere(&world, "Ada").await, elsewhere(&world, "Ada").await);
    let list =
        async |who: &Caller| who.get("/api/auth/list-sessions").await.expect(200).body.as_array().unwrap().clone();
    let all = list(&second).await;
    assert_eq!(all.len(), 3);
    let current: Vec<&Value> = all.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(
        (current.len(), &current[0]["device"], &current[0]["ipAddress"]),
        (1, &json!("Firefox on Windows"), &json!("127.0.0.1"))
    );
    assert!(!json!(all).to_string().contains(second.token()), "a handle is no credential");
    let page = second.get("/account/sessions").await;
    assert!(page.expect(200).text.contains("Firefox on Windows") && page.text.contains("Sign out everywhere else"));

    let handle = all.iter().find(|session| session["current"] == false).unwrap()["token"].clone();
    let foreign = eve.post("/api/auth/revoke-session", &json!({ "token": handle })).await;
    let unknown = eve.post("/api/auth/revoke-session", &json!({ "token": "no-such-session" })).await;
    assert_eq!(foreign.expect(404).body, unknown.expect(404).body);
    // Warm in the cache, and still refused with the next request.
    third.get("/api/auth/session").await.expect(200);
    let mut stream = third.clone().in_workspace(ada.workspace()).open("/api/stream").await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    second.post("/api/auth/revoke-other-sessions", &json!({})).await.expect(200);
    let ended = tokio::time::timeout(Duration::from_secs(1), stream.rest()).await;
    assert!(ended.is_ok(), "a revoked session still reads its stream");
    for ended in [&ada, &third] {
        ended.get("/api/auth/session").await.expect(401);
    }
    assert_eq!(list(&second).await.len(), 1);
    let fourth = elsewhere(&world, "Ada").await;
    let handle = list(&fourth).await.iter().find(|session| session["current"] == false).unwrap()["token"].clone();
    fourth.post("/api/auth/revoke-session", &json!({ "token": handle })).await.expect(200);
    second.get("/api/auth/session").await.expect(401);
    fourth.post("/api/auth/revoke-sessions", &json!({})).await.expect(200);
    fourth.get("/api/auth/session").await.expect(401);
    eve.get("/api/auth/session").await.expect(200);
}

#[tokio::test]
async fn a_session_in_use_is_renewed_every_day_and_its_cookie_with_it() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    assert_eq!(ada.get("/api/auth/session").await.expect(200).cookie(), None, "it is new");
    let mut root = PgConnection::connect(&superuser(world.app.setting("DATABASE_URL"))).await.unwrap();
    let two_days_pass = "UPDATE sessions SET created_at = created_at - interval '2 days',
                                expires_at = expires_at - interval '2 days'";
    root.execute(two_days_pass).await.unwrap();
    // What was read before is believed for half a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for _ in 0..2 {
        let again = ada.get("/api/auth/session").await;
        assert_eq!(again.expect(200).cookie().unwrap().split_once('=').unwrap().1, ada.token());
        assert!(again.header("set-cookie").unwrap().contains("; Max-Age=604800; HttpOnly"), "{:?}", again.headers);
    }
    let renewed = "SELECT expires_at > now() + interval '167 hours' FROM sessions";
    assert!(sqlx::query_scalar::<_, bool>(renewed).fetch_one(&mut root).await.unwrap());
    // What ends it is the last word.
    let over = ada.post("/api/auth/sign-out", &json!({})).await;
    assert!(over.expect(200).header("set-cookie").unwrap().contains("Max-Age=0"), "{:?}", over.headers);
    assert_eq!(over.headers.get_all("set-cookie").iter().count(), 1);
}

#[tokio::test]
async fn what_lets_somebody_in_is_in_the_log_of_every_workspace_and_what_else_was_done_in_one() {
    let world = World::new().await;
    let (ada, bob) = (world.app.sign_up("Ada").await, world.app.sign_up("Bob").await);
    join(&bob, &ada, "member").await;
    let change = json!({ "currentPassword": password_of("Ada"), "newPassword": NEW });
    ada.post("/api/auth/change-password", &change).await.expect(200);
    ada.post("/api/auth/sign-out", &json!({})).await.expect(200);
    // It is also the first proof of the address, which takes away what there was.
    let link = world.reset_link("ada@example.com").await;
    reset(&world.anyone(), &link, "yet another long secret").await.expect(200);
    let again = sign_in(&world.anyone(), "ada@example.com", "yet another long secret").await;
    let ada = world.anyone().with_cookie(&again.expect(200).cookie().unwrap()).in_workspace(ada.workspace());

    let (own, bobs) = (ada.get("/api/audit-log").await, bob.get("/api/audit-log").await);
    let count = |log: &Reply, action: &str| audit_actions(log).into_iter().filter(|found| *found == action).count();
    for action in ["account.password_changed", "auth.email_verified", "auth.password_reset"] {
        assert_eq!((count(&own, action), count(&bobs, action)), (1, 1), "{action}");
    }
    assert_eq!(count(&own, "auth.signed_out") + count(&bobs, "auth.signed_out"), 1);
}

#[tokio::test]
async fn a_new_device_is_told_of_and_a_known_one_is_not() {
    let world = World::new().await;
    world.app.sign_up("Ada").await;
    let (email, password) = ("ada@example.com", password_of("Ada"));
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";
    sign_in_as(&world.anyone(), email, &password, agent).await.expect(200);
    let letter = world.letter(email, "A new device signed in").await;
    assert!(letter.contains("Chrome on Linux (127.0.0.1)"), "{letter}");
    let updated = agent.replace("140.0", "141.0");
    for known in [agent, updated.as_str(), ""] {
        sign_in_as(&world.anyone(), email, &password, known).await.expect(200);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.letter(email, "A new device signed in").await;
}
