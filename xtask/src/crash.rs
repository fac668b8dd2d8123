//! `cargo xtask crash`: the crash sweep, with as many runs and in whichever order one likes.

use anyhow::Result;

use crate::{process, tools};

/// The most runs of one sweep: each is about a customer of its own.
pub(crate) const MOST: u64 = 200;

/// How often, and in which order.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs that are started while servers are killed under them (the sample has 200 customers)
    #[arg(long, default_value_t = MOST, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    runs: u64,
    /// Chooses at which visit of a point each server dies
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the sweep.
pub(crate) fn run(options: &Options) -> Result<()> {
    tools::postgres()?;
    sweep(options.runs, options.seed)
}

/// One sweep.
pub(crate) fn sweep(runs: u64, seed: u64) -> Result<()> {
    let mut command = process::cargo(&["test", "--package", "hyvve-server", "--test", "crash", "--", "--nocapture"]);
    process::run(command.env("CRASH_RUNS", runs.to_string()).env("CRASH_SEED", seed.to_string()))
}
