//! PostgreSQL's main process: what its pid file says, whether it is alive, and how it is ended.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;
use crate::error::Context;

/// How often a process is looked at.
pub(crate) const GLANCE: Duration = Duration::from_millis(10);

/// The ways to end PostgreSQL, with the patience for each: fast (roll back and close), immediate (recover later), none.
const ENDINGS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(30)),
    (Signal::SIGQUIT, Duration::from_secs(10)),
    (Signal::SIGKILL, Duration::from_secs(10)),
];

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: i32,
    /// The socket's directory.
    pub(crate) socket: PathBuf,
    pub(crate) ready: bool,
}

impl PidFile {
    /// Reads the file in `data`; `None` when there is none, or it is still being written.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// Line 1 is the process id, line 5 the socket's directory, line 8 the state (PostgreSQL 10 and newer,
    /// `src/include/utils/pidfile.h`).
    fn parse(text: &str) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        let socket = text.lines().nth(4).unwrap_or_default().into();
        let ready = text.lines().nth(7).is_some_and(|state| state.trim() == "ready");
        Some(Self { pid, socket, ready })
    }
}

/// Ends the server that an earlier owner left running on `data`, and forgets a pid file whose number now means another
/// process. The file of a dead server stays: PostgreSQL itself uses it to see whether any of its workers live on.
pub(crate) fn stop_leftover(data: &Path) -> Result<(), Error> {
    let Some(PidFile { pid, .. }) = PidFile::read(data) else { return Ok(()) };
    if serves(pid, data) {
        return end(pid, &ENDINGS, || !serves(pid, data));
    }
    if kill(Pid::from_raw(pid), None).is_ok() {
        let path = data.join("postmaster.pid");
        fs::remove_file(&path).context("removing", &path)?;
    }
    Ok(())
}

/// Ends our own server. One whose data is thrown away need not close its books.
pub(crate) fn stop(pid: i32, throw_away: bool, is_gone: impl FnMut() -> bool) -> Result<(), Error> {
    end(pid, if throw_away { &ENDINGS[1..] } else { &ENDINGS }, is_gone)
}

fn end(pid: i32, endings: &[(Signal, Duration)], mut is_gone: impl FnMut() -> bool) -> Result<(), Error> {
    for (signal, patience) in endings {
        if kill(Pid::from_raw(pid), *signal) == Err(Errno::ESRCH) && is_gone() {
            return Ok(());
        }
        let start = Instant::now();
        while start.elapsed() < *patience {
            if is_gone() {
                return Ok(());
            }
            thread::sleep(GLANCE);
        }
    }
    Err(Error::Stuck(pid))
}

/// Is `pid` a live process that was started on `data`? Its command line names the directory.
pub(crate) fn serves(pid: i32, data: &Path) -> bool {
    let data = data.as_os_str().as_bytes();
    let names_data = |line: &[u8]| line.windows(data.len()).any(|part| part == data);
    if let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) {
        return names_data(&line);
    }
    if Path::new("/proc/self").exists() {
        return false;
    }
    let ps = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output();
    ps.is_ok_and(|output| names_data(&output.stdout))
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn a_pid_file_tells_the_process_its_socket_and_whether_it_is_ready() {
        let file = "4711\n/srv/data\n1795500000\n5432\n/srv/socket\n\n  1234 5\nready   \n";
        let ready = PidFile { pid: 4711, socket: "/srv/socket".into(), ready: true };
        assert_eq!(PidFile::parse(file), Some(ready));
        let half_written = PidFile { pid: 4711, socket: "".into(), ready: false };
        assert_eq!(PidFile::parse("4711\n/srv/data\n"), Some(half_written));
        assert_eq!(PidFile::parse(""), None);
    }
}
