//! The program `hyvve`.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use anyhow::Result;
use clap::{ArgGroup, Parser, Subcommand};
use hyvve_server::{
    config::{Config, Database},
    data_keys, demo, keys,
    master_keys::{self, Rotation},
    serve::Server,
    startup, telemetry, verify,
};
use tokio::signal::unix::{SignalKind, signal};

/// People decide on exactly what AI agents will do.
///
/// Settings come from Leptos.toml and from the environment; Leptos.toml in the repository lists all of them.
#[derive(Parser)]
#[command(name = "hyvve", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves pages and APIs, and runs agents (also without any command)
    Serve,
    /// Brings the database's schema up to date, and ends
    Migrate,
    /// Works on audit logs
    #[command(subcommand)]
    Audit(Audit),
    /// Works on the keys that sign access tokens, and on the master keys that seal secrets
    #[command(subcommand)]
    Keys(Keys),
}

#[derive(Subcommand)]
enum Audit {
    /// Reads audit logs from the first row to the last, and names the first that does not fit
    Verify {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<String>,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Lists them: which one signs, since when, until when they are accepted
    List,
    /// Makes a key that signs in some minutes, once everybody knows it; what was signed before stays good
    Rotate {
        /// A key may have come into wrong hands: the new one signs at once, and what was signed before is refused
        #[arg(long)]
        compromised: bool,
    },
    /// Lets another master key seal, once every server that runs knows it; what others have sealed is sealed anew
    RotateMaster {
        /// Which one, of those in ENCRYPTION_KEYS and in the data folder. With the embedded database, a new one is made
        /// where none is named
        #[arg(long, value_name = "NUMBER")]
        to: Option<u32>,
        /// For how long it waits until all of them know it
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        wait: u64,
    },
    /// Gives workspaces another key of their own, which seals what their people entrust to HYVVE; what the old one has sealed is
    /// sealed anew, beside servers that run
    #[command(group(ArgGroup::new("whose").required(true).args(["workspace", "all"])))]
    RotateData {
        /// Only this workspace
        #[arg(long, value_name = "SLUG")]
        workspace: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

/// A setting cannot be used.
const BAD_SETTING: u8 = 2;
/// What a shell says of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => return fail(&error, BAD_SETTING),
    };
    let telemetry = match telemetry::start(&config.logs, config.traces.as_ref()) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error, BAD_SETTING),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, 1),
    };
    let command = arguments.command.unwrap_or(Command::Serve);
    // The first Ctrl-C asks a server to end by itself; the next one ends anything.
    let patience = if matches!(command, Command::Serve) { 2 } else { 1 };
    let code = runtime.block_on(async {
        tokio::select! {
            outcome = run(command, config) => outcome.unwrap_or_else(|error| fail(&format!("{error:#}"), 1)),
            () = interrupts(patience) => ExitCode::from(INTERRUPTED),
        }
    });
    // What still runs was asked to end before, or is not to be waited for.
    runtime.shutdown_background();
    telemetry.end();
    code
}

async fn run(command: Command, config: Config) -> Result<ExitCode> {
    match command {
        Command::Serve => serve(config).await,
        Command::Migrate => startup::migrate(config).await.map(|()| ExitCode::SUCCESS),
        Command::Audit(Audit::Verify { workspace }) => {
            let started = startup::services_beside(config).await?;
            let whole = verify::run(&started.services, workspace.as_deref(), &mut io::stdout()).await;
            started.stop().await?;
            Ok(if whole? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Keys(command) => {
            let (data_dir, embedded) = (config.data_dir.clone(), matches!(config.database, Database::Embedded { .. }));
            let started = startup::services_beside(config).await?;
            let done = match command {
                Keys::RotateMaster { to, wait } => {
                    let rotation = Rotation { data_dir: &data_dir, embedded, to, wait: Duration::from_secs(wait) };
                    master_keys::rotate(&started.services, rotation, &mut io::stdout()).await
                }
                Keys::RotateData { workspace, all: _ } => {
                    data_keys::rotate(&started.services, workspace.as_deref(), &mut io::stdout()).await
                }
                Keys::List => keys::list(&started.services, &mut io::stdout()).await,
                Keys::Rotate { compromised } => keys::rotate(&started.services, compromised, &mut io::stdout()).await,
            };
            started.stop().await?;
            done.map(|()| ExitCode::SUCCESS)
        }
    }
}

async fn serve(config: Config) -> Result<ExitCode> {
    let at = config.public_url.clone().map(|url| url.to_string());
    let offers_demo = config.demo;
    let server = Server::start(config).await?;
    let at = at.unwrap_or_else(|| format!("http://{}", server.address));
    let mut out = io::stdout().lock();
    writeln!(out, "HYVVE is ready at {at}")?;
    if offers_demo {
        writeln!(out, "  Try it: sign in as {} with the password {}", demo::EMAIL, demo::PASSWORD)?;
    }
    drop(out);
    server.run(asked_to_stop()).await.map(|()| ExitCode::SUCCESS)
}

/// Ctrl-C, or the service manager.
async fn asked_to_stop() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
    tracing::info!("stopping");
}

/// Waits for Ctrl-C, so many times.
async fn interrupts(times: usize) {
    let Ok(mut interrupted) = signal(SignalKind::interrupt()) else { return std::future::pending().await };
    for _ in 0..times {
        interrupted.recv().await;
    }
}

fn fail(error: &dyn Display, code: u8) -> ExitCode {
    // Without standard error there is nobody to tell.
    drop(writeln!(io::stderr(), "hyvve: {error}"));
    ExitCode::from(code)
}
