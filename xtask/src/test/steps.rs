//! The steps of `cargo xtask test`.

use std::{env, num::NonZero, process::Command, thread};

use anyhow::Result;

use super::rules;
use crate::say::say;
use crate::server::NATIVE;
use crate::{browser, prepare, process, server, size, tools, workspace};

/// One step.
pub(crate) struct Step {
    /// What it is chosen by.
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) about: &'static str,
    /// Does it.
    pub(crate) run: fn() -> Result<()>,
}

/// All of them, in order.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "format", about: "rustfmt", run: format },
    Step { name: "rules", about: "what may depend on what", run: rules::check },
    Step { name: "lint", about: "clippy, native, with every query against a fresh database", run: lint },
    Step { name: "lint-browser", about: "clippy, WASM", run: lint_browser },
    Step { name: "docs", about: "rustdoc without warnings", run: docs },
    Step { name: "unit", about: "unit and integration tests", run: unit },
    Step { name: "dialects", about: "the adapters against LiteLLM's proxy", run: dialects },
    Step { name: "browser", about: "the browser build and its bytes", run: size::check },
    Step { name: "end2end", about: "journeys in Chromium", run: end2end },
    Step { name: "deny", about: "licences, sources, duplicates", run: deny },
];

const BROWSER: [&str; 4] = ["--package", "hyvve-frontend", "--target", "wasm32-unknown-unknown"];

fn format() -> Result<()> {
    process::run(&mut process::cargo(&["fmt", "--all", "--check"]))
}

fn lint() -> Result<()> {
    let mut command = process::cargo(&["clippy", "--quiet", "--all-targets"]);
    command.args(NATIVE).args(["--", "--deny", "warnings"]);
    prepare::check(command)
}

fn lint_browser() -> Result<()> {
    tools::wasm_target()?;
    process::run(process::cargo(&["clippy", "--quiet"]).args(BROWSER).args(["--", "--deny", "warnings"]))
}

fn docs() -> Result<()> {
    let mut command = process::cargo(&["doc", "--quiet", "--no-deps"]);
    process::run(command.args(NATIVE).env("RUSTDOCFLAGS", "--deny warnings"))
}

/// Tests of sign-in by others start an OpenID provider, which comes with the node modules. Most tests wait for a server of their
/// own and its database every now and then: with one test per core a fifth of the processor was idle.
fn unit() -> Result<()> {
    tools::postgres()?;
    tools::redis()?;
    tools::python()?;
    tools::node_modules()?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let at_once = env::var("RUST_TEST_THREADS").unwrap_or_else(|_| (cores + 1).to_string());
    process::run(process::cargo(&["test", "--quiet"]).args(NATIVE).env("RUST_TEST_THREADS", at_once))
}

/// The proxy is not ours: what it says of a format is a second opinion.
fn dialects() -> Result<()> {
    let program = tools::litellm()?;
    let mut command = process::cargo(&["test", "--quiet"]);
    command.args(NATIVE).args(["--test", "dialects", "--", "--include-ignored"]);
    process::run(command.env("HYVVE_LITELLM", program))
}

fn end2end() -> Result<()> {
    let site = browser::build()?;
    let chromium = tools::chromium()?;
    tools::node_modules()?;
    tools::postgres()?;
    let program = server::of_tests()?;
    let mut command = Command::new("node");
    command.arg("end2end/run.mjs").current_dir(workspace::root()).envs(site.environment());
    process::run(command.env("HYVVE_BIN", program).env("HYVVE_CHROMIUM", chromium))
}

/// Advisories need the public database, which not every machine can reach.
fn deny() -> Result<()> {
    let program = tools::cargo_deny()?;
    let cargo_deny = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(workspace::root());
        command
    };
    process::run(&mut cargo_deny(&["check", "bans", "licenses", "sources"]))?;
    if process::succeeds(&mut cargo_deny(&["fetch", "db"])) {
        return process::run(&mut cargo_deny(&["check", "advisories"]));
    }
    say!("Advisories were not checked: their database cannot be reached from here");
    Ok(())
}
