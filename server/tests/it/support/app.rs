//! A server of its own for each test.

use std::{collections::BTreeMap, net::SocketAddr};

use hyvve_server::{config::Config, serve::Server};
use serde_json::json;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{caller::Caller, cluster::Database};

/// A running server with an empty database.
pub(crate) struct TestApp {
    address: SocketAddr,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    _data: TempDir,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With settings of its own.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(Database::make().await, settings).await
    }

    /// On a database that the test itself made.
    pub(crate) async fn start_on(database: Database, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let key = |digit: &str| digit.repeat(64);
        let mut environment: BTreeMap<String, String> = [
            ("DATABASE_URL", database.app),
            ("DATABASE_SYSTEM_URL", database.system),
            ("DATABASE_DIRECT_URL", database.owner),
            ("ENCRYPTION_KEY", key("a")),
            ("HYVVE_AUDIT_KEY", key("b")),
            ("HYVVE_ADDRESS", "127.0.0.1:0".to_owned()),
            ("HYVVE_DATA_DIR", data.path().display().to_string()),
            ("HYVVE_MAX_CONNECTIONS", "16".to_owned()),
            ("HYVVE_SAMPLE_DATA", "true".to_owned()),
            ("HYVVE_SANDBOX_PACE_MS", "0".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let server = Server::start(Config::read(environment, None).unwrap()).await.unwrap();
        let address = server.address;
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let told = async move { drop(stopped.await) };
            server.run(told).await.unwrap();
        });
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address, http, stop, running, _data: data }
    }

    /// Asks the server to end, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }

    /// Somebody who is not signed in.
    pub(crate) fn anonymous(&self) -> Caller {
        Caller::new(format!("http://{}", self.address), self.http.clone())
    }

    /// Somebody with an account and a workspace of his or her own.
    pub(crate) async fn sign_up(&self, name: &str) -> Caller {
        let email = format!("{}@example.com", name.to_lowercase());
        let account = json!({ "name": name, "email": email, "password": format!("{name}-has-a-password") });
        let reply = self.anonymous().post("/api/auth/sign-up/email", &account).await;
        reply.expect(200);
        let cookie = reply.cookie().expect("a session cookie");
        let workspace = reply.body["session"]["activeOrganizationId"].as_str().expect("a workspace").to_owned();
        self.anonymous().with_cookie(&cookie).in_workspace(&workspace)
    }
}
