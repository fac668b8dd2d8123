//! `cargo xtask run`: HYVVE from nothing.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::say::say;
use crate::{browser, server, tools, workspace};

/// How long the server may take to end once it was asked to.
const PATIENCE: Duration = Duration::from_secs(40);

/// What asks us, and through us the server, to end.
const ASKING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// How often we look.
const GLANCE: Duration = Duration::from_millis(50);

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Optimise the server: slower to build, faster to use
    #[arg(long)]
    release: bool,
}

/// Builds what has changed and runs the server until one of the two is told to stop.
pub(crate) fn run(options: Options) -> Result<()> {
    let site = browser::build()?;
    let program = server::build(if options.release { server::Profile::Release } else { server::Profile::Dev })?;
    tools::postgres_for_the_server();
    say!("Starting HYVVE");
    let signals = Signals::new(ASKING).context("listening for signals")?;
    // A process group of its own: the terminal's Ctrl-C comes to us, and reaches the server once, through us.
    let mut command = Command::new(&program);
    command.current_dir(workspace::root()).envs(site.environment()).process_group(0);
    let server = command.spawn().with_context(|| format!("starting {}", program.display()))?;
    let status = attend(server, signals)?;
    // A crash ends with a signal, too: SIGSEGV, SIGABRT.
    let is_asked_for = status.signal().is_some_and(|signal| ASKING.contains(&signal));
    if status.success() || is_asked_for { Ok(()) } else { bail!("HYVVE ended with {status}") }
}

/// Waits for the server, hands on what we are told, and ends it by force when it does not listen.
fn attend(mut server: Child, mut signals: Signals) -> Result<ExitStatus> {
    let pid = Pid::from_raw(server.id().cast_signed());
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = server.try_wait().context("waiting for the server")? {
            return Ok(status);
        }
        for signal in signals.pending() {
            // It may have ended this very moment; the next look says so.
            kill(pid, Signal::try_from(signal).unwrap_or(Signal::SIGTERM)).unwrap_or_default();
            if asked.replace(Instant::now()).is_none() {
                say!("Stopping");
            }
        }
        if asked.is_some_and(|asked| asked.elapsed() > PATIENCE) {
            say!("The server does not stop: killing it");
            server.kill().context("killing the server")?;
        }
        thread::sleep(GLANCE);
    }
}
