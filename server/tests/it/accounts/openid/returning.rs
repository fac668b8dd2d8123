//! The way back from a provider: once, in the browser that left, and to this site only.

use futures::future::join_all;
use serde_json::json;

use super::{LINK, SOCIAL, Two, param};
use crate::support::TestApp;

const AGAIN: &str = "This sign-in was not begun in this browser";

#[tokio::test]
async fn of_fifty_answers_with_one_state_one_signs_in() {
    let two = Two::new().await;
    let mut browser = two.browser();
    let out = browser.out(SOCIAL, json!({ "provider": "google" })).await;
    let back = browser.pick(&out, "ada").await;
    let answers = join_all((0..50).map(|_| {
        let (mut tab, back) = (browser.clone(), back.clone());
        async move { tab.get(&back).await }
    }))
    .await;
    let is_in = |cookie: Option<&str>| cookie.is_some_and(|cookie| cookie.starts_with("hyvve_session="));
    assert_eq!(answers.iter().filter(|reply| is_in(reply.header("set-cookie"))).count(), 1);
    assert!(answers.iter().all(|reply| reply.status == 302));
    let late = browser.get(&back).await;
    assert_eq!(late.expect(302).header("location"), Some("/sign-in"));
    assert!(browser.read(&late).await.contains(AGAIN));
}

#[tokio::test]
async fn an_answer_counts_only_in_the_browser_that_left_and_for_the_provider_that_it_left_for() {
    let two = Two::new().await;
    let mut mallory = two.browser();
    let out = mallory.out(SOCIAL, json!({ "provider": "google" })).await;
    let back = mallory.pick(&out, "bob").await;
    // Ada follows Mallory's link: without anything, and while she is on her own way to the provider.
    let mut ada = two.browser();
    for own in [false, true] {
        if own {
            ada.out(SOCIAL, json!({ "provider": "google" })).await;
        }
        let refused = ada.get(&back).await;
        assert_eq!(refused.expect(302).header("location"), Some("/sign-in"));
        assert!(ada.read(&refused).await.contains(AGAIN));
        assert!(ada.session().await.is_none());
    }
    // Which has used nothing up.
    mallory.get(&back).await;
    assert_eq!(mallory.user().await["email"], "bob@example.com");

    // Ada's tabs do not disturb each other.
    let first = ada.out(SOCIAL, json!({ "provider": "google", "callbackURL": "/account/profile" })).await;
    let second = ada.out(SOCIAL, json!({ "provider": "company" })).await;
    let back = ada.pick(&first, "ada").await;
    assert_eq!(ada.get(&back).await.expect(302).header("location"), Some("/account/profile"));
    let crossed = ada.pick(&second, "ada").await.replace("/callback/company", "/callback/google");
    let mut other = ada.clone();
    let refused = other.get(&crossed).await;
    assert_eq!(
        refused.expect(302).header("location"),
        Some("/sign-in"),
        "an answer of one provider counts for another"
    );
    for broken in ["", "?code=x", "?state=x&code=x", "?state=&code="] {
        let refused = two.browser().get(&format!("/api/auth/callback/google{broken}")).await;
        assert_eq!(refused.expect(302).header("location"), Some("/sign-in"), "{broken}");
    }
}

#[tokio::test]
async fn an_answer_that_was_tampered_with_signs_nobody_in() {
    let two = Two::new().await;
    for (part, with, told) in [
        ("iss", "https://evil.example", "This is not the answer of Google."),
        ("code", "somebody-else-s", "does not prove who you are"),
    ] {
        let mut browser = two.browser();
        let out = browser.out(SOCIAL, json!({ "provider": "google" })).await;
        let back = browser.pick(&out, "ada").await;
        let back = back.replace(&format!("{part}={}", param(&back, part)), &format!("{part}={with}"));
        let refused = browser.get(&back).await;
        assert!(browser.read(&refused).await.contains(told), "{part}");
        assert!(browser.session().await.is_none(), "{part}");
    }
    // A code that was made for another browser's way: its verifier is not here.
    let (mut ada, mut mallory) = (two.browser(), two.browser());
    let hers = ada.out(SOCIAL, json!({ "provider": "google" })).await;
    let hers = ada.pick(&hers, "ada").await;
    let his = mallory.out(SOCIAL, json!({ "provider": "google" })).await;
    let his = mallory.pick(&his, "bob").await;
    let stolen = his.replace(&param(&his, "code"), &param(&hers, "code"));
    let refused = mallory.get(&stolen).await;
    assert!(mallory.read(&refused).await.contains("does not prove who you are"));
    assert!(mallory.session().await.is_none());
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let two = Two::new().await;
    let ada = two.world.app.sign_up("Ada").await;
    for elsewhere in
        ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "/a\r\nx: y"]
    {
        for field in ["callbackURL", "newUserCallbackURL", "errorCallbackURL"] {
            let wish = json!({ "provider": "google", field: elsewhere });
            for (path, mut browser) in [(SOCIAL, two.browser()), (LINK, two.browser_of(&ada))] {
                let refused = browser.post(path, &wish).await;
                assert_eq!(refused.expect(400).body["code"], "VALIDATION_ERROR", "{path} {field} {elsewhere:?}");
            }
        }
    }
    let mut browser = two.browser();
    let fields = [("provider", "google"), ("next", "//evil.example")];
    let left = browser.submit("/sign-in", "auth/sign-in-with", &fields).await;
    let page = browser.get(left.expect(302).header("location").unwrap()).await;
    let out = page.expect(200).header("refresh").unwrap().strip_prefix("0;url=").unwrap().to_owned();
    let back = browser.pick(&out, "bob").await;
    assert_eq!(browser.get(&back).await.expect(302).header("location"), Some("/"));
}

#[tokio::test]
async fn a_button_leads_through_a_page_of_ours_to_the_provider_and_nowhere_else() {
    let two = Two::new().await;
    for page in ["/sign-in?next=%2Faccount%2Fprofile", "/sign-up?next=%2Faccount%2Fprofile"] {
        let mut browser = two.browser();
        let shown = browser.get(page).await;
        for name in ["Continue with Google", "Continue with The Company"] {
            assert!(shown.expect(200).text.contains(name), "{page} has no {name}");
        }
        let fields = [("provider", "google"), ("next", "/account/profile")];
        let left = browser.submit(page, "auth/sign-in-with", &fields).await;
        assert_eq!(left.expect(302).header("location"), Some("/sign-in/continue"));
        let on = browser.get("/sign-in/continue").await;
        assert!(on.expect(200).text.contains("Continue to Google") && !on.text.contains(".js"), "{}", on.text);
        let out = on.header("refresh").unwrap().strip_prefix("0;url=").unwrap().to_owned();
        assert!(out.starts_with(&two.provider.issuer), "{out}");
        // It is read once.
        assert!(browser.get("/sign-in/continue").await.expect(200).header("refresh").is_none());
        let back = browser.pick(&out, "ada").await;
        assert_eq!(browser.get(&back).await.expect(302).header("location"), Some("/account/profile"));
    }
    // {"message":"","field":null,"typed":[["to","https://evil.example/auth"],["provider","google"]]}
    let forged = "eyJtZXNzYWdlIjoiIiwiZmllbGQiOm51bGwsInR5cGVkIjpbWyJ0byIsImh0dHBzOi8vZXZpbC5leGFtcGxlL2F1dGgiXSxbInByb3ZpZGVyIiwiZ29vZ2xlIl1dfQ";
    let mut browser = two.browser();
    browser.keep(&two.at, "hyvve_flash", forged);
    let page = browser.get("/sign-in/continue").await;
    assert!(page.expect(200).text.contains("There is nothing to go on with."), "{}", page.text);
    assert!(page.header("refresh").is_none() && !page.text.contains("evil"));

    let without = TestApp::start().await;
    for page in ["/sign-in", "/sign-up"] {
        assert!(!without.anonymous().get(page).await.expect(200).text.contains("Continue with"), "{page}");
    }
}

#[tokio::test]
async fn a_no_at_the_provider_is_told_in_our_own_words() {
    let two = Two::new().await;
    let mut browser = two.browser();
    let out = browser.out(SOCIAL, json!({ "provider": "google" })).await;
    let back = browser.at_provider(&out, "abort=1").await;
    let refused = browser.get(&back).await;
    assert_eq!(refused.expect(302).header("location"), Some("/sign-in"));
    assert!(browser.read(&refused).await.contains("You did not let Google sign you in. Nothing was changed."));

    let wish = json!({ "provider": "google", "errorCallbackURL": "/account/profile?tab=1" });
    let out = browser.out(SOCIAL, wish).await;
    let back = browser.at_provider(&out, "abort=1").await;
    assert_eq!(
        browser.get(&back).await.expect(302).header("location"),
        Some("/account/profile?tab=1&error=UNAUTHORIZED")
    );

    let out = browser.out(SOCIAL, json!({ "provider": "google" })).await;
    let said = "error=%3Cscript%3E&error_description=Call+0900-EVIL";
    let refused = browser.get(&format!("/api/auth/callback/google?state={}&{said}", param(&out, "state"))).await;
    let page = browser.read(&refused).await;
    assert!(page.contains("Google did not sign you in.") && !page.contains("EVIL"), "{page}");
    assert!(browser.session().await.is_none());
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_to_be_and_not_waited_for() {
    let mut two = Two::new().await;
    let mut browser = two.browser();
    let out = browser.out(SOCIAL, json!({ "provider": "google" })).await;
    two.provider.stop();
    // What it published before is known; who somebody is cannot be.
    let back = format!("/api/auth/callback/google?state={}&code=x", param(&out, "state"));
    let refused = browser.get(&back).await;
    assert!(browser.read(&refused).await.contains("Google cannot be reached right now."));
    // The other one was never asked.
    let away = browser.post(SOCIAL, &json!({ "provider": "company" })).await;
    assert_eq!(away.expect(503).body["code"], "UNAVAILABLE");
    assert!(away.body["message"].as_str().unwrap().starts_with("The Company cannot be reached right now."));
    assert!(away.header("retry-after").is_some());
    let form = browser.submit("/sign-in", "auth/sign-in-with", &[("provider", "company")]).await;
    assert_eq!(form.expect(302).header("location"), Some("/sign-in"));
    assert!(browser.read(&form).await.contains("The Company cannot be reached right now."));
}
