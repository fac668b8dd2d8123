//! A server in a process of its own, with the world around it: database, mail server, and a person who is signed in.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hyvve_postgres::{Cluster, Options};
use serde_json::{Value, json};

use super::mail_server::MailServer;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A server and its world.
pub(crate) struct World {
    cluster: Cluster,
    pub(crate) mail: MailServer,
    folder: tempfile::TempDir,
    port: u16,
    client: reqwest::Client,
    cookie: String,
    agent: String,
    child: Option<Child>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let cluster = Cluster::start(&Options::throw_away()).expect("PostgreSQL starts");
        hyvve_domain::db::bootstrap(&cluster.superuser_url("postgres"), "hyvve").await.unwrap();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
        // Free at this moment; taken again by each server.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut world = Self {
            cluster,
            mail: MailServer::start().await,
            folder: tempfile::tempdir().unwrap(),
            port,
            client,
            cookie: String::new(),
            agent: String::new(),
            child: None,
        };
        world.start(None).await;
        world.sign_up().await;
        world.kill();
        world
    }

    async fn sign_up(&mut self) {
        let body = json!({ "name": "Crash Tester", "email": "crash@example.com", "password": "long enough for this" });
        let reply = self.client.post(self.url("/api/auth/sign-up/email")).json(&body).send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
        let cookie = reply.headers().get("set-cookie").unwrap().to_str().unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
        let agents = self.get("/agents").await.unwrap();
        let list = agents.as_array().or_else(|| agents["data"].as_array()).unwrap();
        let agent = &list[0];
        agent["id"].as_str().or_else(|| agent["agent_id"].as_str()).unwrap().clone_into(&mut self.agent);
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Starts a server that dies at `point`, and waits until it answers.
    pub(crate) async fn start(&mut self, point: Option<&str>) {
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
            .env("SMTP_URL", format!("smtp://127.0.0.1:{}", self.mail.port))
            .env("SMTP_FROM", "HYVVE <hyvve@example.com>")
            .env("HYVVE_SAMPLE_DATA", "true")
            .env("HYVVE_LEASE_SECONDS", "1")
            .env("HYVVE_SANDBOX_PACE_MS", "0")
            .env("HYVVE_LOG", "error")
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        if let Some(point) = point {
            command.env("HYVVE_CRASH_AT", point);
        }
        let mut child = command.spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        // A server may die before it answers: it finds work of an earlier life at once.
        while child.try_wait().unwrap().is_none() && self.client.get(self.url("/health")).send().await.is_err() {
            assert!(Instant::now() < until, "the server does not answer");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.child = Some(child);
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// Ends the server as `kill -9` does; answers whether it had died by itself.
    pub(crate) fn kill(&mut self) -> bool {
        let died = !self.is_alive();
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
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

    /// Every row of a list.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        for page in 1.. {
            let reply = self.get(&format!("{path}?page={page}&pageSize=100")).await.expect("a list answers");
            rows.extend(reply["data"].as_array().unwrap().iter().cloned());
            if reply["meta"]["hasMore"] != true {
                break;
            }
        }
        rows
    }

    /// Names of that many customers.
    pub(crate) async fn customers(&mut self, count: usize) -> Vec<String> {
        self.start(None).await;
        let rows = self.all("/api/collections/customers/records").await;
        self.kill();
        assert!(rows.len() >= count, "only {} customers for {count} runs", rows.len());
        rows.iter().take(count).map(|r| r["title"].as_str().unwrap().to_owned()).collect()
    }

    /// Starts a run for each name; answers the ids of those that were acknowledged.
    pub(crate) async fn ask(&self, names: &[String]) -> Vec<String> {
        let asked = names.iter().map(|name| async move {
            let form = reqwest::multipart::Form::new()
                .text("message", format!("Give {name} a 20 % discount and mail her"))
                .text("stream", "false")
                .text("background", "true");
            let url = self.url(&format!("/agents/{}/runs", self.agent));
            let reply = self.client.post(url).header("cookie", &self.cookie).multipart(form).send().await.ok()?;
            let body: Value = reply.error_for_status().ok()?.json().await.ok()?;
            Some(body["run_id"].as_str()?.to_owned())
        });
        futures::future::join_all(asked).await.into_iter().flatten().collect()
    }

    pub(crate) async fn approve_pending(&self) {
        let Some(list) = self.get("/api/approvals?status=pending&pageSize=100").await else { return };
        for item in list["data"].as_array().into_iter().flatten() {
            let path = format!("/api/approvals/{}/approve", item["id"].as_str().unwrap());
            if self.post(&path, json!({})).await.is_none() {
                return; // the server has just died, or somebody was first; the next round sees
            }
        }
    }

    /// Runs and effects that have not ended.
    pub(crate) async fn unrest(&self) -> Vec<Value> {
        let mut open = self.all("/api/runs").await;
        open.retain(|r| !matches!(r["status"].as_str(), Some("COMPLETED" | "ERROR" | "CANCELLED")));
        let mut items = self.all("/api/approvals").await;
        items.retain(|i| i["status"] == "pending" || matches!(i["effect"].as_str(), Some("intended" | "executing")));
        open.extend(items);
        open
    }

    pub(crate) async fn at_rest(&self) -> bool {
        self.unrest().await.is_empty()
    }
}
