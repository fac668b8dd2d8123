//! The way back in, and what nobody learns by asking for it.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{NEW, VERIFY, World, audit_actions, confirm, proved, reset, sign_in, token_in};
use crate::support::{Reply, line::in_turn, password_of};

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_ends_all_sessions() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let token = world.reset_link("ada@example.com").await;
    let anyone = world.anyone();

    // Looking at the page uses nothing up.
    for _ in 0..2 {
        let page = anyone.get(&format!("/reset-password?token={token}")).await;
        assert!(page.expect(200).text.contains("name=\"password\""), "{}", page.text);
    }
    let weak = reset(&anyone, &token, "password123").await;
    assert_eq!(weak.expect(400).body["code"], "VALIDATION_ERROR");
    assert!(weak.body["message"].as_str().unwrap().contains("very common"), "{}", weak.text);
    ada.get("/api/auth/session").await.expect(200);

    assert_eq!(reset(&anyone, &token, NEW).await.expect(200).body, json!({ "status": true, "success": true }));
    ada.get("/api/auth/session").await.expect(401);
    assert_eq!(reset(&anyone, &token, NEW).await.expect(400).body["code"], "INVALID_TOKEN");
    let page = anyone.get(&format!("/reset-password?token={token}")).await;
    assert!(!page.expect(200).text.contains("name=\"password\""));
    sign_in(&anyone, "ada@example.com", &password_of("Ada")).await.expect(401);
    let back = sign_in(&anyone, "ada@example.com", NEW).await;
    assert_eq!(back.expect(200).body["user"]["emailVerified"], true, "who reads the mail has the address");
    world.letter("ada@example.com", "Your password was changed").await;
    let back = anyone.with_cookie(&back.cookie().unwrap());
    assert!(audit_actions(&back.get("/api/audit-log").await).contains(&"auth.password_reset"));
}

#[tokio::test]
async fn of_fifty_who_use_one_reset_link_at_once_one_succeeds() {
    let world = World::new().await;
    let anyone = world.anyone();
    // Links are five in an hour for one person: twenty people have one each.
    for number in 0..20 {
        let name = format!("Person{number}");
        let email = format!("{}@example.com", name.to_lowercase());
        world.app.sign_up(&name).await;
        let token = world.reset_link(&email).await;
        let replies = join_all((0..50).map(|_| reset(&anyone, &token, NEW))).await;
        let codes: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, 200 | 400)), "{codes:?}");
    }
}

#[tokio::test]
async fn links_that_are_foreign_malformed_or_for_something_else_change_nothing() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    ada.post("/api/auth/send-verification-email", &json!({ "email": "ada@example.com" })).await.expect(200);
    let verify = token_in(&world.letter("ada@example.com", VERIFY).await);
    let first = world.reset_link("ada@example.com").await;
    let second = world.reset_link("ada@example.com").await;
    let anyone = world.anyone();
    let other = "A".repeat(43);
    for token in ["", "x", "' OR 1=1", other.as_str(), verify.as_str(), ada.token()] {
        assert_eq!(reset(&anyone, token, NEW).await.expect(400).body["code"], "INVALID_TOKEN", "{token}");
    }
    let wrong = anyone.get(&format!("/api/auth/verify-email?token={first}")).await;
    assert_eq!(wrong.expect(400).body["code"], "INVALID_TOKEN", "a link for a password proves no address");
    ada.get("/api/auth/session").await.expect(200);
    // One that is used takes the others with it.
    reset(&anyone, &first, NEW).await.expect(200);
    assert_eq!(reset(&anyone, &second, "yet another long secret").await.expect(400).body["code"], "INVALID_TOKEN");
    sign_in(&anyone, "ada@example.com", NEW).await.expect(200);
}

#[tokio::test]
async fn nothing_says_whether_an_address_has_an_account() {
    let world = World::where_addresses_are_proved().await;
    let anyone = world.anyone();
    let account = |email: &str| json!({ "name": "Ada", "email": email, "password": password_of("Ada") });
    anyone.post("/api/auth/sign-up/email", &account("ada@example.com")).await.expect(200);
    let proof = token_in(&world.letter("ada@example.com", VERIFY).await);
    confirm(&anyone, &proof, &password_of("Ada")).await.expect(200);
    for path in ["request-password-reset", "forgot-password", "send-verification-email"] {
        let ask = |email: &str| json!({ "email": email, "redirectTo": "/reset-password" });
        let known = anyone.post(&format!("/api/auth/{path}"), &ask("ada@example.com")).await;
        let unknown = anyone.post(&format!("/api/auth/{path}"), &ask("eve@example.com")).await;
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text), "{path}");
        known.expect(200);
    }
    let bare = |reply: &Reply| {
        let mut body = reply.expect(200).body.clone();
        let user = body["user"].as_object_mut().unwrap();
        for key in ["id", "createdAt", "updatedAt", "email"] {
            assert!(user.remove(key).is_some(), "{key}");
        }
        body
    };
    let known = anyone.post("/api/auth/sign-up/email", &account("ada@example.com")).await;
    let unknown = anyone.post("/api/auth/sign-up/email", &account("eve@example.com")).await;
    assert_eq!(bare(&known), bare(&unknown));
    assert!(known.cookie().is_none() && unknown.cookie().is_none());
    // Only the owner of the address learns of it.
    let told = world.letter("ada@example.com", "You have an account already").await;
    world.letter("eve@example.com", VERIFY).await;
    reset(&anyone, &token_in(&told), NEW).await.expect(200);
    assert!(world.all("nobody@example.com", "").is_empty());
}

#[tokio::test]
async fn what_is_under_way_when_a_new_password_comes_by_mail_leaves_no_way_in() {
    const ADA: &str = "ada@example.com";
    let world = World::where_addresses_are_proved().await;
    let thief = proved(&world, "Ada").await;
    let (url, anyone) = (world.app.setting("DATABASE_URL"), world.anyone());

    // Whoever has session and password chooses another one.
    let link = world.reset_link(ADA).await;
    let change = json!({ "currentPassword": password_of("Ada"), "newPassword": "the very own secret of a thief" });
    let late = thief.post("/api/auth/change-password", &change);
    let (came, late) = in_turn(url, reset(&anyone, &link, NEW), late).await;
    came.expect(200);
    late.expect(401);
    sign_in(&anyone, ADA, "the very own secret of a thief").await.expect(401);

    // Or another address.
    let thief = sign_in(&anyone, ADA, NEW).await;
    let thief = world.anyone().with_cookie(&thief.expect(200).cookie().unwrap());
    let link = world.reset_link(ADA).await;
    let change = json!({ "newEmail": "eve@example.com" });
    let late = thief.post("/api/auth/change-email", &change);
    let (came, late) = in_turn(url, reset(&anyone, &link, &format!("{NEW} 2")), late).await;
    came.expect(200);
    late.expect(401);

    // Or is let in by a link that was used before, and begins the session after.
    let link = world.reset_link(ADA).await;
    anyone.post("/api/auth/sign-in/magic-link", &json!({ "email": ADA })).await.expect(200);
    let token = token_in(&world.letter(ADA, "Your link to sign in").await);
    let request = anyone.request(Method::POST, "/_fn/auth/use-link").header("accept", "text/html");
    let early = Reply::of(request.form(&[("token", token.as_str()), ("next", "/")]));
    let (early, came) = in_turn(url, early, reset(&anyone, &link, &format!("{NEW} 3"))).await;
    came.expect(200);
    if let Some(cookie) = early.cookie_named("hyvve_session") {
        world.anyone().with_cookie(&cookie).get("/api/auth/session").await.expect(401);
    }
    sign_in(&anyone, ADA, &format!("{NEW} 3")).await.expect(200);
    assert!(world.all("eve@example.com", "").is_empty(), "nothing was sent to the other address");
}
