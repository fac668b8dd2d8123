//! Who is asking: how quickly a session is checked, how quickly one that was revoked is refused, and what signing in costs
//! those who do something else meanwhile.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::{
    better_auth::BetterAuth,
    load,
    probe::probe,
    report::{Report, Times},
    support::process::{EMAIL, PASSWORD, World},
};

/// Callers at once who ask for their session.
const CALLERS: usize = 16;
/// Checks of one session that is asked for all the time.
const CHECKS: usize = 40_000;
/// Checks of a peer's session, which take longer.
const PEER_CHECKS: usize = 8_000;
/// Checks of as many sessions, each asked for once: as many as the server remembers at most, so that none is remembered.
const SESSIONS: usize = 10_000;
/// For how long the server remembers one, and a little longer.
const FORGOTTEN: Duration = Duration::from_millis(1_500);
/// Sessions that are revoked.
const REVOKED: usize = 100;
/// What is in use all the time is in the server's memory.
const IN_USE: Duration = Duration::from_millis(20);
/// Sign-ins at once, and how many of them are measured.
const SIGN_INS: [(usize, usize); 2] = [(1, 100), (8, 400)];
/// How long reads are measured while nobody signs in.
const QUIET: Duration = Duration::from_secs(5);
/// What somebody else reads meanwhile.
const READ: &str = "/api/approvals";

pub(crate) async fn measure(report: &mut Report) {
    let limits = ["HYVVE_LIMIT_SIGN_IN", "HYVVE_LIMIT_SIGN_IN_NETWORK"].map(|name| (name, "1000000/1s".to_owned()));
    let mut world = crate::world(limits.to_vec()).await;
    world.start(None).await;
    let ours = checks(&world, report).await;
    better_auth(&world, ours, report).await;
    revocations(&world, report).await;
    sign_ins(&world, report).await;
}

/// `GET /api/auth/get-session` with a session that the server remembers, and with sessions that it has to look up.
///
/// Answers how many of the former there were in a second.
async fn checks(world: &World, report: &mut Report) -> f64 {
    let url = world.url("/api/auth/get-session");
    let mut rates = Vec::new();
    let warm = vec![world.cookie.clone()];
    let cold = sessions(world, SESSIONS).await;
    check(world, &url, &warm, CHECKS / 10).await;
    check(world, &url, &cold, SESSIONS).await;
    tokio::time::sleep(FORGOTTEN).await;
    for (name, cookies, count) in [("remembered", &warm, CHECKS), ("looked up", &cold, SESSIONS)] {
        let before = probe();
        let (seen, took) = check(world, &url, cookies, count).await;
        let machine = f64::midpoint(before, probe());
        let times = Times::new(seen);
        rates.push(times.count() as f64 / took.as_secs_f64());
        report.row(
            name,
            &[
                ("at once", CALLERS as f64),
                ("checks/s", times.count() as f64 / took.as_secs_f64()),
                ("failed", (count - times.count()) as f64),
                ("p50", times.at(0.5)),
                ("p99", times.at(0.99)),
                ("probe", machine),
            ],
        );
    }
    rates[0]
}

/// The same of better-auth in the same run: asking its database each time, and with what its cookie remembers. `ours` is what a
/// session that HYVVE remembers is checked in a second, and may be revoked at once all the same.
async fn better_auth(world: &World, ours: f64, report: &mut Report) {
    for (name, cached) in [("peer, asks", 0), ("peer, cookie", 3_600)] {
        let Some(peer) = BetterAuth::start(world, cached).await else {
            report.row("no peer here", &[("peers", 0.0)]);
            return;
        };
        let (url, cookies) = (peer.url("/api/auth/get-session"), vec![peer.cookies.clone()]);
        check(world, &url, &cookies, PEER_CHECKS / 4).await;
        let before = probe();
        let (seen, took) = check(world, &url, &cookies, PEER_CHECKS).await;
        let machine = f64::midpoint(before, probe());
        let times = Times::new(seen);
        let rate = times.count() as f64 / took.as_secs_f64();
        report.row(
            name,
            &[
                ("at once", CALLERS as f64),
                ("checks/s", rate),
                ("failed", (PEER_CHECKS - times.count()) as f64),
                ("p50", times.at(0.5)),
                ("p99", times.at(0.99)),
                ("HYVVE is x", ours / rate),
                ("probe", machine),
            ],
        );
    }
}

async fn check(world: &World, url: &str, cookies: &[String], count: usize) -> (Vec<Duration>, Duration) {
    let (seen, took) = load::repeat(CALLERS, count, async |n| {
        let began = Instant::now();
        let request = world.client.get(url).header("cookie", &cookies[n % cookies.len()]);
        let text = request.send().await.ok()?.text().await.ok()?;
        text.contains(EMAIL).then(|| began.elapsed())
    })
    .await;
    (seen.into_iter().flatten().collect(), took)
}

/// Cookies of as many sessions of the world's person. To sign in so often would take an hour.
async fn sessions(world: &World, count: usize) -> Vec<String> {
    let secret = |n: usize| URL_SAFE_NO_PAD.encode(digest(&SHA256, &n.to_be_bytes()));
    let secrets: Vec<String> = (0..count).map(secret).collect();
    let hashes: Vec<Vec<u8>> =
        secrets.iter().map(|secret| digest(&SHA256, secret.as_bytes()).as_ref().to_vec()).collect();
    let mut root = PgConnection::connect(&world.cluster.superuser_url("hyvve")).await.unwrap();
    let insert = "INSERT INTO sessions (id, user_id, token_hash, active_organization_id, expires_at)
         SELECT gen_random_uuid(), s.user_id, hash, s.active_organization_id, s.expires_at
         FROM (SELECT user_id, active_organization_id, expires_at FROM sessions LIMIT 1) s, unnest($1::bytea[]) AS hash";
    sqlx::query(insert).bind(hashes).execute(&mut root).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE sessions").execute(&mut root).await.unwrap();
    let (name, _) = world.cookie.split_once('=').unwrap();
    secrets.iter().map(|secret| format!("{name}={secret}")).collect()
}

/// From sending the revocation of a session that is in use until it is refused, and from the revocation's answer. `late` are
/// requests that began after that answer and were let in.
async fn revocations(world: &World, report: &mut Report) {
    let (mut sent, mut answered, mut late) = (Vec::new(), Vec::new(), 0);
    let before = probe();
    for _ in 0..REVOKED {
        let (session, cookie) = sign_in(world).await.expect("a session");
        let revoke = async {
            tokio::time::sleep(IN_USE).await;
            let began = Instant::now();
            let revoked = world.post("/api/auth/revoke-session", json!({ "token": session["session"]["id"] })).await;
            revoked.expect("a revoked session");
            (began, Instant::now())
        };
        let ((let_in, refused), (began, ended)) = tokio::join!(until_refused(world, &cookie), revoke);
        sent.push(refused - began);
        answered.push(refused.saturating_duration_since(ended));
        late += let_in.iter().filter(|asked| **asked > ended).count();
    }
    let machine = f64::midpoint(before, probe());
    let (sent, answered) = (Times::new(sent), Times::new(answered));
    report.row(
        "revoked",
        &[
            ("sessions", REVOKED as f64),
            ("p50", sent.at(0.5)),
            ("max", sent.at(1.0)),
            ("after answer, max", answered.at(1.0)),
            ("late", late as f64),
            ("probe", machine),
        ],
    );
}

/// Uses a session until it is refused; answers when requests began that were let in, and when the refusal had come.
async fn until_refused(world: &World, cookie: &str) -> (Vec<Instant>, Instant) {
    let mut let_in = Vec::new();
    loop {
        let asked = Instant::now();
        let reply = world.client.get(world.url("/api/auth/session")).header("cookie", cookie).send().await.unwrap();
        match reply.status().as_u16() {
            200 => let_in.push(asked),
            401 => return (let_in, Instant::now()),
            other => panic!("a session is answered with {other}"),
        }
    }
}

/// Signing in, and what somebody else reads while it is quiet and meanwhile.
async fn sign_ins(world: &World, report: &mut Report) {
    for _ in 0..5 {
        sign_in(world).await.expect("a session");
    }
    let until = Instant::now() + QUIET;
    let machine = probe();
    let quiet = Times::new(reads(world, || Instant::now() < until).await);
    report.row(
        "quiet",
        &[("reads", quiet.count() as f64), ("p50", quiet.at(0.5)), ("p99", quiet.at(0.99)), ("probe", machine)],
    );
    for (at_once, count) in SIGN_INS {
        let (before, over) = (probe(), AtomicBool::new(false));
        let signing_in = async {
            let done = load::repeat(at_once, count, async |_| {
                let began = Instant::now();
                sign_in(world).await.map(|_| began.elapsed())
            });
            let done = done.await;
            over.store(true, Ordering::Relaxed);
            done
        };
        let ((seen, took), reads) = tokio::join!(signing_in, reads(world, || !over.load(Ordering::Relaxed)));
        let machine = f64::midpoint(before, probe());
        let (times, reads) = (Times::new(seen.into_iter().flatten().collect()), Times::new(reads));
        report.row(
            "sign-in",
            &[
                ("at once", at_once as f64),
                ("sign-ins/s", times.count() as f64 / took.as_secs_f64()),
                ("failed", (count - times.count()) as f64),
                ("p50", times.at(0.5)),
                ("p99", times.at(0.99)),
                ("reads", reads.count() as f64),
                ("read p50", reads.at(0.5)),
                ("read p99", reads.at(0.99)),
                ("of quiet", reads.at(0.99) / quiet.at(0.99)),
                ("probe", machine),
            ],
        );
    }
}

/// The world's person once more: the session, and its cookie.
async fn sign_in(world: &World) -> Option<(Value, String)> {
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let reply = world.client.post(world.url("/api/auth/sign-in/email")).json(&body).send().await.ok()?;
    let cookie = reply.headers().get("set-cookie")?.to_str().ok()?.split(';').next()?.to_owned();
    Some((reply.json().await.ok()?, cookie))
}

/// Reads one after the other while it goes on.
async fn reads(world: &World, goes_on: impl Fn() -> bool) -> Vec<Duration> {
    let mut times = Vec::new();
    while goes_on() {
        let began = Instant::now();
        if world.get(READ).await.is_some() {
            times.push(began.elapsed());
        }
    }
    times
}
