//! `cargo xtask soak`: checks that are too slow for every day, or want the machine for themselves.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::say::say;
use crate::{crash, process, test, tools};

/// What is checked, and how much of it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this check
    #[arg(value_parser = NAMES)]
    name: Option<String>,
    /// At each door: so many addresses that have an account, and so many that have none
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    samples: u64,
    /// Replies that two tenants get on two connections
    #[arg(long, default_value_t = 100_000)]
    replies: u64,
    /// Secrets that are sealed with one key
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    sealings: u64,
    /// Items on each of which a hundred decide at once (the sample has 200 customers, and an item for each)
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=200))]
    rounds: u64,
    /// Sweeps of 200 runs each under which servers are killed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    sweeps: u64,
    /// Chooses who asks for what, who leaves, and where servers die
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The checks: modules of the server's test `soak`, and tests of every day at greater length.
const NAMES: [&str; 5] = ["enumeration", "bleed", SEALING, RACES, CRASH];
const SEALING: &str = "sealing";
const RACES: &str = "races";
const CRASH: &str = "crash";

/// Runs the checks, each whatever has come of the other, and closes with a table.
pub(crate) fn run(options: &Options) -> ExitCode {
    let chosen = NAMES.into_iter().filter(|name| options.name.as_deref().is_none_or(|chosen| chosen == *name));
    let outcomes: Vec<_> = chosen
        .map(|name| {
            say!("── {name}");
            let start = Instant::now();
            let result = check(name, options);
            if let Err(error) = &result {
                say!("{name} failed: {error:#}");
            }
            (name, result.is_ok(), start.elapsed())
        })
        .collect();
    test::close(&outcomes)
}

fn check(name: &str, options: &Options) -> Result<()> {
    if name == SEALING {
        return sealing(options.sealings);
    }
    tools::postgres()?;
    if name == RACES {
        return races(options.rounds);
    }
    if name == CRASH {
        let seeds = (0..options.sweeps).map(|n| options.seed.wrapping_add(n));
        return seeds.into_iter().try_for_each(|seed| crash::sweep(crash::MOST, seed));
    }
    let mut command = process::cargo(&["test", "--quiet", "--package", "hyvve-server", "--test", "soak", "--"]);
    command.args([&format!("{name}::"), "--include-ignored", "--nocapture"]);
    command.env("SOAK_SAMPLES", options.samples.to_string()).env("SOAK_REPLIES", options.replies.to_string());
    process::run(command.env("SOAK_SEED", options.seed.to_string()))
}

fn sealing(sealings: u64) -> Result<()> {
    let mut command =
        process::cargo(&["test", "--quiet", "--package", "hyvve-domain", "--features", "ssr", "--lib", "--"]);
    command.args(["--exact", "seal::tests::no_nonce_comes_twice"]).env("HYVVE_TEST_SEALINGS", sealings.to_string());
    process::run(&mut command)
}

fn races(rounds: u64) -> Result<()> {
    let mut command = process::cargo(&["test", "--quiet", "--package", "hyvve-server", "--test", "it", "--"]);
    process::run(command.arg("races::").env("HYVVE_TEST_ROUNDS", rounds.to_string()))
}
