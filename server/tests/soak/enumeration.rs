//! Nobody learns which addresses have an account: not by what is answered, and not by how long that takes.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use hyvve_postgres::Options;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::{
    plan::{Plan, setting},
    support::process::World,
};

/// How far apart the medians of a door may be.
const APART: Duration = Duration::from_millis(5);
/// A door whose medians are further apart is tried once more, and all samples count: what is so at one moment only is the
/// machine's doing.
const ROUNDS: usize = 2;
/// Asked before the first that counts, with known and with unknown addresses.
const WARM_UP: usize = 20;
/// How long accounts may take to be there after their sign-ups were answered.
const SETTLE: Duration = Duration::from_mins(1);
/// What would have the samples wait.
const LIMITS: [&str; 4] =
    ["HYVVE_LIMIT_SIGN_IN", "HYVVE_LIMIT_SIGN_IN_NETWORK", "HYVVE_LIMIT_SIGN_UP", "HYVVE_LIMIT_FORGOT_PASSWORD"];
/// What accounts are made with, and what is never right.
const PASSWORD: &str = "long enough for anybody";
const WRONG: &str = "just as long, but wrong";

/// Where somebody who is not signed in can show an address.
struct Door {
    name: &'static str,
    path: &'static str,
    body: fn(&str) -> Value,
}

/// Sign-up comes last: addresses that were unknown have an account afterwards.
const DOORS: [Door; 4] = [
    Door {
        name: "sign-in",
        path: "/api/auth/sign-in/email",
        body: |email| json!({ "email": email, "password": WRONG }),
    },
    Door { name: "password reset", path: "/api/auth/request-password-reset", body: |email| json!({ "email": email }) },
    Door { name: "link to sign in", path: "/api/auth/sign-in/magic-link", body: |email| json!({ "email": email }) },
    Door { name: "sign-up", path: "/api/auth/sign-up/email", body: account },
];

fn account(email: &str) -> Value {
    json!({ "name": "Somebody", "email": email, "password": PASSWORD })
}

/// Whether an address has an account. Both kinds are equally long.
#[derive(Clone, Copy, Debug)]
enum Address {
    Known,
    Unknown,
}

impl Address {
    fn numbered(self, n: usize) -> String {
        let name = match self {
            Self::Known => "person",
            Self::Unknown => "nobody",
        };
        format!("{name}{n:05}@example.com")
    }
}

/// An answer without what is random, or was sent.
#[derive(PartialEq, Eq, Debug)]
struct Answer {
    status: StatusCode,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Answer {
    async fn of(reply: reqwest::Response, email: &str) -> Self {
        let status = reply.status();
        let random = ["date", "x-request-id"];
        let headers = reply.headers().iter().filter(|(name, _)| !random.contains(&name.as_str()));
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let text = reply.text().await.unwrap().replace(email, "the address");
        let mut body: Value = serde_json::from_str(&text).unwrap();
        for random in ["/error/requestId", "/user/id", "/user/createdAt", "/user/updatedAt"] {
            if let Some(place) = body.pointer_mut(random) {
                *place = Value::Null;
            }
        }
        Self { status, headers, body }
    }
}

/// What one door did.
struct Figures {
    name: &'static str,
    known: Vec<Duration>,
    unknown: Vec<Duration>,
    /// Answers that were unlike the door's first one.
    unlike: Vec<String>,
}

impl Figures {
    fn apart(&self) -> Duration {
        at(&self.known, 0.5).abs_diff(at(&self.unknown, 0.5))
    }

    fn is_silent(&self) -> bool {
        self.unlike.is_empty() && self.apart() <= APART
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        write!(f, "{:16}", self.name)?;
        for times in [&self.known, &self.unknown] {
            write!(f, "{:>12.2}{:>8.2}{:>8.2}", ms(at(times, 0.25)), ms(at(times, 0.5)), ms(at(times, 0.75)))?;
        }
        write!(
            f,
            "{:>9.2}{:>9}  {}",
            ms(self.apart()),
            self.unlike.len(),
            if self.is_silent() { "ok" } else { "FAILED" }
        )
    }
}

/// The nearest-rank quantile.
fn at(times: &[Duration], quantile: f64) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[(quantile * times.len() as f64).ceil() as usize - 1]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "its times mean nothing beside other tests: `cargo xtask soak enumeration`"]
async fn known_and_unknown_addresses_are_answered_alike_and_as_quickly() {
    let (samples, mut plan) = (setting("SOAK_SAMPLES", 300) as usize, Plan(setting("SOAK_SEED", 1)));
    let letters = tempfile::tempdir().unwrap();
    let world = world(WARM_UP + samples, letters.path()).await;
    println!("{:16}{:>28}{:>28}", "", "known 25 %  50 %  75 %", "unknown 25 %  50 %  75 %");
    let mut seen = Vec::new();
    for door in DOORS {
        let mut figures = Figures { name: door.name, known: Vec::new(), unknown: Vec::new(), unlike: Vec::new() };
        for round in 0..ROUNDS {
            show(&world, &door, samples, round, &mut plan, &mut figures).await;
            if figures.is_silent() || !figures.unlike.is_empty() {
                break;
            }
        }
        println!("{figures}");
        seen.push(figures);
    }
    println!("milliseconds; {samples} of each kind, or twice as many; medians may be {} ms apart", APART.as_millis());
    for figures in seen {
        assert!(figures.unlike.is_empty(), "{}: an answer tells: {}", figures.name, figures.unlike[0]);
        assert!(figures.is_silent(), "{}: the medians are {:?} apart", figures.name, figures.apart());
    }
}

/// A server whose addresses have to be proved, and so many accounts.
async fn world(accounts: usize, letters: &Path) -> World {
    let mut world = World::new(|_| Options::throw_away(), Vec::new()).await;
    world.settings.push(("HYVVE_VERIFY_EMAIL", "true".to_owned()));
    world.settings.push(("HYVVE_MAIL_FOLDER", letters.display().to_string()));
    world.settings.extend(LIMITS.map(|name| (name, "1000000/1s".to_owned())));
    world.start(None).await;
    for n in 0..accounts {
        let told = world.post("/api/auth/sign-up/email", account(&Address::Known.numbered(n))).await;
        told.expect("whoever signs up is told of a letter");
    }
    let mut root = PgConnection::connect(&world.cluster.superuser_url("hyvve")).await.unwrap();
    let until = Instant::now() + SETTLE;
    // The world's own person is there as well.
    while count(&mut root).await <= accounts as i64 {
        assert!(Instant::now() < until, "accounts are missing");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    sqlx::raw_sql("UPDATE users SET email_verified = true; ANALYZE").execute(&mut root).await.unwrap();
    world
}

async fn count(root: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(root).await.unwrap()
}

/// Each address is shown once in a round, and who is unknown is somebody else in each. Kinds come in random order: what one
/// leaves to be done meets the next one, whichever it is.
async fn show(world: &World, door: &Door, samples: usize, round: usize, plan: &mut Plan, figures: &mut Figures) {
    let client = Client::new();
    let mut first = None;
    let warm_up = shuffled(0..WARM_UP, plan);
    for (n, (kind, number)) in warm_up.into_iter().chain(shuffled(WARM_UP..WARM_UP + samples, plan)).enumerate() {
        let email = match kind {
            Address::Known => kind.numbered(number),
            Address::Unknown => kind.numbered(round * (WARM_UP + samples) + number),
        };
        let request = client.post(world.url(door.path)).json(&(door.body)(&email)).build().unwrap();
        let began = Instant::now();
        let reply = client.execute(request).await.unwrap();
        let took = began.elapsed();
        let answer = Answer::of(reply, &email).await;
        match &first {
            None => first = Some(answer),
            Some(first) if answer == *first => {}
            Some(first) => figures.unlike.push(format!("{kind:?}: {answer:?}, but the first one was {first:?}")),
        }
        if n >= 2 * WARM_UP {
            match kind {
                Address::Known => figures.known.push(took),
                Address::Unknown => figures.unknown.push(took),
            }
        }
    }
}

fn shuffled(numbers: std::ops::Range<usize>, plan: &mut Plan) -> Vec<(Address, usize)> {
    let mut all: Vec<_> = numbers.flat_map(|n| [(Address::Known, n), (Address::Unknown, n)]).collect();
    for last in (1..all.len()).rev() {
        all.swap(last, plan.next(last + 1));
    }
    all
}
