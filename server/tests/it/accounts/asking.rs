//! How often accounts and letters can be asked for, links be tried, and what forms say of that.

use reqwest::{Method, header::ACCEPT};
use serde_json::{Value, json};

use super::{
    NEW, World,
    attempts::{everywhere, wait},
    reset,
};
use crate::support::{Reply, password_of};

/// As HYVVE ships.
const SHIPPED: [(&str, &str); 4] = [
    ("HYVVE_LIMIT_SIGN_IN", "5/15m"),
    ("HYVVE_LIMIT_SIGN_UP", "3/1h"),
    ("HYVVE_LIMIT_FORGOT_PASSWORD", "3/1h"),
    ("HYVVE_LIMIT_LINKS", "20/15m"),
];
const ADA: &str = "ada@example.com";

/// A server whose callers are whoever `X-Forwarded-For` says.
async fn world(also: &[(&str, &str)]) -> World {
    let settings = [&SHIPPED[..], &[("HYVVE_TRUSTED_PROXIES", "127.0.0.1")], also].concat();
    World::with(&settings).await
}

async fn ask(world: &World, ip: &str, path: &str, body: &Value) -> Reply {
    let request = world.anyone().request(Method::POST, &format!("/api/auth/{path}")).header("x-forwarded-for", ip);
    Reply::of(request.json(body)).await
}

fn account(email: &str) -> Value {
    json!({ "name": "Ada", "email": email, "password": password_of("Ada") })
}

#[tokio::test]
async fn three_accounts_come_from_one_network_in_an_hour_and_a_mistake_costs_nothing() {
    let world = world(&[]).await;
    for _ in 0..5 {
        let weak = json!({ "name": "Ada", "email": ADA, "password": "password123" });
        ask(&world, "192.0.2.1", "sign-up/email", &weak).await.expect(400);
    }
    for number in 0..3 {
        let email = format!("person{number}@example.com");
        ask(&world, "192.0.2.1", "sign-up/email", &account(&email)).await.expect(200);
    }
    let refused = ask(&world, "192.0.2.1", "sign-up/email", &account("person3@example.com")).await;
    assert!((3_500..=3_600).contains(&wait(&refused)), "{}", refused.text);
    ask(&world, "192.0.2.2", "sign-up/email", &account("person3@example.com")).await.expect(200);
}

#[tokio::test]
async fn passwords_that_will_not_do_are_measured_so_often_for_one_network_and_not_more() {
    let world = world(&[("HYVVE_LIMIT_SIGN_IN_NETWORK", "30/15m")]).await;
    let weak = json!({ "name": "Ada", "email": ADA, "password": "password123" });
    for _ in 0..30 {
        ask(&world, "192.0.2.1", "sign-up/email", &weak).await.expect(400);
    }
    wait(&ask(&world, "192.0.2.1", "sign-up/email", &weak).await);
    ask(&world, "192.0.2.2", "sign-up/email", &weak).await.expect(400);
    // Where no account is made any more, nothing is measured either.
    for number in 0..3 {
        ask(&world, "192.0.2.2", "sign-up/email", &account(&format!("person{number}@example.com"))).await.expect(200);
    }
    wait(&ask(&world, "192.0.2.2", "sign-up/email", &weak).await);
}

#[tokio::test]
async fn an_address_is_signed_up_with_three_times_in_an_hour_whether_it_has_an_account_or_not() {
    let world = world(&[("HYVVE_VERIFY_EMAIL", "true")]).await;
    for number in 0..5 {
        let reply = ask(&world, &everywhere(number), "sign-up/email", &account(ADA)).await;
        reply.expect(if number < 3 { 200 } else { 429 });
    }
    world.letters(ADA, "Confirm your e-mail address", 1).await;
}

#[tokio::test]
async fn three_letters_are_sent_in_an_hour_and_nobody_learns_to_whom() {
    let world = world(&[]).await;
    world.app.sign_up("Ada").await;
    for (path, email) in [("request-password-reset", ADA), ("send-verification-email", ADA)] {
        for number in 0..5 {
            let known = ask(&world, &everywhere(number), path, &json!({ "email": email })).await;
            let other = ask(&world, &everywhere(100 + number), path, &json!({ "email": "nobody@example.com" })).await;
            assert_eq!((known.status, &known.body), (other.status, &other.body), "{path}");
            known.expect(if number < 3 { 200 } else { 429 });
        }
    }
    // The alias asks for the same letters.
    wait(&ask(&world, "192.0.2.1", "forgot-password", &json!({ "email": ADA })).await);
    world.letters(ADA, "Choose a new password", 3).await;
    world.letters(ADA, "Confirm your e-mail address", 3).await;
    // And a network asks three times, for whomever.
    for number in 0..4 {
        let email = format!("user{number}@example.com");
        let reply = ask(&world, "192.0.2.7", "forgot-password", &json!({ "email": email })).await;
        reply.expect(if number < 3 { 200 } else { 429 });
    }
}

#[tokio::test]
async fn links_that_do_not_work_are_tried_twenty_times_and_those_that_do_as_often_as_one_likes() {
    let world = World::with(&SHIPPED).await;
    world.app.sign_up("Ada").await;
    let token = world.reset_link(ADA).await;
    let page = format!("/reset-password?token={token}");
    for _ in 0..25 {
        assert!(world.anyone().get(&page).await.expect(200).text.contains("name=\"password\""));
    }
    let wrong = "A".repeat(43);
    for _ in 0..10 {
        reset(&world.anyone(), &wrong, NEW).await.expect(400);
        world.anyone().get(&format!("/api/auth/verify-email?token={wrong}")).await.expect(400);
    }
    wait(&reset(&world.anyone(), &wrong, NEW).await);
    wait(&reset(&world.anyone(), &token, NEW).await);
    wait(&world.anyone().get(&format!("/api/auth/verify-email?token={wrong}")).await);
    let shut = world.anyone().get(&page).await;
    assert!(shut.text.contains("Please try again in 15 minutes") && !shut.text.contains("name=\"password\""));
}

#[tokio::test]
async fn links_of_invitations_are_not_guessed_at_either() {
    let world = World::with(&SHIPPED).await;
    let wrong = "A".repeat(43);
    let pages = [format!("/invite/{wrong}"), format!("/sign-up?next=/invite/{wrong}")];
    for _ in 0..10 {
        for page in &pages {
            world.anyone().get(page).await.expect(404);
        }
    }
    for page in &pages {
        world.anyone().get(page).await.expect(429);
    }
}

/// Posts a form as a browser without scripts, and answers the page that it is sent back to.
async fn submit(world: &World, page: &str, function: &str, form: &str) -> Reply {
    let request = world.anyone().request(Method::POST, &format!("/_fn/{function}")).header(ACCEPT, "text/html");
    let request = request.header("referer", format!("http://hyvve.example{page}")).body(form.to_owned());
    let posted = Reply::of(request.header("content-type", "application/x-www-form-urlencoded")).await;
    let target = posted.header("location").unwrap_or_else(|| panic!("{page}: {}", posted.text)).to_owned();
    let told = posted.cookie().unwrap_or_default();
    world.anyone().with_cookie(&told).get(&target).await
}

#[tokio::test]
async fn forms_say_how_long_to_wait_and_keep_what_was_typed() {
    let world = World::with(&SHIPPED).await;
    for (page, function, form, times, said) in [
        ("/forgot-password", "auth/forgot-password", "email=ada%40example.com", 3, "try again in 60 minutes"),
        ("/verify-email", "auth/send-verification", "email=ada%40example.com", 3, "try again in 60 minutes"),
        ("/sign-in", "auth/sign-in", "email=ada%40example.com&password=x&next=", 5, "try again in 15 minutes"),
    ] {
        for _ in 0..times {
            let page = submit(&world, page, function, form).await;
            assert!(!page.expect(200).text.contains("try again in"), "{}", page.text);
        }
        let refused = submit(&world, page, function, form).await;
        assert!(refused.expect(200).text.contains(said), "{page}: {}", refused.text);
        assert!(refused.text.contains("role=\"alert\"") && refused.text.contains(ADA), "{page}: {}", refused.text);
    }
    for number in 0..3 {
        let email = format!("person{number}@example.com");
        ask(&world, "", "sign-up/email", &account(&email)).await.expect(200);
    }
    let form = "name=Ada&email=ada%40example.com&password=Ada-has-a-password&next=";
    let refused = submit(&world, "/sign-up", "auth/sign-up", form).await;
    assert!(refused.expect(200).text.contains("try again in 60 minutes"), "{}", refused.text);
}
