//! A server in a process of its own, with the world around it: a database, and a person who is signed in.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hyvve_postgres::{Cluster, Options};
use serde_json::{Value, json};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The person who is signed in.
pub(crate) const EMAIL: &str = "test@example.com";
pub(crate) const PASSWORD: &str = "long enough for this";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a starting server is asked whether it answers.
const GLANCE: Duration = Duration::from_millis(2);

/// A server and its world.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) client: reqwest::Client,
    pub(crate) cookie: String,
    pub(crate) agent: String,
    /// Of the servers that are started from now on.
    pub(crate) settings: Vec<(&'static str, String)>,
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl World {
    /// A database that was migrated, with one person in it; no server runs.
    pub(crate) async fn new(database: impl FnOnce(&Path) -> Options, settings: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::start(&database(folder.path())).expect("PostgreSQL starts");
        hyvve_domain::db::bootstrap(&cluster.superuser_url("postgres"), "hyvve").await.unwrap();
        // Free at this moment; taken again by each server.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
        let (cookie, agent) = Default::default();
        let mut world = Self { cluster, client, cookie, agent, settings, folder, port, child: None };
        world.start(None).await;
        world.sign_up().await;
        world.kill();
        world
    }

    async fn sign_up(&mut self) {
        let body = json!({ "name": "Test Person", "email": EMAIL, "password": PASSWORD });
        let reply = self.client.post(self.url("/api/auth/sign-up/email")).json(&body).send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
        let cookie = reply.headers().get("set-cookie").unwrap().to_str().unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
        let agents = self.get("/agents").await.unwrap();
        agents[0]["id"].as_str().unwrap().clone_into(&mut self.agent);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Starts a server that dies at `point`, and waits until it answers; answers how long that took.
    pub(crate) async fn start(&mut self, point: Option<&str>) -> Duration {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hyvve"));
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("DATABASE_URL", self.cluster.url("hyvve_app", "hyvve"))
            .env("DATABASE_SYSTEM_URL", self.cluster.url("hyvve_system", "hyvve"))
            .env("DATABASE_DIRECT_URL", self.cluster.url("hyvve_owner", "hyvve"))
            .env("ENCRYPTION_KEY", KEY)
            .env("HYVVE_AUDIT_KEY", KEY)
            .env("HYVVE_DATA_DIR", self.folder.path())
            .env("HYVVE_ADDRESS", format!("127.0.0.1:{}", self.port))
            .env("HYVVE_LOG", "error")
            // Providers are on this machine.
            .env("HYVVE_ALLOWED_HOSTS", "127.0.0.1")
            // One person does here what many do elsewhere.
            .env("HYVVE_LIMIT_API", "1000000/1s")
            .env("HYVVE_LIMIT_AI_PROVIDERS", "1000000/1s")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        if let Some(point) = point {
            command.env("HYVVE_CRASH_AT", point);
        }
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        // A server may die before it answers: it finds work of an earlier life at once.
        while child.try_wait().unwrap().is_none() && self.client.get(self.url("/health")).send().await.is_err() {
            assert!(began.elapsed() < PATIENCE, "the server does not answer");
            tokio::time::sleep(GLANCE).await;
        }
        self.child = Some(child);
        began.elapsed()
    }

    /// The running server's process.
    pub(crate) fn child(&mut self) -> Option<&mut Child> {
        self.child.as_mut()
    }

    /// Ends the server as `kill -9` does; answers whether it had died by itself.
    pub(crate) fn kill(&mut self) -> bool {
        let Some(mut child) = self.child.take() else { return false };
        let died = child.try_wait().unwrap().is_some();
        let _ = child.kill();
        child.wait().unwrap();
        died
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let reply = self.client.get(self.url(path)).header("cookie", &self.cookie).send().await.ok()?;
        if reply.status().is_success() { reply.json().await.ok() } else { None }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Option<Value> {
        let reply = self.client.post(self.url(path)).header("cookie", &self.cookie).json(&body).send().await.ok()?;
        if reply.status().is_success() { reply.json().await.ok() } else { None }
    }
}

impl Drop for World {
    /// A server would outlive a test that fails.
    fn drop(&mut self) {
        self.kill();
    }
}
