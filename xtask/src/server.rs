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
