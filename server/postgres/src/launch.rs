//! Starts PostgreSQL's main process and waits until it accepts connections.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Context;
use crate::home::Home;
use crate::postmaster::{GLANCE, PidFile};
use crate::{Binaries, Error, access};

/// After a crash PostgreSQL replays its log before it is ready, which may take a while.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long the workers of a killed server may take to notice.
const STRAGGLERS: Duration = Duration::from_secs(15);

/// Settings of every cluster: no TCP, times in UTC.
const SETTINGS: [&str; 5] =
    ["listen_addresses=", "unix_socket_permissions=0700", "max_connections=200", "timezone=UTC", "log_timezone=UTC"];

/// Settings of one whose data is thrown away.
const CARELESS: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// Starts the server, once more while the workers of a killed one are still on their way out.
pub(crate) fn launch(home: &Home, binaries: &Binaries, socket: &Path) -> Result<Child, Error> {
    let start = Instant::now();
    loop {
        let written = fs::metadata(home.log()).map_or(0, |found| found.len());
        let mut server = spawn(home, binaries, socket)?;
        let Err(why) = await_ready(&mut server, &home.data()) else { return Ok(server) };
        drop(server.kill());
        drop(server.wait());
        let said = fs::read(home.log()).unwrap_or_default();
        let said = String::from_utf8_lossy(said.get(written as usize..).unwrap_or(&said)).into_owned();
        if !said.contains("pre-existing shared memory block") || start.elapsed() > STRAGGLERS {
            let from = said.lines().count().saturating_sub(12);
            let tail = said.lines().skip(from).collect::<Vec<_>>().join("\n");
            return Err(Error::Start { why, log: home.log(), tail });
        }
        thread::sleep(GLANCE * 10);
    }
}

fn spawn(home: &Home, binaries: &Binaries, socket: &Path) -> Result<Child, Error> {
    let program = binaries.program("postgres");
    let log = home.open_log()?;
    let mut command = home.account.command(&program);
    command.arg("-D").arg(home.data());
    let files = access::FILES.map(|(setting, name)| (setting, home.directory.join(name)));
    for (setting, path) in files.into_iter().chain([("unix_socket_directories", socket.to_owned())]) {
        let mut pair = OsString::from(format!("{setting}="));
        pair.push(path);
        command.arg("-c").arg(pair);
    }
    let careless: &[&str] = if home.throw_away { &CARELESS } else { &[] };
    for setting in SETTINGS.iter().chain(careless) {
        command.args(["-c", setting]);
    }
    command.stdout(log.try_clone().context("opening", &home.log())?).stderr(log);
    command.spawn().context("running", &program)
}

/// Returns when the server accepts connections; the error says what happened instead.
fn await_ready(server: &mut Child, data: &Path) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = ending(server) {
            return Err(status.to_string());
        }
        if PidFile::read(data).is_some_and(|file| file.ready && file.pid == server.id().cast_signed()) {
            return Ok(());
        }
        thread::sleep(GLANCE);
    }
    Err(format!("not ready after {} s", PATIENCE.as_secs()))
}

fn ending(server: &mut Child) -> Option<ExitStatus> {
    server.try_wait().ok().flatten()
}

/// Has it ended?
pub(crate) fn is_over(server: &mut Child) -> bool {
    ending(server).is_some()
}
