//! `cargo xtask simulate`: HYVVE's routing against agents of which the truth is known.

use anyhow::Result;

use crate::process;

/// Which run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The same seed gives the same table
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// How often people decide on each agent before anything is measured
    #[arg(long, default_value_t = 500)]
    decisions: u32,
}

/// Runs the domain's own code.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (seed, decisions) = (options.seed.to_string(), options.decisions.to_string());
    let arguments = ["run", "--quiet", "--package", "hyvve-domain", "--example", "simulate", "--", &seed, &decisions];
    process::run(&mut process::cargo(&arguments))
}
