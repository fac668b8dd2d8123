//! A server of its own for each test.

use std::{collections::BTreeMap, net::SocketAddr, process::Output, time::Duration};

use futures::future::join_all;
use hyvve_server::{config::Config, serve::Server};
use tempfile::TempDir;
use tokio::{process::Command, sync::oneshot, task::JoinHandle};

use super::{caller::Caller, cluster::Database};

/// A running server with an empty database.
pub(crate) struct TestApp {
    address: SocketAddr,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    data: TempDir,
    environment: BTreeMap<String, String>,
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
        let mut environment = database.environment(data.path());
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::start_in(environment, data).await
    }

    /// With exactly these settings.
    pub(crate) async fn start_in(environment: BTreeMap<String, String>, data: TempDir) -> Self {
        let server = Server::start(Config::read(environment.clone(), None).unwrap()).await.unwrap();
        let address = server.address;
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let told = async move { drop(stopped.await) };
            server.run(told).await.unwrap();
        });
        Self { address, http: client(), stop, running, data, environment }
    }

    /// Several at once, on one database.
    pub(crate) async fn start_nodes<const N: usize>(settings: &[(&str, &str)]) -> [Self; N] {
        let nowhere = tempfile::tempdir().unwrap();
        let mut environment = Database::make().await.environment(nowhere.path());
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let nodes = (0..N).map(|_| {
            let (data, mut environment) = (tempfile::tempdir().unwrap(), environment.clone());
            environment.insert("HYVVE_DATA_DIR".to_owned(), data.path().display().to_string());
            Self::start_in(environment, data)
        });
        join_all(nodes).await.try_into().ok().expect("as many as were started")
    }

    /// What the server was told, by its name in the environment.
    pub(crate) fn setting(&self, name: &str) -> &str {
        &self.environment[name]
    }

    /// Runs a command of the program with the server's settings, beside it; answers what it says.
    pub(crate) async fn hyvve(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same for one that fails; answers why.
    pub(crate) async fn hyvve_refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hyvve"));
        command.env_clear().envs(&self.environment).current_dir(self.data.path()).args(arguments);
        command.output().await.unwrap()
    }

    /// Why a server with these settings does not start.
    pub(crate) async fn refused(settings: &[(&str, &str)]) -> String {
        let data = tempfile::tempdir().unwrap();
        let mut environment = Database::make().await.environment(data.path());
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let started = Server::start(Config::read(environment, None).unwrap()).await;
        format!("{:#}", started.err().expect("no server"))
    }

    /// Asks the server to end, and waits until it has; answers what it keeps.
    pub(crate) async fn stop(self) -> TempDir {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
        self.data
    }

    /// Stopped, and started again with settings that it did not have before.
    pub(crate) async fn again_with(self, settings: &[(&str, &str)]) -> Self {
        let mut environment = self.environment.clone();
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::start_in(environment, self.stop().await).await
    }

    /// Stopped; answers why it does not start again with such settings.
    pub(crate) async fn not_again_with(self, settings: &[(&str, &str)]) -> String {
        let mut environment = self.environment.clone();
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let _data = self.stop().await;
        let started = Server::start(Config::read(environment, None).unwrap()).await;
        format!("{:#}", started.err().expect("no server"))
    }

    /// Somebody who is not signed in.
    pub(crate) fn anonymous(&self) -> Caller {
        Caller::new(format!("http://{}", self.address), self.http.clone())
    }

    /// Somebody with an account and a workspace of his or her own.
    pub(crate) async fn sign_up(&self, name: &str) -> Caller {
        self.anonymous().sign_up(name).await
    }
}

/// A client that shows redirects instead of following them. What stays silent for this long has failed: a test that waits for
/// ever tells nobody why.
pub(crate) fn client() -> reqwest::Client {
    let patience = Duration::from_mins(2);
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).read_timeout(patience).build().unwrap()
}
