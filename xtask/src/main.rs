//! `cargo xtask …`: finds or installs tools, then builds, runs and tests HYVVE.

mod bench;
mod browser;
mod crash;
mod fingerprint;
mod prepare;
mod process;
mod run;
mod say;
mod server;
mod simulate;
mod size;
mod soak;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::say::say;

/// Builds, runs and tests HYVVE.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start HYVVE from nothing: tools, build, embedded PostgreSQL, demo workspace
    Run(run::Options),
    /// Build the browser side and the optimised server
    Build,
    /// Run every check, or only the named steps
    #[command(after_help = test::listed())]
    Test(test::Options),
    /// Check every query against a fresh database and renew the committed query data
    Prepare(prepare::Options),
    /// Print the browser's bytes, and fail when there are too many
    Size(size::Options),
    /// Kill the server at every point of a run's life: nothing is lost, nothing happens twice
    Crash(crash::Options),
    /// Print what routing lets through of agents whose truth is known, beside a rule that believes what they say
    Simulate(simulate::Options),
    /// Check what takes long: that nobody learns whose address has an account, that no tenant is shown another's rows, that no two
    /// secrets are sealed alike, that of many who decide at once one does, and that a crash loses and repeats nothing
    Soak(soak::Options),
    /// Measure the whole program from outside: runs, calls of models, sessions, open streams, the queue's list, the event bus, memory, start, the browser's bytes
    Bench(bench::Options),
    /// Find or install every tool, and say where each one is
    Tools,
}

fn main() -> ExitCode {
    say::start();
    let done = match Arguments::parse().command {
        Task::Run(options) => run::run(options),
        Task::Build => build(),
        Task::Test(options) => return test::run(&options),
        Task::Prepare(options) => prepare::run(options),
        Task::Size(options) => size::run(options),
        Task::Crash(options) => crash::run(&options),
        Task::Simulate(options) => simulate::run(&options),
        Task::Soak(options) => return soak::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Tools => tools::list(),
    };
    if let Err(error) = done {
        say!("Failed: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn build() -> Result<()> {
    let site = browser::build()?;
    let program = server::build(server::Profile::Release)?;
    say!("Built {} and {}", program.display(), site.root.display());
    Ok(())
}
