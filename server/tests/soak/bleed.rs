//! Two tenants on two connections of the database, and two hundred people who leave in the middle of what they asked for: no
//! reply holds anything of the other tenant, and afterwards everything works as before.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use hyvve_postgres::Options;
use reqwest::{Client, Method, StatusCode, header::COOKIE};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::{
    plan::{Plan, setting},
    support::process::{PASSWORD, World},
};

/// Connections of each of the server's pools.
const CONNECTIONS: usize = 2;
/// Who asks at once, in turn of the one tenant and of the other.
const CLIENTS: usize = 200;
/// One in so many requests is given up.
const GIVEN_UP: usize = 3;
/// One in so many is a change.
const CHANGES: usize = 10;
/// How long anything may take while so many wait for so little.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it may take when nobody else asks.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How long whatever was given up may take to end.
const SETTLE: Duration = Duration::from_secs(10);

/// A workspace, its owner, and what belongs to it.
struct Tenant {
    name: &'static str,
    http: Client,
    base: String,
    cookie: String,
    workspace: String,
    /// What is answered alike whenever it is asked for, and how.
    constant: Vec<(String, String)>,
    /// Every id in there.
    ids: HashSet<String>,
}

/// What came back.
struct Reply {
    status: StatusCode,
    text: String,
}

/// What all clients have seen.
#[derive(Default)]
struct Seen {
    replies: AtomicUsize,
    changes: AtomicUsize,
    given_up: AtomicUsize,
    /// Who waited for a connection for too long, and was told so.
    turned_away: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_shown_a_row_of_another_tenant_whoever_leaves_in_the_middle_of_what() {
    let (wanted, seed) = (setting("SOAK_REPLIES", 5_000) as usize, setting("SOAK_SEED", 1));
    let settings = vec![
        ("HYVVE_MAX_CONNECTIONS", CONNECTIONS.to_string()),
        ("HYVVE_SAMPLE_DATA", "true".to_owned()),
        ("HYVVE_SANDBOX_PACE_MS", "0".to_owned()),
        ("HYVVE_REMIND_SECONDS", "0".to_owned()),
        // Everybody waits for a connection here, and the pool would tell of each.
        ("HYVVE_LOG", "error,sqlx=error".to_owned()),
    ];
    let mut world = World::new(|_| Options::throw_away(), settings).await;
    world.start(None).await;
    let alder = Tenant::new(&world, "Alder", world.cookie.clone()).await;
    let birch = Tenant::new(&world, "Birch", sign_up(&world, "birch@example.com").await).await;
    assert!(alder.ids.is_disjoint(&birch.ids), "an id belongs to both");

    let (seen, began) = (Seen::default(), Instant::now());
    let clients = (0..CLIENTS).map(|n| {
        let (own, other) = if n % 2 == 0 { (&alder, &birch) } else { (&birch, &alder) };
        wander(own, other, wanted, &seen, Plan(seed.wrapping_mul(1_000_003).wrapping_add(n as u64)))
    });
    let (streams, ()) = tokio::join!(
        join_all([(&alder, &birch), (&birch, &alder)].map(|(own, other)| follow(own, other, wanted, &seen))),
        async { drop(join_all(clients).await) },
    );
    let took = began.elapsed();

    let [replies, changes, given_up, turned_away] =
        [&seen.replies, &seen.changes, &seen.given_up, &seen.turned_away].map(|count| count.load(Ordering::Relaxed));
    println!(
        "{replies} replies ({changes} to changes) and {} events in {:.0} s, nothing of another tenant in them; {given_up} requests \
         were given up, {turned_away} turned away",
        streams.into_iter().sum::<usize>(),
        took.as_secs_f64(),
    );
    assert!(changes > 0 && given_up * 10 > replies, "not much was given up");
    assert!(turned_away < replies, "most waited in vain");
    assert!(world.child().unwrap().try_wait().unwrap().is_none(), "the server has died");
    as_before(&world, [&alder, &birch]).await;
}

async fn sign_up(world: &World, email: &str) -> String {
    let body = json!({ "name": "Somebody", "email": email, "password": PASSWORD });
    let reply = world.client.post(world.url("/api/auth/sign-up/email")).json(&body).send().await.unwrap();
    let cookie = reply.error_for_status().unwrap().headers()["set-cookie"].to_str().unwrap().to_owned();
    cookie.split(';').next().unwrap().to_owned()
}

impl Tenant {
    /// With a run that waits, and two things that wait for a decision.
    async fn new(world: &World, name: &'static str, cookie: String) -> Self {
        let (http, base) = (Client::new(), world.url(""));
        let mut tenant =
            Self { name, http, base, cookie, workspace: String::new(), constant: Vec::new(), ids: HashSet::new() };
        let session = tenant.get("/api/auth/session").await;
        session["session"]["activeOrganizationId"].as_str().unwrap().clone_into(&mut tenant.workspace);
        tenant.rename(0).await;
        let run = tenant.ask_for_changes().await;
        let customers = "/api/collections/customers/records?pageSize=20";
        let record = tenant.get(customers).await["data"][0]["id"].as_str().unwrap().to_owned();
        let paths = [
            "/agents".to_owned(),
            "/api/ai-providers".to_owned(),
            "/api/approvals".to_owned(),
            "/api/runs".to_owned(),
            format!("/api/runs/{run}"),
            customers.to_owned(),
            format!("/api/records/{record}"),
            format!("/api/workspaces/{}/members", tenant.workspace),
        ];
        for path in paths {
            let reply = tenant.send(Method::GET, &path, None).await;
            assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
            tenant.ids.extend(ids(&reply.text).map(str::to_owned));
            tenant.constant.push((path, reply.text));
        }
        tenant.ids.insert(tenant.workspace.clone());
        tenant
    }

    /// Answers the run that then waits.
    async fn ask_for_changes(&self) -> String {
        let agents = self.get("/agents").await;
        let form = [
            ("message", "Give Ada Lovelace a 20 % discount and mail her"),
            ("stream", "false"),
            ("background", "true"),
        ];
        let url = format!("{}/agents/{}/runs", self.base, agents[0]["id"].as_str().unwrap());
        let reply = self.http.post(url).header(COOKIE, &self.cookie).form(&form).send().await.unwrap();
        let run: Value = reply.error_for_status().unwrap().json().await.unwrap();
        let run = run["run_id"].as_str().unwrap().to_owned();
        let until = Instant::now() + SETTLE;
        while self.get(&format!("/api/runs/{run}")).await["data"]["run"]["status"] != "PAUSED" {
            assert!(Instant::now() < until, "the run proposes nothing");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        run
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.send(Method::GET, path, None).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        serde_json::from_str(&reply.text).unwrap()
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let request = self.http.request(method, format!("{}{path}", self.base)).header(COOKIE, &self.cookie);
        let request = body.into_iter().fold(request, reqwest::RequestBuilder::json);
        let reply = request.send().await.unwrap();
        Reply { status: reply.status(), text: reply.text().await.unwrap() }
    }

    /// A change, its audit entry and its event. The name says whose workspace it is.
    async fn rename(&self, number: usize) -> Reply {
        let path = format!("/api/workspaces/{}", self.workspace);
        let name = json!({ "name": format!("{} {number}", self.name) });
        self.send(Method::PATCH, &path, Some(&name)).await
    }

    /// Fails the test if a text holds something of the other tenant's, or nothing of this one's.
    fn owns(&self, text: &str, other: &Self, what: &str) {
        let foreign = ids(text).find(|id| other.ids.contains(*id));
        assert_eq!(foreign, None, "{what} shows {} something of {}: {text}", self.name, other.name);
        assert!(!text.contains(&format!("\"{} ", other.name)), "{what} shows {} a name: {text}", self.name);
        assert!(ids(text).any(|id| self.ids.contains(id)), "{what} shows {} nothing: {text}", self.name);
    }
}

/// Every UUID in a text.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_hexdigit() && c != '-').filter(|word| word.len() == 36)
}

/// Asks for one thing after another until there were enough replies, and does not wait for some of them.
async fn wander(own: &Tenant, other: &Tenant, wanted: usize, seen: &Seen, mut plan: Plan) {
    let mut last = Duration::from_millis(100);
    while seen.replies.load(Ordering::Relaxed) < wanted {
        let began = Instant::now();
        let patience = if plan.next(GIVEN_UP) == 0 { moment(last, &mut plan) } else { PATIENCE };
        match tokio::time::timeout(patience, ask(own, other, seen, &mut plan)).await {
            Ok(true) => last = began.elapsed(),
            Ok(false) => {}
            Err(_) => {
                assert!(patience < PATIENCE, "the server does not answer any more");
                seen.given_up.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Some moment of a request that takes as long as the last one did. Most of that time it waits for its turn, so the moment is
/// late rather than early.
fn moment(last: Duration, plan: &mut Plan) -> Duration {
    last.mul_f64(1.1 * (plan.next(1_000) as f64 / 1_000.0).sqrt())
}

/// Asks for something, and looks at what comes back. Answers whether the server had time for it.
async fn ask(own: &Tenant, other: &Tenant, seen: &Seen, plan: &mut Plan) -> bool {
    let choice = plan.next(own.constant.len() + 4);
    let (what, reply) = if plan.next(CHANGES) == 0 {
        ("a change".to_owned(), own.rename(plan.next(1_000)).await)
    } else {
        let path = match choice.checked_sub(own.constant.len()) {
            None => own.constant[choice].0.clone(),
            Some(0) => "/api/workspaces".to_owned(),
            Some(1) => "/api/audit-log?limit=20".to_owned(),
            Some(2) => "/api/auth/list-sessions".to_owned(),
            Some(_) => other.constant[plan.next(other.constant.len())].0.clone(),
        };
        let reply = own.send(Method::GET, &path, None).await;
        (path, reply)
    };
    if reply.status == StatusCode::SERVICE_UNAVAILABLE {
        seen.turned_away.fetch_add(1, Ordering::Relaxed);
        return false;
    }
    let constant = own.constant.iter().find(|(path, _)| *path == what);
    let is_foreign = constant.is_none() && other.constant.iter().any(|(path, _)| *path == what);
    if is_foreign {
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{what}: {}", reply.text);
    } else {
        assert_eq!(reply.status, StatusCode::OK, "{what}: {}", reply.text);
        own.owns(&reply.text, other, &what);
    }
    if let Some((_, text)) = constant {
        assert_eq!(reply.text, *text, "{what} was answered in another way before");
    }
    if what == "a change" {
        seen.changes.fetch_add(1, Ordering::Relaxed);
    }
    seen.replies.fetch_add(1, Ordering::Relaxed);
    true
}

/// Follows the tenant's events meanwhile; answers how many there were.
async fn follow(own: &Tenant, other: &Tenant, wanted: usize, seen: &Seen) -> usize {
    let request = own.http.get(format!("{}/api/stream", own.base)).header(COOKIE, &own.cookie);
    let mut stream = request.send().await.unwrap().error_for_status().unwrap();
    let mut text = String::new();
    while seen.replies.load(Ordering::Relaxed) < wanted {
        if let Ok(chunk) = tokio::time::timeout(Duration::from_secs(1), stream.chunk()).await {
            text.push_str(&String::from_utf8_lossy(&chunk.unwrap().expect("a stream that goes on")));
        }
    }
    own.owns(&text, other, "the stream");
    text.matches("\ndata:").count()
}

/// Nothing is left of the storm: not a transaction, not a gap in a log, and every question has its answer at once.
async fn as_before(world: &World, tenants: [&Tenant; 2]) {
    let mut root = PgConnection::connect(&world.cluster.superuser_url("hyvve")).await.unwrap();
    let until = Instant::now() + SETTLE;
    while open(&mut root).await > 0 {
        assert!(Instant::now() < until, "a transaction was left open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for tenant in tenants {
        for (path, text) in &tenant.constant {
            let began = Instant::now();
            let reply = tenant.send(Method::GET, path, None).await;
            assert_eq!((reply.status, &reply.text), (StatusCode::OK, text), "{path}");
            assert!(began.elapsed() < AT_ONCE, "{path} took {:?}", began.elapsed());
        }
        let renamed = tenant.rename(1_000_000).await;
        assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text);
        let workspaces = tenant.get("/api/workspaces").await;
        assert!(workspaces.to_string().contains(&format!("\"{} 1000000\"", tenant.name)), "{workspaces}");
        let verdict = tenant.send(Method::POST, "/api/audit-log/verify", Some(&json!({}))).await;
        let verdict: Value = serde_json::from_str(&verdict.text).unwrap();
        assert_eq!(verdict["data"]["firstBad"], Value::Null, "{verdict}");
        assert!(verdict["data"].is_object(), "{verdict}");
    }
}

/// Transactions in which nothing happens.
async fn open(root: &mut PgConnection) -> i64 {
    let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'hyvve' AND state LIKE 'idle in transaction%'";
    sqlx::query_scalar(idle).fetch_one(root).await.unwrap()
}
