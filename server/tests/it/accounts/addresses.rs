//! Proving an address, having another one, and what no address or name can do.

use std::{fs, time::Duration};

use futures::future::join_all;
use serde_json::{Value, json};

use super::{NEW, VERIFY, World, confirm, read, reset, sign_in, token_in};
use crate::{isolation::functions::call, support::password_of};

#[tokio::test]
async fn where_addresses_are_proved_nobody_gets_in_before() {
    let world = World::where_addresses_are_proved().await;
    let anyone = world.anyone();
    let account = json!({ "name": "Ada", "email": "ada@example.com", "password": password_of("Ada") });
    let made = anyone.post("/api/auth/sign-up/email", &account).await;
    assert_eq!(made.expect(200).body["token"], Value::Null);
    assert_eq!(made.body["user"]["emailVerified"], false);
    world.letter("ada@example.com", VERIFY).await;
    let early = sign_in(&anyone, "ada@example.com", &password_of("Ada")).await;
    assert_eq!(early.expect(403).body["code"], "EMAIL_NOT_VERIFIED");
    assert!(early.cookie().is_none());
    let wrong = sign_in(&anyone, "ada@example.com", "not-her-password").await;
    assert_eq!(
        wrong.expect(401).body["code"],
        "UNAUTHORIZED",
        "without the password nothing is said about the account"
    );
    let letters = world.letters("ada@example.com", VERIFY, 2).await;
    let token = token_in(&letters[0]);

    // Programs that open every link in a mail get a page with a button.
    let page = anyone.get(&format!("/verify-email?token={token}")).await;
    assert!(page.expect(200).text.contains("this address is mine"), "{}", page.text);
    sign_in(&anyone, "ada@example.com", &password_of("Ada")).await.expect(403);
    confirm(&anyone, &token, &password_of("Ada")).await.expect(200);
    assert_eq!(confirm(&anyone, &token, &password_of("Ada")).await.expect(400).body["code"], "INVALID_TOKEN");
    let signed_in = sign_in(&anyone, "ada@example.com", &password_of("Ada")).await;
    assert_eq!(signed_in.expect(200).body["user"]["emailVerified"], true);
    assert!(signed_in.body["session"]["activeOrganizationId"].is_string(), "with a workspace of her own");
    anyone.with_cookie(&signed_in.cookie().unwrap()).get("/api/approvals").await.expect(200);
}

#[tokio::test]
async fn whoever_reads_the_mail_does_not_prove_the_address_for_somebody_who_made_the_account() {
    let world = World::where_addresses_are_proved().await;
    let anyone = world.anyone();
    let account = json!({ "name": "Eve", "email": "ada@example.com", "password": password_of("Eve") });
    anyone.post("/api/auth/sign-up/email", &account).await.expect(200);
    let token = token_in(&world.letter("ada@example.com", VERIFY).await);

    // Ada knows no password, and neither the button nor the address for programs does without.
    let page = anyone.get(&format!("/verify-email?token={token}")).await;
    assert!(page.expect(200).text.contains("ada@example.com") && page.text.contains("name=\"password\""));
    let bare = call(&anyone, "auth/verify-email", format!("token={token}")).await;
    assert_eq!(bare.expect(400).body["details"]["field"], "password");
    let guessed = confirm(&anyone, &token, &password_of("Ada")).await;
    assert_eq!(guessed.expect(400).body["details"]["field"], "password");
    let led = anyone.get(&format!("/api/auth/verify-email?token={token}")).await;
    assert_eq!(led.expect(303).header("location"), Some(format!("/verify-email?token={token}").as_str()));
    let early = sign_in(&anyone, "ada@example.com", &password_of("Eve")).await;
    assert_eq!(early.expect(403).body["code"], "EMAIL_NOT_VERIFIED");

    // What the page offers her is a password of her own, with which nothing of Eve's is left.
    reset(&anyone, &world.reset_link("ada@example.com").await, NEW).await.expect(200);
    sign_in(&anyone, "ada@example.com", &password_of("Eve")).await.expect(401);
    let ada = sign_in(&anyone, "ada@example.com", NEW).await;
    assert_eq!(ada.expect(200).body["user"]["emailVerified"], true);
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let world = World::new().await;
    let ada = world.app.sign_up("Ada").await;
    let ask = async || {
        ada.post("/api/auth/send-verification-email", &json!({ "email": "ada@example.com" })).await.expect(200);
    };
    ask().await;
    let token = token_in(&world.letter("ada@example.com", VERIFY).await);
    for evil in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/%0d%0aset-cookie:x=y\r\nx: y",
        "javascript:alert(1)",
    ] {
        let query = serde_urlencoded::to_string([("token", token.as_str()), ("callbackURL", evil)]).unwrap();
        ada.get(&format!("/api/auth/verify-email?{query}")).await.expect(400);
        for (path, body) in [
            ("request-password-reset", json!({ "email": "ada@example.com", "redirectTo": evil })),
            ("send-verification-email", json!({ "email": "ada@example.com", "callbackURL": evil })),
            ("change-email", json!({ "newEmail": "new@example.com", "callbackURL": evil })),
            ("delete-user", json!({ "password": password_of("Ada"), "callbackURL": evil })),
        ] {
            ada.post(&format!("/api/auth/{path}"), &body).await.expect(400);
        }
    }
    // None of that has used the link up.
    let followed = ada.get(&format!("/api/auth/verify-email?token={token}&callbackURL=/account/profile")).await;
    assert_eq!(followed.expect(303).header("location"), Some("/account/profile"));
    assert_eq!(ada.get("/api/auth/session").await.expect(200).body["user"]["emailVerified"], true);
    let again = ada.get(&format!("/api/auth/verify-email?token={token}&callbackURL=/account/profile%3Fa=b")).await;
    assert_eq!(again.expect(303).header("location"), Some("/account/profile?a=b&error=INVALID_TOKEN"));
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_is_proved_and_the_old_one_is_told() {
    let world = World::new().await;
    let (ada, eve) = (world.app.sign_up("Ada").await, world.app.sign_up("Eve").await);
    let change = |email: &str| json!({ "newEmail": email });
    let old_link = world.reset_link("ada@example.com").await;
    ada.post("/api/auth/change-email", &change("ada@example.com")).await.expect(400);
    let free = ada.post("/api/auth/change-email", &change(" Countess@Example.com ")).await;
    let taken = ada.post("/api/auth/change-email", &change("eve@example.com")).await;
    assert_eq!(free.expect(200).body, taken.expect(200).body);
    world.letters("ada@example.com", "about to change", 2).await;
    let token = token_in(&world.letter("countess@example.com", "Confirm your new e-mail address").await);
    let told = world.letter("eve@example.com", "Somebody wanted to use your e-mail address").await;
    assert!(!told.contains("token=") && !told.contains("ada@"), "{told}");
    assert_eq!(ada.get("/api/auth/session").await.body["user"]["email"], "ada@example.com");

    // The letter alone moves no account: whoever reads it need not be whose account it is.
    for stranger in [&world.anyone(), &eve] {
        call(stranger, "auth/verify-email", format!("token={token}")).await.expect(401);
        confirm(stranger, &token, &password_of("Ada")).await.expect(401);
        let led = stranger.get(&format!("/api/auth/verify-email?token={token}&callbackURL=/x")).await;
        assert_eq!(led.expect(303).header("location"), Some(format!("/verify-email?token={token}").as_str()));
    }
    let page = world.anyone().get(&format!("/verify-email?token={token}")).await;
    assert!(page.expect(200).text.contains("signed in as ada@example.com"), "{}", page.text);
    assert!(!page.text.contains("this address is mine"), "{}", page.text);
    call(&ada, "auth/verify-email", format!("token={token}")).await.expect(200);
    let user = ada.get("/api/auth/session").await;
    assert_eq!(
        (&user.body["user"]["email"], &user.body["user"]["emailVerified"]),
        (&json!("countess@example.com"), &json!(true))
    );
    world.letter("ada@example.com", "Your e-mail address was changed").await;
    let anyone = world.anyone();
    assert_eq!(reset(&anyone, &old_link, NEW).await.expect(400).body["code"], "INVALID_TOKEN");
    sign_in(&anyone, "ada@example.com", &password_of("Ada")).await.expect(401);
    sign_in(&anyone, "countess@example.com", &password_of("Ada")).await.expect(200);
    let log = ada.get("/api/audit-log").await;
    let row = log.expect(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["action"] == "auth.email_changed")
        .unwrap()
        .clone();
    assert_eq!(row["personal"]["before"]["email"], "ada@example.com");
    assert_eq!(row["personal"]["after"]["email"], "countess@example.com");
    assert!(!row["details"].to_string().contains('@'), "what stays for ever names nobody: {row}");
}

#[tokio::test]
async fn of_two_who_want_one_address_the_first_to_prove_it_gets_it() {
    let world = World::new().await;
    let (ada, eve) = (world.app.sign_up("Ada").await, world.app.sign_up("Eve").await);
    for who in [&ada, &eve] {
        who.post("/api/auth/change-email", &json!({ "newEmail": "boss@example.com" })).await.expect(200);
    }
    let letters = world.letters("boss@example.com", "Confirm your new", 2).await;
    let prove = |text: &String| {
        let who = if text.contains("ada@example.com") { &ada } else { &eve };
        let form = format!("token={}", token_in(text));
        async move { call(who, "auth/verify-email", form).await }
    };
    let replies = join_all(letters.iter().map(prove)).await;
    let mut codes: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [200, 409]);
}

#[tokio::test]
async fn what_stands_in_a_name_stays_out_of_the_head_of_a_letter() {
    let world = World::new().await;
    let name = "Ada <b>&\u{2028}Bcc: eve@example.com";
    let account = json!({ "name": name, "email": "ada@example.com", "password": "a-long-password-indeed" });
    world.anyone().post("/api/auth/sign-up/email", &account).await.expect(200);
    world.reset_link("ada@example.com").await;
    let head =
        fs::read_dir(world.letters.path()).unwrap().find_map(|file| Some(read(&file.unwrap().path())?.0)).unwrap();
    assert!(!head.contains("Bcc") && head.matches("To: ").count() == 1, "{head}");
}

#[tokio::test]
async fn addresses_that_only_look_like_another_are_refused() {
    let world = World::new().await;
    world.app.sign_up("Kate").await;
    for twin in [
        "\u{212a}ate@example.com",
        "k\u{430}te@example.com",
        "kate@ex\u{430}mple.com",
        "kate@example\u{ff0e}com",
        "ka\u{200b}te@example.com",
        "kate@example.com\r\nBcc: x@y.z",
    ] {
        let account = json!({ "name": "Eve", "email": twin, "password": "a-long-password-indeed" });
        world.anyone().post("/api/auth/sign-up/email", &account).await.expect(400);
        world.anyone().post("/api/auth/request-password-reset", &json!({ "email": twin })).await.expect(400);
        sign_in(&world.anyone(), twin, &password_of("Kate")).await.expect(401);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(world.all("", "").is_empty());
}
