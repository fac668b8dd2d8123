//! The first proof of an address: nothing that somebody else has put into the account stays. And what is under way while a
//! password changes.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use super::{ENABLE, VERIFY, authenticator::Authenticator, passkeys, protect, strings, waiting};
use crate::{
    accounts::{World, proved, reset, sign_in, token_in},
    support::{Caller, Reply, line::in_turn, password_of},
};

const ADA: &str = "ada@example.com";
const NEW: &str = "quite another long secret";

/// Whoever signed up as Ada, without being her, and has put into the account whatever opens one.
struct Squatter {
    world: World,
    eve: Caller,
    key: Authenticator,
    api_key: Caller,
    /// The secret of a link that would move the account to another address.
    moving: String,
}

impl Squatter {
    async fn new() -> Self {
        let world = passkeys::world().await;
        let eve = world.app.sign_up("Ada").await;
        let mut key = Authenticator::new();
        passkeys::add(&eve, &mut key, "Mine").await.expect(200);
        let keys = format!("/api/workspaces/{}/api-keys", eve.workspace());
        let made = eve.post(&keys, &json!({ "name": "Mine", "scopes": ["read"] })).await;
        let secret = made.expect(201).body["data"]["secret"].as_str().unwrap().to_owned();
        let api_key = world.anyone().with_key(&secret);
        api_key.get("/api/approvals").await.expect(200);
        eve.post("/api/auth/change-email", &json!({ "newEmail": "eve@example.com" })).await.expect(200);
        let moving = token_in(&world.letter("eve@example.com", "Confirm your new e-mail address").await);
        Self { world, eve, key, api_key, moving }
    }

    async fn has_lost_everything(mut self) {
        let anyone = self.world.anyone();
        self.eve.get("/api/auth/session").await.expect(401);
        sign_in(&anyone, ADA, &password_of("Ada")).await.expect(401);
        let by_key = passkeys::sign_in(&anyone, &mut self.key).await;
        assert!(
            by_key.status.is_client_error() && by_key.cookie().is_none_or(|c| !c.contains("session")),
            "{}",
            by_key.text
        );
        self.api_key.get("/api/approvals").await.expect(401);
        let moved = anyone.get(&format!("/api/auth/verify-email?token={}&callbackURL=/x", self.moving)).await;
        assert!(moved.header("location").is_some_and(|to| to.contains("error=")), "{:?}", moved.headers);
    }
}

#[tokio::test]
async fn a_link_to_sign_in_with_leaves_nothing_to_whoever_made_the_account() {
    let squatter = Squatter::new().await;
    let world = &squatter.world;
    world.anyone().post("/api/auth/sign-in/magic-link", &json!({ "email": ADA })).await.expect(200);
    let token = token_in(&world.letter(ADA, "Your link to sign in").await);
    let request = world.anyone().request(Method::POST, "/_fn/auth/use-link").header("accept", "text/html");
    let entered = Reply::of(request.form(&[("token", token.as_str()), ("next", "/")])).await;
    let ada = world.anyone().with_cookie(&entered.expect(302).cookie().unwrap());
    assert_eq!(ada.get("/api/auth/session").await.expect(200).body["user"]["twoFactorEnabled"], false);
    let ways = ada.get("/api/auth/list-accounts").await;
    assert_eq!(ways.expect(200).body, json!([]), "there is no password any more, not even an empty one");
    squatter.has_lost_everything().await;
}

#[tokio::test]
async fn a_new_password_by_mail_leaves_nothing_to_whoever_made_the_account() {
    let squatter = Squatter::new().await;
    let world = &squatter.world;
    let token = world.reset_link(ADA).await;
    let reset = json!({ "token": token, "newPassword": NEW });
    world.anyone().post("/api/auth/reset-password", &reset).await.expect(200);
    let ada = sign_in(&world.anyone(), ADA, NEW).await;
    assert_eq!(ada.expect(200).body["user"]["email"], ADA, "nothing else is asked for");
    squatter.has_lost_everything().await;
}

#[tokio::test]
async fn a_link_that_whoever_invites_has_seen_proves_nothing() {
    let world = World::new().await;
    let (eve, bob) = (world.app.sign_up("Eve").await, world.app.sign_up("Bob").await);
    let invite = json!({ "email": "bob@example.com", "role": "viewer" });
    let made = eve.post(&format!("/api/workspaces/{}/members", eve.workspace()), &invite).await;
    let link = made.expect(201).body["data"]["link"].as_str().unwrap().to_owned();
    let accept = json!({ "token": link.rsplit('/').next() });
    bob.post("/api/invitations/accept", &accept).await.expect(200);
    assert_eq!(bob.get("/api/auth/session").await.expect(200).body["user"]["emailVerified"], false);
    // With a mail server, nobody but the mail holds the link.
    let smtp = [("SMTP_URL", "smtp://127.0.0.1:9"), ("SMTP_FROM", "HYVVE <hyvve@example.com>")];
    let app = crate::support::TestApp::start_with(&smtp).await;
    let eve = app.sign_up("Eve").await;
    let here = format!("/api/workspaces/{}", eve.workspace());
    let made = eve.post(&format!("{here}/members"), &invite).await.expect(201).body["data"].clone();
    assert!(made.get("link").is_none(), "{made}");
    let again = eve.post(&format!("{here}/invitations/{}/resend", made["id"].as_str().unwrap()), &json!({})).await;
    assert!(again.expect(200).body["data"].get("link").is_none(), "{}", again.text);
    let by_link = eve.post(&format!("{here}/invitations"), &json!({ "role": "viewer" })).await;
    assert!(by_link.expect(201).body["data"]["link"].is_string());
}

#[tokio::test]
async fn no_sign_in_that_is_under_way_outlives_the_password_that_it_was_begun_with() {
    let world = World::new().await;
    world.app.sign_up("Ada").await;
    for round in 0..3 {
        let (old, new) =
            (if round == 0 { password_of("Ada") } else { format!("{NEW} {round}") }, format!("{NEW} {}", round + 1));
        let token = world.reset_link(ADA).await;
        let anyone = world.anyone();
        let late = join_all((0..12).map(|_| sign_in(&anyone, ADA, &old)));
        let reset = json!({ "token": token, "newPassword": new });
        let (late, reset) = tokio::join!(late, anyone.post("/api/auth/reset-password", &reset));
        reset.expect(200);
        for reply in late.iter().filter(|reply| reply.status == 200) {
            let thief = world.anyone().with_cookie(&reply.cookie().unwrap());
            thief.get("/api/auth/session").await.expect(401);
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_waits_ends_with_the_password_that_it_was_begun_with() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let (app, _) = protect(&ada, "Ada").await;
    let thief = waiting(&world, "Ada").await;
    let change = json!({ "currentPassword": password_of("Ada"), "newPassword": NEW });
    ada.post("/api/auth/change-password", &change).await.expect(200);
    thief.post(VERIFY, &json!({ "code": app.code(0).await })).await.expect(401);
}

#[tokio::test]
async fn a_second_factor_is_not_taken_away_in_a_session_that_has_just_ended() {
    let world = World::where_addresses_are_proved().await;
    let thief = proved(&world, "Ada").await;
    protect(&thief, "Ada").await;
    let (link, anyone) = (world.reset_link(ADA).await, world.anyone());
    let disable = json!({ "password": password_of("Ada") });
    let late = thief.post("/api/auth/two-factor/disable", &disable);
    let (came, late) = in_turn(world.app.setting("DATABASE_URL"), reset(&anyone, &link, NEW), late).await;
    came.expect(200);
    late.expect(401);
    assert_eq!(sign_in(&anyone, ADA, NEW).await.expect(200).body["twoFactorRedirect"], true);
}

#[tokio::test]
async fn recovery_codes_are_not_replaced_by_whoever_only_begins_to_set_an_app_up() {
    let world = passkeys::world().await;
    let ada = world.app.sign_up("Ada").await;
    let mut key = Authenticator::new();
    let codes = strings(&passkeys::add(&ada, &mut key, "Mine").await.expect(200).body["backupCodes"]);
    let begun = ada.post(ENABLE, &json!({ "password": password_of("Ada") })).await;
    assert_eq!(begun.expect(200).body["backupCodes"], json!([]));
    let thief = waiting(&world, "Ada").await;
    thief.post(super::RECOVER, &json!({ "code": codes[0] })).await.expect(200);
}

#[tokio::test]
async fn guesses_are_told_to_the_owner_whose_recovery_codes_work_all_the_time() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let (app, codes) = protect(&ada, "Ada").await;
    for _ in 0..2 {
        let thief = waiting(&world, "Ada").await;
        for _ in 0..5 {
            let guess = thief.post(VERIFY, &json!({ "code": "000000" })).await;
            assert!(guess.status.is_client_error(), "{}", guess.text);
        }
    }
    let told = world.letter(ADA, "Somebody is guessing at your codes").await;
    assert!(told.contains("/forgot-password"), "{told}");
    let owner = waiting(&world, "Ada").await;
    owner.post(VERIFY, &json!({ "code": app.code(0).await })).await.expect(429);
    owner.post(super::RECOVER, &json!({ "code": codes[0] })).await.expect(200);
    world.letters(ADA, "Somebody is guessing at your codes", 1).await;
    assert!(crate::accounts::audit_actions(&ada.get("/api/audit-log").await).contains(&"auth.codes_refused"));
}

#[tokio::test]
async fn another_way_in_takes_a_session_that_has_just_begun() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let mut conn = PgConnection::connect(world.app.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    conn.execute("UPDATE sessions SET created_at = now() - interval '11 minutes'").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let asked = ada.post("/api/auth/change-email", &json!({ "newEmail": "new@example.com" })).await;
    assert!(asked.expect(403).text.contains("signed in a moment ago"), "{}", asked.text);
    let fresh = sign_in(&world.anyone(), ADA, &password_of("Ada")).await;
    let fresh = world.anyone().with_cookie(&fresh.expect(200).cookie().unwrap());
    fresh.post("/api/auth/change-email", &json!({ "newEmail": "new@example.com" })).await.expect(200);
}
