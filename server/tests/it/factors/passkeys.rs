//! Passkeys, with an authenticator that does what it is told.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    RECOVER, VERIFY,
    authenticator::{Authenticator, ORIGIN},
    inside, protect, statuses, strings, waiting,
};
use crate::{
    accounts::{World, audit_actions},
    support::{Caller, Reply, password_of},
};

const TO_ADD: &str = "/api/auth/passkey/generate-register-options";
const ADD: &str = "/api/auth/passkey/verify-registration";
const TO_SIGN_IN: &str = "/api/auth/passkey/generate-authenticate-options";
const SIGN_IN: &str = "/api/auth/passkey/verify-authentication";
const LIST: &str = "/api/auth/passkey/list-user-passkeys";

pub(super) async fn world() -> World {
    World::with(&[("HYVVE_PUBLIC_URL", ORIGIN)]).await
}

/// Asks for options; answers them and the caller with the cookie that came along.
async fn asked(who: &Caller, path: &str) -> (Value, Caller) {
    let reply = who.post(path, &json!({})).await;
    let cookie = reply.expect(200).cookie().unwrap();
    assert!(cookie.starts_with("hyvve_passkey="), "{cookie}");
    (reply.body.clone(), who.clone().and_cookie(&cookie))
}

pub(super) async fn add(who: &Caller, key: &mut Authenticator, name: &str) -> Reply {
    let (options, who) = asked(who, TO_ADD).await;
    who.post(ADD, &json!({ "response": key.create(&options), "name": name })).await
}

pub(super) async fn sign_in(who: &Caller, key: &mut Authenticator) -> Reply {
    let (options, who) = asked(who, TO_SIGN_IN).await;
    who.post(SIGN_IN, &json!({ "response": key.get(&options) })).await
}

#[tokio::test]
async fn a_passkey_signs_in_alone_and_is_the_second_factor_beside_a_password() {
    let world = world().await;
    let ada = world.app.sign_up("Ada").await;
    let mut key = Authenticator::new();
    let (options, _) = asked(&ada, TO_ADD).await;
    assert_eq!(options["rp"], json!({ "name": "HYVVE", "id": "localhost" }));
    assert_eq!(options["user"]["name"], "ada@example.com");
    let selection = &options["authenticatorSelection"];
    assert_eq!((&selection["residentKey"], &selection["userVerification"]), (&json!("required"), &json!("required")));

    let added = add(&ada, &mut key, "Laptop").await;
    let codes = strings(&added.expect(200).body["backupCodes"]);
    assert_eq!((codes.len(), &added.body["name"]), (10, &json!("Laptop")));
    assert_eq!(added.body["credentialID"], key.id());
    world.letter("ada@example.com", "A passkey was added to your account").await;
    assert_eq!(ada.get("/api/auth/session").await.expect(200).body["user"]["twoFactorEnabled"], true);

    // Alone, without saying who one is.
    let entered = sign_in(&world.anyone(), &mut key).await;
    let again = inside(&world, &entered);
    again.get("/api/approvals").await.expect(200);
    assert!(entered.body["session"]["secondFactorAt"].is_string());
    let listed = ada.get(LIST).await;
    assert_eq!((&listed.expect(200).body[0]["counter"], &listed.body[0]["name"]), (&json!(1), &json!("Laptop")));
    assert!(listed.body[0]["lastUsedAt"].is_string(), "{}", listed.text);

    // After the password.
    let back = waiting(&world, "Ada").await;
    let (options, _) = asked(&back, TO_SIGN_IN).await;
    assert_eq!(options["allowCredentials"][0]["id"], key.id());
    back.post(VERIFY, &json!({ "code": "123456" })).await.expect(400);
    inside(&world, &sign_in(&back, &mut key).await);
    back.post(RECOVER, &json!({ "code": codes[0] })).await.expect(401);

    // A second one brings no other codes; the same one again is none.
    let mut phone = Authenticator::new();
    let second = add(&ada, &mut phone, "Phone").await;
    assert!(second.expect(200).body["backupCodes"].is_null(), "{}", second.text);
    let eve = world.app.sign_up("Eve").await;
    for who in [&ada, &eve] {
        add(who, &mut key, "Laptop again").await.expect(409);
    }
    let (options, _) = asked(&ada, TO_ADD).await;
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 2);
    waiting(&world, "Ada").await.post(RECOVER, &json!({ "code": codes[1] })).await.expect(200);
    let log = ada.get("/api/audit-log").await;
    assert!(audit_actions(&log).contains(&"auth.signed_in_with_passkey"), "{}", log.text);
}

#[tokio::test]
async fn passkeys_are_their_owner_s_to_name_and_to_remove() {
    let world = world().await;
    let (ada, eve) = (world.app.sign_up("Ada").await, world.app.sign_up("Eve").await);
    let mut key = Authenticator::new();
    let added = add(&ada, &mut key, "").await;
    let id = added.expect(200).body["id"].as_str().unwrap().to_owned();
    assert_eq!(added.body["name"], "Passkey");
    for (who, other) in [(&eve, id.as_str()), (&ada, "not-an-id")] {
        let (update, delete) = ("/api/auth/passkey/update-passkey", "/api/auth/passkey/delete-passkey");
        who.post(update, &json!({ "id": other, "name": "Mine" })).await.expect(404);
        who.post(delete, &json!({ "id": other })).await.expect(404);
        world.anyone().post(delete, &json!({ "id": other })).await.expect(401);
    }
    assert_eq!(eve.get(LIST).await.expect(200).body, json!([]));
    let named = ada.post("/api/auth/passkey/update-passkey", &json!({ "id": id, "name": "Yubikey" })).await;
    assert_eq!(named.expect(200).body["passkey"]["name"], "Yubikey");
    ada.post("/api/auth/passkey/update-passkey", &json!({ "id": id, "name": " " })).await.expect(400);
    assert!(audit_actions(&ada.get("/api/audit-log").await).contains(&"auth.passkey_renamed"));
    let wrong = json!({ "id": id, "password": "not-her-password" });
    ada.post("/api/auth/passkey/delete-passkey", &wrong).await.expect(400);
    ada.post("/api/auth/passkey/delete-passkey", &json!({ "id": id })).await.expect(200);
    // It was the only factor: the password is enough again.
    let account = json!({ "email": "ada@example.com", "password": password_of("Ada") });
    inside(&world, &world.anyone().post(super::SIGN_IN, &account).await);
    sign_in(&world.anyone(), &mut key).await.expect(401);
}

#[tokio::test]
async fn what_was_signed_elsewhere_or_before_or_unseen_opens_nothing() {
    let world = world().await;
    let (ada, eve) = (world.app.sign_up("Ada").await, world.app.sign_up("Eve").await);
    let (mut hers, mut eves) = (Authenticator::new(), Authenticator::new());
    add(&ada, &mut hers, "Ada's").await.expect(200);
    add(&eve, &mut eves, "Eve's").await.expect(200);
    let anyone = world.anyone();

    let refused = async |key: &mut Authenticator| sign_in(&world.anyone(), key).await.expect(401).text.clone();
    hers.origin = "https://evil.example";
    refused(&mut hers).await;
    hers.origin = "http://localhost:4445";
    refused(&mut hers).await;
    hers.origin = ORIGIN;
    hers.verified = false;
    refused(&mut hers).await;
    hers.verified = true;
    // A stranger's key that says it is Ada's.
    eves.pretend(&hers);
    refused(&mut eves).await;
    refused(&mut Authenticator::new()).await;

    // An answer counts once, whether it was right or not, and for what was asked.
    let (options, carrying) = asked(&anyone, TO_SIGN_IN).await;
    let answer = json!({ "response": hers.get(&options) });
    anyone.post(SIGN_IN, &answer).await.expect(401);
    carrying.post(SIGN_IN, &answer).await.expect(200);
    carrying.post(SIGN_IN, &answer).await.expect(401);
    let (options, carrying) = asked(&anyone, TO_SIGN_IN).await;
    carrying.post(SIGN_IN, &json!({ "response": {} })).await.expect(401);
    carrying.post(SIGN_IN, &json!({ "response": hers.get(&options) })).await.expect(401);
    let (other, _) = asked(&anyone, TO_SIGN_IN).await;
    let (_, carrying) = asked(&anyone, TO_SIGN_IN).await;
    carrying.post(SIGN_IN, &json!({ "response": hers.get(&other) })).await.expect(401);
    let (options, carrying) = asked(&ada, TO_ADD).await;
    let mut new = Authenticator::new();
    carrying.post(SIGN_IN, &json!({ "response": new.create(&options) })).await.expect(401);
    carrying.post(ADD, &json!({ "response": new.create(&options) })).await.expect(401);

    // What Ada was asked to add, Eve cannot.
    let (options, _) = asked(&ada, TO_ADD).await;
    let stolen = ada.post(TO_ADD, &json!({})).await.expect(200).cookie().unwrap();
    eve.clone().and_cookie(&stolen).post(ADD, &json!({ "response": new.create(&options) })).await.expect(401);

    // A clone has not counted on.
    sign_in(&anyone, &mut hers).await.expect(200);
    hers.counter -= 1;
    refused(&mut hers).await;

    // The second factor of one account is no other's.
    let back = waiting(&world, "Ada").await;
    let mut eves_own = Authenticator::new();
    add(&eve, &mut eves_own, "Eve's other").await.expect(200);
    let (options, carrying) = asked(&back, TO_SIGN_IN).await;
    carrying.post(SIGN_IN, &json!({ "response": eves_own.get(&options) })).await.expect(401);
}

#[tokio::test]
async fn of_many_who_send_one_signature_at_once_one_comes_in() {
    let world = world().await;
    let ada = world.app.sign_up("Ada").await;
    let mut key = Authenticator::new();
    add(&ada, &mut key, "Laptop").await.expect(200);
    let (options, carrying) = asked(&world.anyone(), TO_SIGN_IN).await;
    let answer = json!({ "response": key.get(&options) });
    let replies = join_all((0..50).map(|_| carrying.post(SIGN_IN, &answer))).await;
    let statuses = statuses(&replies);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_passkey_needs_an_address_with_a_name() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    ada.post(TO_ADD, &json!({})).await.expect(422);
    world.anyone().get(TO_SIGN_IN).await.expect(422);
    assert!(!world.anyone().get("/sign-in").await.expect(200).text.contains("data-passkey"));
    let page = ada.get("/account/security?add=passkey").await;
    assert!(page.expect(200).text.contains("Passkeys do not work at this address"), "{}", page.text);
    let (world, _) = (super::passkeys::world().await, protect(&ada, "Ada").await);
    let page = world.anyone().get("/sign-in").await;
    assert!(page.expect(200).text.contains("data-passkey=\"get\""), "{}", page.text);
}
