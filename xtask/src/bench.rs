//! `cargo xtask bench`: the whole program measured from outside. Prints figures and judges none of them.

use anyhow::Result;

use crate::{process, size, tools};

/// What is measured, and how it is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this case
    #[arg(value_parser = ["runs", "providers", "sessions", "streams", "approvals", "queue", "bus", "memory", "start", "bytes"])]
    name: Option<String>,
    /// One JSON object per row; `bytes` is a table either way
    #[arg(long)]
    json: bool,
}

/// Runs the cases: the browser's bytes by the build that makes them, everything else by the server's own bench.
pub(crate) fn run(options: &Options) -> Result<()> {
    let name = options.name.as_deref();
    if name != Some("bytes") {
        tools::postgres()?;
        if name.is_none_or(|name| name == "bus") {
            tools::redis()?;
        }
        let mut command = process::cargo(&["bench", "--quiet", "--package", "hyvve-server", "--bench", "whole", "--"]);
        process::run(command.args(name).args(options.json.then_some("--json")))?;
    }
    if name.is_none_or(|name| name == "bytes") { size::report() } else { Ok(()) }
}
