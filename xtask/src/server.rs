//! The server's program.

use std::env;
use std::path::PathBuf;

use anyhow::Result;

use crate::say::say;
use crate::{process, workspace};

/// How it is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

/// All crates but the browser's entry, which only means something as WASM. What is compiled for all of them together is compiled
/// once: for some of them, crates that they share may have other features.
pub(crate) const NATIVE: [&str; 3] = ["--workspace", "--exclude", "hyvve-frontend"];

/// Builds an example as tests build all of them, and returns its path.
pub(crate) fn example(name: &str) -> Result<PathBuf> {
    process::run(process::cargo(&["build", "--quiet", "--example", name]).args(NATIVE))?;
    Ok(workspace::target().join("debug/examples").join(name).with_extension(env::consts::EXE_EXTENSION))
}

/// The server's path, as tests build it: with the tests, which need it.
pub(crate) fn of_tests() -> Result<PathBuf> {
    say!("Building the server");
    process::run(process::cargo(&["test", "--quiet", "--no-run"]).args(NATIVE))?;
    Ok(workspace::target().join("debug/hyvve").with_extension(env::consts::EXE_EXTENSION))
}

/// Builds it, and returns its path.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    say!("Building the server");
    let (flags, folder): (&[&str], _) = match profile {
        Profile::Dev => (&[], "debug"),
        Profile::Release => (&["--release"], "release"),
    };
    process::run(process::cargo(&["build", "--quiet", "--package", "hyvve-server"]).args(flags))?;
    Ok(workspace::target().join(folder).join("hyvve").with_extension(env::consts::EXE_EXTENSION))
}
