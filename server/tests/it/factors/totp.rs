//! Authenticator apps and recovery codes.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{ENABLE, RECOVER, SIGN_IN, VERIFY, inside, protect, statuses, strings, waiting};
use crate::{
    accounts::{World, audit_actions, elsewhere, proved, reset, sign_in},
    support::password_of,
};

const DISABLE: &str = "/api/auth/two-factor/disable";

#[tokio::test]
async fn an_app_is_asked_for_from_its_first_right_code_on() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let other = elsewhere(&world, "Ada").await;
    world.anyone().post(ENABLE, &json!({ "password": "x" })).await.expect(401);
    ada.post(ENABLE, &json!({ "password": "not-her-password" })).await.expect(400);
    ada.post(ENABLE, &json!({})).await.expect(400);
    ada.post(VERIFY, &json!({ "code": "123456" })).await.expect(409);
    let made = ada.post(ENABLE, &json!({ "password": password_of("Ada") })).await;
    let uri = made.expect(200).body["totpURI"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("otpauth://totp/HYVVE:ada%40example.com?"), "{uri}");
    assert_eq!(strings(&made.body["backupCodes"]).len(), 10);

    // Not before it has shown a code, and only to the browser that sets it up.
    sign_in(&world.anyone(), "ada@example.com", &password_of("Ada")).await.expect(200).body["session"]["id"]
        .as_str()
        .unwrap();
    ada.post(VERIFY, &json!({ "code": "000000" })).await.expect(400);
    assert_eq!(ada.get("/api/auth/session").await.expect(200).body["user"]["twoFactorEnabled"], false);
    let app = super::App(totp_rs::Totp::from_url(&uri).unwrap());
    other.post(VERIFY, &json!({ "code": app.code(0).await })).await.expect(409);
    ada.post(VERIFY, &json!({ "code": app.code(-1).await })).await.expect(200);
    let session = ada.get("/api/auth/session").await;
    assert_eq!(session.expect(200).body["user"]["twoFactorEnabled"], true);
    assert!(session.body["session"]["secondFactorAt"].is_string());
    other.get("/api/auth/session").await.expect(401);
    world.letter("ada@example.com", "An authenticator app was added to your account").await;
    ada.post(ENABLE, &json!({ "password": password_of("Ada") })).await.expect(409);

    let back = waiting(&world, "Ada").await;
    assert_eq!(back.get("/api/auth/get-session").await.expect(200).body, Value::Null);
    back.clone().in_workspace(ada.workspace()).get("/api/approvals").await.expect(401);
    back.post(VERIFY, &json!({ "code": app.code(-1).await })).await.expect(400);
    let entered = back.post(VERIFY, &json!({ "code": app.code(0).await })).await;
    let ada = inside(&world, &entered);
    ada.get("/api/approvals").await.expect(200);
    assert_eq!(entered.body["user"]["twoFactorEnabled"], true);
    // The sign-in that waited is over, and so is the code.
    back.post(VERIFY, &json!({ "code": app.code(1).await })).await.expect(401);
    waiting(&world, "Ada").await.post(VERIFY, &json!({ "code": app.code(0).await })).await.expect(400);
    let log = ada.get("/api/audit-log").await;
    assert!(audit_actions(&log).contains(&"auth.second_factor_added"), "{}", log.text);
    assert!(!log.text.contains(uri.split("secret=").nth(1).unwrap().split('&').next().unwrap()));
}

#[tokio::test]
async fn of_many_who_show_one_code_at_once_one_comes_in() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let (app, codes) = protect(&ada, "Ada").await;
    let succeeded = |statuses: &[u16]| statuses.iter().filter(|status| **status == 200).count();

    // One sign-in that waits, fifty answers to it.
    let one = waiting(&world, "Ada").await;
    let code = json!({ "code": app.code(0).await });
    let replies = join_all((0..50).map(|_| one.post(VERIFY, &code))).await;
    assert_eq!(succeeded(&statuses(&replies)), 1, "{:?}", statuses(&replies));

    // Several that wait, one code.
    let several = join_all((0..8).map(|_| waiting(&world, "Ada"))).await;
    let code = json!({ "code": app.code(1).await });
    let replies = join_all(several.iter().map(|one| one.post(VERIFY, &code))).await;
    assert_eq!(succeeded(&statuses(&replies)), 1, "{:?}", statuses(&replies));

    // Recovery codes are ten: they are made anew once.
    let renewed = json!({ "password": password_of("Ada") });
    let renewed = async || ada.post("/api/auth/two-factor/generate-backup-codes", &renewed).await;
    let mut left = codes;
    for round in 0..20 {
        if left.is_empty() {
            left = strings(&renewed().await.expect(200).body["backupCodes"]);
        }
        let one = waiting(&world, "Ada").await;
        let code = json!({ "code": left.remove(0) });
        let replies = join_all((0..50).map(|_| one.post(RECOVER, &code))).await;
        assert_eq!(succeeded(&statuses(&replies)), 1, "{round}: {:?}", statuses(&replies));
        waiting(&world, "Ada").await.post(RECOVER, &code).await.expect(400);
    }
}

#[tokio::test]
async fn a_recovery_code_works_once_and_its_owner_is_told() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let (_, codes) = protect(&ada, "Ada").await;
    let sloppy = codes[3].to_uppercase().replace('-', " ");
    let entered = waiting(&world, "Ada").await.post(RECOVER, &json!({ "code": sloppy })).await;
    let ada = inside(&world, &entered);
    let told = world.letter("ada@example.com", "A recovery code was used to sign in to your account").await;
    assert!(told.contains("Codes that are left: 9."), "{told}");
    waiting(&world, "Ada").await.post(RECOVER, &json!({ "code": codes[3] })).await.expect(400);

    // Somebody else's codes are none.
    let bob = world.app.sign_up("Bob").await;
    let (_, bobs) = protect(&bob, "Bob").await;
    waiting(&world, "Ada").await.post(RECOVER, &json!({ "code": bobs[0] })).await.expect(400);

    let path = "/api/auth/two-factor/generate-backup-codes";
    ada.post(path, &json!({ "password": "not-her-password" })).await.expect(400);
    let renewed = ada.post(path, &json!({ "password": password_of("Ada") })).await;
    let renewed = strings(&renewed.expect(200).body["backupCodes"]);
    world.letter("ada@example.com", "Your recovery codes were replaced").await;
    waiting(&world, "Ada").await.post(RECOVER, &json!({ "code": codes[4] })).await.expect(400);
    waiting(&world, "Ada").await.post(RECOVER, &json!({ "code": renewed[0] })).await.expect(200);
    let actions = ada.get("/api/audit-log").await;
    for action in ["auth.recovery_code_used", "auth.recovery_codes_renewed"] {
        assert!(audit_actions(&actions).contains(&action), "{action}: {}", actions.text);
    }
    assert!(!actions.text.contains(&renewed[0]));
}

#[tokio::test]
async fn guessing_ends_the_sign_in_and_then_waits() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let (app, codes) = protect(&ada, "Ada").await;
    let guess = json!({ "code": "000000" });
    let first = waiting(&world, "Ada").await;
    for _ in 0..4 {
        first.post(VERIFY, &guess).await.expect(400);
    }
    first.post(VERIFY, &guess).await.expect(401);
    // Even the right one comes too late.
    first.post(VERIFY, &json!({ "code": app.code(0).await })).await.expect(401);
    let second = waiting(&world, "Ada").await;
    for _ in 0..4 {
        second.post(VERIFY, &guess).await.expect(400);
    }
    second.post(VERIFY, &guess).await.expect(401);
    // Ten were wrong: the account waits, also for the right code. Those who are in stay in, and recovery codes are beyond guessing.
    let third = waiting(&world, "Ada").await;
    let slow = third.post(VERIFY, &json!({ "code": app.code(0).await })).await;
    assert_eq!(slow.expect(429).header("retry-after"), Some("900"));
    inside(&world, &third.post(RECOVER, &json!({ "code": codes[0] })).await);
    ada.get("/api/auth/session").await.expect(200);
    for token in ["", "x", ada.token()] {
        let cookie = format!("hyvve_sign_in={token}");
        world.anyone().with_cookie(&cookie).post(VERIFY, &guess).await.expect(401);
    }
    world.anyone().post(VERIFY, &guess).await.expect(401);
}

#[tokio::test]
async fn a_new_password_leaves_the_second_factor() {
    let world = World::where_addresses_are_proved().await;
    let ada = proved(&world, "Ada").await;
    let (app, _) = protect(&ada, "Ada").await;
    let token = world.reset_link("ada@example.com").await;
    reset(&world.anyone(), &token, "quite another long secret").await.expect(200);
    let reply = sign_in(&world.anyone(), "ada@example.com", "quite another long secret").await;
    assert_eq!(reply.expect(200).body["twoFactorRedirect"], true);
    let back = world.anyone().with_cookie(&reply.cookie().unwrap());
    let entered = back.post(VERIFY, &json!({ "code": app.code(0).await })).await;
    inside(&world, &entered);
}

#[tokio::test]
async fn without_its_last_factor_an_account_is_as_it_was() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let (_, codes) = protect(&ada, "Ada").await;
    let pending = waiting(&world, "Ada").await;
    ada.post(DISABLE, &json!({ "password": "not-her-password" })).await.expect(400);
    ada.post(DISABLE, &json!({ "password": password_of("Ada") })).await.expect(200);
    assert_eq!(ada.get("/api/auth/session").await.expect(200).body["user"]["twoFactorEnabled"], false);
    let told = world.letter("ada@example.com", "An authenticator app was removed from your account").await;
    assert!(told.contains("Two-step verification is off"), "{told}");
    pending.post(RECOVER, &json!({ "code": codes[0] })).await.expect(401);
    let account = json!({ "email": "ada@example.com", "password": password_of("Ada") });
    let back = world.anyone().post(SIGN_IN, &account).await;
    inside(&world, &back);
    ada.post(DISABLE, &json!({ "password": password_of("Ada") })).await.expect(409);
}

#[tokio::test]
async fn the_forms_do_the_same_without_scripts() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let form = async |who: &crate::support::Caller, function: &str, from: &str, body: String| {
        let request = who.request(reqwest::Method::POST, &format!("/_fn/{function}")).header("accept", "text/html");
        let request = request.header("referer", format!("http://localhost{from}"));
        crate::support::Reply::of(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    };
    let begun = form(
        &ada,
        "account/authenticator-begin",
        "/account/security?add=app",
        format!("password={}", password_of("Ada")),
    )
    .await;
    let page = begun.expect(302).header("location").unwrap().to_owned();
    let shown = ada.get(&page).await;
    let text = &shown.expect(200).text;
    assert!(text.contains("<svg") && text.contains("otpauth://totp/HYVVE:ada%40example.com?"), "{text}");
    let uri = text.split("href=\"otpauth:").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let app = super::App(totp_rs::Totp::from_url(format!("otpauth:{uri}")).unwrap());
    let wrong = form(&ada, "account/authenticator-confirm", &page, "code=000000".to_owned()).await;
    assert_eq!(wrong.expect(302).header("location"), Some(page.as_str()));
    let done = form(&ada, "account/authenticator-confirm", &page, format!("code={}", app.code(-1).await)).await;
    assert_eq!(done.expect(302).header("location"), Some("/account/security"));
    let flash = done.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let flash = flash.filter_map(|line| line.split(';').next()).find(|line| line.starts_with("hyvve_flash=")).unwrap();
    let cookie = format!("hyvve_session={}; {flash}", ada.token());
    let overview = world.anyone().with_cookie(&cookie).get("/account/security").await;
    let codes =
        overview.expect(200).text.split("recovery-codes font-mono\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(codes.lines().count(), 10, "{codes}");
    let shown_again = ada.get("/account/security").await;
    assert!(!shown_again.expect(200).text.contains(codes.lines().next().unwrap()), "the codes are shown twice");
    // The secret is not shown again, whatever the address says.
    assert!(!ada.get(&page).await.expect(200).text.contains("otpauth:"));

    let next = "/w/somewhere/approvals";
    let email = format!("email=ada%40example.com&password={}&next={next}", password_of("Ada"));
    let asked = form(&world.anyone(), "auth/sign-in", "/sign-in", email).await;
    assert_eq!(asked.expect(302).header("location"), Some("/sign-in/second-factor?next=/w/somewhere/approvals"));
    let waiting = world.anyone().with_cookie(&asked.cookie().unwrap());
    assert!(waiting.get("/sign-in/second-factor").await.expect(200).text.contains("autocomplete=\"one-time-code\""));
    let body = format!("code={}&next={next}", codes.lines().next().unwrap());
    let entered = form(&waiting, "auth/second-factor", "/sign-in/second-factor", body).await;
    assert_eq!(entered.expect(302).header("location"), Some(next));
    assert!(!waiting.get("/sign-in/second-factor").await.expect(200).text.contains("one-time-code"));
    assert!(!world.anyone().get("/sign-in/second-factor").await.expect(200).text.contains("one-time-code"));
}
