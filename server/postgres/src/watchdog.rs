//! Takes PostgreSQL down when its owner dies without a word.

use std::path::Path;
use std::process::{Child, Stdio};

use crate::Error;
use crate::account::Account;
use crate::error::Context;

/// Reads until its input ends, which happens exactly when the owner is gone, however it went. The pid file is asked
/// again, so that a number that has since passed to another process is left alone.
const SCRIPT: &str = r#"read -r _; [ "$(head -n 1 "$2/postmaster.pid")" = "$1" ] && kill -"$3" "$1""#;

/// A shell that waits on a pipe whose other end only we hold.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    pub(crate) fn start(account: &Account, pid: u32, data: &Path, throw_away: bool) -> Result<Self, Error> {
        let shell = Path::new("/bin/sh");
        let mut command = account.command(shell);
        command.args(["-c", SCRIPT, "hyvve-postgres-watchdog", &pid.to_string()]).arg(data);
        command.arg(if throw_away { "QUIT" } else { "INT" });
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self).context("running", shell)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
