//! A Redis of a test's own, thrown away afterwards.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::sleep;

/// A running `redis-server` that keeps nothing on disk.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    folder: TempDir,
    settings: &'static [&'static str],
}

impl Redis {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With settings of its own.
    pub(crate) async fn start_with(settings: &'static [&'static str]) -> Self {
        // Free at this moment.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = run(port, &folder, settings);
        let redis = Self { child, port, folder, settings };
        redis.ready().await;
        redis
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it, with all that it knew.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// An empty one in the same place.
    pub(crate) async fn restart(&mut self) {
        self.child = run(self.port, &self.folder, self.settings);
        self.ready().await;
    }

    /// Everything that it is told from now on stands still, until it is let go on.
    pub(crate) fn stall(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// The names of all that it keeps.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.ask("KEYS *").unwrap()
    }

    /// All that it keeps, and under which names, as it says it.
    pub(crate) fn everything(&self) -> String {
        let keys = self.keys();
        // Of these one fits what stands there.
        let readers = ["GET", "HGETALL", "SMEMBERS"].map(|command| (command, ""));
        let ranges = [("XRANGE", "- +"), ("ZRANGE", "0 -1"), ("LRANGE", "0 -1")];
        let read = |key: &String| {
            let lines = readers.iter().chain(&ranges).map(|(command, range)| format!("{command} {key} {range}\r\n"));
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
            stream.write_all(format!("{}QUIT\r\n", lines.collect::<String>()).as_bytes()).unwrap();
            let mut said = Vec::new();
            stream.read_to_end(&mut said).unwrap();
            format!("{key}\n{}", String::from_utf8_lossy(&said))
        };
        keys.iter().map(read).collect()
    }

    /// Sets something up.
    pub(crate) fn tell(&self, line: &str) {
        let said = self.ask(line).unwrap();
        assert!(said.is_empty(), "{line}: {said:?}");
    }

    /// Puts one thing in.
    pub(crate) fn add(&self, line: &str) {
        let said = self.ask(line).unwrap();
        assert_eq!(said, [":1"], "{line}");
    }

    /// What it answers: strings, and numbers as `:1`.
    pub(crate) fn answer(&self, line: &str) -> Vec<String> {
        self.ask(line).unwrap()
    }

    async fn ready(&self) {
        for _ in 0..500 {
            if self.ask("PING").is_ok() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("redis-server does not answer");
    }

    /// Asks in one line; answers the strings of the reply.
    fn ask(&self, line: &str) -> std::io::Result<Vec<String>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(format!("{line}\r\nQUIT\r\n").as_bytes())?;
        let lines: Vec<String> = BufReader::new(stream).lines().collect::<Result<_, _>>()?;
        Ok(lines.into_iter().filter(|line| !line.starts_with(['*', '$', '+'])).collect())
    }
}

fn run(port: u16, folder: &TempDir, settings: &[&str]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
    command.arg(folder.path()).args(settings).stdout(Stdio::null());
    command.spawn().expect("redis-server: `cargo xtask test` installs it, or `apt-get install redis-server`")
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}
