//! A server in a process of its own, of which everything that it logs is kept.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
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
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hyvve"));
        let environment = Database::make().await.environment(data.path());
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

    /// Ends it; answers all that it has logged.
    pub(crate) fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        fs::read_to_string(self.data.path().join("log")).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}
