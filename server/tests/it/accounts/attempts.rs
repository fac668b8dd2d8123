//! Passwords can be guessed so often and not more, and nobody can keep an owner out by guessing.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt, future::join_all, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{NEW, World, audit_actions, reset};
use crate::support::{Caller, Reply, password_of};

/// As HYVVE ships.
const SIGN_IN: (&str, &str) = ("HYVVE_LIMIT_SIGN_IN", "5/15m");
const NETWORK: (&str, &str) = ("HYVVE_LIMIT_SIGN_IN_NETWORK", "30/15m");
/// The tests speak for a proxy: whoever `X-Forwarded-For` names is asking.
const PROXY: (&str, &str) = ("HYVVE_TRUSTED_PROXIES", "127.0.0.1");
const ADA: &str = "ada@example.com";
const GUESS: &str = "only a guess";
/// Nobody has asked from there before.
const HERE: &str = "192.0.2.1";

pub(super) async fn attempt(who: &Caller, ip: &str, email: &str, password: &str) -> Reply {
    let request = who.request(Method::POST, "/api/auth/sign-in/email").header("x-forwarded-for", ip);
    Reply::of(request.json(&json!({ "email": email, "password": password }))).await
}

/// The address of one of many who ask from everywhere.
pub(super) fn everywhere(number: usize) -> String {
    format!("198.{}.{}.{}", 18 + (number >> 16), (number >> 8) & 255, number & 255)
}

/// The seconds that whoever was refused is told to wait.
#[track_caller]
pub(super) fn wait(reply: &Reply) -> u64 {
    reply.expect(429).header("retry-after").unwrap().parse().unwrap()
}

/// Somebody who has just signed up: by session, and by what the browser is known by from now on.
async fn sign_up(world: &World, name: &str) -> (Caller, Caller) {
    let email = format!("{}@example.com", name.to_lowercase());
    let account = json!({ "name": name, "email": email, "password": password_of(name) });
    let reply = world.anyone().post("/api/auth/sign-up/email", &account).await;
    let session = world.anyone().with_cookie(&reply.expect(200).cookie().unwrap());
    (session, known(world, &reply))
}

/// The browser that this was answered to, signed out.
fn known(world: &World, reply: &Reply) -> Caller {
    world.anyone().with_cookie(&reply.cookie_named("hyvve_device").unwrap())
}

/// Uses up what strangers have for this address.
async fn shut(world: &World, email: &str) {
    for number in 0..5 {
        attempt(&world.anyone(), &everywhere(number), email, GUESS).await.expect(401);
    }
    wait(&attempt(&world.anyone(), &everywhere(5), email, GUESS).await);
}

#[tokio::test]
async fn of_ten_thousand_attempts_from_everywhere_five_are_looked_at_and_the_owner_still_gets_in() {
    let world = World::with(&[SIGN_IN, PROXY]).await;
    let ((ada, owner), (_, eves)) = (sign_up(&world, "Ada").await, sign_up(&world, "Eve").await);
    let anyone = world.anyone();
    let attempts = stream::iter(0..10_000).map(|number| {
        let anyone = &anyone;
        async move { attempt(anyone, &everywhere(number), ADA, GUESS).await }
    });
    let replies: Vec<Reply> = attempts.buffer_unordered(32).collect().await;
    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    let refused = replies.iter().filter(|reply| reply.status == 429 && (1..=900).contains(&wait(reply))).count();
    assert_eq!((looked_at, refused), (5, 9_995));

    // Whoever has the right password now is a stranger all the same, unless the browser is known.
    let right = password_of("Ada");
    assert_eq!(attempt(&anyone, HERE, ADA, &right).await.expect(429).body["code"], "RATE_LIMITED");
    for _ in 0..6 {
        attempt(&owner, HERE, ADA, &right).await.expect(200);
    }
    // At her browser there are five guesses more, and no others.
    for _ in 0..5 {
        attempt(&owner, HERE, ADA, GUESS).await.expect(401);
    }
    attempt(&owner, HERE, ADA, &right).await.expect(429);
    attempt(&eves, HERE, "eve@example.com", &password_of("Eve")).await.expect(200);

    // One entry for all that came to a door.
    let mut doors = Vec::new();
    for entry in noted(&ada, 2).await {
        assert_eq!((&entry["actorKind"], &entry["personal"]["email"]), (&json!("system"), &json!(ADA)));
        doors.push(entry["details"]["door"].as_str().unwrap().to_owned());
    }
    doors.sort_unstable();
    assert_eq!(doors, ["known-device", "sign-in"]);
}

#[tokio::test]
async fn one_shut_door_does_not_hide_another_in_the_audit_log() {
    let world = World::with(&[SIGN_IN, PROXY, ("HYVVE_LIMIT_FORGOT_PASSWORD", "3/1h")]).await;
    let (ada, _) = sign_up(&world, "Ada").await;
    for number in 0..4 {
        let request = world.anyone().request(Method::POST, "/api/auth/request-password-reset");
        let request = request.header("x-forwarded-for", everywhere(number)).json(&json!({ "email": ADA }));
        Reply::of(request).await.expect(if number < 3 { 200 } else { 429 });
    }
    assert_eq!(noted(&ada, 1).await[0]["details"]["door"], "forgot-password");
    shut(&world, ADA).await;
    let doors: Vec<Value> = noted(&ada, 2).await.iter().map(|entry| entry["details"]["door"].clone()).collect();
    assert_eq!(doors, ["sign-in", "forgot-password"]);
}

#[tokio::test]
async fn a_browser_that_others_use_as_well_costs_the_owners_own_nothing() {
    let world = World::with(&[SIGN_IN, PROXY]).await;
    let (_, shared) = sign_up(&world, "Ada").await;
    let right = password_of("Ada");
    let own = known(&world, &attempt(&world.anyone(), HERE, ADA, &right).await);
    for _ in 0..5 {
        attempt(&shared, HERE, ADA, GUESS).await.expect(401);
    }
    let refused = attempt(&shared, HERE, ADA, &right).await;
    wait(&refused);
    assert!(refused.text.contains("from this browser"), "{}", refused.text);
    // It gets no other number by giving this one up: that takes the password.
    shut(&world, ADA).await;
    attempt(&own, HERE, ADA, &right).await.expect(200);
}

/// What the audit log says of refused attempts, once there are so many.
async fn noted(who: &Caller, count: usize) -> Vec<Value> {
    for _ in 0..100 {
        let log = who.get("/api/audit-log?pageSize=100").await;
        if audit_actions(&log).iter().filter(|action| **action == "auth.limited").count() >= count {
            let rows = log.body["data"].as_array().unwrap();
            return rows.iter().filter(|row| row["action"] == "auth.limited").cloned().collect();
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("not noted");
}

#[tokio::test]
async fn a_forged_or_foreign_device_is_a_stranger() {
    let world = World::with(&[SIGN_IN, PROXY]).await;
    let ((_, owner), (_, eves)) = (sign_up(&world, "Ada").await, sign_up(&world, "Eve").await);
    shut(&world, ADA).await;
    let right = password_of("Ada");
    let value = owner.token().to_owned();
    for at in [0, 25, 50, value.len() - 2] {
        let other = if value.as_bytes()[at] == b'A' { "B" } else { "A" };
        let forged = format!("hyvve_device={}{other}{}", &value[..at], &value[at + 1..]);
        attempt(&world.anyone().with_cookie(&forged), HERE, ADA, &right).await.expect(429);
    }
    for forged in ["hyvve_device=", "hyvve_device=AAAA", &format!("__Host-hyvve_device={value}")] {
        attempt(&world.anyone().with_cookie(forged), HERE, ADA, &right).await.expect(429);
    }
    attempt(&eves, HERE, ADA, &right).await.expect(429);
    // Made before all time.
    let made_at = format!("hyvve_device={}", URL_SAFE_NO_PAD.encode([[0; 32].as_slice(), &[0x80], &[0; 39]].concat()));
    for (email, status) in [(ADA, 429), ("eve@example.com", 401), ("nobody@example.com", 401)] {
        attempt(&world.anyone().with_cookie(&made_at), HERE, email, GUESS).await.expect(status);
    }
    attempt(&owner, HERE, ADA, &right).await.expect(200);
}

#[tokio::test]
async fn the_device_cookie_is_for_the_server_only() {
    let world = World::with(&[("HYVVE_PUBLIC_URL", "https://hyvve.example")]).await;
    let account = json!({ "name": "Ada", "email": ADA, "password": password_of("Ada") });
    let reply = world.anyone().post("/api/auth/sign-up/email", &account).await;
    let lines: Vec<_> = reply.expect(200).headers.get_all("set-cookie").iter().map(|l| l.to_str().unwrap()).collect();
    let line = lines.iter().find(|line| line.starts_with("__Host-hyvve_device=")).unwrap();
    assert!(line.ends_with("; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"), "{line}");
    let secret = reply.cookie_named("__Host-hyvve_device").unwrap().split_once('=').unwrap().1.to_owned();
    assert!(!reply.text.contains(&secret));
}

#[tokio::test]
async fn a_new_password_by_mail_lets_the_owner_in_whatever_was_tried_and_makes_old_devices_strangers() {
    let world = World::with(&[SIGN_IN, PROXY]).await;
    let (_, former) = sign_up(&world, "Ada").await;
    shut(&world, ADA).await;
    for _ in 0..5 {
        attempt(&former, HERE, ADA, GUESS).await.expect(401);
    }
    let token = world.reset_link(ADA).await;
    let owner = known(&world, reset(&world.anyone(), &token, NEW).await.expect(200));
    attempt(&former, HERE, ADA, NEW).await.expect(429);
    attempt(&world.anyone(), HERE, ADA, NEW).await.expect(429);
    let back = attempt(&owner, HERE, ADA, NEW).await;

    // So does one that is changed by hand.
    let there = world.anyone().with_cookie(&back.expect(200).cookie().unwrap());
    let change = json!({ "currentPassword": NEW, "newPassword": "and another long secret" });
    let now = known(&world, there.post("/api/auth/change-password", &change).await.expect(200));
    attempt(&owner, HERE, ADA, "and another long secret").await.expect(429);
    attempt(&now, HERE, ADA, "and another long secret").await.expect(200);
}

#[tokio::test]
async fn an_address_that_nobody_has_is_limited_like_any_other() {
    let world = World::with(&[SIGN_IN, PROXY]).await;
    sign_up(&world, "Ada").await;
    let anyone = world.anyone();
    for number in 0..8 {
        let known = attempt(&anyone, &everywhere(number), ADA, GUESS).await;
        let unknown = attempt(&anyone, &everywhere(1_000 + number), "nobody@example.com", GUESS).await;
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
        known.expect(if number < 5 { 401 } else { 429 });
        assert_eq!(known.header("retry-after").is_some(), unknown.header("retry-after").is_some());
    }
    // However it is written.
    attempt(&anyone, HERE, " ADA@Example.com", &password_of("Ada")).await.expect(429);
}

#[tokio::test]
async fn a_network_has_thirty_attempts_whoever_they_are_for() {
    let world = World::with(&[SIGN_IN, NETWORK, PROXY]).await;
    let (_, mallory) = sign_up(&world, "Mallory").await;
    let anyone = world.anyone();
    let networks = [
        ["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107", "203.0.113.7:4711"],
        ["2001:db8:1:2::1", "2001:db8:1:2:ffff::1", "2001:DB8:1:2:3:4:5:6", "[2001:db8:1:2::9]:4711"],
    ];
    for (at, network) in networks.iter().enumerate() {
        for (number, ip) in network.iter().cycle().take(30).enumerate() {
            // Right passwords are not counted: many people come to work from one address. They give nothing back either.
            attempt(&anyone, network[0], "mallory@example.com", &password_of("Mallory")).await.expect(200);
            attempt(&anyone, ip, &format!("user{at}{number}@example.com"), GUESS).await.expect(401);
        }
        for ip in network {
            wait(&attempt(&anyone, ip, "victim@example.com", GUESS).await);
        }
        attempt(&mallory, network[0], "mallory@example.com", &password_of("Mallory")).await.expect(200);
    }
    for neighbour in ["203.0.113.8", "2001:db8:1:3::1"] {
        attempt(&anyone, neighbour, "victim@example.com", GUESS).await.expect(401);
    }
    // What cannot be an address is counted as well.
    for _ in 0..30 {
        attempt(&anyone, HERE, "no address", GUESS).await.expect(401);
    }
    wait(&attempt(&anyone, HERE, "no address", GUESS).await);
}

#[tokio::test]
async fn a_company_behind_one_address_comes_to_work_though_some_mistype() {
    let world = World::with(&[SIGN_IN, NETWORK, PROXY]).await;
    sign_up(&world, "Ada").await;
    let anyone = world.anyone();
    for number in 0..6 {
        attempt(&anyone, HERE, &format!("user{number}@example.com"), GUESS).await.expect(401);
    }
    // And all at once, rightly. Of one account, as many as it has attempts.
    let right = password_of("Ada");
    let people = (0..5).map(|_| attempt(&anyone, HERE, ADA, &right));
    assert!(join_all(people).await.iter().all(|reply| reply.status == 200));
    let others = (0..20).map(|number| format!("other{number}@example.com")).collect::<Vec<_>>();
    let people = others.iter().map(|email| attempt(&anyone, HERE, email, GUESS));
    assert!(join_all(people).await.iter().all(|reply| reply.status == 401));
    attempt(&anyone, HERE, ADA, &right).await.expect(200);
}

#[tokio::test]
async fn whoever_has_65_536_networks_has_the_attempts_of_sixteen() {
    let world = World::with(&[SIGN_IN, ("HYVVE_LIMIT_SIGN_IN_NETWORK", "2/15m"), PROXY]).await;
    let anyone = world.anyone();
    let mut looked_at = 0;
    for number in 0..50 {
        let (ip, email) = (format!("2001:db8:1:{number:x}::1"), format!("user{number}@example.com"));
        looked_at += usize::from(attempt(&anyone, &ip, &email, GUESS).await.status == 401);
    }
    assert_eq!(looked_at, 32);
    wait(&attempt(&anyone, "2001:db8:1:ffff::1", "victim@example.com", GUESS).await);
    attempt(&anyone, "2001:db8:2::1", "victim@example.com", GUESS).await.expect(401);
}

#[tokio::test]
async fn nobody_is_believed_about_where_a_request_comes_from_but_a_trusted_proxy() {
    let five = ("HYVVE_LIMIT_SIGN_IN_NETWORK", "5/15m");
    let world = World::with(&[five]).await;
    for number in 0..6 {
        let email = format!("user{number}@example.com");
        let reply = attempt(&world.anyone(), &everywhere(number), &email, GUESS).await;
        reply.expect(if number < 5 { 401 } else { 429 });
    }
    // Behind a proxy, what stands left of the address that it was asked from is anybody's word.
    let world = World::with(&[five, PROXY]).await;
    for number in 0..6 {
        let (email, hops) = (format!("user{number}@example.com"), format!("{}, 203.0.113.7", everywhere(number)));
        let reply = attempt(&world.anyone(), &hops, &email, GUESS).await;
        reply.expect(if number < 5 { 401 } else { 429 });
    }
    let (ada, _) = sign_up(&world, "Ada").await;
    attempt(&world.anyone(), "192.0.2.66, 198.51.100.9", ADA, &password_of("Ada")).await.expect(200);
    let sessions = ada.get("/api/auth/list-sessions").await;
    let addresses: Vec<_> = sessions.expect(200).body.as_array().unwrap().iter().map(|s| &s["ipAddress"]).collect();
    assert!(addresses.contains(&&json!("198.51.100.9")), "{addresses:?}");
}

#[tokio::test]
async fn signing_in_rightly_uses_nothing_up_and_a_wait_is_as_long_as_it_was_told() {
    let world = World::with(&[("HYVVE_LIMIT_SIGN_IN", "3/5s"), PROXY]).await;
    sign_up(&world, "Ada").await;
    let (anyone, right) = (world.anyone(), password_of("Ada"));
    for number in 0..10 {
        attempt(&anyone, &everywhere(number), ADA, &right).await.expect(200);
    }
    for number in 10..13 {
        attempt(&anyone, &everywhere(number), ADA, GUESS).await.expect(401);
    }
    let told = wait(&attempt(&anyone, &everywhere(13), ADA, &right).await);
    assert!((1..=5).contains(&told), "{told}");
    sleep(Duration::from_secs(told)).await;
    attempt(&anyone, &everywhere(14), ADA, &right).await.expect(200);
}

#[tokio::test]
async fn a_password_that_is_asked_for_again_can_be_guessed_five_times() {
    let world = World::with(&[SIGN_IN]).await;
    let ((ada, _), (eve, _)) = (sign_up(&world, "Ada").await, sign_up(&world, "Eve").await);
    let change = |current: &str| json!({ "currentPassword": current, "newPassword": NEW });
    for _ in 0..4 {
        ada.post("/api/auth/change-password", &change(GUESS)).await.expect(400);
    }
    ada.post("/api/auth/delete-user", &json!({ "password": GUESS })).await.expect(400);
    wait(&ada.post("/api/auth/change-password", &change(&password_of("Ada"))).await);
    wait(&ada.post("/api/auth/delete-user", &json!({ "password": password_of("Ada") })).await);
    eve.post("/api/auth/change-password", &change(&password_of("Eve"))).await.expect(200);
    let noted = noted(&ada, 1).await;
    assert_eq!((noted.len(), &noted[0]["details"]["door"]), (1, &json!("password-again")));
}
