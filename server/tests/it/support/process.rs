//! A server in a process of its own, of which everything that it logs is kept.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::{Caller, Database, app::client};

/// A running process with an empty database.
pub(crate) struct Process {
    child: Child,
    at: String,
    data: TempDir,
    environment: BTreeMap<String, String>,
}

impl Process {
    /// Starts it, logging what this filter lets through.
    pub(crate) async fn start(log: &str) -> Self {
        Self::start_with(log, &[]).await
    }

    /// The same with settings of its own.
    pub(crate) async fn start_with(log: &str, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hyvve"));
        let mut environment = Database::make().await.environment(data.path());
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        command.env_clear().envs(&environment);
        command.env("HYVVE_LOG", log).env("HYVVE_LOG_FORMAT", "json").current_dir(data.path());
        command.stdout(Stdio::piped()).stderr(File::create(data.path().join("log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let said = spawn_blocking(move || {
            let mut line = String::new();
            said.read_line(&mut line).map(|_| line)
        });
        let line = said.await.unwrap().unwrap();
        let at =
            line.trim().strip_prefix("HYVVE is ready at ").unwrap_or_else(|| panic!("it says {line:?}")).to_owned();
        Self { child, at, data, environment }
    }

    /// Somebody who is not signed in.
    pub(crate) fn anonymous(&self) -> Caller {
        Caller::new(self.at.clone(), client())
    }

    /// What the server was told, by its name in the environment.
    pub(crate) fn setting(&self, name: &str) -> &str {
        &self.environment[name]
    }

    /// Asks it to end, and waits until it has; answers whether it ended well, and all that it has logged.
    pub(crate) async fn stop(mut self) -> (bool, String) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        spawn_blocking(move || (self.child.wait().unwrap().success(), self.log())).await.unwrap()
    }

    /// Ends it; answers all that it has logged.
    pub(crate) fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log()
    }

    /// Ends it as a power cut would; answers what it was told, with which another one can go on.
    pub(crate) fn kill(mut self) -> BTreeMap<String, String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::take(&mut self.environment)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.data.path().join("log")).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}
