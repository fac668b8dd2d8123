//! better-auth beside HYVVE, in the same run and on the same PostgreSQL, if it is there.

use std::{
    env, fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::Response;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::process::{EMAIL, PASSWORD, World};

/// The server that is measured, beside this repository.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/bench/peer-betterauth/server.mjs");
/// What it keeps its people and sessions in.
const DATABASE: &str = "better_auth";
/// How often it is asked whether it answers, and how often at most.
const GLANCE: Duration = Duration::from_millis(100);
const GLANCES: usize = 300;

/// A running server, and the cookies of a session of it.
pub(super) struct BetterAuth {
    child: Child,
    url: String,
    pub(super) cookies: String,
}

impl BetterAuth {
    /// Starts it, with answers that a browser's cookie keeps for so many seconds; nothing where it is not installed.
    pub(super) async fn start(world: &World, cached: u32) -> Option<Self> {
        let folder = installed()?;
        // Modules are looked for beside the file that names them.
        let entry = folder.join("bench-hyvve-better-auth.mjs");
        fs::copy(SERVER, &entry).ok()?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("node");
        command.arg(&entry).current_dir(&folder).env_clear();
        command.envs(env::var_os("PATH").map(|path| ("PATH", path))).env("NODE_ENV", "production").env("MIGRATE", "1");
        command.env("PORT", port.to_string()).env("COOKIE_CACHE_S", cached.to_string());
        command.env("DATABASE_URL", database(world).await).stdout(Stdio::null()).stderr(Stdio::inherit());
        let child = command.spawn().ok()?;
        let mut started = Self { child, url: format!("http://127.0.0.1:{port}"), cookies: String::new() };
        started.answers(world).await;
        let person = json!({ "name": "Test Person", "email": EMAIL, "password": PASSWORD });
        // The second of two finds the person of the first.
        started.post(world, "/sign-up/email", &person).await;
        let entered = started.post(world, "/sign-in/email", &json!({ "email": EMAIL, "password": PASSWORD })).await;
        let lines = entered.headers().get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let pairs: Vec<&str> = lines.filter_map(|line| line.split(';').next()).collect();
        started.cookies = pairs.join("; ");
        Some(started)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn answers(&self, world: &World) {
        for _ in 0..GLANCES {
            let reply = world.client.get(self.url("/api/auth/ok")).send().await;
            if reply.is_ok_and(|reply| reply.status().is_success()) {
                return;
            }
            tokio::time::sleep(GLANCE).await;
        }
        panic!("better-auth does not answer");
    }

    async fn post(&self, world: &World, path: &str, body: &Value) -> Response {
        let request = world.client.post(self.url(&format!("/api/auth{path}"))).header("origin", &self.url);
        request.json(body).send().await.unwrap()
    }
}

impl Drop for BetterAuth {
    fn drop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

/// The folder with its modules.
fn installed() -> Option<PathBuf> {
    let peers = env::var_os("PEERS_DIR").map(PathBuf::from);
    let folder = peers.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache/peers")))?.join("node");
    (folder.join("node_modules/better-auth").is_dir() && PathBuf::from(SERVER).is_file()).then_some(folder)
}

/// Where its database is, which is made once.
async fn database(world: &World) -> String {
    let mut root = PgConnection::connect(&world.cluster.superuser_url("postgres")).await.unwrap();
    let there =
        sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'better_auth')");
    if !there.fetch_one(&mut root).await.unwrap() {
        sqlx::raw_sql("CREATE DATABASE better_auth").execute(&mut root).await.unwrap();
    }
    world.cluster.superuser_url(DATABASE)
}
