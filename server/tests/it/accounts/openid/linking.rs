//! Linking a provider to an account, and taking it away.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use super::{Browser, LINK, Two};
use crate::{
    accounts::{NEW, RESET, reset, sign_in, token_in},
    support::{Reply, cluster::superuser, line::in_turn},
};

const UNLINK: &str = "/api/auth/unlink-account";

/// Links a person of the provider.
async fn link(browser: &mut Browser, provider: &str, person: &str) -> Reply {
    let out = browser.out(LINK, json!({ "provider": provider })).await;
    let back = browser.pick(&out, person).await;
    browser.get(&back).await
}

#[tokio::test]
async fn whoever_is_signed_in_links_a_provider_and_signs_in_with_it_from_then_on() {
    let two = Two::new().await;
    let ada = two.world.app.sign_up("Ada").await;
    let id = ada.get("/api/auth/session").await.body["user"]["id"].clone();
    let mut browser = two.browser_of(&ada);
    assert!(browser.get("/account/security").await.expect(200).text.contains("Sign-in with others"));
    let left = browser.submit("/account/security", "account/link", &[("provider", "google")]).await;
    let on = browser.get(left.expect(302).header("location").unwrap()).await;
    let out = on.expect(200).header("refresh").unwrap().strip_prefix("0;url=").unwrap().to_owned();
    let back = browser.pick(&out, "ada").await;
    let linked = browser.get(&back).await;
    assert_eq!(linked.expect(302).header("location"), Some("/account/security"));
    let page = browser.read(&linked).await;
    assert!(page.contains("Google is linked.") && page.contains("ada@example.com"), "{page}");
    assert_eq!(browser.user().await["emailVerified"], true, "the provider has proved the account's own address");
    two.world.letter("ada@example.com", "Google was linked to your account").await;
    assert_eq!(browser.audit("auth.linked").await.len(), 1);

    let mut again = two.browser();
    two.google(&mut again, "ada").await;
    assert_eq!(again.user().await["id"], id);
    let twice = link(&mut again, "google", "ada").await;
    assert!(again.read(&twice).await.contains("Google is linked to your account already."));

    // Somebody else cannot have it as well, whatever the address.
    let eve = two.world.app.sign_up("Eve").await;
    let mut eve = two.browser_of(&eve);
    let refused = link(&mut eve, "google", "ada").await;
    assert_eq!(refused.expect(302).header("location"), Some("/account/security"));
    assert!(eve.read(&refused).await.contains("is linked to another account here"));
    // One that has another address there can be linked; it proves nothing about the address here.
    assert!(link(&mut eve, "company", "bob").await.header("location").is_some());
    assert_eq!(
        (eve.user().await["email"].clone(), eve.user().await["emailVerified"].clone()),
        (json!("eve@example.com"), json!(false))
    );
    two.browser().post(LINK, &json!({ "provider": "google" })).await.expect(401);
}

#[tokio::test]
async fn a_link_belongs_to_the_session_that_asked_for_it() {
    let two = Two::new().await;
    let (ada, eve) = (two.world.app.sign_up("Ada").await, two.world.app.sign_up("Eve").await);
    let mut browser = two.browser_of(&ada);
    for signs_out in [false, true] {
        let out = browser.out(LINK, json!({ "provider": "google" })).await;
        let back = browser.pick(&out, "ada").await;
        // The same browser, and somebody else in it, or nobody.
        if signs_out {
            browser.post("/api/auth/sign-out", &json!({})).await.expect(200);
        } else {
            browser.keep(&two.at, "hyvve_session", eve.token());
        }
        let refused = browser.get(&back).await;
        assert!(refused.expect(302).header("location").is_some_and(|to| to == "/account/security" || to == "/sign-in"));
        browser.keep(&two.at, "hyvve_session", ada.token());
    }
    assert_eq!(two.browser_of(&eve).accounts().await.len(), 1);
    let mut nobody = two.browser();
    two.google(&mut nobody, "ada").await;
    assert!(nobody.session().await.is_none(), "nothing was linked, and the address is not proved");
}

#[tokio::test]
async fn a_provider_is_not_linked_in_a_session_that_has_just_ended() {
    let two = Two::new().await;
    let thief = two.world.app.sign_up("Ada").await;
    let mut browser = two.browser_of(&thief);
    let out = browser.out(LINK, json!({ "provider": "company" })).await;
    let back = browser.pick(&out, "bob").await;
    let (token, anyone) = (two.world.reset_link("ada@example.com").await, two.world.anyone());
    let url = two.world.app.setting("DATABASE_URL");
    let (came, late) = Box::pin(in_turn(url, reset(&anyone, &token, NEW), browser.get(&back))).await;
    came.expect(200);
    late.expect(302);
    let ada = sign_in(&anyone, "ada@example.com", NEW).await;
    let ada = two.world.anyone().with_cookie(&ada.expect(200).cookie().unwrap());
    assert_eq!(two.browser_of(&ada).accounts().await.len(), 1, "the password, and no provider");
}

#[tokio::test]
async fn without_a_password_one_is_chosen_by_letter_and_the_last_way_in_stays() {
    let two = Two::new().await;
    let mut ada = two.browser();
    two.google(&mut ada, "ada").await;
    let refused = ada.post(UNLINK, &json!({ "providerId": "google" })).await;
    assert!(refused.expect(409).body["message"].as_str().unwrap().starts_with("This is your only way to sign in."));
    for (path, body, field) in [
        ("/api/auth/change-password", json!({ "currentPassword": "x", "newPassword": NEW }), "password yet"),
        ("/api/auth/delete-user", json!({ "password": "x" }), "password yet"),
    ] {
        let refused = ada.post(path, &body).await;
        assert!(refused.expect(400).body["message"].as_str().unwrap().contains(field), "{path}: {}", refused.text);
    }
    for (page, button) in
        [("/account/security", "Send me the link"), ("/account/security?delete=1", "Delete my account")]
    {
        let page = ada.get(page).await;
        assert!(page.expect(200).text.contains(button) && !page.text.contains("type=\"password\""), "{}", page.text);
    }
    let sent = ada.submit("/account/security", "account/first-password", &[]).await;
    assert!(ada.read(&sent).await.contains("We have sent you a link."));
    let token = token_in(&two.world.letter("ada@example.com", RESET).await);
    reset(&two.world.anyone(), &token, NEW).await.expect(200);
    let ada = sign_in(&two.world.anyone(), "ada@example.com", NEW).await;
    let ada = two.world.anyone().with_cookie(&ada.expect(200).cookie().unwrap());
    let mut browser = two.browser_of(&ada);
    assert_eq!(browser.accounts().await.len(), 2, "a password takes nothing away from whoever has the address");

    let unlinked = browser.post(UNLINK, &json!({ "providerId": "google", "accountId": "ada" })).await;
    assert_eq!(unlinked.expect(200).body, json!({ "status": true }));
    two.world.letter("ada@example.com", "Google was unlinked from your account").await;
    assert_eq!(browser.audit("auth.unlinked").await[0]["personal"]["before"]["provider"], "google");
    let last = browser.post(UNLINK, &json!({ "providerId": "credential" })).await;
    assert_eq!(last.expect(422).body["code"], "UNPROCESSABLE");
}

#[tokio::test]
async fn without_a_password_an_account_is_deleted_in_a_session_that_has_just_begun() {
    let two = Two::new().await;
    let mut ada = two.browser();
    two.google(&mut ada, "ada").await;
    let mut root = PgConnection::connect(&superuser(two.world.app.setting("DATABASE_URL"))).await.unwrap();
    root.execute("UPDATE sessions SET created_at = created_at - interval '1 hour'").await.unwrap();
    // What was read before is believed for half a second.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let stale = ada.post("/api/auth/delete-user", &json!({})).await;
    assert!(stale.expect(403).text.contains("signed in a moment ago"), "{}", stale.text);
    root.execute("UPDATE sessions SET created_at = now()").await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    ada.post("/api/auth/delete-user", &json!({})).await.expect(200);
    assert_eq!(ada.session().await, None);
}

#[tokio::test]
async fn of_two_ways_in_that_are_taken_away_at_once_one_stays() {
    let two = Two::new().await;
    for person in ["ada", "bob"] {
        let mut browser = two.browser();
        two.google(&mut browser, person).await;
        link(&mut browser, "company", person).await.expect(302);
        let ids: Vec<String> =
            browser.accounts().await.iter().map(|account| account["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 2);
        let replies = join_all(ids.iter().cycle().take(20).map(|id| {
            let mut tab = browser.clone();
            async move { tab.post(UNLINK, &json!({ "accountId": id })).await }
        }))
        .await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 200 | 404 | 409)));
        assert_eq!(browser.accounts().await.len(), 1);
    }
}

#[tokio::test]
async fn a_linked_account_of_somebody_else_is_as_unknown_as_one_that_is_not_there() {
    let two = Two::new().await;
    let (mut ada, mut bob) = (two.browser(), two.browser());
    two.google(&mut ada, "ada").await;
    two.google(&mut bob, "bob").await;
    let hers = ada.accounts().await[0]["id"].clone();
    let foreign = bob.post(UNLINK, &json!({ "accountId": hers })).await;
    let unknown = bob.post(UNLINK, &json!({ "accountId": "00000000-0000-7000-8000-000000000000" })).await;
    assert_eq!(foreign.expect(404).body, unknown.expect(404).body);
    bob.post(UNLINK, &json!({ "providerId": "google", "accountId": "ada" })).await.expect(404);
    bob.post(UNLINK, &json!({})).await.expect(404);
    assert_eq!(ada.accounts().await.len(), 1);
    two.browser().get("/api/auth/list-accounts").await.expect(401);
    two.browser().post(UNLINK, &json!({ "providerId": "google" })).await.expect(401);
}
