//! Signing in with a link by mail.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{RECOVER, inside, protect, statuses};
use crate::{
    accounts::{World, audit_actions, elsewhere, token_in},
    support::{Caller, Reply, password_of},
};

const SEND: &str = "/api/auth/sign-in/magic-link";
const SUBJECT: &str = "Your link to sign in";

/// Presses the button on the page that a link leads to.
async fn press(who: &Caller, token: &str, next: &str) -> Reply {
    let request = who.request(Method::POST, "/_fn/auth/use-link").header("accept", "text/html");
    let request = request.header("referer", format!("http://localhost/sign-in/link?token={token}"));
    Reply::of(request.form(&[("token", token), ("next", next)])).await
}

/// Whether the button led to where somebody is in.
fn came_in(reply: &Reply) -> bool {
    reply.cookie().is_some_and(|cookie| cookie.starts_with("hyvve_session="))
}

#[tokio::test]
async fn a_link_signs_in_once_by_its_button_and_proves_the_address() {
    let world = World::new().await;
    world.app.sign_up("Ada").await;
    let anyone = world.anyone();
    anyone.post(SEND, &json!({ "email": "ada@example.com" })).await.expect(200);
    let token = token_in(&world.letter("ada@example.com", SUBJECT).await);
    // Programs that look at every link use nothing up.
    for _ in 0..3 {
        let looked = anyone.get(&format!("/api/auth/magic-link/verify?token={token}&callbackURL=/w/x")).await;
        let page = looked.expect(303).header("location").unwrap().to_owned();
        assert_eq!(page, format!("/sign-in/link?token={token}&next=%2Fw%2Fx"));
        assert!(looked.cookie().is_none());
        assert!(anyone.get(&page).await.expect(200).text.contains("ada@example.com"));
    }
    let entered = press(&anyone, &token, "/w/x").await;
    assert_eq!(entered.expect(302).header("location"), Some("/w/x"));
    let ada = anyone.with_cookie(&entered.cookie().unwrap());
    let session = ada.get("/api/auth/session").await;
    assert_eq!(session.expect(200).body["user"]["emailVerified"], true);
    assert!(audit_actions(&ada.get("/api/audit-log").await).contains(&"auth.signed_in_by_link"));
    assert!(!came_in(&press(&world.anyone(), &token, "").await));
}

#[tokio::test]
async fn of_fifty_who_use_one_link_at_once_one_comes_in() {
    let world = World::new().await;
    let anyone = world.anyone();
    // Links are five in an hour for one person: twenty people have one each.
    for number in 0..20 {
        let (name, email) = (format!("Person{number}"), format!("person{number}@example.com"));
        world.app.sign_up(&name).await;
        anyone.post(SEND, &json!({ "email": email })).await.expect(200);
        let token = token_in(&world.letter(&email, SUBJECT).await);
        let replies = join_all((0..50).map(|_| press(&anyone, &token, ""))).await;
        assert_eq!(replies.iter().filter(|reply| came_in(reply)).count(), 1, "{name}: {:?}", statuses(&replies));
    }
}

#[tokio::test]
async fn a_link_says_nothing_about_others_and_leads_nowhere_else() {
    let world = World::new().await;
    world.app.sign_up("Ada").await;
    let anyone = world.anyone();
    let ask = async |email: &str, to: &str| anyone.post(SEND, &json!({ "email": email, "callbackURL": to })).await;
    let (known, unknown) = (ask("ada@example.com", "/w/a").await, ask("eve@example.com", "/w/a").await);
    assert_eq!(
        (known.expect(200).body.clone(), known.headers.len()),
        (unknown.expect(200).body.clone(), unknown.headers.len())
    );
    assert_eq!(known.body, json!({ "status": true }));
    ask("ada@example.com", "https://evil.example").await.expect(400);
    ask("ada@example.com", "//evil.example").await.expect(400);
    ask("nonsense", "/").await.expect(400);
    let letter = world.letter("ada@example.com", SUBJECT).await;
    assert!(letter.contains("&next=/w/a"), "{letter}");
    assert!(world.all("eve@example.com", "").is_empty());
    let token = token_in(&letter).split('&').next().unwrap().to_owned();
    let entered = press(&anyone, &token, "https://evil.example").await;
    assert_eq!(entered.expect(302).header("location"), Some("/"));
    // Links for something else are none.
    let reset = world.reset_link("ada@example.com").await;
    assert!(!came_in(&press(&anyone, &reset, "").await));
    // A new password takes the links with it.
    ask("ada@example.com", "/").await.expect(200);
    let all = world.letters("ada@example.com", SUBJECT, 2).await;
    crate::accounts::reset(&anyone, &reset, "quite another long secret").await.expect(200);
    for letter in all {
        assert!(!came_in(&press(&anyone, token_in(&letter).split('&').next().unwrap(), "").await));
    }
}

#[tokio::test]
async fn a_link_is_one_factor_and_not_two() {
    let world = World::new().await;
    world.app.sign_up("Ada").await;
    // Her address is proved; with the first proof, a factor would go.
    let token = world.reset_link("ada@example.com").await;
    let reset = json!({ "token": token, "newPassword": password_of("Ada") });
    world.anyone().post("/api/auth/reset-password", &reset).await.expect(200);
    let ada = elsewhere(&world, "Ada").await;
    let (_, codes) = protect(&ada, "Ada").await;
    world.anyone().post(SEND, &json!({ "email": "ada@example.com" })).await.expect(200);
    let token = token_in(&world.letter("ada@example.com", SUBJECT).await);
    let half = press(&world.anyone(), &token, "/w/x").await;
    assert_eq!(half.expect(302).header("location"), Some("/sign-in/second-factor?next=/w/x"));
    assert!(!came_in(&half));
    let waiting = world.anyone().with_cookie(&half.cookie().unwrap());
    waiting.get("/api/auth/session").await.expect(401);
    inside(&world, &waiting.post(RECOVER, &json!({ "code": codes[0] })).await);
}

#[tokio::test]
async fn the_first_proof_of_an_address_ends_what_somebody_else_may_have_chosen() {
    let world = World::new().await;
    // Whoever it was signed up with an address that nobody had proved.
    let before = world.app.sign_up("Ada").await;
    world.anyone().post(SEND, &json!({ "email": "ada@example.com" })).await.expect(200);
    let token = token_in(&world.letter("ada@example.com", SUBJECT).await);
    let ada = press(&world.anyone(), &token, "/").await;
    let ada = world.anyone().with_cookie(&ada.expect(302).cookie().unwrap());
    ada.get("/api/auth/session").await.expect(200);
    before.get("/api/auth/session").await.expect(401);
    let old = json!({ "email": "ada@example.com", "password": password_of("Ada") });
    world.anyone().post("/api/auth/sign-in/email", &old).await.expect(401);
    let told = world.letter("ada@example.com", "Please choose a password").await;
    assert!(told.contains("/forgot-password"), "{told}");
    // With a password of one's own, the next link takes nothing away.
    let reset = world.reset_link("ada@example.com").await;
    let new = json!({ "token": reset, "newPassword": "quite another long secret" });
    world.anyone().post("/api/auth/reset-password", &new).await.expect(200);
    world.anyone().post(SEND, &json!({ "email": "ada@example.com" })).await.expect(200);
    let all = world.letters("ada@example.com", SUBJECT, 2).await;
    let token = all.iter().map(|text| token_in(text)).find(|other| *other != token).unwrap();
    press(&world.anyone(), &token, "/").await.expect(302);
    let new = json!({ "email": "ada@example.com", "password": "quite another long secret" });
    world.anyone().post("/api/auth/sign-in/email", &new).await.expect(200);
}
